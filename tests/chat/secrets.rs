//! No secret is ever told: not by types, not by errors, not by the program, whatever the other side answers.

mod parrot;

use parrot::{Answer, Parrot};
use signalbox::chat::discord::{self, DiscordPlatform};
use signalbox::chat::slack::{self, SlackPlatform};
use signalbox::chat::{MessageRef, Platform, PolicyNow, Post, Token};
use signalbox::clock::{Clock, SystemClock};
use signalbox::config::{load_embedded, load_with};
use signalbox::domain::ids::ChannelName;
use signalbox::domain::message::{Message, Tone};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::process::Command;

const BOT: &str = "planted-bot-secret";
const APP: &str = "planted-app-secret";
const SIGNING: &str = "planted-signing-secret";
const DISCORD: &str = "planted-discord-secret";
const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn is_clean(what: impl Debug, text: &str) {
    // Not by name: a failing test tells no more than the program.
    assert!(!text.contains("planted-"), "a secret is in what {what:?} says:\n{}", text.replace("planted-", "PLANTED "));
}

fn slack_settings(base: &str) -> slack::Settings {
    slack::Settings {
        bot_token: Token::new(BOT.into()),
        app_token: Some(Token::new(APP.into())),
        signing_secret: Some(Token::new(SIGNING.into())),
        base_url: base.to_owned(),
        channels: BTreeMap::from([(ChannelName::new("deployments"), "C0DEPLOY01".to_owned())]),
        groups: BTreeMap::from([("S0GROUP001".to_owned(), "engineer".into())]),
    }
}

fn discord_settings(base: &str) -> discord::Settings {
    discord::Settings {
        token: Token::new(DISCORD.into()),
        guild: 42,
        base_url: base.to_owned(),
        channels: BTreeMap::from([(ChannelName::new("deployments"), "43".to_owned())]),
        roles: BTreeMap::from([("44".to_owned(), "engineer".into())]),
    }
}

fn platforms(slack: &str, discord: &str) -> Vec<(Box<dyn Platform>, String)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut policy = load_embedded().policy;
    for person in policy.people.values_mut() {
        person.accounts.insert("discord".into(), "45".into());
    }
    let policy = Arc::new(policy);
    let now: PolicyNow = Arc::new(move || Arc::clone(&policy));
    let client = || signalbox::http::loopback().unwrap();
    let to_slack = SlackPlatform::new(slack_settings(slack), Arc::clone(&clock), Arc::clone(&now), client()).unwrap();
    let to_discord = DiscordPlatform::new(discord_settings(discord), client(), clock, now);
    vec![(Box::new(to_slack), "C0DEPLOY01:1700000000.000100".into()), (Box::new(to_discord), "43:46".into())]
}

/// What each call of a platform comes to, as logs and people would have it.
async fn said(platform: &dyn Platform, message: &str) -> Vec<String> {
    let (channel, words) = (ChannelName::new("deployments"), Message::line(Tone::Good, "It works."));
    let at = MessageRef { channel: channel.clone(), id: message.to_owned() };
    let post =
        Post { key: "card:D-1".into(), channel: channel.clone(), thread: None, only_for: None, message: words.clone() };
    let mut out = Vec::new();
    let mut tell = |call: &str, error: Option<signalbox::chat::ChatError>| {
        out.extend(error.map(|e| format!("{call}: {e} {e:?} {e:#?}")));
    };
    tell("post", platform.post(&post).await.err());
    tell("edit", platform.edit(&at, &words).await.err());
    tell("find", platform.find(&channel, Some(&at), "card:D-1").await.err());
    tell("reactions", platform.reactions(&at).await.err());
    tell("roles", platform.roles().await.err());
    out
}

