//! What alerts mean.

use super::{Names, known, role_set, span, window};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{AlertRuleEntry, AlertsEntry, OneOrMore, QuietEntry, Root};
use crate::config::scalars::Moment;
use crate::domain::alert::{AlertRules, Glob, Maintenance, Rule, Then};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::time::Span;
use jiff::civil::{DateTime, Time};

pub fn all(root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> AlertRules {
    let usual = AlertRules::default();
    let Some(raw) = root.alerts.as_ref() else { return usual };
    let texts = |list: &Option<Vec<At<String>>>, default: Vec<String>| {
        list.as_ref().map_or(default, |list| list.iter().map(|at| at.value.clone()).collect())
    };
    let sources = raw.sources.names().into_iter().map(str::to_owned).collect();
    let silencers = role_set(raw.silencers.as_deref().unwrap_or_default(), names, cx);
    AlertRules {
        sources,
        rules: raw.rules.iter().flatten().map(|at| rule(at, raw, root, names, cx)).collect(),
        service_labels: texts(&raw.service_labels, usual.service_labels),
        environment_labels: texts(&raw.environment_labels, usual.environment_labels),
        settle: span(raw.settle.as_ref(), usual.settle),
        storm: raw.storm.as_ref().map_or(usual.storm, |at| at.value),
        silencers,
        maintenance: raw.maintenance.iter().flatten().filter_map(|at| maintenance(at, names, zone, cx)).collect(),
    }
}

fn globs(list: Option<&OneOrMore>) -> Vec<Glob> {
    list.map(|list| list.0.iter().map(|at| Glob::new(&at.value)).collect()).unwrap_or_default()
}

fn rule(at: &At<AlertRuleEntry>, all: &AlertsEntry, root: &Root, names: &Names<'_>, cx: &mut Context) -> Rule {
    let raw = &at.value;
    let sources = all.sources.names();
    for source in raw.source.iter().flat_map(|s| &s.0) {
        let glob = Glob::new(&source.value);
        if glob.is_exact() {
            known(source, &sources, Code::UnknownSource, "source", cx);
        } else if !sources.iter().any(|name| glob.matches(name)) {
            cx.error(Code::UnknownSource, &source.place, format!("no source is called like `{}`", source.value));
        }
    }
    let service = raw.service.as_ref().filter(|s| known(s, &names.services, Code::UnknownService, "service", cx));
    let place = raw.environment.as_ref();
    let environment = place.filter(|e| known(e, &names.environments, Code::UnknownEnvironment, "environment", cx));
    let labels = raw.labels.iter().flat_map(|l| &l.0);
    Rule {
        sources: globs(raw.source.as_ref()),
        labels: labels.map(|(name, list)| (name.value.clone(), globs(Some(list)))).collect(),
        title: globs(raw.title.as_ref()),
        then: then(at, root, names, cx),
        service: service.map(|s| ServiceName::new(&s.value)),
        environment: environment.map(|e| EnvironmentName::new(&e.value)),
        key: raw.key.iter().flatten().map(|k| k.value.clone()).collect(),
        settle: raw.settle.as_ref().map(|s| s.value.0),
        over: raw.over.as_ref().map(|o| o.value.0).unwrap_or_default(),
        source: cx.files.source(&at.place),
    }
}

/// Exactly one of `severity`, `only` and `drop`.
fn then(at: &At<AlertRuleEntry>, root: &Root, names: &Names<'_>, cx: &mut Context) -> Then {
    const HINT: &str = "write `severity = \"p1\"`, `only = \"line\"`, or `drop = true`";
    let raw = &at.value;
    let drop = raw.drop.as_ref().is_some_and(|d| d.value);
    let said = usize::from(raw.severity.is_some()) + usize::from(raw.only.is_some()) + usize::from(drop);
    if said == 0 {
        cx.error(Code::MissingKey, &at.place, "this rule does not say what becomes of an alert").hint(HINT);
    } else if said > 1 {
        cx.error(Code::BadValue, &at.place, "this rule says several things of one alert").hint(HINT);
    }
    if let (Some(ladder), None) = (&raw.ladder, &raw.severity) {
        cx.error(Code::MissingKey, &ladder.place, "only incidents climb ladders").hint("name `severity` as well");
    }
    if drop {
        return Then::Drop;
    }
    let Some(severity) = &raw.severity else { return Then::Line };
    known(severity, &names.severities, Code::UnknownSeverity, "severity", cx);
    let ladders = root.ladders.names();
    let ladder = raw.ladder.as_ref().filter(|l| known(l, &ladders, Code::UnknownLadder, "ladder", cx));
    Then::Incident { severity: severity.value.to_uppercase(), ladder: ladder.map(|l| l.value.clone()) }
}

fn maintenance(at: &At<QuietEntry>, names: &Names<'_>, zone: &str, cx: &mut Context) -> Option<Maintenance> {
    let raw = &at.value;
    let services = raw.services.iter().flatten().map(|s| {
        known(s, &names.services, Code::UnknownService, "service", cx);
        ServiceName::new(&s.value)
    });
    let services = services.collect();
    let environments = raw.environments.iter().flatten().map(|e| {
        known(e, &names.environments, Code::UnknownEnvironment, "environment", cx);
        EnvironmentName::new(&e.value)
    });
    let environments = environments.collect();
    let zone = raw.zone.as_ref().map_or(zone, |z| z.value.0.as_str());
    let windows = raw.windows.iter().flatten().filter_map(|w| window(w, zone, cx)).collect::<Vec<_>>();
    let once = once(at, zone, cx);
    if windows.is_empty() && once.is_none() && raw.from.is_none() && raw.to.is_none() {
        cx.error(Code::MissingKey, &at.place, "this maintenance never happens")
            .hint("name `windows`, or `from` and `to`");
        return None;
    }
    let name = super::text(&raw.name);
    Some(Maintenance { name, windows, once, services, environments, source: cx.files.source(&at.place) })
}

fn once(at: &At<QuietEntry>, zone: &str, cx: &mut Context) -> Option<(DateTime, DateTime, String)> {
    let (from, to) = match (&at.value.from, &at.value.to) {
        (Some(from), Some(to)) => (from, to),
        (None, None) => return None,
        (Some(half), None) | (None, Some(half)) => {
            cx.error(Code::MissingKey, &half.place, "a maintenance has a beginning and an end")
                .hint("name both `from` and `to`");
            return None;
        }
    };
    let begin = match from.value {
        Moment::At(at) => at,
        Moment::Day(day) => day.to_datetime(Time::midnight()),
    };
    let end = match to.value {
        Moment::At(at) => at,
        Moment::Day(day) => day.tomorrow().map_or(DateTime::MAX, |next| next.to_datetime(Time::midnight())),
    };
    if end <= begin {
        cx.error(Code::BadDate, &to.place, "this maintenance ends before it begins");
    }
    Some((begin, end, zone.to_owned()))
}

/// The longest that an alert may have to be over.
pub const SETTLE_MAX: Span = Span::hours(24);
