//! Who else hears of an incident, and in which words.

use super::{Names, known, role_set, roster};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{Pairs, Root, SeverityEntry, StatusPageEntry};
use crate::domain::ids::{ChannelName, ServiceName};
use crate::domain::paging::Via;
use crate::domain::status::{PagePolicy, Recipient, STATUSPAGE, StatusPosts, WEBHOOK};
use crate::limits;
use std::collections::BTreeMap;

pub fn all(root: &Root, names: &Names<'_>, cx: &mut Context) -> StatusPosts {
    let mut out = StatusPosts { page: page(root, names, cx), ..StatusPosts::default() };
    for (name, raw) in &root.severities.0 {
        let name = name.value.to_uppercase();
        let channels = announce(raw, root, cx);
        if !channels.is_empty() {
            out.announce.insert(name.clone(), channels);
        }
        let recipients = email(raw, root, cx);
        if !recipients.is_empty() {
            out.email.insert(name.clone(), recipients);
        }
        if let Some(at) = raw.publish.as_ref().filter(|at| at.value) {
            if root.status_page.is_none() {
                cx.error(Code::MissingKey, &at.place, "customers can be told nowhere: `[status_page]` is missing")
                    .hint("add `[status_page.statuspage]` or `[status_page.webhook]`");
            }
            out.publish.insert(name);
        }
    }
    out
}

fn few<'a, T>(list: Option<&'a [At<T>]>, what: &str, cx: &mut Context) -> &'a [At<T>] {
    let list = list.unwrap_or_default();
    if let Some(at) = list.get(limits::STATUS_PLACES) {
        cx.error(Code::BadValue, &at.place, format!("`{what}` has more than {} entries", limits::STATUS_PLACES))
            .hint("name a list of the mail server, or a channel, that all of them read");
    }
    list.get(..limits::STATUS_PLACES).unwrap_or(list)
}

fn announce(raw: &SeverityEntry, root: &Root, cx: &mut Context) -> Vec<ChannelName> {
    let mut out = Vec::new();
    for at in few(raw.announce.as_deref(), "announce", cx) {
        match roster::channel(at, root, cx) {
            Some(channel) if out.contains(&channel) => {
                cx.error(Code::DuplicateName, &at.place, format!("`{channel}` is named twice"));
            }
            channel => out.extend(channel),
        }
    }
    out
}

fn email(raw: &SeverityEntry, root: &Root, cx: &mut Context) -> Vec<Recipient> {
    let list = few(raw.email.as_deref(), "email", cx);
    if let Some(at) = list.first().filter(|_| root.paging.as_ref().is_none_or(|p| p.email.is_none())) {
        cx.error(Code::MissingKey, &at.place, "no mail can be sent: `[paging.email]` is missing")
            .hint("add the mail server there; mails about incidents go by it as well");
    }
    let mut out: Vec<Recipient> = Vec::new();
    for at in list {
        let Some(recipient) = recipient(at, root, cx) else { continue };
        if out.iter().any(|r| r.address == recipient.address) {
            cx.error(Code::DuplicateName, &at.place, format!("`{}` is named twice", recipient.address));
        } else {
            out.push(recipient);
        }
    }
    out
}

/// An address, or a person who has one.
fn recipient(at: &At<String>, root: &Root, cx: &mut Context) -> Option<Recipient> {
    if at.value.contains('@') {
        if at.value.parse::<lettre::Address>().is_err() {
            cx.error(Code::BadValue, &at.place, "this is not an e-mail address")
                .hint("write it like leadership@example.com");
            return None;
        }
        return Some(Recipient { name: String::new(), address: at.value.clone() });
    }
    if !known(at, &root.people.names(), Code::UnknownPerson, "person", cx) {
        return None;
    }
    let person = root.people.get(&at.value)?;
    let pairs = person.contact.iter().flat_map(|pairs| &pairs.0);
    let address = pairs.into_iter().find(|(key, _)| Via::parse(&key.value) == Some(Via::Email)).map(|(_, v)| &v.value);
    if address.is_none() {
        cx.error(Code::MissingKey, &at.place, format!("`{}` has no e-mail address", at.value))
            .hint("add `contact = { email = \"…\" }`");
    }
    let name = person.name.0.as_ref().map(|at| at.value.clone()).unwrap_or_default();
    Some(Recipient { name, address: address?.clone() })
}

fn page(root: &Root, names: &Names<'_>, cx: &mut Context) -> Option<PagePolicy> {
    let at = root.status_page.as_ref()?;
    let StatusPageEntry { roles, services: named, rollbacks, statuspage, webhook } = &at.value;
    let there = [(STATUSPAGE, statuspage.is_some()), (WEBHOOK, webhook.is_some())];
    let places: Vec<String> = there.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()).collect();
    if places.is_empty() {
        cx.error(Code::MissingKey, &at.place, "`[status_page]` names no place")
            .hint("add `[status_page.statuspage]` or `[status_page.webhook]`");
    }
    let rollbacks_told = rollbacks.as_ref().filter(|at| at.value);
    let opens = root.environments.0.iter().any(|(_, e)| e.rollback_opens.is_some());
    if let Some(at) = rollbacks_told.filter(|_| !opens) {
        cx.error(Code::MissingKey, &at.place, "no rollback opens an incident, so customers would be told of none")
            .hint("add `rollback_opens = \"p1\"` to an environment");
    }
    if let Some(at) = statuspage {
        services(at.value.components.as_ref(), names, cx);
    }
    Some(PagePolicy {
        places,
        roles: role_set(roles.as_deref().unwrap_or_default(), names, cx),
        rollbacks: rollbacks_told.is_some(),
        services: services(named.as_ref(), names, cx),
    })
}

/// Pairs whose keys are services.
fn services(pairs: Option<&Pairs>, names: &Names<'_>, cx: &mut Context) -> BTreeMap<ServiceName, String> {
    let mut out = BTreeMap::new();
    for (service, value) in pairs.iter().flat_map(|pairs| &pairs.0) {
        if known(service, &names.services, Code::UnknownService, "service", cx) {
            out.insert(ServiceName::new(&service.value), value.value.trim().to_owned());
        }
    }
    out
}
