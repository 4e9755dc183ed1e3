//! What the thread of an incident says of its alerts.

use crate::domain::alert::Linked;
use crate::domain::incident::Incident;
use crate::domain::message::{Piece, Text, bold, code, mention, plain};

/// How many are named.
const NAMED: usize = 5;

pub(super) fn fires(i: &Incident, alerts: &[Linked], again: bool) -> Text {
    let mut text: Text = Vec::new();
    for (n, alert) in alerts.iter().take(NAMED).enumerate() {
        text.push(plain(if n > 0 { ", " } else { "" }));
        text.push(bold(alert.title.as_str()));
        let link = |url: &String| [plain(" "), Piece::Link { text: "look".into(), url: url.clone() }];
        text.extend(alert.link.iter().flat_map(link));
    }
    if alerts.len() > NAMED {
        text.push(plain(format!(" and {} more", alerts.len() - NAMED)));
    }
    text.push(plain(if alerts.len() == 1 { " fires" } else { " fire" }));
    if alerts.iter().all(|a| a.again) {
        text.push(plain(" again"));
    }
    text.push(plain(if again { ": it is not under control, and the ladder is climbed again." } else { "." }));
    // Whoever has it should know; nobody else is disturbed.
    text.extend(i.ack.iter().flat_map(|ack| [plain(" "), mention(&ack.by)]));
    text
}

/// Told when the last of them is over; the card counts the others.
pub(super) fn over(i: &Incident, keys: &[String]) -> Option<Text> {
    if i.alerts.firing > 0 || keys.is_empty() || i.status.ended() {
        return None;
    }
    let what = if i.alerts.all() == 1 { "Its alert is over." } else { "All its alerts are over." };
    let mut text = vec![plain(format!("{what} If that was it: "))];
    text.push(code(format!("/incident resolve {} …", i.id)));
    text.extend(i.lead().into_iter().flat_map(|lead| [plain(" "), mention(lead)]));
    Some(text)
}
