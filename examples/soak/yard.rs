//! The program with both platforms, and the people who keep it busy.

use crate::support::discord::faults::Fault as DiscordFault;
use crate::support::discord::{self, FakeDiscord};
use crate::support::slack::FakeSlack;
use crate::support::slack::faults::Fault as SlackFault;
use crate::support::slack::options::Options;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const ROOM: &str = "C0DEPLOY01";
/// Requests and deliveries that Slack's stand-in remembers.
const REMEMBER: usize = 2_000;

/// `SLACK`, `DISCORD`, `GUILD`, `ADA` and `BOB` are what the stand-ins say.
const CONFIG: &str = r#"
name = "Yard"
zone = "UTC"

[channels]
deployments = "deployments"
incidents = "deployments"
engineering = "deployments"

[roles]
engineer = { title = "Engineer" }

[people]
ada = { name = "Ada", roles = ["engineer"], accounts = { slack = "UADA", discord = "ADA" } }
bob = { name = "Bob", roles = ["engineer"], accounts = { slack = "UBOB", discord = "BOB" } }

[environments.depot]
keys = ["engineer"]
watch = "20s"

[services.shop]
executor = "command"
default = true
strategies = { depot = "script" }
releases = { from = "table", versions = { v1 = "aaaa", v2 = "bbbb" } }

[strategies.script]
steps = [{ step = "command", name = "Build", argv = ["/bin/true"], recovery = "idempotent" }]
rollback = [{ step = "command", name = "Back", argv = ["/bin/true"], recovery = "idempotent" }]

[server]
listen = "127.0.0.1:0"
data_folder = "data"

[slack]
bot_token = { env = "A_BOT_TOKEN" }
app_token = { env = "AN_APP_TOKEN" }
base_url = "SLACK"

[discord]
token = { env = "A_DISCORD_TOKEN" }
guild = "GUILD"
base_url = "DISCORD"
"#;

pub struct Yard {
    folder: tempfile::TempDir,
    slack: FakeSlack,
    discord: FakeDiscord,
    child: Child,
    metrics: String,
    http: reqwest::Client,
    rounds: usize,
    pub acts: usize,
    pub deployments: usize,
}

impl Yard {
    pub async fn open(program: &Path) -> Self {
        let manifest = include_str!("../../deploy/slack-socket.yaml");
        let mut options = Options::default().manifest(manifest);
        options.remember = REMEMBER;
        let slack = FakeSlack::start(options).await.unwrap();
        for (id, name) in [("UADA", "ada"), ("UBOB", "bob"), ("UEVE", "eve")] {
            slack.person(id, name, name, "UTC");
        }
        slack.channel(ROOM, "deployments", &["UADA", "UBOB", "UEVE"]);
        let discord = FakeDiscord::start(discord::Options::default()).await;
        discord.add_channel("deployments");
        let [ada, bob, _] = ["ada", "bob", "eve"].map(|name| discord.add_user(name));
        let folder = tempfile::tempdir().unwrap();
        let config = CONFIG
            .replace("\"SLACK\"", &format!("\"{}\"", slack.api_url()))
            .replace("\"DISCORD\"", &format!("\"{}\"", discord.base_url()))
            .replace("\"GUILD\"", &format!("\"{}\"", discord.guild()))
            .replace("\"ADA\"", &format!("\"{ada}\""))
            .replace("\"BOB\"", &format!("\"{bob}\""));
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let (bot, app) = slack.read(|w| (w.options.bot_token.clone(), w.options.app_token.clone()));
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(folder.path().join("signalbox.toml"))
            .envs([("A_BOT_TOKEN", bot), ("AN_APP_TOKEN", app), ("A_DISCORD_TOKEN", discord::TOKEN.to_owned())])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        discord.connected().await;
        slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
        let metrics = format!("http://{}/metrics", address(&folder.path().join("log")).await);
        let http = signalbox::http::loopback().unwrap();
        Self { folder, slack, discord, child, metrics, http, rounds: 0, acts: 0, deployments: 0 }
    }

    pub fn process(&self) -> u32 {
        self.child.id().expect("signalbox ended: see its log")
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/signalbox.db")
    }

    pub async fn metrics(&self) -> String {
        self.http.get(&self.metrics).send().await.unwrap().text().await.unwrap()
    }

