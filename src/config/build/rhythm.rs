//! Digests, maintenance and objectives.

use super::roster::channel;
use super::{Names, known, role_set, text};
use crate::config::context::{Context, did_you_mean};
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{DigestEntry, MaintenanceEntry, ObjectiveEntry, Root};
use crate::config::read::{Req, shorten};
use crate::config::scalars::{Rule, Zone};
use crate::domain::ids::{EnvironmentName, PersonId, ServiceName};
use crate::domain::policy::{Checklist, Comparison, Condition, Phase};
use crate::domain::rhythm::{APART, Cron, Digest, Maintenance, Objective, Owners, REMIND, Rhythm, Section};
use crate::domain::time::{Span, from_millis};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The checklists of maintenance are files, which are read elsewhere.
pub fn all(root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> Rhythm {
    Rhythm {
        digests: root
            .digests
            .0
            .iter()
            .map(|(n, raw)| (n.value.clone(), digest(n, raw, root, names, zone, cx)))
            .collect(),
        maintenance: root
            .maintenance
            .0
            .iter()
            .map(|(n, raw)| (n.value.clone(), maintenance(n, raw, root, names, zone, cx)))
            .collect(),
        objectives: root.objectives.0.iter().map(|(n, raw)| objective(n, raw, names, cx)).collect(),
    }
}

fn digest(
    name: &At<String>,
    raw: &DigestEntry,
    root: &Root,
    names: &Names<'_>,
    zone: &str,
    cx: &mut Context,
) -> Digest {
    let words: Vec<&str> = Section::ALL.into_iter().map(Section::word).collect();
    let mut sections = Vec::new();
    for at in raw.sections.0.iter().flatten() {
        match Section::ALL.into_iter().find(|s| s.word() == at.value) {
            Some(section) if sections.contains(&section) => {
                cx.error(Code::DuplicateName, &at.place, format!("`{}` is named twice", at.value));
            }
            Some(section) => sections.push(section),
            None => {
                cx.error(Code::BadValue, &at.place, format!("`{}` is not a section of a digest", shorten(&at.value)))
                    .hint(did_you_mean(&at.value, words.iter().copied()));
            }
        }
    }
    if raw.sections.0.as_ref().is_some_and(Vec::is_empty) {
        cx.error(Code::MissingKey, &name.place, format!("the digest `{}` tells nothing", name.value))
            .hint(format!("name at least one section: {}", words.join(", ")));
    }
    let probes = probes(raw.probes.as_deref().unwrap_or_default(), names, cx);
    if sections.contains(&Section::Health) && probes.is_empty() {
        cx.error(
            Code::MissingKey,
            &name.place,
            format!("the digest `{}` has nothing to read for `health`", name.value),
        )
        .hint("name `probes`, or leave `health` out");
    }
    for (section, backup) in [(Section::Objectives, false), (Section::Chart, false), (Section::Backups, true)] {
        let kept = |o: &ObjectiveEntry| o.backup.as_ref().is_some_and(|at| at.value) == backup;
        if sections.contains(&section) && !root.objectives.0.iter().any(|(_, o)| kept(o)) {
            let add = if backup { "add one with `backup = true`" } else { "add [objectives.error-rate]" };
            let message =
                format!("the digest `{}` shows `{}`, and there is no objective for it", name.value, section.word());
            cx.warning(Code::Suspicious, &name.place, message).hint(add);
        }
    }
    Digest {
        name: name.value.clone(),
        title: raw.title.as_ref().map_or_else(|| capital(&name.value), |at| at.value.clone()),
        cron: cron(&raw.cron, raw.zone.as_ref(), zone, cx),
        channel: raw.channel.as_ref().and_then(|at| channel(at, root, cx)),
        sections,
        probes,
        source: cx.files.source(&name.place),
    }
}

fn maintenance(
    name: &At<String>,
    raw: &MaintenanceEntry,
    root: &Root,
    names: &Names<'_>,
    zone: &str,
    cx: &mut Context,
) -> Maintenance {
    let (people, rosters) = (root.people.names(), root.rosters.names());
    let mut owners =
        Owners { roles: role_set(raw.roles.as_deref().unwrap_or_default(), names, cx), ..Owners::default() };
    for person in raw.people.iter().flatten() {
        known(person, &people, Code::UnknownPerson, "person", cx);
        owners.people.insert(PersonId::new(&person.value));
    }
    for roster in raw.rosters.iter().flatten() {
        known(roster, &rosters, Code::UnknownRoster, "roster", cx);
        owners.rosters.insert(roster.value.clone());
    }
    let held = |role: &str| root.people.0.iter().any(|(_, p)| p.roles.iter().flatten().any(|r| r.value == role));
    if owners.people.is_empty() && owners.rosters.is_empty() && !owners.roles.iter().any(|role| held(role.as_str())) {
        cx.error(Code::TooFewHolders, &name.place, format!("nobody owns the maintenance `{}`", name.value))
            .hint("name `rosters`, `people`, or `roles` that somebody holds");
    }
    let mut remind: Vec<Span> = Vec::new();
    for at in raw.remind.iter().flatten() {
        let span = at.value.0;
        if span < Span::hours(1) || remind.last().is_some_and(|before| *before >= span) {
            cx.error(Code::BadDuration, &at.place, format!("`{span}` cannot be a reminder"))
                .hint("each is later than the one before, the first an hour after the beginning at least");
            continue;
        }
        remind.push(span);
    }
    if remind.is_empty() {
        remind = REMIND.to_vec();
    }
    let source = cx.files.source(&name.place);
    let checklist = Checklist {
        id: name.value.clone(),
        title: capital(&name.value),
        phase: Phase::During,
        services: BTreeSet::new(),
        environments: BTreeSet::new(),
        sections: Vec::new(),
        source: source.clone(),
    };
    Maintenance {
        name: name.value.clone(),
        cron: cron(&raw.cron, raw.zone.as_ref(), zone, cx),
        checklist,
        owners,
        channel: raw.channel.as_ref().and_then(|at| channel(at, root, cx)),
        remind,
        source,
    }
}

fn objective(name: &At<String>, raw: &ObjectiveEntry, names: &Names<'_>, cx: &mut Context) -> Objective {
    if let Some(probe) = &raw.probe.0 {
        known(probe, &names.probes, Code::UnknownProbe, "probe", cx);
    }
    let mut environments = BTreeSet::new();
    for at in raw.environments.iter().flatten() {
        known(at, &names.environments, Code::UnknownEnvironment, "environment", cx);
        environments.insert(EnvironmentName::new(&at.value));
    }
    let mut services = BTreeSet::new();
    for at in raw.services.iter().flatten() {
        known(at, &names.services, Code::UnknownService, "service", cx);
        services.insert(ServiceName::new(&at.value));
    }
    let nothing = Condition { value: String::new(), op: Comparison::Less, limit: 0.0 };
    let target = raw.target.0.as_ref().map_or(nothing, |at| at.value.0.clone());
    let rule = |at: Option<&At<Rule>>| at.map(|at| at.value.0.clone());
    Objective {
        name: name.value.clone(),
        title: raw.title.as_ref().map_or_else(|| capital(&name.value), |at| at.value.clone()),
        probe: text(&raw.probe),
        target,
        warning: rule(raw.warning.as_ref()),
        critical: rule(raw.critical.as_ref()),
        environments,
        services,
        backup: raw.backup.as_ref().is_some_and(|at| at.value),
        source: cx.files.source(&name.place),
    }
}

fn probes(list: &[At<String>], names: &Names<'_>, cx: &mut Context) -> Vec<String> {
    for at in list {
        known(at, &names.probes, Code::UnknownProbe, "probe", cx);
    }
    list.iter().map(|at| at.value.clone()).collect()
}

/// A schedule; a wrong one is reported and replaced by one that is right.
fn cron(field: &Req<At<String>>, zone: Option<&At<Zone>>, of_file: &str, cx: &mut Context) -> Cron {
    let zone = zone.map_or(of_file, |at| at.value.0.as_str());
    let daily = || Cron::read("0 9 * * *", zone).or_else(|_| Cron::read("0 9 * * *", "UTC"));
    if let Some(at) = &field.0 {
        match Cron::read(&at.value, zone) {
            Ok(cron) => {
                check_slots(&cron, at, cx);
                return cron;
            }
            Err(why) => {
                cx.error(Code::BadSchedule, &at.place, format!("`{}`: {}", shorten(&at.value), why.what))
                    .hint(why.hint);
            }
        }
    }
    daily().unwrap_or_default()
}

/// It comes, and not all the time.
fn check_slots(cron: &Cron, at: &At<String>, cx: &mut Context) {
    // From a day on which no clock changes; any would do.
    let from: Timestamp = from_millis(1_767_571_200_000);
    let Some(first) = cron.next(from) else {
        cx.error(Code::BadSchedule, &at.place, format!("`{}` never comes", shorten(&at.value)))
            .hint("look at the day and the month: some months are shorter");
        return;
    };
    let mut last = first;
    for _ in 0..96 {
        let Some(next) = cron.next(last) else { return };
        if Span::between(last, next) < APART {
            cx.error(Code::BadSchedule, &at.place, format!("`{}` comes too often", shorten(&at.value)))
                .hint(format!("at least {APART} lie between two slots"));
            return;
        }
        last = next;
    }
}

/// `error-rate` as `Error rate`.
fn capital(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", chars.as_str())
}
