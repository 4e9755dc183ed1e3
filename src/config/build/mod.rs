//! From raw types to the policy: names are looked up, defaults filled in. Always gives a policy; it means something only
//! when nothing was reported.

mod alerts;
mod calendar;
mod environment;
mod paging;
pub use alerts::SETTLE_MAX;
pub use environment::window;
mod probe;
mod response;
mod rhythm;
mod roster;
mod service;
mod status;
mod step;

use super::context::{Context, did_you_mean};
use super::place::{At, Place};
use super::problem::Code;
use super::raw::{Root, SlotEntry};
use super::read::{Req, shorten};
use super::scalars::Length;
use crate::domain::ids::{ChannelName, PersonId, Role};
use crate::domain::policy::{Channels, Checklist, Person, Policy, RoleInfo, Slot};
use crate::domain::time::Span;
use crate::domain::window::Calendar;
use std::collections::{BTreeMap, BTreeSet};

/// The names that may be referred to.
pub struct Names<'a> {
    pub roles: Vec<&'a str>,
    pub services: Vec<&'a str>,
    pub environments: Vec<&'a str>,
    pub strategies: Vec<&'a str>,
    pub probes: Vec<&'a str>,
    pub severities: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub fn of(root: &'a Root) -> Self {
        Self {
            roles: root.roles.names(),
            services: root.services.names(),
            environments: root.environments.names(),
            strategies: root.strategies.names(),
            probes: root.probes.names(),
            severities: root.severities.names(),
        }
    }
}

/// Builds everything but the calendar's files, the checklists and the runbooks, which the caller has read.
pub fn policy(root: &Root, calendar: Calendar, checklists: Vec<Checklist>, cx: &mut Context) -> Policy {
    let names = Names::of(root);
    let zone = root.zone.0.as_ref().map_or("UTC", |z| z.value.0.as_str());
    Policy {
        name: text(&root.name),
        zone: zone.to_owned(),
        pace: 1,
        channels: channels(root, cx),
        people: people(root, &names, cx),
        roles: roles(root, cx),
        services: service::all(root, &names, cx),
        environments: environment::all(root, &names, zone, cx),
        strategies: step::all(root, &names, cx),
        probes: probe::all(root, cx),
        checklists,
        calendar: calendar::with_file_rules(calendar, root, &names, zone, cx),
        response: response::all(root, &names, zone, cx),
        rhythm: rhythm::all(root, &names, zone, cx),
        alerts: alerts::all(root, &names, zone, cx),
        runbooks: BTreeMap::new(),
        hash: String::new(),
    }
}

fn channels(root: &Root, cx: &mut Context) -> Channels {
    let raw = root.channels.0.as_ref();
    let mut named = |at: Option<&At<String>>| {
        let Some(at) = at else { return ChannelName::new("") };
        let name = at.value.strip_prefix('#').unwrap_or(&at.value);
        let ok = !name.is_empty()
            && name.len() <= 80
            && name.chars().all(|c| c.is_alphanumeric() && !c.is_uppercase() || "-_".contains(c));
        if !ok {
            cx.error(Code::BadName, &at.place, format!("`{}` is not a channel's name", shorten(&at.value)))
                .hint("channels have lower-case letters, digits, `-` and `_`");
        }
        ChannelName::new(name)
    };
    let alerts = raw.and_then(|c| c.alerts.as_ref()).map(|at| named(Some(at)));
    let mut name = |field: Option<&Req<At<String>>>| named(field.and_then(|f| f.0.as_ref()));
    Channels {
        deployments: name(raw.map(|c| &c.deployments)),
        incidents: name(raw.map(|c| &c.incidents)),
        engineering: name(raw.map(|c| &c.engineering)),
        alerts,
    }
}

fn roles(root: &Root, cx: &Context) -> BTreeMap<Role, RoleInfo> {
    let info = |(name, raw): &(At<String>, super::raw::RoleEntry)| {
        let role = Role::new(&name.value);
        let title = raw.title.as_ref().map_or_else(|| name.value.clone(), |t| t.value.clone());
        (role.clone(), RoleInfo { role, title, source: cx.files.source(&name.place) })
    };
    root.roles.0.iter().map(info).collect()
}

fn people(root: &Root, names: &Names<'_>, cx: &mut Context) -> BTreeMap<PersonId, Person> {
    let mut out = BTreeMap::new();
    let mut seen: BTreeMap<(String, String), Place> = BTreeMap::new();
    for (id, raw) in &root.people.0 {
        let mut accounts = BTreeMap::new();
        for (platform, account) in raw.accounts.iter().flat_map(|p| &p.0) {
            if !["slack", "discord"].contains(&platform.value.as_str()) {
                cx.error(Code::BadValue, &platform.place, format!("`{}` is not a platform", shorten(&platform.value)))
                    .hint(did_you_mean(&platform.value, ["slack", "discord"]));
            }
            if let Some(before) = seen.insert((platform.value.clone(), account.value.clone()), account.place.clone()) {
                cx.error(Code::DuplicateName, &account.place, "two people share this account")
                    .hint("an account belongs to one person; otherwise one could turn two keys")
                    .related(&before, "first used here");
            }
            accounts.insert(platform.value.clone(), account.value.clone());
        }
        let (contact, ways) = paging::person(id, raw, root, cx);
        let person = Person {
            id: PersonId::new(&id.value),
            name: text(&raw.name),
            roles: role_set(raw.roles.as_deref().unwrap_or_default(), names, cx),
            accounts,
            contact,
            ways,
            source: cx.files.source(&id.place),
        };
        out.insert(person.id.clone(), person);
    }
    out
}

/// The text of a required string; empty when it is missing, which was reported.
pub fn text(field: &Req<At<String>>) -> String {
    field.0.as_ref().map(|at| at.value.clone()).unwrap_or_default()
}

pub fn span(field: Option<&At<Length>>, default: Span) -> Span {
    field.map_or(default, |at| at.value.0)
}

pub fn strings(list: Option<&[At<String>]>) -> Vec<String> {
    list.unwrap_or_default().iter().map(|at| at.value.clone()).collect()
}

/// Whether a reference leads somewhere; reports it when it does not.
pub fn known(at: &At<String>, names: &[&str], code: Code, what: &str, cx: &mut Context) -> bool {
    let found = names.contains(&at.value.as_str());
    if !found {
        let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        cx.error(code, &at.place, format!("`{}` is not {article} {what}", shorten(&at.value)))
            .hint(did_you_mean(&at.value, names.iter().copied()));
    }
    found
}

pub fn role_set(list: &[At<String>], names: &Names<'_>, cx: &mut Context) -> BTreeSet<Role> {
    let mut out = BTreeSet::new();
    for at in list {
        known(at, &names.roles, Code::UnknownRole, "role", cx);
        if !out.insert(Role::new(&at.value)) {
            cx.error(Code::DuplicateName, &at.place, format!("`{}` is named twice", shorten(&at.value)));
        }
    }
    out
}

pub fn slots(list: &[At<SlotEntry>], names: &Names<'_>, cx: &mut Context) -> Vec<Slot> {
    list.iter()
        .map(|at| Slot {
            roles: role_set(&at.value.roles, names, cx),
            optional: at.value.optional,
            source: cx.files.source(&at.place),
        })
        .collect()
}
