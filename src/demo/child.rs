//! One instance's process, as the fleet holds it: it runs as long as this value lives.

use super::balancer::Counts;
use super::instance::LISTENING;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long an instance may take to say where it listens. A machine under load needs some of it.
const START_LIMIT: Duration = Duration::from_secs(15);
/// How long an instance may take to end by itself.
const END_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    pub counts: Arc<Counts>,
    child: Child,
}

impl Running {
    /// Starts an instance and waits until it listens.
    ///
    /// # Errors
    /// In words, when it cannot be started or says nothing in time.
    pub async fn start(
        binary: &Path,
        service: &str,
        environment: &str,
        version: &str,
        counts: Arc<Counts>,
    ) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["fleet-instance", service, environment, version])
            .env_clear()
            // Its end is how the instance learns that we are gone, so nobody else may hold the other side.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("cannot start {service} {version}: {e}"))?;
        let out = child.stdout.take().ok_or("the instance has no output")?;
        let mut line = String::new();
        let mut out = BufReader::new(out.take(200));
        let read = tokio::time::timeout(START_LIMIT, out.read_line(&mut line)).await;
        let address = read.ok().and_then(Result::ok).and_then(|_| line.trim().strip_prefix(LISTENING)?.parse().ok());
        let address = address.ok_or_else(|| format!("{service} {version} does not start"))?;
        Ok(Self { address, counts, child })
    }

    /// The process's number while it runs.
    pub fn pid(&mut self) -> Option<u32> {
        matches!(self.child.try_wait(), Ok(None)).then(|| self.child.id()).flatten()
    }

    pub fn is_up(&mut self) -> bool {
        self.pid().is_some()
    }

    /// Lets it end by itself, and kills it when it does not.
    pub async fn end(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(END_LIMIT, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
