//! Who would be paged, asked before it happens: every level reaches somebody, or it is told which one does not, from when and why.

use jiff::Timestamp;
use signalbox::config::load_embedded;
use signalbox::domain::foresee::{Unreachable, climb, unreachable};
use signalbox::domain::ids::PersonId;
use signalbox::domain::policy::Policy;
use signalbox::domain::roster::{Override, RosterState};
use std::collections::BTreeMap;

/// A Monday morning in the first customer's office, in Lina's week.
fn monday() -> Timestamp {
    "2026-01-12T07:30:00+03:00".parse().unwrap()
}

fn policy() -> Policy {
    load_embedded().policy
}

fn gaps(policy: &Policy, states: &BTreeMap<String, RosterState>) -> Vec<Unreachable> {
    unreachable(policy, states, monday())
}

#[test]
fn the_example_reaches_somebody_on_every_level_but_for_the_hours_of_its_desk() {
    let found = gaps(&policy(), &BTreeMap::new());
    assert_eq!(found.len(), 1, "{found:?}");
    let gap = &found[0];
    assert_eq!((gap.ladder.as_str(), gap.level.as_str(), gap.by_hours), ("desk", "L1", true));
    assert_eq!(gap.at, monday(), "the desk in London is not open yet");
}

#[test]
fn a_level_whose_roles_nobody_holds_any_more_is_named() {
    let mut policy = policy();
    policy.people.remove(&PersonId::new("faisal"));
    let found: Vec<_> = gaps(&policy, &BTreeMap::new()).into_iter().filter(|g| !g.by_hours).collect();
    let told: Vec<_> = found.iter().map(|g| (g.ladder.as_str(), g.level.as_str(), g.why.as_str())).collect();
    assert_eq!(told, [("critical", "L4", "nobody holds its roles")]);
}

#[test]
fn who_has_no_account_and_no_other_way_is_not_reached_in_their_week() {
    let mut policy = policy();
    for (id, person) in &mut policy.people {
        if id.as_str() != "sara" {
            person.accounts.insert("slack".into(), format!("U-{id}"));
        }
    }
    let found: Vec<_> = gaps(&policy, &BTreeMap::new()).into_iter().filter(|g| !g.by_hours).collect();
    let hers: Timestamp = "2026-01-12T10:00:00+03:00".parse().unwrap();
    assert_eq!(found.len(), 3, "her roster stands on three ladders: {found:?}");
    for gap in found {
        assert_eq!((gap.level.as_str(), gap.at, gap.why.as_str()), ("L1", hers, "no way leads to Sara Haddad"));
    }
    // Her phone number, as it were, mends it.
    let sara = policy.people.get_mut(&PersonId::new("sara")).unwrap();
    sara.accounts.insert("discord".into(), "7".into());
    assert!(gaps(&policy, &BTreeMap::new()).iter().all(|g| g.by_hours));
}

#[test]
fn an_override_to_somebody_config_lost_is_a_gap_from_its_start() {
    let (policy, from) = (policy(), "2026-01-14T20:00:00+03:00".parse::<Timestamp>().unwrap());
    let until = "2026-01-15T08:00:00+03:00".parse().unwrap();
    let gone = Override { number: 1, person: "gone".into(), from, until, by: "lina".into() };
    let states = [("primary".to_owned(), RosterState { overrides: vec![gone], ..RosterState::default() })].into();
    let found: Vec<_> = gaps(&policy, &states).into_iter().filter(|g| !g.by_hours).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|g| g.at == from && g.why == "nobody is on call in primary"), "{found:?}");
}

#[test]
fn each_level_is_looked_up_at_its_own_time() {
    let policy = policy();
    let severity = policy.response.severity("P1").unwrap();
    // Ten minutes before the hand-off from Lina to Sara.
    let at = "2026-01-12T09:50:00+03:00".parse().unwrap();
    let seen = climb(&policy, &BTreeMap::new(), severity, at);
    let people: Vec<Vec<&str>> =
        seen.rungs.iter().map(|r| r.people.iter().map(|p| p.person.as_str()).collect()).collect();
    assert_eq!(people, [vec!["lina"], vec!["khalid", "mona", "reem"], vec!["hassan"]]);
    let mut later = policy.clone();
    let ladder = later.response.ladders.get_mut("major").unwrap();
    ladder.levels[1].rosters.insert("primary".into());
    let seen = climb(&later, &BTreeMap::new(), severity, at);
    assert!(seen.rungs[1].people.iter().any(|p| p.person.as_str() == "sara"), "fifteen minutes later it is Sara");
    assert!(seen.rungs[0].people.iter().all(|p| p.person.as_str() == "lina"));
}
