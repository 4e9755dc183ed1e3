//! Posts as requests to a machine of the organisation, signed as those of pages are. Whoever takes them tells a repeat by its
//! `Idempotency-Key`, so what may have arrived is simply sent again.

use super::{Stands, StatusPage};
use crate::chat::Token;
use crate::domain::ids::ServiceName;
use crate::domain::status::{PublicNotice, WEBHOOK};
use crate::paging::webhook::signed;
use crate::paging::{PageError, answer};
use async_trait::async_trait;
use serde_json::json;
use std::collections::BTreeMap;

/// One address that takes posts.
pub struct StatusWebhook {
    client: reqwest::Client,
    url: String,
    secret: Token,
}

impl StatusWebhook {
    /// Requests go to `url`, signed with `secret`.
    #[must_use]
    pub const fn new(client: reqwest::Client, url: String, secret: Token) -> Self {
        Self { client, url, secret }
    }
}

#[async_trait]
impl StatusPage for StatusWebhook {
    fn place(&self) -> &'static str {
        WEBHOOK
    }

    async fn tell(&self, notice: &PublicNotice, _there: Option<&str>, _doubt: bool) -> Result<Stands, PageError> {
        let body = json!({
            "version": 1,
            "event": "published",
            "about": notice.key,
            "post": notice.post,
            "title": notice.title,
            "status": notice.phase.name(),
            "text": notice.text,
            "service": notice.service_name,
            "at": notice.at.to_string(),
        });
        let id = format!("{}/{}", notice.key, notice.post);
        let request = signed(&self.client, &self.url, &self.secret, notice.sent.as_second(), id, &body);
        answer::send(request, true, &[&self.secret]).await.map(|()| Stands::default())
    }

    /// It has no components.
    async fn component(&self, _: &ServiceName, _: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        Ok(())
    }
}
