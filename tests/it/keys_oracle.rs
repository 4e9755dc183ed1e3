//! The keys against brute force: no false allow, no deadlock.
//!
//! What the matching is given is, per turned key, the slots that its person may fill. The first test therefore enumerates
//! every multiset of six people by their roles (any subset of four roles; somebody without a role stands for somebody
//! absent, the requester, or a key not turned, so smaller sets are in it) against every list of up to four slots of single
//! roles, repeated, required and optional, up to renaming the roles. The second enumerates, through the public functions,
//! people, requester and turned keys themselves.

use signalbox::domain::approval::{Matching, Usefulness, assign, candidates, reachable, useful};
use signalbox::domain::ids::{PersonId, Role};
use signalbox::domain::policy::{Channels, Person, Policy, Slot, Source};
use std::collections::{BTreeMap, BTreeSet};

const ROLES: u8 = 4;
const PEOPLE: usize = 6;

/// Every set of slots that some injective assignment of the people so far can fill: bit `S` of the word for each set `S`
/// of four slots. Adding a person tries them in every slot of every such set, and in none.
fn with_person(reachable: u16, eligible: u8) -> u16 {
    // By slot: the sets that lack it.
    const LACKS: [u16; 4] = [0x5555, 0x3333, 0x0f0f, 0x00ff];
    let mut more = reachable;
    for (slot, lacks) in LACKS.iter().enumerate() {
        if eligible & (1 << slot) != 0 {
            more |= (reachable & lacks) << (1 << slot);
        }
    }
    more
}

/// The largest counts among `sets`: required slots first, then all.
fn best(sets: u16, required: u8) -> (u32, u32) {
    let mut best = (0, 0);
    for set in 0..16u8 {
        if sets & (1 << set) != 0 {
            best = best.max(((set & required).count_ones(), set.count_ones()));
        }
    }
    best
}

/// A slot list in small numbers: by slot, the roles that may fill it; and which slots are waited for.
#[derive(Clone)]
struct Slots {
    roles: Vec<u8>,
    required: u8,
}

impl Slots {
    fn eligible(&self, roles: u8) -> u8 {
        self.roles.iter().enumerate().filter(|(_, r)| *r & roles != 0).fold(0, |mask, (s, _)| mask | 1 << s)
    }
}

/// Every list of one to four single-role slots, up to order and to renaming the roles.
fn single_role_lists() -> Vec<Slots> {
    fn extend(list: &mut Vec<(u8, bool)>, seen: &mut BTreeSet<Vec<(u8, u8)>>, out: &mut Vec<Slots>) {
        if !list.is_empty() {
            let mut count = [(0u8, 0u8); ROLES as usize];
            for (role, required) in list.iter() {
                let of = &mut count[*role as usize];
                if *required { of.0 += 1 } else { of.1 += 1 }
            }
            count.sort_unstable();
            if seen.insert(count.to_vec()) {
                let required = list.iter().enumerate().filter(|(_, s)| s.1).fold(0, |mask, (i, _)| mask | 1 << i);
                out.push(Slots { roles: list.iter().map(|s| 1 << s.0).collect(), required });
            }
        }
        if list.len() < 4 {
            for slot in (0..ROLES).flat_map(|r| [(r, false), (r, true)]) {
                list.push(slot);
                extend(list, seen, out);
                list.pop();
            }
        }
    }
    let mut out = Vec::new();
    extend(&mut Vec::new(), &mut BTreeSet::new(), &mut out);
    out
}

/// Lists with alternatives, which single roles do not cover.
fn alternative_lists() -> Vec<Slots> {
    let of = |roles: &[u8], required| Slots { roles: roles.to_vec(), required };
    vec![
        of(&[0b0011, 0b0110], 0b11),
        of(&[0b0011, 0b0001], 0b11),
        of(&[0b0111, 0b0001, 0b0010], 0b011),
        of(&[0b1111, 0b0111, 0b0011, 0b0001], 0b1111),
        of(&[0b0011, 0b0110, 0b1100, 0b1001], 0b0101),
        of(&[0b1001, 0b0011, 0b0011, 0b1000], 0b1110),
        of(&[0b0000, 0b0001], 0b11),
    ]
}

/// Who is walked: multisets (roles in falling order), or every order in which keys may be turned.
#[derive(Clone, Copy)]
struct Extent {
    people: usize,
    any_order: bool,
}