#[tokio::test]
async fn no_error_repeats_what_a_server_repeats() {
    let parrot = Parrot::start().await;
    for way in Answer::ALL {
        parrot.answers(way);
        for (platform, message) in platforms(&format!("{}/api", parrot.address), &parrot.address) {
            let errors = said(&*platform, &message).await;
            is_clean((way, platform.name()), &errors.join("\n"));
            assert!(!errors.is_empty() || way == Answer::Socket, "{way:?} is no answer: {}", platform.name());
        }
    }
    assert!(parrot.tokens.load(Ordering::Relaxed) > 50, "it was sent tokens to repeat");
}

#[tokio::test]
async fn no_error_names_what_it_could_not_reach() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{nobody}/{BOT}");
    for (platform, message) in platforms(&base, &base) {
        let errors = said(&*platform, &message).await;
        assert!(errors.len() > 2, "{errors:?}");
        is_clean(platform.name(), &errors.join("\n"));
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    for address in [&format!("http://[:::]/{BOT}"), BOT, &format!("http://{BOT}@/ /")] {
        let policy = Arc::new(load_embedded().policy);
        let now: PolicyNow = Arc::new(move || Arc::clone(&policy));
        let client = signalbox::http::loopback().unwrap();
        if let Err(error) = SlackPlatform::new(slack_settings(address), Arc::clone(&clock), Arc::clone(&now), client) {
            is_clean("an address", &format!("{error} {error:?}"));
        }
        let client = signalbox::http::loopback().unwrap();
        let platform = DiscordPlatform::new(discord_settings(address), client, Arc::clone(&clock), now);
        is_clean("an address", &said(&platform, "43:46").await.join("\n"));
    }
}

/// What a panic would print of everything that holds a secret.
#[test]
fn no_panic_shows_a_secret() {
    let token = Token::new(BOT.into());
    let (slack, discord) = (slack_settings("https://slack.com/api"), discord_settings("https://discord.com"));
    let folder = tempfile::tempdir().unwrap();
    let config = super::process::CONFIG.replace("\"GUILD\"", "\"42\"").replace("\"ADA\"", "\"43\"");
    let config = config.replace("\"SLACK\"", "\"http://127.0.0.1:9\"").replace("\"DISCORD\"", "\"http://127.0.0.1:9\"");
    let config = config + "\n[store]\nurl = \"postgres://127.0.0.1/yard\"\n";
    std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
    let given = signalbox::config::Given {
        env: vec![("SIGNALBOX__STORE__URL".into(), format!("postgres://me:{BOT}@127.0.0.1/yard"))],
        now: None,
    };
    let loaded = load_with(folder.path(), &given).unwrap();
    let told = std::panic::catch_unwind(|| {
        let nothing: Result<u8, _> =
            "".parse().map_err(|_: std::num::ParseIntError| (&token, &slack, &discord, &loaded.service));
        nothing.unwrap();
    });
    let told = *told.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("Token(..)") && told.contains("Plain(..)"), "{told}");
    is_clean("a panic", &told);
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Each secret by another kind of reference; the file's path is relative to the config's folder.
    fn new(parrot: &Parrot) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = super::process::CONFIG
            .replace("\"SLACK\"", &format!("\"{}/api\"", parrot.address))
            .replace("\"DISCORD\"", &format!("\"{}\"", parrot.address))
            .replace("\"GUILD\"", "\"42\"")
            .replace("\"ADA\"", "\"43\"")
            .replace("bot_token = { env = \"A_BOT_TOKEN\" }", "bot_token = { file = \"secrets/bot\" }")
            .replace("app_token = { env = \"AN_APP_TOKEN\" }", "app_token = { credential = \"app\" }")
            .replace("token = { file = \"discord-token\" }", "token = { env = \"A_DISCORD_TOKEN\" }");
        for (name, text) in [("config/signalbox.toml", config.as_str()), ("config/secrets/bot", BOT), ("cred/app", APP)]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir(folder.path().join("elsewhere")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, arguments: &[&str], config: bool) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_signalbox"));
        program.current_dir(self.path("elsewhere")).args(arguments).kill_on_drop(true);
        if config {
            program.arg("--config").arg(self.path("config/signalbox.toml"));
        }
        program.env("CREDENTIALS_DIRECTORY", self.path("cred")).env("A_DISCORD_TOKEN", DISCORD);
        program.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").stdin(Stdio::null());
        program
    }

    async fn ran(&self, arguments: &[&str], config: bool) -> Output {
        tokio::time::timeout(PATIENCE, self.program(arguments, config).output()).await.unwrap().unwrap()
    }
}

