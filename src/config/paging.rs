//! `[paging]`, checked: what the process needs to reach people. By what each person is reached is policy: `build/paging.rs`.

use super::context::{Context, did_you_mean};
use super::place::At;
use super::platforms::{base_url, secret};
use super::problem::Code;
use super::raw::{EmailEntry, NtfyEntry, PagerdutyEntry, Root, WebhookEntry};
use super::service::{EmailConfig, NtfyConfig, PagerdutyConfig, PagingConfig, SmtpTls, WebhookConfig};
use crate::domain::ids::PersonId;

/// The sections that are there.
pub fn build(root: &Root, cx: &mut Context) -> PagingConfig {
    let Some(raw) = &root.paging else { return PagingConfig::default() };
    PagingConfig {
        email: raw.email.as_ref().and_then(|at| email(at, cx)),
        pagerduty: raw.pagerduty.as_ref().map(|at| pagerduty(at, root, cx)),
        webhook: raw.webhook.as_ref().and_then(|at| webhook(at, cx)),
        ntfy: raw.ntfy.as_ref().map(|at| ntfy(at, cx)),
    }
}

fn email(at: &At<EmailEntry>, cx: &mut Context) -> Option<EmailConfig> {
    let raw = &at.value;
    let tls = raw.tls.as_ref().map_or(SmtpTls::Starttls, |t| t.value.0);
    let host = raw.host.0.as_ref()?;
    let here = host.value == "localhost" || host.value.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if let (SmtpTls::None, false, Some(tls)) = (tls, here, &raw.tls) {
        cx.error(Code::BadValue, &tls.place, "mail would go there in plain").hint("use `starttls` or `tls`");
    }
    let password = secret(raw.password.as_ref());
    match (&raw.user, &raw.password) {
        (Some(user), None) => {
            cx.error(Code::MissingKey, &user.place, "`password` is missing")
                .hint("write `password = { env = \"NAME\" }`, or leave `user` out");
        }
        (None, Some(password)) => {
            cx.error(Code::MissingKey, &password.place, "`user` is missing").hint("a password belongs to somebody");
        }
        _ => {}
    }
    let from = raw.from.0.as_ref()?;
    if from.value.parse::<lettre::message::Mailbox>().is_err() {
        cx.error(Code::BadValue, &from.place, "this is not a sender")
            .hint("write it like `signalbox <signalbox@example.com>`");
        return None;
    }
    let port = raw.port.as_ref().map_or(tls.port(), |at| at.value);
    let login = raw.user.as_ref().map(|at| at.value.clone()).zip(password);
    Some(EmailConfig { host: host.value.clone(), port, tls, login, from: from.value.clone() })
}

fn pagerduty(at: &At<PagerdutyEntry>, root: &Root, cx: &mut Context) -> PagerdutyConfig {
    let raw = &at.value;
    let people = root.people.names();
    let mut routing_keys = std::collections::BTreeMap::new();
    for (person, key) in &raw.routing_keys.0 {
        if !people.contains(&person.value.as_str()) {
            cx.error(Code::UnknownPerson, &person.place, format!("`{}` is not a person", person.value))
                .hint(did_you_mean(&person.value, people.iter().copied()));
        }
        routing_keys.extend(secret(Some(key)).map(|key| (PersonId::new(&person.value), key)));
    }
    if routing_keys.is_empty() && raw.routing_key.is_none() {
        cx.error(Code::MissingKey, &at.place, "there is no routing key")
            .hint("write `routing_keys.NAME = { env = \"NAME\" }` for each person, or `routing_key` for all");
    }
    let (routing_key, base_url) = (secret(raw.routing_key.as_ref()), base_url(raw.base_url.as_ref(), cx));
    PagerdutyConfig { routing_keys, routing_key, base_url }
}

pub(super) fn webhook(at: &At<WebhookEntry>, cx: &mut Context) -> Option<WebhookConfig> {
    let raw = &at.value;
    let (url, secret) = (base_url(raw.url.0.as_ref(), cx), secret(raw.secret.0.as_ref()));
    Some(WebhookConfig { url: url?, secret: secret? })
}

fn ntfy(at: &At<NtfyEntry>, cx: &mut Context) -> NtfyConfig {
    let raw = &at.value;
    NtfyConfig { base_url: base_url(raw.base_url.as_ref(), cx), token: secret(raw.token.as_ref()) }
}