/// Walks all people that can follow those in `keys`, checking after each key.
fn walk(slots: &Slots, keys: &Matching, people: &mut Vec<u8>, reachable: u16, extent: Extent, seen: &mut u64) {
    let highest = if extent.any_order { 15 } else { people.last().copied().unwrap_or(15) };
    for roles in 1..=highest {
        let eligible = slots.eligible(roles);
        let sets = with_person(reachable, eligible);
        let mut keys = keys.clone();
        let before = keys.filled().to_vec();
        let gained = keys.add(u64::from(eligible));
        people.push(roles);
        *seen += 1;
        check(slots, people, sets, &keys, &before, gained);
        if people.len() < extent.people {
            walk(slots, &keys, people, sets, extent, seen);
        }
        people.pop();
    }
}

fn check(slots: &Slots, people: &[u8], sets: u16, keys: &Matching, before: &[Option<usize>], gained: Option<usize>) {
    let (mut filled, mut used) = (0u8, 0u8);
    for (slot, person) in keys.filled().iter().enumerate() {
        if let Some(person) = person {
            assert!(people[*person] & slots.roles[slot] != 0, "{person} may not fill {slot} of {people:?}");
            assert!(used & (1 << person) == 0, "{person} fills two slots of {people:?}");
            used |= 1 << person;
            filled |= 1 << slot;
        } else {
            assert!(before[slot].is_none(), "slot {slot} was emptied: {people:?}");
        }
    }
    let counts = ((filled & slots.required).count_ones(), filled.count_ones());
    assert_eq!(counts, best(sets, slots.required), "{people:?} in {:?} required {:b}", slots.roles, slots.required);
    if gained.is_none() {
        assert_eq!(keys.filled(), before, "somebody was moved for nothing: {people:?}");
    }
}

fn walk_all(slots: &Slots, extent: Extent, seen: &mut u64) {
    walk(slots, &Matching::new(slots.roles.len(), u64::from(slots.required)), &mut Vec::new(), 1, extent, seen);
}

#[test]
fn the_order_in_which_keys_are_turned_closes_nothing() {
    let lists = alternative_lists();
    let mut seen = 0;
    for slots in &lists {
        walk_all(slots, Extent { people: 4, any_order: true }, &mut seen);
    }
    assert_eq!(seen, (15 + 15u64.pow(2) + 15u64.pow(3) + 15u64.pow(4)) * lists.len() as u64);
}

#[test]
fn every_six_people_fill_what_brute_force_fills() {
    let mut lists = single_role_lists();
    lists.extend(alternative_lists());
    let mut seen = 0;
    for slots in &lists {
        walk_all(slots, Extent { people: PEOPLE, any_order: false }, &mut seen);
    }
    // C(21, 6) multisets of sixteen role sets, less the one in which nobody has a role.
    assert_eq!(seen, (54_264 - 1) * lists.len() as u64);
    println!("{seen} sets of people in {} slot lists", lists.len());
}

fn role(n: u8) -> Role {
    Role::new(&format!("role-{n}"))
}

fn roles(mask: u8) -> BTreeSet<Role> {
    (0..ROLES).filter(|n| mask & (1 << n) != 0).map(role).collect()
}

fn id(n: usize) -> PersonId {
    PersonId::new(&format!("person-{n}"))
}

fn policy(people: &[u8]) -> Policy {
    let person = |(n, mask): (usize, &u8)| {
        let person = Person {
            id: id(n),
            name: format!("Person {n}"),
            roles: roles(*mask),
            accounts: BTreeMap::new(),
            contact: Default::default(),
            ways: Default::default(),
            source: Source::default(),
        };
        (id(n), person)
    };
    Policy {
        runbooks: Default::default(),
        name: "Test".to_owned(),
        zone: "UTC".to_owned(),
        pace: 1,
        channels: Channels { deployments: "d".into(), incidents: "i".into(), engineering: "e".into(), alerts: None },
        people: people.iter().enumerate().map(person).collect(),
        roles: BTreeMap::new(),
        services: BTreeMap::new(),
        environments: BTreeMap::new(),
        strategies: BTreeMap::new(),
        probes: BTreeMap::new(),
        checklists: Vec::new(),
        calendar: Default::default(),
        response: Default::default(),
        rhythm: Default::default(),
        alerts: Default::default(),
        hash: String::new(),
    }
}

