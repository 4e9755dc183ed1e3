//! The gate's rules, one function each.

use super::{Asked, Finding, Rule, Says};
use crate::domain::approval::{Assignment, assign};
use crate::domain::deployment::{ItemMark, ItemState, Lane, TickedBy, freeze_slot};
use crate::domain::message::{Text, bold, moment, person, plain};
use crate::domain::policy::{OnShortWindow, Overrun, Phase, Slot, Source};
use crate::domain::time::{Span, after};
use crate::domain::window::{Opening, Reason, freezes_at, opening};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How long a reading may be on its way after the one before went stale.
const READ_AGAIN: Span = Span::mins(1);

fn finding(rule: Rule, code: &str, says: Says, text: Text) -> Finding {
    Finding { rule, code: code.into(), says, text, until: None, source: None }
}

impl Finding {
    fn until(mut self, at: Option<Timestamp>) -> Self {
        self.until = at;
        self
    }

    fn by(mut self, source: Option<&Source>) -> Self {
        self.source = source.cloned();
        self
    }
}

pub(super) fn quarantine(a: &Asked<'_>) -> Finding {
    let rule = Rule::Quarantine;
    let track = a.environment.tracks.get(&a.plan.service);
    let release = &a.plan.release;
    match track.and_then(|t| t.quarantine.get(&release.revision)) {
        None => finding(rule, "not_quarantined", Says::Pass, vec![plain("This revision is not quarantined.")]),
        Some(q) => {
            let text = vec![
                bold(release.version.as_str()),
                plain(format!(" is quarantined since {}: {}. Release it with ", q.deployment, q.reason)),
                crate::domain::message::code(format!(
                    "/quarantine release {} {} in {} reason",
                    a.plan.service, release.version, a.plan.environment
                )),
                plain("."),
            ];
            finding(rule, "quarantined", Says::Deny, text)
        }
    }
}

pub(super) fn staging_first(a: &Asked<'_>) -> Finding {
    let rule = Rule::StagingFirst;
    let env = a.policy.environments.get(&a.plan.environment);
    let Some(need) = env.and_then(|e| e.after.as_ref()) else {
        return finding(rule, "no_requirement", Says::Pass, vec![plain("No other environment comes first.")]);
    };
    let (service, release) = (&a.plan.service, &a.plan.release);
    let done = a.upstream.and_then(|u| u.tracks.get(service)).and_then(|t| t.succeeded.get(&release.revision));
    if let Some(by) = done {
        let text = vec![plain(format!("{} succeeded in {} with {by}.", release.version, need.environment))];
        return finding(rule, "succeeded_first", Says::Pass, text).by(Some(&need.source));
    }
    if matches!(a.lane, Lane::Hotfix { .. }) {
        let text = vec![plain(format!("A hotfix does not wait for {}.", need.environment))];
        return finding(rule, "hotfix_skips_staging", Says::Note, text).by(Some(&need.source));
    }
    let text = vec![
        plain(format!("{} has not succeeded in {} at this revision. First: ", release.version, need.environment)),
        crate::domain::message::code(format!("/deploy {service} {} to {}", release.version, need.environment)),
        plain("."),
    ];
    finding(rule, "not_in_staging", Says::Deny, text).by(Some(&need.source))
}

pub(super) fn debt(a: &Asked<'_>) -> Finding {
    let rule = Rule::Debt;
    let Lane::Hotfix { .. } = a.lane else {
        return finding(rule, "not_a_hotfix", Says::Pass, vec![plain("Only the hotfix lane waits for open reviews.")]);
    };
    match a.debts.open.keys().find(|d| Some(**d) != a.id) {
        None => finding(rule, "no_debt", Says::Pass, vec![person(a.requester), plain(" owes no review.")]),
        Some(d) => {
            let text = vec![
                person(a.requester),
                plain(format!(" owes the review of {d}. Somebody else closes it with ")),
                crate::domain::message::code(format!("/review {d} notes")),
                plain("."),
            ];
            finding(rule, "debt_open", Says::Deny, text)
        }
    }
}

