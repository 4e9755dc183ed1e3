//! The ways to people besides chat, each against a real server on loopback that holds it to the documented format.

mod mail;
pub mod status;
mod web;

use signalbox::domain::paging::{Letter, Urgency};

/// The page of a test.
fn letter(urgency: Urgency) -> Letter {
    let at = "2026-01-05T00:10:00Z".parse().unwrap();
    Letter {
        id: "INC-7/1.0/email".into(),
        about: "signalbox/INC-7/1/lina".into(),
        person: "lina".into(),
        name: "Lina Aziz".into(),
        address: Some("lina@barq.test".into()),
        subject: "INC-7".into(),
        title: "INC-7 P0 the API is down".into(),
        text: "You are paged as L1.\nTo take it, say in chat: /incident ack INC-7".into(),
        severity: "P0".into(),
        rank: 0,
        urgency,
        level: "L1".into(),
        why: String::new(),
        at,
        sent: "2026-01-05T00:10:01Z".parse().unwrap(),
        link: Some("https://signalbox.barq.test/".into()),
        repeat: false,
    }
}
