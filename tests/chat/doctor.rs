//! What `signalbox doctor` finds, thing by thing, and that each says what to do.

use crate::support::discord::permissions::{EMBED_LINKS, SEND_MESSAGES};
use crate::support::discord::{self, FakeDiscord};
use crate::support::slack::FakeSlack;
use crate::support::slack::options::Options;
use crate::support::slack::world::Kind;
use signalbox::chat::doctor::{Finding, Level};
use signalbox::chat::{Token, discord as to_discord, slack as to_slack};
use signalbox::clock::{Clock as _, SystemClock};
use signalbox::command::{Extra, discord_permissions, slack_scopes};
use signalbox::domain::ids::{ChannelName, Role};
use signalbox::domain::time::{Span, after};
use std::collections::BTreeMap;

/// What is asked on one side, and how far our clock is ahead.
#[derive(Clone)]
struct Visit {
    ahead: i64,
    channels: Vec<&'static str>,
    people: (usize, usize),
}

impl Default for Visit {
    fn default() -> Self {
        Self { ahead: 0, channels: vec!["deployments"], people: (2, 2) }
    }
}

fn now(ahead: i64) -> jiff::Timestamp {
    after(SystemClock::new().now().wall, Span::secs(ahead))
}

fn names(channels: &[&str]) -> Vec<ChannelName> {
    channels.iter().map(|name| ChannelName::new(name)).collect()
}

/// A finding of that level says this, and what to do about it.
#[track_caller]
fn finds(all: &[Finding], level: Level, what: &str, todo: &str) {
    let found = all.iter().find(|f| f.what.contains(what));
    let found = found.unwrap_or_else(|| panic!("{what:?} is not said: {all:#?}"));
    assert_eq!(found.level, level, "{found:?}");
    assert!(found.todo.contains(todo), "{todo:?}: {found:?}");
    assert_eq!(found.todo.is_empty(), level == Level::Good, "what is wrong says what to do: {found:?}");
}

fn all_good(all: &[Finding]) {
    assert!(all.iter().all(|f| f.level == Level::Good), "{all:#?}");
}