/// The freezes whose extra key is turned, so that they do not close.
fn passed(a: &Asked<'_>) -> BTreeSet<String> {
    let freezes = freezes_at(&a.policy.calendar, &a.plan.service, &a.plan.environment, a.now.wall);
    let open: Vec<_> = freezes.into_iter().filter(|f| !f.pass.is_empty()).collect();
    if open.is_empty() {
        return BTreeSet::new();
    }
    let slots: Vec<Slot> = a.slots.iter().cloned().chain(open.iter().map(|f| freeze_slot(f))).collect();
    let all = assign(&slots, a.turned, a.policy, a.requester);
    if !all.complete(&slots) {
        return BTreeSet::new();
    }
    open.iter().map(|f| f.name.clone()).collect()
}

fn asked_opening(a: &Asked<'_>) -> Option<(Opening, Vec<String>)> {
    let env = a.policy.environments.get(&a.plan.environment)?;
    let passed = passed(a);
    let (service, name) = (&a.plan.service, &a.plan.environment);
    let opening = opening(&env.windows, &a.policy.calendar, service, name, &passed, a.now.wall);
    Some((opening, passed.into_iter().collect()))
}

pub(super) fn window(a: &Asked<'_>) -> Finding {
    let rule = Rule::Window;
    if matches!(a.lane, Lane::Hotfix { .. }) {
        let env = a.policy.environments.get(&a.plan.environment);
        let source = env.and_then(|e| e.hotfix.as_ref()).map(|h| &h.source);
        return finding(rule, "hotfix_any_time", Says::Note, vec![plain("A hotfix runs at any time.")]).by(source);
    }
    let Some((o, passed)) = asked_opening(a) else {
        let text = vec![plain(format!("{} is not in the config any more.", a.plan.environment))];
        return finding(rule, "unknown_environment", Says::Deny, text);
    };
    if o.open {
        let mut text = vec![plain(format!("{} is open", a.plan.environment))];
        match o.closes_at {
            Some(at) => text.extend([plain(" until "), moment(at), plain(".")]),
            None => text.push(plain(".")),
        }
        if !passed.is_empty() {
            text.push(plain(format!(" The freeze {} is passed by an extra key.", passed.join(", "))));
        }
        let says = if passed.is_empty() { Says::Pass } else { Says::Note };
        return finding(rule, o.reason.code(), says, text).by(o.source.as_ref());
    }
    closed(a, rule, &o)
}

fn closed(a: &Asked<'_>, rule: Rule, o: &Opening) -> Finding {
    let name = o.name.as_deref().unwrap_or_default();
    let why = match o.reason {
        Reason::Freeze => format!("{} is frozen: {name}.", a.plan.environment),
        Reason::Holiday => format!("{} is closed today: {name}.", a.plan.environment),
        _ => format!("{} is closed now.", a.plan.environment),
    };
    let mut text = vec![plain(why)];
    match o.opens_at {
        Some(at) => text.extend([plain(" It opens "), moment(at), plain(".")]),
        None => text.push(plain(" It does not open within a year.")),
    }
    if o.reason == Reason::Freeze {
        let freezes = freezes_at(&a.policy.calendar, &a.plan.service, &a.plan.environment, a.now.wall);
        if let Some(f) = freezes.iter().find(|f| f.name == name && !f.pass.is_empty()) {
            text.push(plain(format!(" A key of {} lets it pass.", a.policy.titles(&f.pass))));
        }
    }
    let jitter = a.policy.environments.get(&a.plan.environment).map_or(Span::ZERO, |e| e.jitter);
    let start = o.opens_at.map(|at| after(at, spread(a, jitter)));
    finding(rule, o.reason.code(), Says::Hold, text).until(start).by(o.source.as_ref())
}

