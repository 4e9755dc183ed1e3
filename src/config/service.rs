//! What only the process needs to know, and secrets by reference.

use super::context::Context;
use super::place::At;
use super::problem::Code;
use super::raw::Root;
use super::read::{Read, wrong};
use super::status_page::StatusPageConfig;
use super::tree::{Node, Value};
use crate::domain::ids::{ChannelName, PersonId, Role};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The process's own settings; the policy knows none of them.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// In the address of rosters' calendars; absent: only this machine reads them.
    pub calendar_token: Option<Secret>,
    /// The store's address. Absent: `signalbox.db` in the data folder.
    pub store: Option<Secret>,
    /// Health and metrics.
    pub listen: SocketAddr,
    pub console: Console,
    /// Relative paths are relative to the config's folder.
    pub data: PathBuf,
    pub log: LogFormat,
    pub slack: Option<SlackConfig>,
    pub discord: Option<DiscordConfig>,
    pub paging: PagingConfig,
    pub status_page: StatusPageConfig,
    pub alerts: Vec<AlertSourceConfig>,
}

impl ServiceConfig {
    /// Makes relative paths those below the config's folder, whatever folder the process works in.
    pub fn root_at(&mut self, folder: &Path) {
        self.data = folder.join(&self.data);
        let slack = self
            .slack
            .iter_mut()
            .flat_map(|s| std::iter::once(&mut s.bot_token).chain(&mut s.app_token).chain(&mut s.signing_secret));
        let discord = self.discord.iter_mut().map(|d| &mut d.token);
        let outside = self.paging.secrets().chain(self.status_page.secrets());
        let alerts = self.alerts.iter_mut().map(|source| source.proof.secret());
        for secret in self.store.iter_mut().chain(slack).chain(discord).chain(outside).chain(alerts) {
            if let Secret::File(path) = secret {
                *path = folder.join(&path);
            }
        }
    }
}

/// `[slack]`.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    pub mode: SlackMode,
    pub bot_token: Secret,
    /// There in socket mode.
    pub app_token: Option<Secret>,
    /// There in HTTP mode.
    pub signing_secret: Option<Secret>,
    pub listen: SocketAddr,
    /// Without a slash at its end. Absent: Slack itself.
    pub base_url: Option<String>,
    /// Name in `[channels]` to id; others are looked up.
    pub channels: BTreeMap<ChannelName, String>,
    /// User group to role.
    pub groups: BTreeMap<String, Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlackMode {
    Socket,
    Http,
}

/// `[discord]`.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    pub token: Secret,
    /// The server's id.
    pub guild: u64,
    /// Without a slash at its end. Absent: Discord itself.
    pub base_url: Option<String>,
    /// Name in `[channels]` to id; others are looked up.
    pub channels: BTreeMap<ChannelName, String>,
    /// The server's role to ours.
    pub roles: BTreeMap<String, Role>,
}

/// `[paging]`: what is there is connected.
#[derive(Clone, Debug, Default)]
pub struct PagingConfig {
    pub email: Option<EmailConfig>,
    pub pagerduty: Option<PagerdutyConfig>,
    pub webhook: Option<WebhookConfig>,
    pub ntfy: Option<NtfyConfig>,
}

impl PagingConfig {
    /// Every secret that it names.
    fn secrets(&mut self) -> impl Iterator<Item = &mut Secret> {
        let email = self.email.iter_mut().flat_map(|e| &mut e.login).map(|(_, password)| password);
        let keys = self.pagerduty.iter_mut().flat_map(|p| p.routing_keys.values_mut().chain(&mut p.routing_key));
        let webhook = self.webhook.iter_mut().map(|w| &mut w.secret);
        email.chain(keys).chain(webhook).chain(self.ntfy.iter_mut().flat_map(|n| &mut n.token))
    }
}

/// `[paging.email]`.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// `name <address>`, which is readable as such.
    pub from: String,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// In plain until both agree on TLS; without it nothing is sent.
    Starttls,
    Tls,
    /// Only to this machine.
    None,
}

impl SmtpTls {
    /// The port that goes with it.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// `[paging.pagerduty]`.
#[derive(Clone, Debug)]
pub struct PagerdutyConfig {
    pub routing_keys: BTreeMap<PersonId, Secret>,
    /// For people without one of their own.
    pub routing_key: Option<Secret>,
    /// Without a slash at its end. Absent: the service region of the US.
    pub base_url: Option<String>,
}

/// `[paging.webhook]`.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub url: String,
    pub secret: Secret,
}

/// `[paging.ntfy]`.
#[derive(Clone, Debug)]
pub struct NtfyConfig {
    /// Without a slash at its end. Absent: ntfy.sh.
    pub base_url: Option<String>,
    pub token: Option<Secret>,
}

/// `[alerts.sources.*]`.
#[derive(Clone, Debug)]
pub struct AlertSourceConfig {
    pub name: String,
    pub format: AlertFormat,
    pub proof: AlertProof,
}

/// How a source writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertFormat {
    Alertmanager,
    Grafana,
    Google,
    Pagerduty,
    Github,
    Json,
}

/// What a source proves itself with.
#[derive(Clone, Debug)]
pub enum AlertProof {
    Token { token: Secret, in_address: bool },
    Signature(Secret),
}

