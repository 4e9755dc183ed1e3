//! The ways to people besides chat: made from the config's sections.

use super::platforms::token;
use crate::chat::doctor::Finding;
use crate::config::{EmailConfig, PagingConfig, SmtpTls};
use crate::domain::paging::Via;
use crate::domain::policy::{Person, Policy};
use crate::paging::{Email, EmailSettings, Ntfy, Pager, Pagerduty, Tls, Webhook};
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Resolves the secrets and makes what the config names.
///
/// # Errors
/// When a secret is not there.
pub(super) fn pagers(config: &PagingConfig) -> anyhow::Result<BTreeMap<Via, Arc<dyn Pager>>> {
    let client = crate::http::client().context("cannot make an HTTP client")?;
    let mut out: Vec<Arc<dyn Pager>> = Vec::new();
    if let Some(email) = &config.email {
        out.push(Arc::new(self::email(email)?));
    }
    if let Some(pagerduty) = &config.pagerduty {
        let one = |(person, secret)| Ok((person, token(&format!("paging.pagerduty.routing_keys.{person}"), secret)?));
        let keys = pagerduty.routing_keys.iter().map(|(p, s)| one((p, s)).map(|(p, t)| (p.clone(), t)));
        let keys = keys.collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        let key = pagerduty.routing_key.as_ref().map(|s| token("paging.pagerduty.routing_key", s)).transpose()?;
        out.push(Arc::new(Pagerduty::new(client.clone(), pagerduty.base_url.clone(), keys, key)));
    }
    if let Some(webhook) = &config.webhook {
        let secret = token("paging.webhook.secret", &webhook.secret)?;
        out.push(Arc::new(Webhook::new(client.clone(), webhook.url.clone(), secret)));
    }
    if let Some(ntfy) = &config.ntfy {
        let secret = ntfy.token.as_ref().map(|s| token("paging.ntfy.token", s)).transpose()?;
        out.push(Arc::new(Ntfy::new(client, ntfy.base_url.clone(), secret)));
    }
    Ok(out.into_iter().map(|pager| (pager.via(), pager)).collect())
}

/// Which ways are there and for whom, and which secret is not. Nobody is paged for it.
pub(super) fn findings(config: &PagingConfig, policy: &Policy) -> Vec<Finding> {
    let there = [
        (Via::Email, config.email.is_some()),
        (Via::Pagerduty, config.pagerduty.is_some()),
        (Via::Webhook, config.webhook.is_some()),
        (Via::Ntfy, config.ntfy.is_some()),
    ];
    let mut out = Vec::new();
    for (via, _) in there.into_iter().filter(|(_, there)| *there) {
        let reached = |p: &&Person| [&p.ways.low, &p.ways.high].into_iter().flatten().flatten().any(|v| *v == via);
        let (name, people) = (via.name(), policy.people.values().filter(reached).count());
        out.push(match people {
            0 => Finding::warning(
                format!("[paging.{name}] pages nobody"),
                format!("name `{name}` in somebody's `page` or `page_urgent`"),
            ),
            1 => Finding::good(format!("[paging.{name}] is a way to 1 person")),
            n => Finding::good(format!("[paging.{name}] is a way to {n} people")),
        });
    }
    if let Err(error) = pagers(config) {
        out.push(Finding::bad(format!("{error:#}"), "set it to the value that the other side shows"));
    }
    out
}

/// The mail server.
///
/// # Errors
/// As [`pagers`].
pub(super) fn email(config: &EmailConfig) -> anyhow::Result<Email> {
    let login = match &config.login {
        Some((user, password)) => Some((user.clone(), token("paging.email.password", password)?)),
        None => None,
    };
    let tls = match config.tls {
        SmtpTls::Starttls => Tls::Starttls,
        SmtpTls::Tls => Tls::Whole,
        SmtpTls::None => Tls::None,
    };
    let settings =
        EmailSettings { host: config.host.clone(), port: config.port, tls, login, from: config.from.clone() };
    Email::new(settings).map_err(anyhow::Error::msg).context("paging.email")
}