    /// Ends it as a service manager does.
    pub async fn close(mut self) {
        let id = i32::try_from(self.process()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(ended.unwrap().unwrap().success(), "it does not stop in good order");
    }

    pub async fn round(&mut self) {
        self.rounds += 1;
        self.network();
        self.talk();
        if self.rounds.is_multiple_of(5) {
            self.deployment().await;
        }
        if self.rounds.is_multiple_of(20) {
            // What only tests read is not to fill this process.
            self.discord.forget();
        }
    }

    fn network(&self) {
        let (slack, discord) = (&self.slack, &self.discord);
        let twice = usize::from(self.rounds.is_multiple_of(3));
        slack.with(|w| w.faults.duplicates = u32::try_from(twice).unwrap());
        discord.faults().duplicates = twice;
        match self.rounds % 40 {
            11 => slack.drop_sockets(),
            17 => discord.drop_sockets(),
            23 => slack.disconnect_sockets("refresh_requested"),
            29 => discord.ask_to_reconnect(),
            33 => slack.with(|w| {
                w.faults.plan("chat.update", 1, &SlackFault::TooMany(1));
                w.faults.plan("chat.postMessage", 1, &SlackFault::DoneThen500);
            }),
            37 => {
                let limited = DiscordFault::Limited { after_ms: 900, global: false, shared: false };
                discord.faults().next("PATCH /channels/{id}/messages/{id}", 1, &limited);
                discord.faults().next("POST /channels/{id}/messages", 1, &DiscordFault::DropAnswer);
            }
            _ => {}
        }
    }

    fn talk(&mut self) {
        let (slack, discord) = (&self.slack, &self.discord);
        let last = format!("D-{}", self.deployments.max(1));
        let sent = match self.rounds % 5 {
            0 => slack.slash("UADA", ROOM, "/deploy", "status").map(drop),
            1 => slack.mention("UBOB", ROOM, &format!("why {last}")).map(drop),
            2 => slack.slash("UEVE", ROOM, "/approve", &last).map(drop),
            3 => slack.open_home("UBOB").map(drop),
            _ => {
                slack.event("UADA", json!({"type": format!("new_thing_{}", self.rounds % 9), "user": null}));
                Ok(())
            }
        };
        sent.unwrap();
        match self.rounds % 4 {
            0 => drop(discord.mention("ada", "deployments", "deploy status")),
            1 => drop(discord.mention("eve", "deployments", &format!("approve {last}"))),
            2 => discord.dispatch("NEW_THING", &json!({"id": self.rounds.to_string(), "of": null})),
            _ => drop(discord.mention("bob", "deployments", &format!("why {last}"))),
        }
        self.acts += 2;
    }

    /// Asked for on one side, decided on the other.
    async fn deployment(&mut self) {
        let n = self.deployments + 1;
        let (id, version) = (format!("D-{n}"), ["v1", "v2"][n % 2]);
        if n.is_multiple_of(2) {
            // While a socket is gone Slack says so, and people try again.
            let text = format!("{version} to depot");
            while self.slack.slash("UADA", ROOM, "/deploy", &text).unwrap().acked().await.is_err() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        } else {
            self.discord.mention("ada", "deployments", &format!("deploy {version} to depot"));
        }
        let named = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == id);
        let card = |text: &str| text.lines().next().is_some_and(|line| named(line) && line.contains("→ depot"));
        let found =
            |fake: &FakeDiscord| fake.visible("deployments", "bob").into_iter().find(|m| card(&m.text)).map(|m| m.id);
        let message = self.discord.until("the card", found).await;
        let there = self.slack.until("the card", |world| {
            let own = world.channels[ROOM].messages.iter().filter(|m| m.thread_ts.is_none() && m.only_for.is_none());
            own.filter(|m| card(&m.text())).map(|m| m.ts.clone()).next()
        });
        let ts = there.await.unwrap();
        match n % 4 {
            0 => drop(self.discord.click("bob", "deployments", message, "Approve")),
            1 => drop(self.slack.react("UBOB", ROOM, &ts, "white_check_mark").unwrap()),
            2 => drop(self.discord.react("bob", "deployments", message, "✅")),
            _ => drop(self.slack.react("UBOB", ROOM, &ts, "x").unwrap()),
        }
        (self.deployments, self.acts) = (n, self.acts + 2);
    }
}

/// Where its metrics are, as its log says.
async fn address(log: &Path) -> String {
    for _ in 0..200 {
        let said = std::fs::read_to_string(log).unwrap();
        let line = said.split("health and metrics on ").nth(1).and_then(|rest| rest.split_once('\n'));
        if let Some((address, _)) = line {
            return address.split_whitespace().next().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not say where its metrics are: {}", std::fs::read_to_string(log).unwrap());
}
