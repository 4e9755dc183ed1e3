//! A service of its own without the demo: a config whose service is deployed by programs that write files.

use super::{Console, Folder, Program, run, until};
use rustix::process::Signal;
use serde_json::Value;
use signalbox::domain::time::Span;
use std::path::PathBuf;

/// What the second step runs, with a version and what to say at the end.
const INSTALL: &str = r#"
echo "$1" >> begun
while [ ! -e "go-$1" ]; do sleep 0.02; done
echo "$1" > live
echo "$2"
"#;

/// `HERE` is the folder. The second step waits for a file, so that a test can look while it runs.
const CONFIG: &str = r#"
name = "Yard"
zone = "UTC"

[channels]
deployments = "deployments"
incidents = "incidents"
engineering = "engineering"

[roles]
engineer = { title = "Engineer" }

[people]
ada = { name = "Ada", roles = ["engineer"] }
bob = { name = "Bob", roles = ["engineer"] }

[environments.depot]
keys = ["engineer"]

[services.shop]
executor = "command"
default = true
strategies = { depot = "script" }
releases = { from = "table", versions = { v1 = "aaaa", v2 = "bbbb", v3 = "cccc" } }
live_probe = "live"

[strategies.script]
steps = [
  { step = "command", name = "Build", argv = ["/bin/sh", "-c", "seq 1 3000; echo built {version} at {revision}"], recovery = "idempotent" },
  { step = "command", name = "Install", argv = ["/bin/sh", "./install", "{version}", "old way"], cwd = "HERE", recovery = "at-most-once" },
  { step = "verify", probes = ["live"], tries = 3, every = "1s" },
]
rollback = [
  { step = "command", name = "Back", argv = ["/bin/sh", "-c", "echo {previous_version} > live"], cwd = "HERE", recovery = "idempotent" },
]

[probes.live]
ask = "command"
argv = ["/bin/cat", "HERE/live"]

[server]
listen = "127.0.0.1:0"
data_folder = "HERE/data"

[console]
port = 0

[log]
format = "json"
"#;

pub struct Yard {
    folder: Folder,
}

/// One `serve` of a yard. It ends with this value.
pub struct Serving {
    pub program: Program,
    pub console: Option<Console>,
    /// Of health and metrics.
    pub ops: String,
}

impl Yard {
    pub fn new() -> Self {
        let yard = Self { folder: Folder::new() };
        std::fs::write(yard.file("live"), "v0\n").unwrap();
        std::fs::write(yard.file("install"), INSTALL).unwrap();
        yard.configure(|text| text);
        yard
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Writes the config anew, changed.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let here = self.folder.path().to_str().unwrap();
        std::fs::write(self.file("signalbox.toml"), change(CONFIG.replace("HERE", here))).unwrap();
    }

    /// Lets the step go on that waits with this version.
    pub fn go(&self, version: &str) {
        std::fs::write(self.file(&format!("go-{version}")), "").unwrap();
    }

    pub async fn serve(&self, more: &[&str], env: &[(&str, &str)]) -> Serving {
        let mut args = vec!["serve"];
        args.extend(more);
        let mut program = Program::start(self.folder.path(), &args, env);
        let ops = until("serve to be ready", async || {
            let log = program.log();
            address(&log, "ready; ").map(|a| format!("http://{a}")).ok_or(log)
        })
        .await;
        let console = if more.contains(&"--console") { Some(Console::at(&program.first_line().await)) } else { None };
        Serving { program, console, ops }
    }

    /// Runs a subcommand on this yard's config.
    pub async fn run(&self, args: &[&str]) -> super::process::Ran {
        run(self.folder.path(), args).await
    }

    pub async fn sound(&self) {
        let said = self.run(&["audit", "verify"]).await.good();
        assert!(said.contains("sound"), "{said}");
    }
}

/// In the line of the log whose message begins so.
fn address(log: &str, message: &str) -> Option<String> {
    let lines = log.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    let mut lines = lines.filter(|l| l["message"].as_str().is_some_and(|m| m.starts_with(message)));
    lines.find_map(|l| Some(l["address"].as_str()?.to_owned()))
}

impl Serving {
    /// Where it takes signed requests of Slack.
    #[cfg(feature = "slack")]
    pub fn slack(&self) -> String {
        address(&self.program.log(), "signed requests ").unwrap()
    }

    pub fn console(&self) -> &Console {
        self.console.as_ref().unwrap()
    }

    /// Ends it in good order; its jobs go on.
    pub async fn stop(mut self) {
        self.program.signal(Signal::TERM);
        let status = self.program.ended(Span::secs(10)).await;
        assert_eq!(status.code(), Some(0), "{}", self.program.log());
    }

    /// Status and body of a path of health and metrics.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let client = signalbox::http::loopback().unwrap();
        let answer = client.get(format!("{}{path}", self.ops)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}