fn slot_list(slots: &Slots) -> Vec<Slot> {
    let slot = |(n, mask): (usize, &u8)| Slot {
        roles: roles(*mask),
        optional: slots.required & (1 << n) == 0,
        source: Source::default(),
    };
    slots.roles.iter().enumerate().map(slot).collect()
}

/// What brute force says of the people in `turned` (bits), the requester left out.
fn brute(slots: &Slots, people: &[u8], turned: u8, requester: usize) -> u16 {
    let counts = |n: &usize| turned & (1 << n) != 0 && *n != requester;
    (0..people.len()).filter(counts).fold(1, |sets, n| with_person(sets, slots.eligible(people[n])))
}

/// Calls `f` with every multiset of `n` role sets out of `kinds`.
fn multisets(kinds: &[u8], n: usize, people: &mut Vec<u8>, f: &mut impl FnMut(&[u8])) {
    if people.len() == n {
        return f(people);
    }
    for (i, kind) in kinds.iter().enumerate() {
        people.push(*kind);
        multisets(&kinds[..=i], n, people, f);
        people.pop();
    }
}

/// All sets of three people with any of four roles, every requester (one of them, or somebody else), every set of turned
/// keys, with every question that can be asked.
#[test]
fn the_public_functions_agree_with_brute_force() {
    let lists = [
        Slots { roles: vec![0b0001, 0b0010], required: 0b11 },
        Slots { roles: vec![0b0001, 0b0010, 0b0100], required: 0b011 },
        Slots { roles: vec![0b1001, 0b0011, 0b0001], required: 0b110 },
        Slots { roles: vec![0b0001, 0b0001], required: 0b11 },
        Slots { roles: vec![], required: 0 },
    ];
    let kinds: Vec<u8> = (0..16).collect();
    let mut asked = 0u64;
    multisets(&kinds, 3, &mut Vec::new(), &mut |people| {
        let policy = policy(people);
        for (slots, list) in lists.iter().map(|s| (s, slot_list(s))) {
            for requester in 0..=people.len() {
                for turned in 0..1u8 << people.len() {
                    questions(slots, &list, people, &policy, requester, turned);
                    asked += 1;
                }
            }
        }
    });
    println!("{asked} cases");
}

fn questions(slots: &Slots, list: &[Slot], people: &[u8], policy: &Policy, requester: usize, turned: u8) {
    let case =
        || format!("{people:?} in {:?}/{:b}, requester {requester}, turned {turned:b}", slots.roles, slots.required);
    let ids: Vec<PersonId> = (0..people.len()).filter(|n| turned & (1 << n) != 0).map(id).collect();
    let who = id(requester);
    let assignment = assign(list, &ids, policy, &who);
    let sets = brute(slots, people, turned, requester);
    let all = (1u16 << slots.roles.len()) as u8;
    let allowed = (0..all).any(|set| sets & (1 << set) != 0 && set & slots.required == slots.required);
    assert_eq!(assignment.complete(list), allowed, "{}", case());
    let filled = assignment.slots.iter().enumerate().filter(|(_, p)| p.is_some()).fold(0u8, |m, (s, _)| m | 1 << s);
    assert!(sets & (1 << filled) != 0, "{}", case());
    assert!(assignment.slot_of(&who).is_none(), "{}", case());
    let mut everybody: Vec<_> = assignment.slots.iter().flatten().chain(&assignment.spare).cloned().collect();
    everybody.sort();
    assert_eq!(everybody, ids, "each who turned fills one slot or is spare: {}", case());

    // Who could help: brute force over the same people and one more, keeping every filled slot.
    let mut anybody = false;
    for slot in 0..slots.roles.len() {
        let named = candidates(list, &ids, policy, &who, slot);
        for n in 0..people.len() {
            let fresh = n != requester && turned & (1 << n) == 0 && filled & (1 << slot) == 0;
            let wanted = filled | 1 << slot;
            let helps = fresh
                && (0..all).any(|set| {
                    set & wanted == wanted && brute(slots, people, turned | 1 << n, requester) & (1 << set) != 0
                });
            assert_eq!(named.contains(&id(n)), helps, "person {n} for slot {slot}: {}", case());
            anybody |= helps && slots.required & (1 << slot) != 0;
        }
    }
    let full = brute(slots, people, u8::MAX, requester);
    let ever = (0..all).any(|set| full & (1 << set) != 0 && set & slots.required == slots.required);
    assert_eq!(reachable(list, policy, &who).is_ok(), ever, "{}", case());
    assert!(!ever || allowed || anybody, "a deadlock: {}", case());

    for n in 0..=people.len() {
        let useful = useful(list, &ids, policy, &who, &id(n));
        let mask = people.get(n).copied().unwrap_or(0);
        let more = brute(slots, people, turned | 1u8 << n, requester);
        let gains = best(more, slots.required) > best(sets, slots.required);
        match useful {
            Usefulness::Requester => assert_eq!(n, requester, "{}", case()),
            Usefulness::NoRole { .. } => assert_eq!(slots.eligible(mask), 0, "{}", case()),
            Usefulness::Already => assert!(turned & (1 << n) != 0, "{}", case()),
            Usefulness::Fills(slot) => assert!(gains && slots.roles[slot] & mask != 0, "person {n}: {}", case()),
            Usefulness::Spare => assert!(!gains && turned & (1 << n) == 0, "person {n}: {}", case()),
        }
    }
}

