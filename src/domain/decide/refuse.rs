//! Refusals: what people are told, privately, when they cannot do something (DESIGN 5). Each names what is missing, who
//! has it, and what to do next.

use super::tx::Tx;
use crate::domain::deployment::Deployment;
use crate::domain::ids::{DeploymentId, PersonId, Role};
use crate::domain::message::{Message, Piece, Text, Tone, code, person, plain};
use crate::domain::policy::Policy;
use std::collections::BTreeSet;

/// The most holders of a role that are named one by one.
const NAMED: usize = 6;

/// A reason with a stable code.
pub struct Refusal(pub &'static str, pub Text);

/// The refusal as a private message.
#[must_use]
pub fn refusal(text: Text) -> Message {
    Message::new(Tone::Warning, text)
}

impl Tx<'_> {
    pub(super) fn refuse_text(&mut self, code: &'static str, text: Text) {
        self.refuse(code, refusal(text));
    }

    /// The deployment, or a refusal that says there is none.
    pub(super) fn known(&mut self, id: DeploymentId) -> Result<Option<Deployment>, super::Stop> {
        let found = self.deployment(id)?;
        if found.is_none() {
            let text =
                vec![plain(format!("There is no {id}. ")), code("/deploy status"), plain(" lists what is open.")];
            self.refuse_text("unknown_deployment", text);
        }
        Ok(found)
    }

    /// Whether `person` holds one of `roles` (or none is asked for); else refuses and names who does.
    pub(super) fn allowed(&mut self, by: &PersonId, roles: &BTreeSet<Role>, what: &str) -> bool {
        let policy = self.ctx.policy;
        let holds = policy.people.get(by).is_some_and(|p| roles.is_empty() || !p.roles.is_disjoint(roles));
        if !holds {
            self.refuse_text("role_missing", role_missing(policy, roles, what));
        }
        holds
    }

    /// Whether `by` may operate the environment `d` goes to; else refuses.
    pub(super) fn operator(&mut self, by: &PersonId, d: &Deployment, what: &str) -> bool {
        let policy = self.ctx.policy;
        // An environment that left the config must not be left without a way out, nor be open to everybody.
        let everywhere = || policy.environments.values().flat_map(|e| e.operators.clone()).collect();
        let roles = policy.environments.get(&d.plan.environment).map_or_else(everywhere, |e| e.operators.clone());
        self.allowed(by, &roles, what)
    }
}

/// That one of `roles` is needed, and who has it.
#[must_use]
pub fn role_missing(policy: &Policy, roles: &BTreeSet<Role>, what: &str) -> Text {
    let mut text = vec![plain(match roles.len() {
        1 => format!("To {what} you need the role {}. ", policy.titles(roles)),
        _ => format!("To {what} you need one of these roles: {}. ", policy.titles(roles)),
    })];
    text.extend(who_holds(policy, roles));
    text
}

/// `Sara and Omar hold it.`
#[must_use]
pub fn who_holds(policy: &Policy, roles: &BTreeSet<Role>) -> Text {
    let holders: Vec<_> = policy.holders(roles).map(|p| p.id.clone()).collect();
    if holders.is_empty() {
        return vec![plain("Nobody holds it: add somebody in the config.")];
    }
    let one = if roles.len() == 1 { "it" } else { "one" };
    let mut text = if holders.len() > NAMED {
        let mut some = names(&holders[..NAMED - 1]);
        // The last `and` belongs to those who are only counted.
        if let Some(Piece::Plain(joint)) = some.iter_mut().rev().find(|p| matches!(p, Piece::Plain(_))) {
            ", ".clone_into(joint);
        }
        some.push(plain(format!(" and {} more", holders.len() - (NAMED - 1))));
        some
    } else {
        names(&holders)
    };
    text.push(plain(if holders.len() == 1 { format!(" holds {one}.") } else { format!(" hold {one}.") }));
    text
}

/// `Sara, Omar and Lina`, as people.
#[must_use]
pub fn names(people: &[PersonId]) -> Text {
    let mut out: Vec<Piece> = Vec::new();
    for (n, p) in people.iter().enumerate() {
        match n {
            0 => {}
            _ if n + 1 == people.len() => out.push(plain(" and ")),
            _ => out.push(plain(", ")),
        }
        out.push(person(p));
    }
    out
}
