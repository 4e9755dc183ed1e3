//! The gate itself, asked about every set of up to six people, four roles and a requester, against brute force.
//!
//! `keys_oracle` holds the matching; this holds that the gate allows a deployment exactly when the turned keys can be spread
//! over its required slots by distinct people who hold the roles and did not ask for it.

use signalbox::config::load_embedded;
use signalbox::domain::deployment::Lane;
use signalbox::domain::environment::Environment;
use signalbox::domain::gate::{Act, Asked, Rule, Says, Verdict, decide};
use signalbox::domain::ids::{PersonId, Role};
use signalbox::domain::person::Debts;
use signalbox::domain::plan::{Plan, Release};
use signalbox::domain::policy::{Person, Policy, Slot, Source};
use signalbox::domain::time::Now;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 6;
const ROLES: usize = 4;

/// Slots as role masks; the bool says optional.
const SLOTS: [&[(u8, bool)]; 5] = [
    &[(0b0001, false), (0b0010, false), (0b0100, true)],
    &[(0b0001, false), (0b0010, false), (0b0100, false), (0b1000, false)],
    &[(0b0001, false), (0b0001, false)],
    &[(0b0011, false), (0b0110, false), (0b0001, false)],
    &[(0b1111, false)],
];

fn role(n: usize) -> Role {
    Role::new(&format!("r{n}"))
}

fn roles(mask: u8) -> BTreeSet<Role> {
    (0..ROLES).filter(|n| mask & (1 << n) != 0).map(role).collect()
}

fn person(n: usize) -> PersonId {
    PersonId::new(&format!("p{n}"))
}

/// Tries every way to give the required slots to distinct people.
fn brute(people: &[u8], requester: usize, slots: &[u8], taken: u8) -> bool {
    let Some((slot, rest)) = slots.split_first() else { return true };
    (0..people.len()).any(|p| {
        p != requester
            && taken & (1 << p) == 0
            && people[p] & slot != 0
            && brute(people, requester, rest, taken | 1 << p)
    })
}

struct Setup {
    policy: Policy,
    plan: Plan,
    environment: Environment,
    debts: Debts,
    slots: Vec<Vec<Slot>>,
}

impl Setup {
    fn new() -> Self {
        let mut policy = load_embedded().policy;
        // Keys are what is asked about: everything else is open.
        policy.calendar = Default::default();
        policy.environments.retain(|name, _| name.as_str() == "development");
        let plan = Plan {
            service: "api".into(),
            environment: "development".into(),
            release: Release { version: "v1".into(), revision: "r1".into(), changes: Vec::new() },
            strategy: "direct".into(),
            executor: "fleet".into(),
            settings: BTreeMap::new(),
            steps: Vec::new(),
            rollback: Vec::new(),
            pace: 1,
            live_probe: None,
            policy: policy.hash.clone(),
        };
        let slot = |(mask, optional): &(u8, bool)| Slot {
            roles: roles(*mask),
            optional: *optional,
            source: Source::default(),
        };
        let slots = SLOTS.iter().map(|s| s.iter().map(slot).collect()).collect();
        Self { policy, plan, environment: Environment::default(), debts: Debts::default(), slots }
    }

    fn staff(&mut self, people: &[u8]) {
        let member = |(n, mask): (usize, &u8)| {
            let (id, name) = (person(n), format!("P{n}"));
            let (roles, accounts) = (roles(*mask), BTreeMap::new());
            (
                id.clone(),
                Person {
                    id,
                    name,
                    roles,
                    accounts,
                    contact: Default::default(),
                    ways: Default::default(),
                    source: Source::default(),
                },
            )
        };
        self.policy.people = people.iter().enumerate().map(member).collect();
    }

    fn asked<'a>(&'a self, slots: &'a [Slot], turned: &'a [PersonId], requester: &'a PersonId) -> Asked<'a> {
        Asked {
            act: Act::Deploy,
            policy: &self.policy,
            id: None,
            plan: &self.plan,
            lane: &Lane::Regular,
            requester,
            slots,
            turned,
            lists: &[],
            environment: &self.environment,
            upstream: None,
            debts: &self.debts,
            now: Now::at("2026-01-05T07:05:00Z".parse().unwrap()),
        }
    }
}

/// Compares every requester and slot list for one set of people who have all turned their keys; returns how many cases.
fn compare(setup: &mut Setup, people: &[u8], list: usize) -> u64 {
    setup.staff(people);
    let turned: Vec<PersonId> = (0..people.len()).map(person).collect();
    let required: Vec<u8> = SLOTS[list].iter().filter(|(_, optional)| !optional).map(|(mask, _)| *mask).collect();
    for requester in 0..people.len() {
        let by = person(requester);
        let answer = decide(&setup.asked(&setup.slots[list], &turned, &by));
        let expected = brute(people, requester, &required, 0);
        assert_eq!(
            answer.verdict == Verdict::Allow,
            expected,
            "people {people:?}, requester {requester}, slots {:?}: {:?}",
            SLOTS[list],
            answer.of(Rule::Keys)
        );
        assert_eq!(answer.of(Rule::Keys).map(|f| f.says), Some(if expected { Says::Pass } else { Says::Hold }));
    }
    people.len() as u64
}

/// Every multiset of role sets for `n` people.
fn sets(n: usize, from: u8, people: &mut Vec<u8>, visit: &mut impl FnMut(&[u8])) {
    if people.len() == n {
        visit(people);
        return;
    }
    for mask in from..1 << ROLES {
        people.push(mask);
        sets(n, mask, people, visit);
        people.pop();
    }
}

#[test]
fn the_gate_allows_exactly_what_distinct_people_can_sign() {
    let mut setup = Setup::new();
    let (mut cases, mut count) = (0, 0_usize);
    for n in 1..=PEOPLE {
        sets(n, 0, &mut Vec::new(), &mut |people| {
            // Up to four people meet every slot list; five and six meet them in turn, so each set is asked.
            let lists = if n <= 4 { 0..SLOTS.len() } else { count % SLOTS.len()..count % SLOTS.len() + 1 };
            count += 1;
            cases += lists.map(|list| compare(&mut setup, people, list)).sum::<u64>();
        });
    }
    assert_eq!(count, 74_612, "every multiset of up to six of sixteen role sets");
    assert!(cases > 400_000, "{cases}");
}

#[test]
fn one_key_too_few_never_passes() {
    let mut setup = Setup::new();
    setup.staff(&[0b0001, 0b0010, 0b0011, 0b0100, 0b1111, 0b0000]);
    let requester = person(5);
    for (list, slots) in SLOTS.iter().enumerate() {
        let required = slots.iter().filter(|(_, optional)| !optional).count();
        for subset in 0_u8..32 {
            let turned: Vec<PersonId> = (0..5).filter(|n| subset & (1 << n) != 0).map(person).collect();
            let answer = decide(&setup.asked(&setup.slots[list], &turned, &requester));
            if turned.len() < required {
                assert_ne!(answer.verdict, Verdict::Allow, "{turned:?} for {slots:?}");
            }
        }
    }
}
