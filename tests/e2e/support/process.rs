//! The real program as a child: started, read, told to stop, and always ended with everything it began.

use super::wait::{until, within};
use super::{BINARY, tree};
use rustix::process::{Pid, Signal, kill_process};
use signalbox::domain::time::Span;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running `signalbox`.
pub struct Program {
    child: Child,
    pub pid: u32,
    log: PathBuf,
    said: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts it with `folder` as its working folder. Standard error goes to a file there, so that it outlives a kill.
    pub fn start(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let log = folder.join(format!("stderr-{}.txt", std::fs::read_dir(folder).unwrap().count()));
        let mut child = Command::new(BINARY)
            .args(args)
            .current_dir(folder)
            .env_remove("SIGNALBOX_CONFIG")
            .env_remove("RUST_LOG")
            .env_remove("SIGNALBOX_STORE")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut lines, heard) = (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::clone(&said));
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                heard.lock().unwrap().push(line);
            }
        });
        let pid = child.id().unwrap();
        Self { child, pid, log, said }
    }

    /// Lines on standard output so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The first line on standard output; it fails when the program ends without one.
    pub async fn first_line(&mut self) -> String {
        until("the first line", async || match self.said().first() {
            Some(line) => Ok(line.clone()),
            None => Err(format!("nothing said; log:\n{}", self.log())),
        })
        .await
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.pid).unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for its end.
    pub async fn ended(&mut self, patience: Span) -> ExitStatus {
        let time = tokio::time::timeout(patience.to_std(), self.child.wait()).await;
        time.unwrap_or_else(|_| panic!("it does not end within {patience}; log:\n{}", self.log())).unwrap()
    }

    /// Tells it to end in good order; returns how it ended, and fails when anything it started lives on.
    pub async fn stop(&mut self, signal: Signal) -> ExitStatus {
        let family = tree::descendants(self.pid);
        self.signal(signal);
        let status = self.ended(Span::secs(20)).await;
        assert_eq!(tree::survivors(&family), [], "these outlive the program");
        status
    }

    /// Ends it without a word, as a power cut would; fails when what it started as part of itself lives on.
    pub async fn kill(&mut self) {
        let family = tree::descendants(self.pid);
        self.signal(Signal::KILL);
        self.ended(Span::secs(20)).await;
        within(Span::secs(20), "orphaned fleet instances to end", async || {
            let left: Vec<_> =
                tree::survivors(&family).into_iter().filter(|p| p.command.contains("fleet-instance")).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        })
        .await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let left = tree::descendants(self.pid);
            let _ = self.child.start_kill();
            tree::end(&left);
        }
        if std::thread::panicking() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "log of process {}:\n{}", self.pid, self.log());
        }
    }
}

/// Runs the program to its end.
pub async fn run(folder: &Path, args: &[&str]) -> Ran {
    run_with(folder, args, &[], "").await
}

/// As [`run`], with environment and standard input.
pub async fn run_with(folder: &Path, args: &[&str], env: &[(&str, &str)], input: &str) -> Ran {
    use tokio::io::AsyncWriteExt as _;
    let mut child = Command::new(BINARY)
        .args(args)
        .current_dir(folder)
        .env_remove("SIGNALBOX_CONFIG")
        .env_remove("SIGNALBOX_STORE")
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feed = tokio::spawn(async move {
        // It may end before it has read everything.
        let _ = stdin.write_all(input.as_bytes()).await;
    });
    let ended = tokio::time::timeout(Span::secs(60).to_std(), child.wait_with_output()).await;
    let Output { status, stdout, stderr } = ended.unwrap_or_else(|_| panic!("{args:?} does not end")).unwrap();
    feed.await.unwrap();
    Ran { code: status.code(), out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output of a run that succeeded.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// Both outputs of a run that failed with code 1.
    #[track_caller]
    pub fn bad(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        self.out + &self.err
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}