impl AlertProof {
    fn secret(&mut self) -> &mut Secret {
        match self {
            Self::Token { token, .. } | Self::Signature(token) => token,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    pub enabled: bool,
    /// On loopback; 0 picks a free one.
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A value that may be secret. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Written in the file itself; only values without a password are.
    Plain(String),
    /// An environment variable.
    Env(String),
    /// A file's content, without the line end. A relative path is relative to the config's folder.
    File(PathBuf),
    /// A file in the folder that the service manager names in `CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(..)"),
            Self::Env(name) => write!(f, "Env({name})"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Credential(name) => write!(f, "Credential({name})"),
        }
    }
}

/// A secret's reference leads nowhere. Never contains the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable {0} is not set; set it, or change the reference")]
    NoVariable(String),
    #[error(
        "the credential {0} cannot be read, since CREDENTIALS_DIRECTORY is not set; start it with the service manager"
    )]
    NoFolder(String),
    #[error("{path} cannot be read: {why}")]
    Unreadable { path: String, why: String },
}

impl Secret {
    /// Fetches the value now. `env` reads environment variables.
    ///
    /// # Errors
    /// When the variable or file that it names is not there.
    pub fn resolve(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<String, SecretError> {
        match self {
            Self::Plain(value) => Ok(value.clone()),
            Self::Env(name) => env(name).ok_or_else(|| SecretError::NoVariable(name.clone())),
            Self::File(path) => read(path),
            Self::Credential(name) => {
                let folder = env("CREDENTIALS_DIRECTORY").ok_or_else(|| SecretError::NoFolder(name.clone()))?;
                read(&Path::new(&folder).join(name))
            }
        }
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let unreadable =
        |e: std::io::Error| SecretError::Unreadable { path: path.display().to_string(), why: e.to_string() };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A secret as written: a string, or `{ env = … }`, `{ file = … }`, `{ credential = … }`.
#[derive(Clone, Debug)]
pub struct SecretEntry(pub Secret);

impl Read for SecretEntry {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        const HINT: &str = "write `{ env = \"NAME\" }`, `{ file = \"PATH\" }` or `{ credential = \"NAME\" }`";
        let entries = match &node.value {
            Value::Text(t) => return Some(Self(Secret::Plain(t.clone()))),
            Value::Table(entries) => entries,
            _ => return wrong(node, "a string or a reference such as { env = \"NAME\" }", cx),
        };
        let [entry] = entries.as_slice() else {
            cx.error(Code::BadValue, &node.place, "a reference has exactly one key").hint(HINT);
            return None;
        };
        let value = At::<String>::read(&entry.node, cx)?;
        if value.value.is_empty() {
            cx.error(Code::BadValue, &value.place, "this reference is empty").hint(HINT);
            return None;
        }
        match entry.key.as_str() {
            "env" => Some(Self(Secret::Env(value.value))),
            "file" => Some(Self(Secret::File(value.value.into()))),
            "credential" if !value.value.contains(['/', '\\']) && value.value != ".." => {
                Some(Self(Secret::Credential(value.value)))
            }
            "credential" => {
                cx.error(Code::BadValue, &value.place, "a credential is a name, not a path").hint(HINT);
                None
            }
            other => {
                cx.error(Code::UnknownKey, &entry.key_place, format!("`{other}` is not a kind of reference"))
                    .hint(HINT);
                None
            }
        }
    }
}

impl JsonSchema for SecretEntry {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Without a password, or by reference: { env = … }, { file = … }, { credential = … }.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "env": { "type": "string" }, "file": { "type": "string" }, "credential": { "type": "string" }
                    },
                    "additionalProperties": false, "minProperties": 1, "maxProperties": 1
                }
            ]
        })
    }
}

/// Reads the process's sections; what is wrong is reported and replaced by its default.
pub fn build(root: &Root, cx: &mut Context) -> ServiceConfig {
    let listen = root.server.as_ref().and_then(|s| s.listen.as_ref());
    let default_listen = SocketAddr::from(([127, 0, 0, 1], 8300));
    let listen = listen.map_or(default_listen, |at| {
        at.value.parse().unwrap_or_else(|_| {
            cx.error(Code::BadValue, &at.place, "this is not an address with a port")
                .hint("write it like 127.0.0.1:8300 or [::]:8300");
            default_listen
        })
    });
    let store = root.store.as_ref().and_then(|s| s.url.as_ref());
    if let Some(At { value: SecretEntry(Secret::Plain(url)), place }) = store
        && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
    {
        cx.error(Code::BadUrl, place, "this is not a store's address")
            .hint("write sqlite:FILE or postgres://HOST/DATABASE");
    }
    let console = root.console.as_ref();
    let token = root.server.as_ref().and_then(|s| s.calendar_token.as_ref());
    ServiceConfig {
        calendar_token: token.map(|at| at.value.0.clone()).filter(|secret| !matches!(secret, Secret::Plain(_))),
        store: store.map(|at| at.value.0.clone()),
        listen,
        console: Console {
            enabled: console.and_then(|c| c.enabled.as_ref()).is_some_and(|at| at.value),
            port: console.and_then(|c| c.port.as_ref()).map_or(8301, |at| at.value),
        },
        data: root
            .server
            .as_ref()
            .and_then(|s| s.data_folder.as_ref())
            .map_or_else(|| PathBuf::from("data"), |at| PathBuf::from(&at.value)),
        slack: root.slack.as_ref().and_then(|s| super::platforms::slack(s, root, cx)),
        discord: root.discord.as_ref().and_then(|d| super::platforms::discord(d, root, cx)),
        paging: super::paging::build(root, cx),
        status_page: super::status_page::build(root, cx),
        alerts: super::alerts::build(root, cx),
        log: root.log.as_ref().and_then(|l| l.format.as_ref()).map_or(LogFormat::Text, |at| at.value.0),
    }
}
