//! Whether every set of keys can be turned at all: by distinct people, none of them the requester.

use crate::config::context::Context;
use crate::config::place::{At, Place};
use crate::config::problem::Code;
use crate::config::raw::{Root, SlotEntry};
use crate::domain::policy::{Person, Policy};

pub fn check(root: &Root, policy: &Policy, cx: &mut Context) {
    let people: Vec<&Person> = policy.people.values().collect();
    for (name, environment) in &root.environments.0 {
        if let Some(keys) = &environment.keys {
            lane(&format!("a deployment to {}", name.value), keys, &name.place, policy, true, cx);
        }
        if let Some(keys) = environment.hotfix.as_ref().and_then(|h| h.value.keys.0.as_ref()) {
            // Whoever holds the only hotfix key cannot also ask for the hotfix; that is what one key means.
            lane(&format!("a hotfix to {}", name.value), keys, &name.place, policy, false, cx);
        }
        let rollback = environment.rollback.as_ref().map(|at| &at.value);
        if let Some(keys) = rollback.and_then(|r| r.full.as_ref()) {
            lane(&format!("a full rollback in {}", name.value), keys, &name.place, policy, true, cx);
        }
        let single = [
            ("quick", rollback.and_then(|r| r.quick.as_ref())),
            ("emergency", rollback.and_then(|r| r.emergency.as_ref())),
            ("operators", environment.operators.as_ref()),
        ];
        for (what, roles) in single {
            let Some(roles) = roles.filter(|roles| !roles.is_empty() && all_known(roles, policy)) else { continue };
            if !roles.iter().any(|r| people.iter().any(|p| holds(p, &r.value))) {
                let message = format!("nobody holds a role of `{what}`, so it cannot be used");
                cx.error(Code::TooFewHolders, &roles[0].place, message)
                    .hint("give the role to somebody under [people.*]");
            }
        }
    }
}

/// A role that does not exist is reported as such, and not once more for having no holder.
fn all_known(roles: &[At<String>], policy: &Policy) -> bool {
    roles.iter().all(|r| policy.roles.contains_key(r.value.as_str()))
}

fn holds(person: &Person, role: &str) -> bool {
    person.roles.contains(role)
}

/// One set of keys. `any_requester`: it must be possible whoever of the people asks.
fn lane(what: &str, keys: &[At<SlotEntry>], owner: &Place, policy: &Policy, any_requester: bool, cx: &mut Context) {
    let people: Vec<&Person> = policy.people.values().collect();
    let people = people.as_slice();
    if !keys.iter().all(|k| all_known(&k.value.roles, policy)) {
        return;
    }
    let slots: Vec<&At<SlotEntry>> = keys.iter().filter(|k| !k.value.optional && !k.value.roles.is_empty()).collect();
    let mut reported = false;
    for slot in &slots {
        let count = people.iter().filter(|p| slot.value.roles.iter().any(|r| holds(p, &r.value))).count();
        if count == 0 {
            let message = format!("nobody can turn this key, so {what} is never possible");
            cx.error(Code::TooFewHolders, &slot.place, message).hint("give the role to somebody under [people.*]");
            reported = true;
        }
    }
    if reported || slots.is_empty() {
        return;
    }
    if !fits(&slots, people, None) {
        let message = format!("{what} needs {} keys, and too few people hold their roles", slots.len());
        cx.error(Code::TooFewHolders, &slots[0].place, message)
            .hint("each key is turned by another person; give one of these roles to somebody more")
            .related(owner, "of this environment");
        return;
    }
    if !any_requester {
        return;
    }
    let stuck: Vec<&str> = people.iter().filter(|p| !fits(&slots, people, Some(p))).map(|p| p.id.as_str()).collect();
    if let [first, ..] = stuck.as_slice() {
        let slot = slots.iter().copied().find(|slot| {
            let others = people.iter().filter(|p| p.id.as_str() != *first);
            !others.into_iter().any(|p| slot.value.roles.iter().any(|r| holds(p, &r.value)))
        });
        let message = format!("{what} that {} asks for can never be approved", stuck.join(" or "));
        cx.error(Code::TooFewHolders, &slot.unwrap_or(slots[0]).place, message)
            .label("too few others hold this")
            .hint("the requester turns no key; give the role to somebody more");
    }
}

/// Whether distinct people can fill all slots: augmenting paths, one per slot.
fn fits(slots: &[&At<SlotEntry>], people: &[&Person], without: Option<&Person>) -> bool {
    let mut holder: Vec<Option<usize>> = vec![None; people.len()];
    let can = |slot: usize, person: usize| {
        without.is_none_or(|w| w.id != people[person].id)
            && slots[slot].value.roles.iter().any(|r| holds(people[person], &r.value))
    };
    fn place(
        slot: usize,
        can: &dyn Fn(usize, usize) -> bool,
        holder: &mut Vec<Option<usize>>,
        seen: &mut Vec<bool>,
    ) -> bool {
        for person in 0..holder.len() {
            if seen[person] || !can(slot, person) {
                continue;
            }
            seen[person] = true;
            let free = match holder[person] {
                None => true,
                Some(other) => place(other, can, holder, seen),
            };
            if free {
                holder[person] = Some(slot);
                return true;
            }
        }
        false
    }
    (0..slots.len()).all(|slot| place(slot, &can, &mut holder, &mut vec![false; people.len()]))
}