/// All sets of six people with any of four roles, all having turned their keys, in the first customer's production: Tech
/// Lead and Product Manager, an optional third; each of them as the requester.
#[test]
fn every_six_people_with_any_requester_open_production_only_with_two_keys() {
    let slots = Slots { roles: vec![0b0001, 0b0010, 0b0100], required: 0b011 };
    let list = slot_list(&slots);
    let ids: Vec<PersonId> = (0..PEOPLE).map(id).collect();
    let every_roles: Vec<BTreeSet<Role>> = (0..16).map(roles).collect();
    let mut policy = policy(&[0; PEOPLE]);
    let kinds: Vec<u8> = (0..16).collect();
    let mut seen = 0u64;
    multisets(&kinds, PEOPLE, &mut Vec::new(), &mut |people| {
        for (person, mask) in policy.people.values_mut().zip(people) {
            person.roles.clone_from(&every_roles[*mask as usize]);
        }
        for requester in 0..PEOPLE {
            if requester > 0 && people[requester] == people[requester - 1] {
                continue; // The same case again.
            }
            let sets = brute(&slots, people, u8::MAX, requester);
            let allowed = assign(&list, &ids, &policy, &ids[requester]).complete(&list);
            assert_eq!(allowed, sets & (1 << 3 | 1 << 7) != 0, "{people:?}, requester {requester}");
            seen += 1;
        }
    });
    println!("{seen} cases");
}

/// The words behind the numbers: who is asked for what, when a person with two roles came first.
#[test]
fn people_are_told_what_is_missing() {
    let slots = Slots { roles: vec![0b0001, 0b0010, 0b0100], required: 0b011 };
    let list = slot_list(&slots);
    // 0 holds both roles, 1 only the first, 2 the optional one, 3 none of them.
    let policy = policy(&[0b0011, 0b0001, 0b0100, 0b1000]);
    let nobody = PersonId::new("somebody-else");
    let ask = |turned: &[usize], person: usize| {
        let turned: Vec<PersonId> = turned.iter().copied().map(id).collect();
        useful(&list, &turned, &policy, &nobody, &id(person))
    };
    assert_eq!(ask(&[], 0), Usefulness::Fills(0));
    assert_eq!(ask(&[0], 1), Usefulness::Fills(0), "0 moves to the second slot");
    assert_eq!(ask(&[0], 0), Usefulness::Already);
    assert_eq!(ask(&[0, 1], 2), Usefulness::Fills(2));
    assert_eq!(ask(&[0], 3), Usefulness::NoRole { needed: roles(0b0010) });
    assert_eq!(ask(&[0, 1], 3), Usefulness::NoRole { needed: roles(0b0111) });
    assert_eq!(candidates(&list, &[id(0)], &policy, &nobody, 1), [id(1)], "whose key lets 0 move");
    assert_eq!(reachable(&list, &policy, &id(0)), Err(vec![1]), "nobody else holds the second role");

    let assignment = assign(&list, &[id(3), id(0), id(0), id(1)], &policy, &nobody);
    assert_eq!(assignment.slots, [Some(id(1)), Some(id(0)), None]);
    assert_eq!(assignment.spare, [id(3)]);
    assert!(assignment.complete(&list) && !assignment.complete(&list[..2]), "a changed list is not complete");
}
