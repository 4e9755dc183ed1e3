//! Processes as the kernel lists them: who descends from whom, and who is still there.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

/// A process, told apart from a later one with the same number by when it began.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proc {
    pub pid: u32,
    pub parent: u32,
    /// In ticks since boot.
    pub began: u64,
    pub command: String,
}

/// Every process that has not ended.
pub fn all() -> Vec<Proc> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|e| e.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

fn read(pid: u32) -> Option<Proc> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, so what follows the last bracket is read.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
    Some(Proc { pid, parent: fields.get(1)?.parse().ok()?, began: fields.get(19)?.parse().ok()?, command })
}

/// Children, their children, and so on.
pub fn descendants(pid: u32) -> Vec<Proc> {
    let all = all();
    let mut family = BTreeSet::from([pid]);
    loop {
        let more: Vec<u32> =
            all.iter().filter(|p| family.contains(&p.parent) && !family.contains(&p.pid)).map(|p| p.pid).collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    all.into_iter().filter(|p| p.pid != pid && family.contains(&p.pid)).collect()
}

/// Those of `before` that still run.
pub fn survivors(before: &[Proc]) -> Vec<Proc> {
    let now = all();
    before.iter().filter(|b| now.iter().any(|p| p.pid == b.pid && p.began == b.began)).cloned().collect()
}

/// Kills those of `before` that still run.
pub fn end(before: &[Proc]) {
    for p in survivors(before).iter().filter(|p| p.pid != std::process::id()) {
        let _ = kill_process(Pid::from_raw(i32::try_from(p.pid).unwrap()).unwrap(), Signal::KILL);
    }
}

/// Processes whose command line names this text, such as a folder of a test's own.
pub fn naming(text: &str) -> Vec<Proc> {
    all().into_iter().filter(|p| p.command.contains(text)).collect()
}

/// The TCP addresses on which a process listens.
pub fn listening(pid: u32) -> Vec<SocketAddr> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().filter_map(Result::ok);
    let inodes: BTreeSet<String> = links
        .filter_map(|l| fs::read_link(l.path()).ok())
        .filter_map(|l| Some(l.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let rows = table.lines().skip(1).map(|l| l.split_whitespace().collect::<Vec<_>>());
    rows.filter(|r| r.len() > 9 && r[3] == "0A" && inodes.contains(r[9]))
        .filter_map(|r| {
            let (ip, port) = r[1].split_once(':')?;
            let ip = u32::from_str_radix(ip, 16).ok()?.to_le_bytes();
            Some(SocketAddr::from((ip, u16::from_str_radix(port, 16).ok()?)))
        })
        .collect()
}
