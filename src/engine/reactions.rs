//! What a reaction on one of our messages means.

use crate::domain::command::Command;
use crate::domain::ids::{DeploymentId, IncidentId};
use crate::domain::incident::IncidentCommand;

/// The command behind a reaction on the message with this key; most reactions mean nothing.
#[must_use]
pub fn command_of(key: &str, emoji: &str, added: bool) -> Option<Command> {
    let name_of = key.strip_prefix("card:")?;
    if let Some(incident) = IncidentId::parse(name_of).filter(|_| name_of.starts_with('I')) {
        let takes = added && matches!(name(emoji)?, Meaning::Yes);
        return takes.then_some(Command::Incident(IncidentCommand::Ack {
            incident: Some(incident),
            eta: None,
            episode: None,
        }));
    }
    let deployment = DeploymentId::parse(name_of)?;
    match (name(emoji)?, added) {
        (Meaning::Yes, true) => Some(Command::Approve { deployment, plan: None }),
        (Meaning::Yes, false) => Some(Command::Withdraw { deployment }),
        (Meaning::No, true) => Some(Command::Reject { deployment, reason: "with a reaction".into() }),
        (Meaning::No, false) => None,
    }
}

/// One emoji for all that mean the same; none for those that mean nothing.
#[must_use]
pub fn canonical(emoji: &str) -> Option<&'static str> {
    name(emoji).map(|meaning| match meaning {
        Meaning::Yes => "✅",
        Meaning::No => "❌",
    })
}

/// Whether this emoji puts a message into the timeline of an incident.
#[must_use]
pub fn is_mark(emoji: &str) -> bool {
    matches!(emoji.trim_matches(':'), "📌" | "pushpin")
}

/// Whether reactions on the message with this key can mean something.
#[must_use]
pub fn is_card(key: &str) -> bool {
    let named = key.strip_prefix("card:");
    named.is_some_and(|name| DeploymentId::parse(name).is_some() || IncidentId::parse(name).is_some())
}

enum Meaning {
    Yes,
    No,
}

fn name(emoji: &str) -> Option<Meaning> {
    match emoji.trim_matches(':') {
        "✅" | "white_check_mark" | "✔️" | "heavy_check_mark" => Some(Meaning::Yes),
        "❌" | "x" => Some(Meaning::No),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_check_and_cross_on_cards_mean_something() {
        let d = DeploymentId(42);
        assert_eq!(command_of("card:D-42", "✅", true), Some(Command::Approve { deployment: d, plan: None }));
        assert_eq!(command_of("card:D-42", ":white_check_mark:", false), Some(Command::Withdraw { deployment: d }));
        assert!(matches!(command_of("card:D-42", "❌", true), Some(Command::Reject { .. })));
        assert_eq!(command_of("card:D-42", "❌", false), None);
        assert_eq!(command_of("card:D-42", "👀", true), None);
        assert_eq!([":x:", "✔️", "👀"].map(canonical), [Some("❌"), Some("✅"), None]);
        assert_eq!(["card:D-42", "card:x", "list:D-42:before"].map(is_card), [true, false, false]);
        let ack = Command::Incident(IncidentCommand::Ack { incident: Some(IncidentId(7)), eta: None, episode: None });
        assert_eq!(command_of("card:INC-7", "✅", true), Some(ack));
        assert_eq!(command_of("card:INC-7", "❌", true), None);
        assert_eq!(command_of("list:D-42:before", "✅", true), None);
        assert_eq!(["📌", ":pushpin:", "pushpin", "📍", "✅"].map(is_mark), [true, true, true, false, false]);
    }
}
