//! The program itself, as people start it: `serve` with both sections in its config, and secrets that show up nowhere.

use crate::support::discord::{self, FakeDiscord};
use crate::support::slack::FakeSlack;
use crate::support::slack::options::Options;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const ROOM: &str = "C0DEPLOY01";
const PATIENCE: Duration = Duration::from_secs(60);

/// `SLACK`, `DISCORD`, `GUILD` and `ADA` are what the stand-ins say.
pub const CONFIG: &str = r#"
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
bob = { name = "Bob", roles = ["engineer"] }

[environments.depot]
keys = ["engineer"]

[services.shop]
executor = "command"
default = true
strategies = { depot = "script" }
releases = { from = "table", versions = { v1 = "aaaa" } }

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
token = { file = "discord-token" }
guild = "GUILD"
base_url = "DISCORD"
"#;

struct Yard {
    folder: tempfile::TempDir,
    slack: FakeSlack,
    discord: FakeDiscord,
    /// None of these may show up anywhere.
    secrets: Vec<String>,
}

impl Yard {
    async fn open() -> Self {
        let manifest = include_str!("../../deploy/slack-socket.yaml");
        let slack = FakeSlack::start(Options::default().manifest(manifest)).await.unwrap();
        slack.person("UADA", "ada", "Ada", "UTC");
        slack.channel(ROOM, "deployments", &["UADA"]);
        let discord = FakeDiscord::start(discord::Options::default()).await;
        discord.add_channel("deployments");
        let ada = discord.add_user("ada");
        let folder = tempfile::tempdir().unwrap();
        let config = CONFIG
            .replace("\"SLACK\"", &format!("\"{}\"", slack.api_url()))
            .replace("\"DISCORD\"", &format!("\"{}\"", discord.base_url()))
            .replace("\"GUILD\"", &format!("\"{}\"", discord.guild()))
            .replace("\"ADA\"", &format!("\"{ada}\""));
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        std::fs::write(folder.path().join("discord-token"), format!("{}\n", discord::TOKEN)).unwrap();
        let (bot, app) = slack.read(|w| (w.options.bot_token.clone(), w.options.app_token.clone()));
        Self { folder, slack, discord, secrets: vec![bot, app, discord::TOKEN.to_owned()] }
    }

    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_signalbox"));
        program
            .current_dir(self.folder.path())
            .arg(command)
            .arg("--config")
            .arg(self.folder.path().join("signalbox.toml"));
        program.env("A_BOT_TOKEN", &self.secrets[0]).env("AN_APP_TOKEN", &self.secrets[1]).env("RUST_LOG", "trace");
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        program
    }

    fn is_clean(&self, what: &str, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "a secret is in {what}");
        }
    }

    /// Everything below the data folder.
    fn files_are_clean(&self) {
        let mut folders = vec![self.folder.path().join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    self.is_clean(&name(&path), &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
                }
            }
        }
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// Ends it as a service manager does.
async fn stopped(mut child: Child) {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), rustix::process::Signal::TERM).unwrap();
    assert!(tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn serve_speaks_on_both_and_tells_no_secret() {
    let yard = Yard::open().await;
    // Into a file: a pipe that nobody empties would hold it up.
    let log = yard.folder.path().join("log");
    let (out, err) = (std::fs::File::create(&log).unwrap(), std::fs::File::options().append(true).open(&log).unwrap());
    let child = yard.program("serve").stdout(out).stderr(err).spawn().unwrap();
    yard.discord.connected().await;
    yard.slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
    yard.slack.slash("UADA", ROOM, "/lock", "depot for 1h moving shelves").unwrap().settled().await.unwrap();
    let told = |text: &str| text.contains("moving shelves");
    yard.discord
        .until("the lock is told", |fake| fake.texts("deployments", "ada").iter().any(|t| told(t)).then_some(()))
        .await;
    let in_slack = |world: &crate::support::slack::world::World| {
        world.channels[ROOM].messages.iter().any(|m| m.only_for.is_none() && told(&m.text())).then_some(())
    };
    yard.slack.until("the lock is told", in_slack).await.unwrap();
    stopped(child).await;
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("ready; health and metrics"), "it logs what it does: {said}");
    yard.is_clean("what it wrote", &said);
    yard.files_are_clean();
    assert!(yard.slack.refusals().is_empty(), "{:?}", yard.slack.refusals());
    yard.discord.nothing_refused();
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let yard = Yard::open().await;
    let out = tokio::time::timeout(PATIENCE, yard.program("doctor").output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    yard.is_clean("the doctor's words", &(text.clone() + &String::from_utf8_lossy(&out.stderr)));
    for good in ["all 10 rights are there", "a socket can be opened", "#deployments: the bot has all its rights"] {
        assert!(text.contains(good), "{good}:\n{text}{}", String::from_utf8_lossy(&out.stderr));
    }
    assert!(out.status.success(), "{text}");

    yard.slack.with(|world| world.options.bot_scopes.remove("reactions:read"));
    yard.discord.remove_channel("deployments");
    let out = yard.program("doctor").output().await.unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    for bad in ["the token lacks reactions:read", "#deployments: there is no such text channel"] {
        assert!(text.contains(bad), "{bad}:\n{text}");
    }
    assert!(!out.status.success());
}

/// A token that is not taken is said at once, and the program goes on for the other platform.
#[tokio::test]
async fn a_wrong_token_is_said_and_the_other_platform_goes_on() {
    let yard = Yard::open().await;
    std::fs::write(yard.folder.path().join("discord-token"), "another-test-token").unwrap();
    let mut child = yard.program("serve").env("RUST_LOG", "info").spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (mut why, mut address) = (None, None);
    let said = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            assert!(!line.contains("another-test-token"));
            if let Some(rest) = line.split("health and metrics on ").nth(1) {
                address = rest.split_whitespace().next().map(str::to_owned);
            }
            if line.contains("discord.stopped") || line.contains("does not connect to Discord") {
                why = Some(line);
            }
            if let (Some(_), Some(address)) = (&why, &address) {
                return address.clone();
            }
        }
        panic!("it says nothing");
    };
    let address = tokio::time::timeout(PATIENCE, said).await.unwrap();
    yard.slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
    let http = signalbox::http::loopback().unwrap();
    let page = async |page: &str| http.get(format!("http://{address}/{page}")).send().await.unwrap();
    let ready = page("readyz").await;
    assert_eq!(ready.status(), 200, "one platform works");
    assert!(ready.text().await.unwrap().starts_with("ready\ndiscord: Discord does not take the token"));
    let up = async {
        let slack_up = "signalbox_chat_connected{platform=\"slack\"} 1";
        loop {
            let metrics = page("metrics").await.text().await.unwrap();
            if metrics.contains(slack_up) {
                return metrics;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let metrics = tokio::time::timeout(PATIENCE, up).await.unwrap();
    assert!(metrics.contains("signalbox_chat_connected{platform=\"discord\"} 0"), "{metrics}");
    child.kill().await.unwrap();
}