fn whole(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Until `serve` has asked both, and was answered.
async fn served(place: &Place, parrot: &Parrot) -> String {
    let log = place.path("log");
    let (out, err) = (std::fs::File::create(&log).unwrap(), std::fs::File::options().append(true).open(&log).unwrap());
    let mut child = place.program(&["serve"], true).stdout(out).stderr(err).spawn().unwrap();
    let mut asked = parrot.asked.subscribe();
    let both = asked.wait_for(|(slack, discord)| *slack > 0 && *discord > 0);
    tokio::time::timeout(PATIENCE, both).await.unwrap().unwrap();
    // Whoever connects quickly has asked before it says that it is ready.
    let ready = async {
        loop {
            let said = std::fs::read_to_string(&log).unwrap();
            if said.contains("health and metrics on ") {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let said = tokio::time::timeout(PATIENCE, ready).await.unwrap();
    let address = said.split("health and metrics on ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let mut pages = String::new();
    for page in ["metrics", "readyz", "healthz", "nothing"] {
        let Some(address) = address else { break };
        let answer = signalbox::http::loopback().unwrap().get(format!("http://{address}/{page}")).send().await.unwrap();
        pages += &format!("{:?}\n{}", answer.headers().clone(), answer.text().await.unwrap());
    }
    assert!(pages.contains("signalbox_inbox_open"), "its metrics are read: {pages}");
    let id = i32::try_from(child.id().unwrap()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), rustix::process::Signal::TERM).unwrap();
    assert!(tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    std::fs::read_to_string(&log).unwrap() + &pages
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[tokio::test]
async fn the_program_tells_no_secret_to_whoever_repeats_it() {
    let parrot = Parrot::start().await;
    let place = Place::new(&parrot);
    for way in [Answer::Word, Answer::Form, Answer::Redirect, Answer::Socket, Answer::Unauthorised] {
        parrot.answers(way);
        is_clean(("serve", way), &served(&place, &parrot).await);
        let doctor = place.ran(&["doctor"], true).await;
        is_clean(("doctor", way), &whole(&doctor));
        assert!(!doctor.status.success(), "nothing is well when {way:?}");
    }
    assert!(
        parrot.tokens.load(Ordering::Relaxed) > 10,
        "references lead to tokens, from whatever folder it is started"
    );
    for arguments in [&["check"][..], &["audit", "export"], &["audit", "verify"]] {
        let out = place.ran(arguments, true).await;
        is_clean(arguments, &whole(&out));
        assert!(out.status.success(), "{arguments:?}: {}", whole(&out));
    }
    for platform in ["slack", "discord"] {
        is_clean(platform, &whole(&place.ran(&["manifest", platform], false).await));
    }
    let mut found = Vec::new();
    files(&place.path("config/data"), &mut found);
    files(&place.path("elsewhere"), &mut found);
    assert!(found.iter().any(|path| path.ends_with("signalbox.db")), "{found:?}");
    for path in found {
        is_clean(&path, &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
    }
}

/// What is missing is named, and never what was there.
#[tokio::test]
async fn a_reference_that_leads_nowhere_is_named() {
    let parrot = Parrot::start().await;
    let place = Place::new(&parrot);
    std::fs::remove_file(place.path("config/secrets/bot")).unwrap();
    let out = place.ran(&["serve"], true).await;
    let said = whole(&out);
    assert!(!out.status.success() && said.contains("slack.bot_token") && said.contains("config/secrets/bot"), "{said}");
    is_clean("serve", &said);
}