/// Where in the jitter span this deployment starts: fixed by its number, so that asking twice gives one answer.
fn spread(a: &Asked<'_>, jitter: Span) -> Span {
    let ms = jitter.as_millis();
    let n = i64::try_from(a.id.map_or(0, |d| d.0) % 1_000_003).unwrap_or(0);
    if ms <= 0 { Span::ZERO } else { Span::millis((n * 7919) % ms) }
}

/// A run that has begun is stopped by closing time only where config says `overrun = "hold"`.
pub(super) fn window_while_running(a: &Asked<'_>) -> Finding {
    let rule = Rule::Window;
    let env = a.policy.environments.get(&a.plan.environment);
    if matches!(a.lane, Lane::Hotfix { .. }) || env.is_none_or(|e| e.overrun == Overrun::Finish) {
        let text = vec![plain("A run that has begun may finish after closing time.")];
        return finding(rule, "may_finish", Says::Pass, text).by(env.map(|e| &e.source));
    }
    match asked_opening(a) {
        Some((o, _)) if !o.open => closed(a, rule, &o),
        Some((o, _)) => {
            let text = vec![plain(format!("{} is open.", a.plan.environment))];
            finding(rule, o.reason.code(), Says::Pass, text).by(o.source.as_ref())
        }
        None => finding(rule, "may_finish", Says::Pass, vec![plain("The environment is not in the config any more.")]),
    }
}

pub(super) fn short_window(a: &Asked<'_>) -> Finding {
    let rule = Rule::ShortWindow;
    let env = a.policy.environments.get(&a.plan.environment);
    let fits = || finding(rule, "fits", Says::Pass, vec![plain("It fits before closing time.")]);
    let (Some(env), Some((o, _))) = (env, asked_opening(a)) else { return fits() };
    let (true, Some(closes)) = (o.open && matches!(a.lane, Lane::Regular), o.closes_at) else { return fits() };
    let (left, needs) = (Span::between(a.now.wall, closes), a.plan.min_duration());
    let sum = format!("It needs at least {needs} and {} closes in {left}", a.plan.environment);
    if needs <= left {
        return finding(rule, "fits", Says::Pass, vec![plain(format!("{sum}."))]).by(Some(&env.source));
    }
    let text = vec![
        plain(format!("{sum} (at ")),
        crate::domain::message::clock(closes),
        plain(format!("): {} short.", Span::millis(needs.as_millis() - left.as_millis()))),
    ];
    let says = if env.on_short_window == OnShortWindow::Refuse { Says::Deny } else { Says::Note };
    finding(rule, "window_too_short", says, text).by(Some(&env.source))
}

pub(super) fn lock(a: &Asked<'_>) -> Finding {
    let rule = Rule::Lock;
    let Some((scope, lock)) = a.environment.locks_on(&a.plan.service).next() else {
        return finding(rule, "unlocked", Says::Pass, vec![plain("Nobody holds a lock.")]);
    };
    let what =
        if scope.is_empty() { a.plan.environment.to_string() } else { format!("{scope} in {}", a.plan.environment) };
    let mut text = vec![plain(format!("{what} is locked by "))];
    text.push(lock.owner.as_ref().map_or_else(|| plain("signalbox"), person));
    match lock.until {
        Some(until) => text.extend([plain(" until "), moment(until)]),
        None => text.push(plain(" until it is unlocked")),
    }
    text.push(plain(format!(": {}. ", lock.reason)));
    text.extend([crate::domain::message::code(format!("/unlock {what}")), plain(" ends it.")]);
    // A second lock may end later; the gate is then asked again and holds again.
    finding(rule, "locked", Says::Hold, text).until(lock.until)
}

