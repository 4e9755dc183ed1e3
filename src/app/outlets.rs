//! Where those hear of incidents who are not paged about them: the mail server and the status pages of the config.

use super::platforms::token;
use crate::chat::doctor::Finding;
use crate::config::ServiceConfig;
use crate::domain::ids::ServiceName;
use crate::domain::policy::Policy;
use crate::domain::status::{PublicNotice, STATUSPAGE, WEBHOOK};
use crate::paging::{Mailer, Outlets, PageError, Stands, StatusPage, StatusWebhook, Statuspage, StatuspageSettings};
use anyhow::Context as _;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Resolves the secrets and makes what the config names.
///
/// # Errors
/// When a secret is not there.
pub(super) fn outlets(config: &ServiceConfig) -> anyhow::Result<Outlets> {
    let client = crate::http::client().context("cannot make an HTTP client")?;
    let mailer = match &config.paging.email {
        Some(email) => Some(Arc::new(super::paging::email(email)?) as Arc<dyn Mailer>),
        None => None,
    };
    let mut pages: Vec<Arc<dyn StatusPage>> = Vec::new();
    if let Some(page) = &config.status_page.statuspage {
        let settings = StatuspageSettings {
            page: page.page.clone(),
            token: token("status_page.statuspage.token", &page.token)?,
            base_url: page.base_url.clone(),
            components: page.components.clone(),
        };
        pages.push(Arc::new(Statuspage::new(client.clone(), settings)));
    }
    if let Some(webhook) = &config.status_page.webhook {
        let secret = token("status_page.webhook.secret", &webhook.secret)?;
        pages.push(Arc::new(StatusWebhook::new(client, webhook.url.clone(), secret)));
    }
    Ok(Outlets { mailer, pages: pages.into_iter().map(|page| (page.place().to_owned(), page)).collect() })
}

/// Who hears of incidents, which secret is not there, and which page does not answer. Nobody is told anything for it.
pub(super) async fn findings(config: &ServiceConfig, policy: &Policy) -> Vec<Finding> {
    let status = &policy.response.status;
    let mut out = Vec::new();
    for (severity, recipients) in &status.email {
        let to: Vec<&str> = recipients.iter().map(|r| r.address.as_str()).collect();
        out.push(Finding::good(format!("mails about {severity} go to {}", to.join(", "))));
    }
    for (severity, channels) in &status.announce {
        let names: Vec<String> = channels.iter().map(|c| format!("#{c}")).collect();
        out.push(Finding::good(format!("{severity} is posted in {} as well", names.join(", "))));
    }
    if let Some(page) = &status.page {
        let who = match page.roles.is_empty() {
            true => "the commander and communications".to_owned(),
            false => format!("the commander, communications and {}", policy.titles(&page.roles)),
        };
        let alone = match status.publish.is_empty() {
            true => "nothing is published by itself".to_owned(),
            false => {
                let all: Vec<&str> = status.publish.iter().map(String::as_str).collect();
                format!("{} by itself", all.join(", "))
            }
        };
        out.push(Finding::good(format!("customers are told by {} ({who}; {alone})", page.places.join(" and "))));
    }
    if out.is_empty() {
        return out;
    }
    match outlets(config) {
        Err(error) => out.push(Finding::bad(format!("{error:#}"), "set it to the value that the other side shows")),
        Ok(outlets) => {
            for page in outlets.pages.values() {
                out.extend(asked(page.as_ref()).await);
            }
        }
    }
    out.extend(unnamed(config, policy));
    out
}

/// Whether a page answers, and knows what config names.
async fn asked(page: &dyn StatusPage) -> Vec<Finding> {
    let place = page.place();
    match page.unknown().await {
        Ok(unknown) => {
            let todo = format!("see [status_page.{place}] in the config");
            unknown.into_iter().map(|what| Finding::bad(format!("{place} does not know {what}"), &todo)).collect()
        }
        Err(error) => {
            let todo = format!("customers would not be told; see [status_page.{place}] in the config");
            vec![Finding::bad(format!("{place} does not answer as it must: {error}"), &todo)]
        }
    }
}

/// Services whose component would never change, or of which customers would never read.
fn unnamed(config: &ServiceConfig, policy: &Policy) -> Vec<Finding> {
    let Some(statuspage) = &config.status_page.statuspage else { return Vec::new() };
    let mut out = Vec::new();
    for service in policy.services.keys().filter(|name| !statuspage.components.contains_key(*name)) {
        let todo = "name it in components of [status_page.statuspage], if the page shows it";
        out.push(Finding::warning(format!("{service} has no component on the status page"), todo));
    }
    out
}

/// Status pages of the demo: they take everything, and nobody reads them.
pub(super) fn nowhere() -> Outlets {
    let page = |place| Arc::new(Nowhere(place)) as Arc<dyn StatusPage>;
    let pages: BTreeMap<_, _> = [STATUSPAGE, WEBHOOK].into_iter().map(|p| (p.to_owned(), page(p))).collect();
    Outlets { mailer: None, pages }
}

struct Nowhere(&'static str);

#[async_trait]
impl StatusPage for Nowhere {
    fn place(&self) -> &'static str {
        self.0
    }

    async fn tell(&self, _: &PublicNotice, _: Option<&str>, _: bool) -> Result<Stands, PageError> {
        Ok(Stands::default())
    }

    /// It has no components.
    async fn component(&self, _: &ServiceName, _: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        Ok(())
    }
}
