//! What Discord must be told: the rights to invite the bot with, and the commands. The commands register themselves at the
//! start; they are printed so that people see what will stand there.

use super::Scope;
use crate::command::catalogue::Catalogue;
use std::fmt::Write as _;

/// Rights on the server: bit, name, why.
const DISCORD_PERMISSIONS: &[(u32, &str, &str)] = &[
    (10, "View Channels", "finds the channels of [channels] by their names"),
    (11, "Send Messages", "posts cards"),
    (14, "Embed Links", "a card is an embed"),
    (15, "Attach Files", "uploads pictures"),
    (
        16,
        "Read Message History",
        "looks up its own message when Discord's answer was lost, reads reactions back, and what is marked with 📌",
    ),
    (35, "Create Public Threads", "a deployment's details go into the thread of its card"),
    (38, "Send Messages in Threads", "the same"),
];

/// Only needed where incidents have a channel of their own.
const MANAGE_CHANNELS: (u32, &str, &str) = (
    4,
    "Manage Channels",
    "makes the channels of incidents, with the rights of the incidents channel: severities with own_channel",
);

/// The rights that are needed, with channels of their own for incidents or without.
pub fn discord_permissions(rooms: bool) -> impl Iterator<Item = &'static (u32, &'static str, &'static str)> {
    let more = if rooms { std::slice::from_ref(&MANAGE_CHANNELS) } else { &[] };
    DISCORD_PERMISSIONS.iter().chain(more)
}

const SCOPES: &[Scope] = &[
    Scope { name: "bot", why: "is a member of the server and posts", only: None },
    Scope { name: "applications.commands", why: "has slash commands there", only: None },
];

const INTENTS: &[(&str, &str)] = &[
    ("GUILDS", "learns of channels and threads"),
    ("GUILD_MESSAGES", "takes commands by mention; without Message Content it reads no other message"),
    ("GUILD_MESSAGE_REACTIONS", "a reaction turns a key"),
    ("DIRECT_MESSAGES", "takes commands in direct messages"),
];

/// The sum of the rights as Discord writes it.
fn permissions(rooms: bool) -> u64 {
    discord_permissions(rooms).map(|(bit, ..)| 1_u64 << bit).sum()
}

/// The commands as they are registered: name with hyphens, and summary.
#[must_use]
pub fn discord_commands(catalogue: &Catalogue) -> Vec<(String, &str)> {
    catalogue.entries().iter().map(|e| (e.name.replace(' ', "-"), e.summary.as_str())).collect()
}

/// What is needed, as YAML with comments. `application` is the application's id, when it is known.
#[must_use]
pub fn discord_manifest(catalogue: &Catalogue, application: Option<&str>, rooms: bool) -> String {
    let sum = permissions(rooms);
    let id = application.unwrap_or("APPLICATION_ID");
    let scopes: Vec<&str> = SCOPES.iter().map(|s| s.name).collect();
    let mut out = String::from(
        "# The Discord application of signalbox. At https://discord.com/developers/applications choose New Application;\n\
         # under Bot, Reset Token: that is token. Nothing there needs to be switched on. Then open invite and choose the server.\n",
    );
    if application.is_none() {
        out.push_str("# APPLICATION_ID stands under General Information.\n");
    }
    let _ = writeln!(
        out,
        "invite: https://discord.com/oauth2/authorize?client_id={id}&scope={}&permissions={sum}",
        scopes.join("+")
    );
    out.push_str("scopes:\n");
    for scope in SCOPES {
        let _ = writeln!(out, "  - {} # {}", scope.name, scope.why);
    }
    let _ = writeln!(out, "permissions: {sum}\npermission_names:");
    for (_, name, why) in discord_permissions(rooms) {
        let _ = writeln!(out, "  - {name} # {why}");
    }
    out.push_str(
        "privileged_intents: [] # with Message Content, switched on under Bot, messages marked with 📌 are told in words\nintents:\n",
    );
    for (name, why) in INTENTS {
        let _ = writeln!(out, "  - {name} # {why}");
    }
    out.push_str("# signalbox registers these by itself at the start, on the server alone.\ncommands:\n");
    for (name, summary) in discord_commands(catalogue) {
        let _ = writeln!(out, "  {name}: {}", serde_json::Value::from(summary));
    }
    out
}