async fn slack() -> (FakeSlack, to_slack::Settings) {
    let manifest = include_str!("../../deploy/slack-socket.yaml");
    let fake = FakeSlack::start(Options::default().manifest(manifest)).await.unwrap();
    fake.person("U1", "ann", "Ann", "UTC");
    fake.channel("C0DEPLOY1", "deployments", &["U1"]);
    let settings = to_slack::Settings {
        bot_token: Token::new("test-bot-token".into()),
        app_token: Some(Token::new("test-app-token".into())),
        signing_secret: None,
        base_url: fake.api_url(),
        channels: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    (fake, settings)
}

async fn of_slack(settings: &to_slack::Settings, visit: Visit) -> Vec<Finding> {
    let groups: Vec<Extra> = (!settings.groups.is_empty()).then_some(Extra::Groups).into_iter().collect();
    let scopes: Vec<&str> = slack_scopes(&groups).map(|s| s.name).collect();
    let examination = to_slack::Examination {
        settings,
        client: &signalbox::http::loopback().unwrap(),
        now: now(visit.ahead),
        scopes: &scopes,
        channels: &names(&visit.channels),
        people: visit.people,
    };
    examination.run().await
}

#[tokio::test]
async fn slack_tokens_and_rights_are_checked_against_their_use() {
    let (fake, settings) = slack().await;
    let all = of_slack(&settings, Visit::default()).await;
    all_good(&all);
    for good in
        ["the bot's token is that of", "rights are there", "a socket can be opened", "the bot is a member", "clock"]
    {
        finds(&all, Level::Good, good, "");
    }
    fake.with(|w| w.options.bot_scopes.remove("reactions:read"));
    finds(&of_slack(&settings, Visit::default()).await, Level::Bad, "lacks reactions:read", "signalbox manifest slack");
    fake.with(|w| w.options.bot_scopes.extend(["reactions:read".to_owned(), "admin".to_owned()]));
    finds(&of_slack(&settings, Visit::default()).await, Level::Warning, "may also admin", "take them out");
    let groups = BTreeMap::from([("S0NOBODY1".to_owned(), Role::new("engineer"))]);
    let all = of_slack(&to_slack::Settings { groups, ..settings.clone() }, Visit::default()).await;
    finds(&all, Level::Bad, "lacks usergroups:read", "Install App again");
    finds(&all, Level::Bad, "user group S0NOBODY1", "usergroups:read");
    let wrong = |text: &str| Token::new(text.to_owned());
    let all = of_slack(&to_slack::Settings { bot_token: wrong("old"), ..settings.clone() }, Visit::default()).await;
    finds(&all, Level::Bad, "the bot's token is not taken: invalid_auth", "Install App");
    let all =
        of_slack(&to_slack::Settings { app_token: Some(wrong("old")), ..settings.clone() }, Visit::default()).await;
    finds(&all, Level::Bad, "the app-level token is not taken", "connections:write");
    let by_http = |secret: String| to_slack::Settings {
        app_token: None,
        signing_secret: Some(Token::new(secret)),
        ..settings.clone()
    };
    finds(&of_slack(&by_http("xy".into()), Visit::default()).await, Level::Bad, "signing secret", "App Credentials");
    finds(&of_slack(&by_http("ab".repeat(16)), Visit::default()).await, Level::Good, "signed requests", "");
    assert!(!format!("{all:?}").contains("test-bot-token"));
}

#[tokio::test]
async fn slack_channels_clock_people_and_network_are_checked() {
    let (fake, settings) = slack().await;
    fake.room("C0OUTSIDE", "incidents", Kind::Public, &["U1"], false);
    let channels = vec!["deployments", "incidents", "nowhere"];
    let all = of_slack(&settings, Visit { channels, ..Visit::default() }).await;
    finds(&all, Level::Good, "#deployments: the bot is a member", "");
    finds(&all, Level::Warning, "#incidents: the bot is not a member yet", "/invite @signalbox in #incidents");
    finds(&all, Level::Bad, "#nowhere: there is no such public channel", "[slack.channels]");
    for (ahead, level, what) in
        [(60, Level::Warning, "s ahead"), (-60, Level::Warning, "s behind"), (290, Level::Bad, "s ahead")]
    {
        finds(&of_slack(&settings, Visit { ahead, ..Visit::default() }).await, level, what, "timedatectl");
    }
    let all = of_slack(&settings, Visit { people: (5, 3), ..Visit::default() }).await;
    finds(&all, Level::Warning, "3 of 5 people have a Slack account", "accounts = { slack");
    finds(&all, Level::Good, "says nothing of its limits", "");
    let nobody = to_slack::Settings { base_url: "http://127.0.0.1:1/api".into(), ..settings };
    finds(&of_slack(&nobody, Visit::default()).await, Level::Bad, "Slack's API", "check the network");
}

async fn discord(options: discord::Options) -> (FakeDiscord, to_discord::Settings) {
    let fake = FakeDiscord::start(options).await;
    fake.add_channel("deployments");
    let settings = to_discord::Settings {
        token: Token::new(discord::TOKEN.into()),
        guild: fake.guild(),
        base_url: fake.base_url(),
        channels: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    (fake, settings)
}

async fn of_discord(settings: &to_discord::Settings, visit: Visit) -> Vec<Finding> {
    let permissions: Vec<(u32, &str)> = discord_permissions(false).map(|(bit, name, _)| (*bit, *name)).collect();
    let examination = to_discord::Examination {
        settings,
        client: &signalbox::http::loopback().unwrap(),
        now: now(visit.ahead),
        permissions: &permissions,
        channels: &names(&visit.channels),
        people: visit.people,
    };
    examination.run().await
}

#[tokio::test]
async fn discord_token_intents_and_connections_are_checked() {
    let (fake, settings) = discord(discord::Options::default()).await;
    let all = of_discord(&settings, Visit::default()).await;
    all_good(&all);
    for good in ["the token is that of @", "Message Content is off", "connections to the gateway are left", "clock"] {
        finds(&all, Level::Good, good, "");
    }
    assert!(all.iter().any(|f| f.what.contains("such calls left")), "how much room the limits leave: {all:#?}");
    let wrong = to_discord::Settings { token: Token::new("old".into()), ..settings.clone() };
    finds(&of_discord(&wrong, Visit::default()).await, Level::Bad, "the token is not taken: HTTP 401", "Reset Token");
    let elsewhere = to_discord::Settings { guild: settings.guild + 1, ..settings };
    let all = of_discord(&elsewhere, Visit::default()).await;
    finds(&all, Level::Bad, "the bot is not on the server", "signalbox manifest discord");
    drop(fake);
    let (_fake, settings) = discord(discord::Options { message_content: true, ..Default::default() }).await;
    let all = of_discord(&settings, Visit::default()).await;
    finds(&all, Level::Good, "Message Content is on", "");
}

#[tokio::test]
async fn discord_channels_rights_clock_people_and_network_are_checked() {
    let (fake, settings) = discord(discord::Options::default()).await;
    fake.add_channel("incidents");
    fake.deny("incidents", SEND_MESSAGES | EMBED_LINKS);
    let channels = vec!["deployments", "incidents", "nowhere"];
    let all = of_discord(&settings, Visit { channels, ..Visit::default() }).await;
    finds(&all, Level::Good, "#deployments: the bot has all its rights", "");
    finds(&all, Level::Bad, "#incidents: the bot lacks Send Messages, Embed Links", "Permissions of #incidents");
    finds(&all, Level::Bad, "#nowhere: there is no such text channel", "[discord.channels]");
    for (ahead, level, what) in [(60, Level::Warning, "s ahead"), (-300, Level::Bad, "s behind")] {
        finds(&of_discord(&settings, Visit { ahead, ..Visit::default() }).await, level, what, "timedatectl");
    }
    let all = of_discord(&settings, Visit { people: (5, 3), ..Visit::default() }).await;
    finds(&all, Level::Warning, "3 of 5 people have a Discord account", "accounts = { discord");
    let nobody = to_discord::Settings { base_url: "http://127.0.0.1:1".into(), ..settings };
    finds(&of_discord(&nobody, Visit::default()).await, Level::Bad, "Discord's API", "check the network");
}
