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

/// Whether a page takes the token, and knows what config names.
async fn asked(page: &dyn StatusPage) -> Vec<Finding> {
    let place = page.place();
    let section = format!("[status_page.{place}]");
    match page.unknown().await {
        Ok(None) => Vec::new(),
        Ok(Some(unknown)) if unknown.is_empty() => {
            vec![Finding::good(format!("{place} takes the token and knows what {section} names"))]
        }
        Ok(Some(unknown)) => {
            let todo = format!("correct it in {section}");
            unknown.into_iter().map(|what| Finding::bad(format!("{place} does not know {what}"), &todo)).collect()
        }
        Err(PageError::Refused(why)) => {
            let todo = format!("customers would not be told; correct the page and the token in {section}");
            vec![Finding::bad(format!("{place} refuses: {why}"), todo)]
        }
        Err(error) => {
            vec![Finding::bad(format!("{place} does not answer as it must: {error}"), format!("see {section}"))]
        }
    }
}

/// Services of which the page shows nothing. That may be meant, so it is only said.
fn unnamed(config: &ServiceConfig, policy: &Policy) -> Option<Finding> {
    let components = &config.status_page.statuspage.as_ref()?.components;
    let without: Vec<&str> =
        policy.services.keys().filter(|name| !components.contains_key(*name)).map(ServiceName::as_str).collect();
    let some = !components.is_empty() && !without.is_empty();
    some.then(|| Finding::good(format!("{STATUSPAGE} has no component for {}", without.join(", "))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::doctor::Level;

    /// A page that says this of itself.
    struct Says(Result<Option<Vec<String>>, PageError>);

    #[async_trait]
    impl StatusPage for Says {
        fn place(&self) -> &'static str {
            STATUSPAGE
        }

        async fn tell(&self, _: &PublicNotice, _: Option<&str>, _: bool) -> Result<Stands, PageError> {
            Err(PageError::Unknown("the doctor tells nobody anything".into()))
        }

        async fn component(&self, _: &ServiceName, _: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
            Err(PageError::Unknown("the doctor changes nothing".into()))
        }

        async fn unknown(&self) -> Result<Option<Vec<String>>, PageError> {
            self.0.clone()
        }
    }

    async fn found(says: Result<Option<Vec<String>>, PageError>) -> Vec<(Level, String)> {
        asked(&Says(says)).await.into_iter().map(|f| (f.level, f.what)).collect()
    }

    #[tokio::test]
    async fn the_doctor_says_of_a_status_page_what_it_says_of_itself() {
        let good = "statuspage takes the token and knows what [status_page.statuspage] names".to_owned();
        assert_eq!(found(Ok(Some(Vec::new()))).await, [(Level::Good, good)]);
        assert!(found(Ok(None)).await.is_empty(), "one that cannot be asked is not praised");
        let gone = Ok(Some(vec!["component gone of worker".into()]));
        let bad = |what: &str| [(Level::Bad, what.to_owned())];
        assert_eq!(found(gone).await, bad("statuspage does not know component gone of worker"));
        assert_eq!(found(Err(PageError::Refused("HTTP 401".into()))).await, bad("statuspage refuses: HTTP 401"));
        let later = PageError::Later { what: "HTTP 503".into(), after_ms: 0 };
        assert_eq!(found(Err(later)).await.len(), 1);
    }
}
