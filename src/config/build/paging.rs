//! By what people are paged, and what is missing for it.

use super::text;
use crate::config::context::{Context, did_you_mean};
use crate::config::place::{At, Place};
use crate::config::problem::Code;
use crate::config::raw::{PersonEntry, Root};
use crate::config::read::shorten;
use crate::config::scalars::DayTime;
use crate::domain::paging::{Step, Via, Ways};
use crate::domain::response::Night;
use std::collections::BTreeMap;

/// The hours of the night. A night without length is refused.
pub fn night(root: &Root, cx: &mut Context) -> Option<Night> {
    let at = root.paging.as_ref()?.night.as_ref()?;
    let time = |field: &At<DayTime>| field.value.0.unwrap_or_default();
    let night = Night { from: at.value.from.0.as_ref().map(time)?, to: at.value.to.0.as_ref().map(time)? };
    if night.from == night.to {
        cx.error(Code::EmptyWindow, &at.place, "this night begins when it ends")
            .hint("leave `night` out, or move one of them");
    }
    Some(night)
}

/// Where people are sent from outside chat.
pub fn link(root: &Root, cx: &mut Context) -> Option<String> {
    let at = root.paging.as_ref()?.link.as_ref()?;
    if !reqwest::Url::parse(&at.value).is_ok_and(|u| ["http", "https"].contains(&u.scheme())) {
        cx.error(Code::BadUrl, &at.place, "this is not an address").hint("write it like https://signalbox.example.com");
    }
    Some(at.value.clone())
}

/// Where a person is reached besides chat, and by what they are paged.
pub fn person(id: &At<String>, raw: &PersonEntry, root: &Root, cx: &mut Context) -> (BTreeMap<Via, String>, Ways) {
    let contact = contact(raw, cx);
    let mut list = |written: Option<&[At<String>]>| {
        let mut out = Vec::new();
        for at in written? {
            let mut step = Step::new();
            for word in at.value.split('+').map(str::trim) {
                let Some(via) = Via::parse(word) else {
                    cx.error(Code::BadValue, &at.place, format!("`{}` is no way to reach somebody", shorten(word)))
                        .hint(did_you_mean(word, Via::ALL.map(Via::name)));
                    continue;
                };
                if step.contains(&via) || out.iter().any(|s: &Step| s.contains(&via)) {
                    cx.error(Code::DuplicateName, &at.place, format!("`{}` is named twice", via.name()));
                    continue;
                }
                reaches(via, id, &contact, &at.place, root, cx);
                step.push(via);
            }
            out.extend(Some(step).filter(|step| !step.is_empty()));
        }
        if out.is_empty() && written.is_some_and(<[_]>::is_empty) {
            cx.error(Code::MissingKey, &id.place, format!("{} could be paged by nothing", text(&raw.name)))
                .hint("name at least one way, or leave the list out: then it is chat");
        }
        Some(out).filter(|out| !out.is_empty())
    };
    let low = list(raw.page.as_deref()).unwrap_or_else(|| Ways::default().low);
    let high = list(raw.page_urgent.as_deref()).unwrap_or_else(|| low.clone());
    (contact, Ways { low, high })
}

fn contact(raw: &PersonEntry, cx: &mut Context) -> BTreeMap<Via, String> {
    let mut out = BTreeMap::new();
    for (key, value) in raw.contact.iter().flat_map(|pairs| &pairs.0) {
        match Via::parse(&key.value) {
            Some(Via::Email) if value.value.parse::<lettre::Address>().is_err() => {
                cx.error(Code::BadValue, &value.place, "this is not an e-mail address")
                    .hint("write it like lina@example.com");
            }
            Some(Via::Ntfy) if !is_topic(&value.value) => {
                cx.error(Code::BadValue, &value.place, "this is not a topic")
                    .hint("topics have letters, digits, `-` and `_`, at most 64 of them");
            }
            Some(via @ (Via::Email | Via::Ntfy)) => _ = out.insert(via, value.value.clone()),
            _ => {
                cx.error(Code::BadValue, &key.place, format!("`{}` is no kind of contact", shorten(&key.value)))
                    .hint(did_you_mean(&key.value, [Via::Email.name(), Via::Ntfy.name()]));
            }
        }
    }
    out
}

fn is_topic(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Reports what is missing for this way to reach this person.
fn reaches(via: Via, id: &At<String>, contact: &BTreeMap<Via, String>, place: &Place, root: &Root, cx: &mut Context) {
    let paging = root.paging.as_ref();
    let there = match via {
        Via::Chat => true,
        Via::Email => paging.is_some_and(|p| p.email.is_some()),
        Via::Pagerduty => paging.is_some_and(|p| p.pagerduty.is_some()),
        Via::Webhook => paging.is_some_and(|p| p.webhook.is_some()),
        Via::Ntfy => paging.is_some_and(|p| p.ntfy.is_some()),
    };
    let name = via.name();
    if !there {
        cx.error(Code::MissingKey, place, format!("nobody can be reached by `{name}`: `[paging.{name}]` is missing"));
        return;
    }
    match via {
        Via::Email | Via::Ntfy if !contact.contains_key(&via) => {
            let what = if via == Via::Email { "e-mail address" } else { "topic" };
            cx.error(Code::MissingKey, place, format!("`{}` has no {what}", id.value))
                .hint(format!("add `contact = {{ {name} = \"…\" }}`"));
        }
        Via::Pagerduty => {
            let section = paging.and_then(|p| p.pagerduty.as_ref());
            if section.is_some_and(|p| p.value.routing_key.is_none() && p.value.routing_keys.get(&id.value).is_none()) {
                cx.error(Code::MissingKey, place, format!("`{}` has no routing key", id.value))
                    .hint(format!("add `routing_keys.{} = {{ env = \"NAME\" }}` to `[paging.pagerduty]`", id.value));
            }
        }
        _ => {}
    }
}
