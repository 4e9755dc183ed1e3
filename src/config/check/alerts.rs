//! Rules of alerts: each can be reached, and none is left without an answer.

use crate::config::build::SETTLE_MAX;
use crate::config::context::Context;
use crate::config::problem::Code;
use crate::config::raw::Root;
use crate::domain::alert::{Rule, covers};
use crate::domain::policy::Policy;

pub fn check(root: &Root, policy: &Policy, cx: &mut Context) {
    let Some(raw) = &root.alerts else { return };
    let (entries, rules) = (raw.rules.as_deref().unwrap_or_default(), &policy.alerts.rules);
    for (n, (entry, rule)) in entries.iter().zip(rules).enumerate() {
        let Some(before) = rules.iter().take(n).position(|before| takes_all(before, rule)) else { continue };
        let Some(other) = entries.get(before) else { continue };
        let what = "this rule is never reached: whatever it matches, an earlier one does";
        cx.error(Code::Unreachable, &entry.place, what)
            .hint("put the special rule before the general one, or remove it")
            .related(&other.place, "this one");
    }
    let lengths = entries.iter().filter_map(|e| e.value.settle.as_ref()).chain(&raw.settle);
    for settle in lengths.filter(|s| s.value.0 > SETTLE_MAX) {
        cx.error(Code::BadDuration, &settle.place, format!("`settle` is {SETTLE_MAX} at most"));
    }
    let sources = &raw.sources.0;
    for (name, _) in sources {
        let heard = rules.iter().any(|r| r.sources.is_empty() || r.sources.iter().any(|g| g.matches(&name.value)));
        if !heard {
            cx.warning(Code::Suspicious, &name.place, format!("no rule is about the source `{}`", name.value))
                .hint("its alerts are lines in the alerts channel; add [[alerts.rules]]");
        }
    }
    if sources.is_empty()
        && let Some(first) = entries.first()
    {
        cx.warning(Code::Unused, &first.place, "no alerts come in, since there is no source")
            .hint("add [alerts.sources.NAME]");
    }
    let pages = |rule: &&Rule| matches!(rule.then, crate::domain::alert::Then::Incident { .. });
    if rules.iter().any(|r| pages(&r)) && policy.response.severities.is_empty() {
        let place = &entries[0].place;
        cx.error(Code::UnknownSeverity, place, "there are no severities, so there are no incidents")
            .hint("add [severities.p1]");
    }
}

/// Whether every alert that `rule` matches is matched by `before`.
fn takes_all(before: &Rule, rule: &Rule) -> bool {
    let field = |wide: &[_], narrow: &[_]| wide.is_empty() || (!narrow.is_empty() && covers(wide, narrow));
    field(&before.sources, &rule.sources)
        && field(&before.title, &rule.title)
        && before.labels.iter().all(|(name, wide)| rule.labels.get(name).is_some_and(|narrow| covers(wide, narrow)))
}
