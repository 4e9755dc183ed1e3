//! Runbooks as people read them, and the cards of what is run of them.

mod card;
mod choose;
mod notices;
mod page;

pub use card::{run_key, runbook_cards};
pub use choose::{run_choices, run_command, runbook_list, runbooks_found};
pub use page::runbook_page;

pub(super) use notices::runbook_notices;

use super::parts::button;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::message::{Button, ButtonStyle};
use crate::domain::policy::Policy;
use crate::domain::runbook::{Runbook, Runnable};

/// Whether somebody may run it.
fn may(policy: &Policy, who: &PersonId, command: &Runnable) -> bool {
    policy.people.get(who).is_some_and(|p| !p.roles.is_disjoint(&command.roles))
}

/// Asks for a command; where it is not said, the answer asks.
fn run_button(book: &Runbook, command: &Runnable, incident: Option<IncidentId>) -> Button {
    let incident = incident.map(|id| id.to_string());
    let mut args = vec![("name", book.name.as_str()), ("command", command.name.as_str())];
    args.extend(incident.as_deref().map(|id| ("incident", id)));
    button(&command.title, ButtonStyle::Primary, "runbook run", &args)
}
