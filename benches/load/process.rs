//! The program itself: how soon `serve` is ready, what it and the demo hold in memory, and what they cost while nothing
//! happens. Also the size of the program and of the console's page.

use crate::figures::middle;
use crate::{Options, Result, conditions, http, timers};
use signalbox::clock::Stopwatch;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long an idle program is watched.
const IDLE: Duration = Duration::from_secs(30);

pub async fn run(options: &Options) -> Result<()> {
    sizes()?;
    let empty = conditions::fresh(&options.folder, "serve")?;
    starts("serve", &empty, options.rounds.max(5)).await?;
    idle("serve", &empty).await?;
    std::fs::create_dir_all(empty.join("data"))?;
    timers::pending(&empty.join("data"), options.timers).await?;
    starts(&format!("serve, {} timers", options.timers), &empty, options.rounds.max(5)).await?;
    idle(&format!("serve, {} timers", options.timers), &empty).await?;
    let demo = conditions::fresh(&options.folder, "demo")?;
    let (mut child, _, _) = start_demo(&demo).await?;
    watch("demo", &child, IDLE).await?;
    stop(&mut child).await
}

fn sizes() -> Result<()> {
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_signalbox"))?.len();
    println!("program: {:.1} MiB", program as f64 / 1024.0 / 1024.0);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page");
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(page)? {
        files += 1;
        bytes += entry?.metadata()?.len();
    }
    println!("console page: {files} files, {:.1} KiB uncompressed", bytes as f64 / 1024.0);
    Ok(())
}

/// Spawn to the first `ready` of `/readyz`.
async fn starts(name: &str, folder: &Path, rounds: usize) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Stopwatch::start();
        let (mut child, _) = start_serve(folder).await?;
        times.push(begun.elapsed_std().as_secs_f64() * 1e3);
        stop(&mut child).await?;
    }
    println!("{name}: start to ready {} ms, {rounds} starts", middle(&times));
    Ok(())
}

async fn idle(name: &str, folder: &Path) -> Result<()> {
    let (mut child, _) = start_serve(folder).await?;
    watch(name, &child, IDLE).await?;
    stop(&mut child).await
}

/// Memory, and processor time over a while, from the kernel's books.
async fn watch(name: &str, child: &Child, time: Duration) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let pid = child.id().ok_or("it has ended")?;
    let before = cpu(pid)?;
    tokio::time::sleep(time).await;
    let used = (cpu(pid)? - before) / time.as_secs_f64() * 100.0;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |key: &str| {
        let line = status.lines().find(|l| l.starts_with(key)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)
    };
    let (now, most, own) = (of("VmRSS:") / 1024.0, of("VmHWM:") / 1024.0, of("RssAnon:") / 1024.0);
    println!(
        "{name}: idle {used:.2} % of a core over {} s; resident {now:.1} MiB ({own:.1} its own, most {most:.1}), {} threads",
        time.as_secs(),
        of("Threads:")
    );
    Ok(())
}

/// Seconds of processor time so far.
pub fn cpu(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / conditions::TICKS)
}

/// `signalbox serve` on the example setup with its data in `folder`, ready.
pub async fn start_serve(folder: &Path) -> Result<(Child, SocketAddr)> {
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/barq/signalbox.toml");
    let child = Command::new(env!("CARGO_BIN_EXE_signalbox"))
        .args(["serve", "--config"])
        .arg(config)
        .env("SIGNALBOX__SERVER__LISTEN", address.to_string())
        .env("SIGNALBOX__SERVER__DATA_FOLDER", folder.join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let begun = Stopwatch::start();
    loop {
        if let Ok(answer) = http::ask(address, "GET", "/readyz", "", "").await
            && answer.starts_with("HTTP/1.1 200")
        {
            return Ok((child, address));
        }
        if begun.elapsed_std() > Duration::from_secs(20) {
            return Err("serve is not ready after 20 s".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// `signalbox demo`, when its console stands, with the console's address and secret.
pub async fn start_demo(folder: &Path) -> Result<(Child, SocketAddr, String)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_signalbox"))
        .args(["demo", "--port", "0", "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(out).lines();
    let line = lines.next_line().await?.unwrap_or_default();
    // Read on, so that the demo can write.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let url = line.strip_prefix("console: http://").ok_or(format!("not the console's address: {line}"))?;
    let (address, key) = url.split_once("/#key=").ok_or("the address has no key")?;
    Ok((child, address.parse()?, key.to_owned()))
}

/// As a service manager does it.
pub async fn stop(child: &mut Child) -> Result<()> {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or("it has ended")?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    child.wait().await?;
    Ok(())
}

/// Where the database of [`start_serve`] is.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("data/signalbox.db")
}
