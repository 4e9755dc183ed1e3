//! `[slack]` and `[discord]`, checked: which secrets a mode needs, addresses, and the names that others must know.

use super::context::{Context, did_you_mean};
use super::place::{At, Place};
use super::problem::Code;
use super::raw::{DiscordEntry, Pairs, Root, SlackEntry};
use super::service::{DiscordConfig, Secret, SecretEntry, SlackConfig, SlackMode};
use crate::domain::ids::{ChannelName, Role};
use std::collections::BTreeMap;
use std::net::SocketAddr;

pub fn slack(raw: &SlackEntry, root: &Root, cx: &mut Context) -> Option<SlackConfig> {
    let mode = raw.mode.as_ref().map_or(SlackMode::Socket, |m| m.value.0);
    let bot_token = raw.bot_token.0.as_ref();
    let (app_token, signing_secret) = (secret(raw.app_token.as_ref()), secret(raw.signing_secret.as_ref()));
    let needed = match mode {
        SlackMode::Socket => ("app_token", "the app-level token that opens the socket", app_token.is_none()),
        SlackMode::Http => {
            ("signing_secret", "the secret that signed requests are verified with", signing_secret.is_none())
        }
    };
    if let (name, what, true) = needed
        && let Some(place) = raw.mode.as_ref().map(|m| &m.place).or(bot_token.map(|t| &t.place))
    {
        cx.error(Code::MissingKey, place, format!("`{name}` is missing"))
            .hint(format!("this mode needs {what}; write `{name} = {{ env = \"NAME\" }}`"));
    }
    let listen = raw.listen.as_ref().map_or(SocketAddr::from(([127, 0, 0, 1], 8302)), |at| {
        at.value.parse().unwrap_or_else(|_| {
            cx.error(Code::BadValue, &at.place, "this is not an address with a port")
                .hint("write it like 127.0.0.1:8302 or [::]:8302");
            SocketAddr::from(([127, 0, 0, 1], 8302))
        })
    });
    let base_url = base_url(raw.base_url.as_ref(), cx);
    let (channels, groups) = (channels(raw.channels.as_ref(), root, cx), roles(raw.groups.as_ref(), root, cx));
    let bot_token = secret(bot_token)?;
    Some(SlackConfig { mode, bot_token, app_token, signing_secret, listen, base_url, channels, groups })
}

pub fn discord(raw: &DiscordEntry, root: &Root, cx: &mut Context) -> Option<DiscordConfig> {
    let guild = raw.guild.0.as_ref().and_then(|at| {
        let id = at.value.parse().ok().filter(|id| *id > 0);
        if id.is_none() {
            cx.error(Code::BadValue, &at.place, "this is not the id of a server")
                .hint("turn on Developer Mode in Discord, then copy the server's id: digits only");
        }
        id
    });
    let token = secret(raw.token.0.as_ref());
    let base_url = base_url(raw.base_url.as_ref(), cx);
    let (channels, roles) = (channels(raw.channels.as_ref(), root, cx), roles(raw.roles.as_ref(), root, cx));
    Some(DiscordConfig { token: token?, guild: guild?, base_url, channels, roles })
}

/// Tokens never stand in the file; [`super::check`] has said so of one that does.
pub(super) fn secret(at: Option<&At<SecretEntry>>) -> Option<Secret> {
    at.map(|at| at.value.0.clone()).filter(|secret| !matches!(secret, Secret::Plain(_)))
}

/// Plain http only to this machine: everything that is sent there carries the token.
pub(super) fn base_url(at: Option<&At<String>>, cx: &mut Context) -> Option<String> {
    let at = at?;
    let url = reqwest::Url::parse(&at.value).ok();
    let local = |u: &reqwest::Url| {
        let host = u.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    match url {
        Some(u) if u.scheme() == "https" || (u.scheme() == "http" && local(&u)) => {}
        Some(u) if u.scheme() == "http" => {
            cx.error(Code::BadUrl, &at.place, "the token would go there in plain").hint("use https");
        }
        _ => {
            cx.error(Code::BadUrl, &at.place, "this is not an address").hint("write it like https://chat.example/api");
        }
    }
    Some(at.value.trim_end_matches('/').to_owned())
}

fn channels(pairs: Option<&Pairs>, root: &Root, cx: &mut Context) -> BTreeMap<ChannelName, String> {
    let raw = root.channels.0.as_ref();
    let named = raw.into_iter().flat_map(|c| [&c.deployments, &c.incidents, &c.engineering]);
    let alerts = raw.and_then(|c| c.alerts.as_ref());
    let known: Vec<&str> =
        named.filter_map(|c| c.0.as_ref()).chain(alerts).map(|c| c.value.trim_start_matches('#')).collect();
    let mut out = BTreeMap::new();
    for (name, id) in pairs.map(|p| p.0.as_slice()).unwrap_or_default() {
        let key = name.value.trim_start_matches('#');
        if known_or(Code::UnknownChannel, key, &known, &name.place, cx) {
            out.insert(ChannelName::new(key), id.value.clone());
        }
    }
    out
}

fn roles(pairs: Option<&Pairs>, root: &Root, cx: &mut Context) -> BTreeMap<String, Role> {
    let known: Vec<&str> = root.roles.names();
    let mut out = BTreeMap::new();
    for (group, role) in pairs.map(|p| p.0.as_slice()).unwrap_or_default() {
        if known_or(Code::UnknownRole, &role.value, &known, &role.place, cx) {
            out.insert(group.value.clone(), Role::new(&role.value));
        }
    }
    out
}

fn known_or(code: Code, name: &str, known: &[&str], place: &Place, cx: &mut Context) -> bool {
    let found = known.contains(&name);
    if !found {
        let what = if code == Code::UnknownRole { "role" } else { "channel" };
        cx.error(code, place, format!("there is no {what} `{name}`")).hint(did_you_mean(name, known.iter().copied()));
    }
    found
}
