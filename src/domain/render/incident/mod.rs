//! What is said about incidents: the card, the thread, and what people are told alone.

mod afterwards;
mod alerts;
mod answers;
mod card;
mod first;
mod notices;
mod page;
mod post_mortem;
mod status;

pub use answers::{incident_list, incident_nearly_the_same, incident_status, timeline};
pub use card::{card_of_incident, incident_card, incident_cards, incident_key, incident_of_key};
pub use first::incident_checklist;
pub(super) use notices::incident as notices;
pub use page::{follow_letter, page_key, page_letter, page_message, pages_asked, pages_followed};
pub use post_mortem::{Act, POST_MORTEM, post_mortem, post_mortem_message, post_mortem_problem};
pub use status::{public_notice, public_text, public_title, status_mails, template_problem, template_trouble};

use crate::domain::incident::{Incident, Status};
use crate::domain::message::{Piece, Text, Tone, bold, code, plain};

fn tone(i: &Incident) -> Tone {
    match i.status {
        Status::Open => Tone::Bad,
        Status::Acknowledged => Tone::Warning,
        Status::Mitigated => Tone::Waiting,
        Status::Resolved | Status::Reviewed => Tone::Good,
    }
}

/// `INC-7 P1 checkout is slow · acknowledged`
fn title(i: &Incident) -> Text {
    let words: [Piece; 4] = [
        code(i.id.to_string()),
        plain(format!(" {} ", i.severity)),
        bold(i.title.as_str()),
        plain(format!(" · {}", i.status.words())),
    ];
    words.into()
}
