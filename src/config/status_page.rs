//! `[status_page]`, checked: what the process needs to tell customers. Who may, and in which words, is policy:
//! `build/status.rs`.

use super::context::Context;
use super::paging::webhook;
use super::platforms::{base_url, secret};
use super::raw::Root;
use super::service::{Secret, WebhookConfig};
use crate::domain::ids::ServiceName;
use std::collections::BTreeMap;

/// `[status_page]`: what is there is connected.
#[derive(Clone, Debug, Default)]
pub struct StatusPageConfig {
    pub statuspage: Option<StatuspageConfig>,
    pub webhook: Option<WebhookConfig>,
}

/// `[status_page.statuspage]`.
#[derive(Clone, Debug)]
pub struct StatuspageConfig {
    /// The page's id.
    pub page: String,
    pub token: Secret,
    /// Without a slash at its end. Absent: Atlassian's own.
    pub base_url: Option<String>,
    pub components: BTreeMap<ServiceName, String>,
}

impl StatusPageConfig {
    /// Every secret that it names.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = &mut Secret> {
        let webhook = self.webhook.iter_mut().map(|w| &mut w.secret);
        self.statuspage.iter_mut().map(|s| &mut s.token).chain(webhook)
    }
}

/// The sections that are there.
pub fn build(root: &Root, cx: &mut Context) -> StatusPageConfig {
    let Some(at) = &root.status_page else { return StatusPageConfig::default() };
    let statuspage = at.value.statuspage.as_ref().and_then(|at| {
        let raw = &at.value;
        let base_url = base_url(raw.base_url.as_ref(), cx);
        let pairs = raw.components.iter().flat_map(|pairs| &pairs.0);
        let components = pairs.map(|(service, id)| (ServiceName::new(&service.value), id.value.clone())).collect();
        let page = raw.page.0.as_ref()?.value.trim().to_owned();
        Some(StatuspageConfig { page, token: secret(raw.token.0.as_ref())?, base_url, components })
    });
    StatusPageConfig { statuspage, webhook: at.value.webhook.as_ref().and_then(|at| webhook(at, cx)) }
}
