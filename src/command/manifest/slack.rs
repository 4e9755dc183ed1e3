//! The manifest of the Slack app, as YAML with comments: what it is pasted into takes both.

use super::{UMBRELLA, first_words};
use crate::command::catalogue::Catalogue;
use std::fmt::Write as _;

/// A right, and why it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub name: &'static str,
    pub why: &'static str,
    /// Only asked for where config uses this.
    pub only: Option<Extra>,
}

/// What config may use, and a right is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Roles from user groups.
    Groups,
    /// Incidents with a channel of their own.
    Rooms,
}

const fn scope(name: &'static str, why: &'static str) -> Scope {
    Scope { name, why, only: None }
}

/// Every bot scope that anything in signalbox uses.
const SLACK_SCOPES: &[Scope] = &[
    scope("commands", "takes slash commands"),
    scope("chat:write", "posts cards and answers, and edits its own messages"),
    scope("reactions:read", "a reaction turns a key; read back after an outage"),
    scope("channels:read", "finds the channels of [channels] by their names"),
    scope("channels:join", "joins the public channels of [channels] when it has something to say there"),
    scope(
        "channels:history",
        "looks up its own message when Slack's answer was lost, and reads a message that somebody marks with 📌",
    ),
    scope("app_mentions:read", "takes commands that begin with a mention"),
    scope("im:history", "takes commands in direct messages"),
    scope("im:write", "answers privately where there is no channel"),
    scope("files:write", "uploads pictures"),
    Scope { name: "usergroups:read", why: "roles from the user groups of [slack.groups]", only: Some(Extra::Groups) },
    Scope {
        name: "channels:manage",
        why: "makes the channels of incidents, asks people in, and archives them: severities with own_channel",
        only: Some(Extra::Rooms),
    },
];

/// Events of the workspace that signalbox listens to.
const EVENTS: &[(&str, &str)] = &[
    ("app_home_opened", "fills the Home tab"),
    ("app_mention", "a command by mention"),
    ("message.im", "a command in a direct message"),
    ("reaction_added", "a key is turned"),
    ("reaction_removed", "a key is taken back"),
];

/// Slack's own words; an app's command of the same name is not taken.
const RESERVED: &[&str] = &["help", "status", "who", "join", "leave", "remind", "search", "open", "topic", "invite"];

/// What the manifest depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackManifest {
    /// Signed requests come to this address; absent: Socket Mode.
    pub url: Option<String>,
    /// What config uses besides.
    pub extras: Vec<Extra>,
}

/// The bot scopes that are needed with these.
pub fn slack_scopes(extras: &[Extra]) -> impl Iterator<Item = &'static Scope> {
    SLACK_SCOPES.iter().filter(|s| s.only.is_none_or(|extra| extras.contains(&extra)))
}

/// The manifest, ready to be pasted.
#[must_use]
pub fn slack_manifest(catalogue: &Catalogue, wanted: &SlackManifest) -> String {
    let url = wanted.url.as_deref();
    let mut out = String::from(
        "# The Slack app of signalbox. At https://api.slack.com/apps choose Create New App, From a manifest, and paste this.\n",
    );
    out.push_str(match url {
        None => "# Then: Basic Information, App-Level Tokens, Generate with the scope connections:write; that is app_token.\n",
        Some(_) => "# Then: Basic Information, App Credentials, Signing Secret; that is signing_secret.\n",
    });
    out.push_str("# Then: Install App; the Bot User OAuth Token is bot_token.\n");
    out.push_str("_metadata:\n  major_version: 1\n");
    out.push_str(
        "display_information:\n  name: signalbox\n  description: Deployments with windows, keys and canaries\n",
    );
    out.push_str("features:\n  app_home:\n    home_tab_enabled: true\n    messages_tab_enabled: true\n");
    out.push_str("    messages_tab_read_only_enabled: false\n");
    out.push_str("  bot_user:\n    display_name: signalbox\n    always_online: true\n  slash_commands:\n");
    for (name, summary, hint) in first_words(catalogue) {
        if !RESERVED.contains(&name) {
            command(&mut out, name, &summary, &hint, url);
        }
    }
    command(&mut out, UMBRELLA, "Any command of signalbox, and its help", "help, or any command", url);
    out.push_str("oauth_config:\n  scopes:\n    bot:\n");
    for scope in slack_scopes(&wanted.extras) {
        let _ = writeln!(out, "      - {} # {}", scope.name, scope.why);
    }
    out.push_str("settings:\n  event_subscriptions:\n");
    if let Some(url) = url {
        let _ = writeln!(out, "    request_url: {}", quoted(url));
    }
    out.push_str("    bot_events:\n");
    for (event, why) in EVENTS {
        let _ = writeln!(out, "      - {event} # {why}");
    }
    out.push_str("  interactivity:\n    is_enabled: true\n");
    if let Some(url) = url {
        let _ = writeln!(out, "    request_url: {}", quoted(url));
    }
    let _ = writeln!(out, "  org_deploy_enabled: false\n  socket_mode_enabled: {}", url.is_none());
    out.push_str("  token_rotation_enabled: false\n");
    out
}

fn command(out: &mut String, name: &str, summary: &str, hint: &str, url: Option<&str>) {
    let _ = writeln!(out, "    - command: /{name}");
    if let Some(url) = url {
        let _ = writeln!(out, "      url: {}", quoted(url));
    }
    let _ = writeln!(out, "      description: {}", quoted(summary));
    if !hint.is_empty() {
        let _ = writeln!(out, "      usage_hint: {}", quoted(hint));
    }
    // Names and channels arrive as ids, so that nobody is mistaken for a namesake.
    out.push_str("      should_escape: true\n");
}

/// JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
