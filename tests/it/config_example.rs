//! The example setup: loads without a word, and means what its facts say.

use signalbox::config::{self, Given, embedded};
use signalbox::domain::policy::{Phase, StepKind};
use signalbox::domain::time::Span;
use std::collections::BTreeSet;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/barq")
}

fn example() -> config::Loaded {
    config::load_with(&folder().join("signalbox.toml"), &Given::default()).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn loads_without_a_single_problem() {
    let loaded = example();
    assert_eq!(loaded.report.summary(), "no problems", "{}", loaded.report);
}

#[test]
fn the_embedded_copy_is_the_folder() {
    assert_eq!(config::load_embedded().policy, example().policy);
    let lists = std::fs::read_dir(folder().join("checklists")).unwrap();
    let on_disk: BTreeSet<String> = lists
        .map(|e| e.unwrap())
        .filter(|e| e.path().is_file())
        .map(|e| format!("checklists/{}", e.file_name().to_string_lossy()))
        .chain(example().policy.runbooks.values().map(|b| b.source.file.to_string()))
        .chain(example().policy.rhythm.maintenance.values().map(|m| m.checklist.source.file.to_string()))
        .collect();
    let embedded: BTreeSet<String> =
        embedded::FILES.iter().map(|(name, _)| (*name).to_owned()).filter(|n| n.ends_with(".md")).collect();
    assert_eq!(embedded, on_disk, "src/config/embedded.rs lists the checklists and the runbooks");
    let books = std::fs::read_dir(folder().join("runbooks")).unwrap();
    assert_eq!(books.count(), example().policy.runbooks.len(), "each file is a runbook");
}

#[test]
fn production_is_as_the_runbooks_have_it() {
    let policy = example().policy;
    let production = &policy.environments["production"];
    let shown: Vec<String> = production
        .windows
        .iter()
        .map(|w| {
            let days: Vec<_> = w.days.iter().map(|d| signalbox::domain::window::weekday_name(*d)).collect();
            format!("{} {}-{} {}", days.join(","), w.from, w.to.unwrap(), w.zone)
        })
        .collect();
    assert_eq!(shown, ["mon,tue,wed,thu 10:00:00-14:00:00 +03:00", "fri 10:00:00-12:00:00 +03:00"]);
    let keys: Vec<_> = production.keys.iter().map(|k| (policy.titles(&k.roles), k.optional)).collect();
    assert_eq!(
        keys,
        [("Tech Lead".to_owned(), false), ("Product Manager".to_owned(), false), ("DevOps Engineer".to_owned(), true)]
    );
    assert_eq!(policy.titles(&production.hotfix.as_ref().unwrap().keys[0].roles), "CTO");
    assert_eq!(production.after.as_ref().unwrap().environment.as_str(), "staging");
    assert_eq!((production.key_expiry, production.watch), (Span::hours(4), Span::mins(30)));
    assert_eq!(policy.environments["staging"].keys.len(), 1);
    assert!(policy.environments["development"].keys.is_empty());
}

#[test]
fn the_canary_is_as_the_runbooks_have_it() {
    let policy = example().policy;
    let stages: Vec<_> = policy.strategies["canary"]
        .steps
        .iter()
        .filter_map(|s| match &s.kind {
            StepKind::Traffic(t) => Some((t.weight, t.bake, t.error_budget, t.min_requests)),
            _ => None,
        })
        .collect();
    assert_eq!(stages, [(10, Span::mins(5), 5, 10), (50, Span::mins(5), 10, 50), (100, Span::ZERO, 0, 1)]);
}

#[test]
fn the_demo_differs_by_its_pace_alone() {
    let (plain, demo) = (config::load_embedded().policy, config::load_embedded_for_demo().policy);
    assert_eq!((plain.pace, demo.pace), (1, 30));
    assert_ne!(plain.hash, demo.hash);
    let same = signalbox::domain::policy::Policy { pace: 1, hash: plain.hash.clone(), ..demo };
    assert_eq!(same, plain);
}

#[test]
fn the_hash_is_over_the_policy_without_it() {
    let mut policy = example().policy;
    assert_eq!(config::hash(&policy), policy.hash);
    assert_eq!(policy.hash.len(), 64);
    let before = policy.hash.clone();
    policy.name.push('!');
    assert_ne!(config::hash(&policy), before);
}

/// The line on which `needle` first stands, from 1.
fn line(file: &str, needle: &str) -> u32 {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let n = text.lines().position(|l| l.contains(needle)).unwrap_or_else(|| panic!("{needle} is not in {file}"));
    u32::try_from(n + 1).unwrap()
}

#[test]
fn every_rule_knows_its_line() {
    let policy = example().policy;
    let at = |source: &signalbox::domain::policy::Source| source.to_string();
    let toml = |needle: &str| format!("signalbox.toml:{}", line("signalbox.toml", needle));
    let production = &policy.environments["production"];
    assert_eq!(at(&production.source), toml("[environments.production]"));
    assert_eq!(at(&production.windows[1].source), toml("days = \"fri\""));
    assert_eq!(at(&production.after.as_ref().unwrap().source), toml("after = \"staging\""));
    assert_eq!(at(&production.keys[0].source), toml("keys = [\"tech-lead\", \"product-manager\", {"));
    assert_eq!(at(&production.hotfix.as_ref().unwrap().source), toml("[environments.production.hotfix]"));
    assert_eq!(at(&policy.people["omar"].source), toml("omar = "));
    assert_eq!(at(&policy.services["api"].source), toml("[services.api]"));
    assert_eq!(at(&policy.strategies["canary"].steps[3].source), toml("name = \"10 % of the traffic\""));
    assert_eq!(at(&policy.probes["live-health"].source), toml("[probes.live-health]"));
    assert_eq!(at(&policy.calendar.freezes[0].source), toml("[[freezes]]"));
    let founding = policy.calendar.holidays.iter().find(|h| h.name == "Founding Day").unwrap();
    assert_eq!(at(&founding.source), format!("holidays.ics:{}", line("holidays.ics", "BEGIN:VEVENT")));
    let list = policy.checklists.iter().find(|c| c.id == "before-production").unwrap();
    let item = list.sections.iter().flat_map(|s| &s.items).find(|i| i.probe.is_some()).unwrap();
    let written = line("checklists/before-production.md", "{check: live-health}");
    assert_eq!(at(&item.source), format!("checklists/before-production.md:{written}"));
}

#[test]
fn the_checklists_have_the_counts_of_the_runbooks() {
    let policy = example().policy;
    let count = |id: &str| -> usize {
        let list = policy.checklists.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no {id}"));
        list.sections.iter().map(|s| s.items.len()).sum()
    };
    let before = policy.checklists.iter().find(|c| c.id == "before-production").unwrap();
    assert_eq!((before.phase, before.sections.len(), count("before-production")), (Phase::Before, 6, 26));
    let items = || before.sections.iter().flat_map(|s| &s.items);
    assert_eq!(items().filter(|i| i.required).count(), 6);
    assert_eq!(items().filter(|i| i.required && i.probe.is_some()).count(), 3);
    assert_eq!(count("acceptance"), 7);
    assert_eq!(count("before-platform"), 10);
    let spans: BTreeSet<Span> = policy
        .checklists
        .iter()
        .filter_map(|c| match c.phase {
            Phase::After(span) => Some(span),
            _ => None,
        })
        .collect();
    let wanted = [Span::mins(5), Span::mins(15), Span::mins(30), Span::mins(60), Span::hours(2), Span::hours(24)];
    assert_eq!(spans, BTreeSet::from(wanted));
    // The longest of the runbooks' lists is spread over files; the one for new services is read on demand.
    let text = std::fs::read_to_string(folder().join("checklists/on-demand/production-readiness.md")).unwrap();
    let ready = signalbox::runbook::parse("production-readiness.md", &text);
    assert!(ready.notes.is_empty(), "{:?}", ready.notes);
    let readiness: usize = ready.checklist.sections.iter().map(|s| s.items.len()).sum();
    let rollback = policy.checklists.iter().find(|c| c.id == "after-rollback").unwrap();
    let spread = ["release-day", "during", "first-minutes", "first-hour", "next-day"].map(count).iter().sum::<usize>();
    assert_eq!(ready.checklist.sections.len(), 7);
    assert_eq!(readiness + spread + rollback.sections[0].items.len(), 93);
}

#[test]
fn maintenance_lists_are_sound() {
    for folder_name in ["maintenance", "on-demand"] {
        for entry in std::fs::read_dir(folder().join("checklists").join(folder_name)).unwrap() {
            let path = entry.unwrap().path();
            let parsed = signalbox::runbook::parse(&path.to_string_lossy(), &std::fs::read_to_string(&path).unwrap());
            assert!(parsed.notes.is_empty(), "{}: {:?}", path.display(), parsed.notes);
            assert!(parsed.checklist.sections.iter().any(|s| !s.items.is_empty()));
        }
    }
}
