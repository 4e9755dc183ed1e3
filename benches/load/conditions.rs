//! The machine while it is measured: cores, load, and how fast its disk flushes.

use crate::Result;
use crate::figures::Times;
use signalbox::clock::Stopwatch;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the disk is tried.
const TRIED: Duration = Duration::from_secs(1);

/// The kernel's unit of processor time.
pub const TICKS: f64 = 100.0;

/// Prints the conditions. `folder` is made when it is absent.
pub fn show(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load: Vec<&str> = load.split(' ').take(2).collect();
    println!("{cores} cores, load {} (1 min) {} (5 min), {}", load[0], load[1], kernel());
    disk(folder)
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// Appends 4 KiB and flushes, again and again.
pub fn disk(folder: &Path) -> Result<()> {
    let path = folder.join("raw");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Times::default();
    let begun = Stopwatch::start();
    while begun.elapsed_std() < TRIED {
        let one = Stopwatch::start();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.add(one.elapsed_std());
    }
    let rate = times.len() as f64 / begun.elapsed_std().as_secs_f64();
    times.show(&format!("raw disk, 4 KiB + fdatasync ({rate:.0}/s)"));
    std::fs::remove_file(path)?;
    Ok(())
}

/// Processor seconds that the host gave to others while something here wanted to run, so far: `steal` of `/proc/stat`.
pub fn taken() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let ticks: f64 = stat.split_whitespace().nth(8).ok_or("the kernel does not count what the host takes")?.parse()?;
    Ok(ticks / TICKS)
}

/// An empty folder of this name below the measured one.
pub fn fresh(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

/// Drops what the page cache holds of a database, so that the next look reads the disk.
pub fn chill(database: &Path) -> Result<()> {
    for ending in ["", "-wal"] {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        if let Ok(file) = std::fs::File::open(&name) {
            file.sync_all()?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
    }
    Ok(())
}