pub(super) fn keys(a: &Asked<'_>) -> Finding {
    let rule = Rule::Keys;
    let assignment = assign(a.slots, a.turned, a.policy, a.requester);
    let source = a.slots.first().map(|s| &s.source);
    if a.slots.iter().all(|s| s.optional) {
        return finding(rule, "no_keys_needed", Says::Pass, vec![plain("No key is needed.")]).by(source);
    }
    if assignment.complete(a.slots) {
        let text = vec![plain("All keys are turned by "), plain(turned_by(a, &assignment)), plain(".")];
        return finding(rule, "keys_turned", Says::Pass, text).by(source);
    }
    let missing = assignment.missing(a.slots);
    let first = missing.first().and_then(|i| a.slots.get(*i)).map(|s| &s.source);
    let wanted: Vec<_> = missing.iter().filter_map(|i| a.slots.get(*i)).map(|s| a.policy.titles(&s.roles)).collect();
    let verb = if wanted.len() > 1 { "are" } else { "is" };
    let text = vec![plain(format!("a key of {} {verb} missing.", wanted.join(" and a key of ")))];
    finding(rule, "keys_missing", Says::Hold, text).by(first)
}

fn turned_by(a: &Asked<'_>, assignment: &Assignment) -> String {
    let pairs = a.slots.iter().zip(&assignment.slots);
    let named = pairs.filter_map(|(slot, by)| {
        by.as_ref().map(|p| format!("{} ({})", a.policy.person_name(p), a.policy.titles(&slot.roles)))
    });
    named.collect::<Vec<_>>().join(" and ")
}

pub(super) fn checklist(a: &Asked<'_>) -> Finding {
    let rule = Rule::Checklist;
    let before = || a.lists.iter().filter(|l| l.phase == Phase::Before);
    if before().all(|l| l.items.iter().all(|i| !i.required)) {
        return finding(rule, "no_items_required", Says::Pass, vec![plain("No checklist item is required.")]);
    }
    let open: Vec<_> = before().flat_map(|l| &l.items).filter(|i| i.required && !i.settled()).collect();
    if open.is_empty() {
        let stale = before().flat_map(|l| &l.items).filter(|i| i.required && is_stale(a, i)).map(|i| i.no.to_string());
        let stale: Vec<_> = stale.take(12).collect();
        if !stale.is_empty() {
            let text =
                vec![plain(format!("What ticked {} was read too long ago; it is read again.", stale.join(", ")))];
            return finding(rule, "items_stale", Says::Hold, text);
        }
        return finding(rule, "checklist_done", Says::Pass, vec![plain("Every required item is settled.")]);
    }
    let numbers: Vec<_> = open.iter().take(12).map(|i| i.no.to_string()).collect();
    let more = if open.len() > 12 { " …" } else { "" };
    let text = vec![plain(format!(
        "{} required {} open: {}{more}.",
        open.len(),
        if open.len() == 1 { "item is" } else { "items are" },
        numbers.join(", ")
    ))];
    finding(rule, "items_open", Says::Hold, text)
}

/// A check's tick whose reading is older than its probe's freshness. While it is read again in time, nobody sees this.
fn is_stale(a: &Asked<'_>, item: &ItemState) -> bool {
    let ItemMark::Ticked { by: TickedBy::Check, .. } = item.mark else { return false };
    let fresh = item.probe.as_ref().and_then(|p| a.policy.probes.get(p)).map_or(Span::ZERO, |p| p.fresh_for);
    let read = item.reading.as_ref().map(|r| r.at);
    fresh > Span::ZERO && read.is_none_or(|at| Span::between(at, a.now.wall) > fresh + READ_AGAIN)
}

pub(super) fn queue(a: &Asked<'_>) -> Finding {
    let rule = Rule::Queue;
    let free = |code| finding(rule, code, Says::Pass, vec![plain("Nothing else runs there.")]);
    let Some(track) = a.environment.tracks.get(&a.plan.service) else { return free("slot_free") };
    if let Some(running) = track.running.filter(|r| Some(*r) != a.id) {
        let place = a.id.and_then(|id| track.queue.iter().position(|q| *q == id)).unwrap_or(track.queue.len()) + 1;
        let text = vec![plain(format!(
            "{running} runs on {} in {}; place {place} in the queue.",
            a.plan.service, a.plan.environment
        ))];
        return finding(rule, "queued", Says::Hold, text);
    }
    // Whoever is ahead and ready takes the slot in the decision that frees it; nobody waits for one that cannot start.
    free("slot_free")
}
