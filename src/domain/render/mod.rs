//! What signalbox says: every message people read, built in one place per feature, from state alone.
//!
//! One voice: short, present tense, names the thing, then what to do. Nothing here decides anything.

mod alert;
mod announce;
mod answers;
mod card;
mod incident;
mod list;
mod parts;
mod rhythm;
mod roster;
mod runbook;

pub use alert::{alerts, silences};
pub use announce::{Notice, Place, notices};
pub use answers::{Openness, Past, explain, history, quarantined, status, status_one, when, window};
pub use card::{Card, cards, deployment_key};
pub use incident::{
    Act, POST_MORTEM, card_of_incident, follow_letter, incident_card, incident_cards, incident_checklist, incident_key,
    incident_list, incident_nearly_the_same, incident_of_key, incident_status, page_key, page_letter, page_message,
    pages_asked, pages_followed, post_mortem, post_mortem_message, post_mortem_problem, public_notice, public_text,
    public_title, status_mails, template_problem, template_trouble, timeline,
};
pub use parts::{accepted, dry_run, sentence, who_can_turn, words};
pub use rhythm::{digest_list, digest_message, maintenance_cards, maintenance_list, stats};
pub use roster::{foreseen, handoff_ahead, handoff_cards, handoff_key, on_call, unreachable, week};
pub use runbook::{run_choices, run_command, run_key, runbook_cards, runbook_list, runbook_page, runbooks_found};
