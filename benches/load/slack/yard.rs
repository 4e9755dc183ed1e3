//! The program with `[slack]` in its config: a folder, its start, its end without a word, and what lies in its database.

use super::acts::{APP_TOKEN, BOT_TOKEN, CHANNEL, DEPLOYMENTS, PEOPLE, SECRET, account};
use super::web::Web;
use crate::process::{cpu, database, stop};
use crate::{Result, http};
use signalbox::clock::Stopwatch;
use signalbox::domain::ids::Stream;
use signalbox::store::{Dump as _, SqliteStore, Store as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How Slack reaches the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Http,
    Socket,
}

/// Each service has one deployment that waits for a key; its checklist can be settled all day.
const CONFIG: &str = r#"
name = "Yard"
zone = "UTC"
checklists = ["checklists"]

[channels]
deployments = "deployments"
incidents = "deployments"
engineering = "deployments"

[roles]
engineer = { title = "Engineer" }

[environments.depot]
keys = ["engineer"]
windows = [{ days = "mon-fri", from = "10:00", to = "14:00" }]

[strategies.script]
steps = [{ step = "command", name = "Build", argv = ["/bin/true"], recovery = "idempotent" }]
rollback = [{ step = "command", name = "Back", argv = ["/bin/true"], recovery = "idempotent" }]
"#;

const CHECKLIST: &str =
    "---\ntitle: Before\nphase: before\n---\n\n## All of it\n\n- [ ] Somebody looked\n- [ ] Twice\n";

/// A folder with a config, and the program on it.
pub struct Yard {
    folder: PathBuf,
    /// Of signed requests.
    pub address: SocketAddr,
    ops: SocketAddr,
    child: Child,
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Yard {
    pub async fn start(folder: PathBuf, mode: Mode, web: &Web) -> Result<Self> {
        let (address, ops) = (free()?, free()?);
        let mut config = CONFIG.to_owned();
        for n in 0..PEOPLE {
            writeln!(
                config,
                "[people.p{n}]\nname = \"Person {n}\"\nroles = [\"engineer\"]\naccounts = {{ slack = \"{}\" }}",
                account(n)
            )?;
        }
        for n in 0..DEPLOYMENTS {
            writeln!(
                config,
                "[services.svc-{n}]\nexecutor = \"command\"\nstrategies = {{ depot = \"script\" }}\n\
                 releases = {{ from = \"table\", versions = {{ v1 = \"aaaa\" }} }}"
            )?;
        }
        let mode = match mode {
            Mode::Http => {
                format!("mode = \"http\"\nsigning_secret = {{ env = \"LOAD_SECRET\" }}\nlisten = \"{address}\"")
            }
            Mode::Socket => "mode = \"socket\"\napp_token = { env = \"LOAD_APP_TOKEN\" }".to_owned(),
        };
        write!(
            config,
            "[server]\nlisten = \"{ops}\"\ndata_folder = \"data\"\n[slack]\n{mode}\nbot_token = {{ env = \"LOAD_TOKEN\" }}\n\
             base_url = \"http://{}/api\"\n[slack.channels]\ndeployments = \"{CHANNEL}\"\n",
            web.address
        )?;
        std::fs::create_dir_all(folder.join("checklists"))?;
        std::fs::write(folder.join("checklists/before.md"), CHECKLIST)?;
        std::fs::write(folder.join("signalbox.toml"), config)?;
        let child = spawn(&folder)?;
        let yard = Self { folder, address, ops, child };
        yard.ready().await?;
        Ok(yard)
    }

    async fn ready(&self) -> Result<()> {
        let begun = Stopwatch::start();
        loop {
            if let Ok(answer) = http::ask(self.ops, "GET", "/readyz", "", "").await
                && answer.starts_with("HTTP/1.1 200")
            {
                return Ok(());
            }
            if begun.elapsed_std() > Duration::from_secs(20) {
                return Err(format!("serve is not ready after 20 s: {}", self.log()).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().rev().take(10).collect::<Vec<_>>().join("\n")
    }

    /// Ends it as a power cut would, and starts it again on what it left.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.child.kill().await?;
        self.child = spawn(&self.folder)?;
        self.ready().await
    }

    pub async fn stop(&mut self) -> Result<()> {
        stop(&mut self.child).await
    }

    /// Seconds of processor time the program has used.
    pub fn cpu(&self) -> Result<f64> {
        cpu(self.child.id().ok_or("it has ended")?)
    }

    /// How much was acknowledged and is not worked yet.
    pub async fn open(&self) -> Result<i64> {
        let store = SqliteStore::read_only(&database(&self.folder)).await?;
        let open = store.open_inbox_count().await?;
        store.close().await?;
        Ok(open)
    }

    /// What the database holds.
    pub async fn books(&self) -> Result<Books> {
        let store = SqliteStore::read_only(&database(&self.folder)).await?;
        let (mut kept, mut last) = (BTreeSet::new(), String::new());
        loop {
            let page = store.inbox_page(&last, 10_000).await?;
            let Some(row) = page.last() else { break };
            last.clone_from(&row.key);
            kept.extend(page.into_iter().map(|row| row.key));
        }
        let mut reasons = BTreeMap::new();
        for n in 1..=DEPLOYMENTS {
            let (stream, mut seq) = (Stream::new(&format!("deployment/D-{n}")), 0);
            loop {
                let page = store.events(&stream, seq, 10_000).await?;
                let Some(row) = page.last() else { break };
                seq = row.seq;
                for row in page.into_iter().filter(|row| row.kind == "item_not_applicable") {
                    let body: serde_json::Value = serde_json::from_str(&row.body)?;
                    let reason = body["reason"].as_str().unwrap_or_default().to_owned();
                    *reasons.entry(reason).or_insert(0) += 1;
                }
            }
        }
        let open = store.open_inbox_count().await?;
        store.close().await?;
        Ok(Books { kept, reasons, open })
    }

    /// The verdict of `signalbox audit verify`.
    pub async fn verified(&self) -> Result<String> {
        let out = Command::new(env!("CARGO_BIN_EXE_signalbox"))
            .args(["audit", "verify"])
            .current_dir(&self.folder)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        if out.status.success() { Ok(said.trim().to_owned()) } else { Err(said.into()) }
    }
}

/// What lies in a database.
pub struct Books {
    /// Keys of arrivals.
    pub kept: BTreeSet<String>,
    /// How often each reason of an item that does not apply stands in the journal.
    pub reasons: BTreeMap<String, u32>,
    pub open: i64,
}

fn spawn(folder: &std::path::Path) -> Result<Child> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"))?;
    let child = Command::new(env!("CARGO_BIN_EXE_signalbox"))
        .arg("serve")
        .current_dir(folder)
        .envs([("LOAD_TOKEN", BOT_TOKEN), ("LOAD_APP_TOKEN", APP_TOKEN), ("LOAD_SECRET", SECRET)])
        .env_remove("RUST_LOG")
        .env_remove("SIGNALBOX_CONFIG")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}
