//! What is said about alerts: lines in their channel, lists, and what the card of their incident shows.

use super::announce::{Notice, Place};
use super::parts::line;
use crate::domain::alert::{AlertBoard, AlertBoardEvent as E, Alerts, Entry, Line as Said, SHOWN, short};
use crate::domain::message::{Block, Line, Mark, Message, Piece, Text, Tone, bold, code, moment, person, plain};
use crate::domain::policy::Policy;

/// What is said of a change of the board.
pub(super) fn notices(policy: &Policy, e: &E) -> Vec<Notice> {
    let say = |message| Notice { place: Place::Channel(policy.channels.alerts().clone()), message };
    match e {
        E::AlertsChanged { lines, .. } => match lines.as_slice() {
            [] => Vec::new(),
            [one] => vec![say(alone(one))],
            many => vec![say(together(many))],
        },
        E::Silenced(s) => {
            let text = vec![
                plain(format!("Silence {}: alerts of ", s.number)),
                code(s.typed.as_str()),
                plain(" page nobody until "),
                moment(s.until),
                plain(format!(": {} · ", s.reason)),
                person(&s.by),
            ];
            vec![say(Message::new(Tone::Neutral, text))]
        }
        E::SilenceEnded { number, by } => {
            let mut text = vec![plain(format!("Silence {number} is over. What fires is told again."))];
            text.extend(by.iter().flat_map(|by| [plain(" · "), person(by)]));
            vec![say(Message::new(Tone::Neutral, text))]
        }
        E::MaintenancePlanned { .. } => Vec::new(),
    }
}

fn alone(said: &Said) -> Message {
    let (tone, verb) = if said.firing { (Tone::Warning, "fires") } else { (Tone::Good, "is over") };
    let mut text = vec![bold(said.title.as_str()), plain(format!(" {verb}"))];
    text.extend(said.service.iter().map(|s| plain(format!(" · {s}"))));
    text.extend(Some(&said.text).filter(|t| !t.is_empty()).map(|t| plain(format!(" · {t}"))));
    text.extend(more(said.link.as_deref()));
    Message::new(tone, text)
}

fn together(many: &[Said]) -> Message {
    let firing = many.iter().filter(|s| s.firing).count();
    let heading = match (firing, many.len() - firing) {
        (0, over) => format!("{over} alerts are over"),
        (firing, 0) => format!("{firing} alerts fire"),
        (firing, over) => format!("{} {}, {} {}", count(firing), fire(firing), count(over), is_over(over)),
    };
    let lines = many.iter().take(SHOWN).map(|s| {
        let mut text = vec![plain(s.title.as_str())];
        text.extend(s.service.iter().map(|s| plain(format!(" · {s}"))));
        text.extend(more(s.link.as_deref()));
        line(if s.firing { Mark::Warning } else { Mark::Done }, text)
    });
    let mut message = Message::new(if firing > 0 { Tone::Warning } else { Tone::Good }, vec![bold(heading)])
        .block(Block::List(lines.collect()));
    if many.len() > SHOWN {
        message = message.context(vec![plain(format!("and {} more", many.len() - SHOWN))]);
    }
    message
}

fn more(link: Option<&str>) -> Vec<Piece> {
    link.map_or_else(Vec::new, |url| vec![plain(" · "), Piece::Link { text: "look".into(), url: url.to_owned() }])
}

fn count(n: usize) -> String {
    if n == 1 { "1 alert".into() } else { format!("{n} alerts") }
}

const fn fire(n: usize) -> &'static str {
    if n == 1 { "fires" } else { "fire" }
}

const fn is_over(n: usize) -> &'static str {
    if n == 1 { "is over" } else { "are over" }
}

/// Everything that fires.
#[must_use]
pub fn alerts(board: &AlertBoard) -> Message {
    if board.firing.is_empty() {
        return Message::line(Tone::Good, "No alert fires.");
    }
    let n = board.firing.len();
    let mut all: Vec<(&String, &Entry)> = board.firing.iter().collect();
    all.sort_by_key(|(_, e)| (e.severity.is_none(), e.severity.clone(), e.since));
    let lines = all.iter().take(SHOWN).map(|(key, e)| in_a_line(key, e));
    let title = vec![bold(format!("{} {}", count(n), fire(n)))];
    let mut message = Message::new(Tone::Warning, title).block(Block::List(lines.collect()));
    if n > SHOWN {
        message = message.context(vec![plain(format!("and {} more", n - SHOWN))]);
    }
    message
}

fn in_a_line(key: &str, e: &Entry) -> Line {
    let mut text: Text = vec![code(short(key)), plain(" "), bold(e.title.as_str())];
    text.extend(e.severity.iter().map(|s| plain(format!(" · {s}"))));
    text.extend(e.service.iter().map(|s| plain(format!(" · {s}"))));
    text.extend(e.incident.iter().flat_map(|i| [plain(" · "), code(i.to_string())]));
    text.extend([plain(" · since "), moment(e.since)]);
    if e.settles {
        text.push(plain(" · ends"));
    }
    text.extend(e.held.iter().map(|why| plain(format!(" · quiet: {why}"))));
    text.extend(more(e.link.as_deref()));
    let mark = match (&e.held, e.settles) {
        (Some(_), _) => Mark::Skipped,
        (None, true) => Mark::Done,
        (None, false) => Mark::Warning,
    };
    line(mark, text)
}

/// Every silence that is not over.
#[must_use]
pub fn silences(board: &AlertBoard) -> Message {
    if board.silences.is_empty() {
        return Message::line(Tone::Good, "Nothing is silenced.");
    }
    let lines = board.silences.iter().map(|s| {
        let quiet = board.firing.iter().filter(|(key, e)| s.matcher.matches(key, e)).count();
        let mut text = vec![bold(s.number.to_string()), plain(" "), code(s.typed.as_str()), plain(" until ")];
        text.extend([moment(s.until), plain(format!(" · {} · ", s.reason)), person(&s.by)]);
        text.push(plain(format!(" · {} of it {}", count(quiet), fire(quiet))));
        line(Mark::Skipped, text)
    });
    let n = board.silences.len();
    let heading = if n == 1 { "1 silence".to_owned() } else { format!("{n} silences") };
    Message::new(Tone::Neutral, vec![bold(heading)]).block(Block::List(lines.collect()))
}

/// `2 fire, 1 is over`; of what came at once also how many of each service.
pub(super) fn counted(alerts: &Alerts, ended: bool) -> Text {
    let (firing, over) = (to_usize(alerts.firing), to_usize(alerts.over));
    let mut text = match (firing, over) {
        _ if ended => count(firing + over),
        (0, over) => format!("{} {}", count(over), is_over(over)),
        (firing, 0) => format!("{} {}", count(firing), fire(firing)),
        (firing, over) => format!("{} {}, {over} {}", count(firing), fire(firing), is_over(over)),
    };
    if alerts.storm {
        text.push_str(": ");
        text.push_str(&by_service(alerts));
    }
    if let Some(hushed) = alerts.hushed.as_ref().filter(|h| !ended && !h.over) {
        text.push_str(&format!("; nobody is paged: {}", hushed.why));
    }
    vec![plain(text)]
}

/// `api 12, frontend 3`
fn by_service(alerts: &Alerts) -> String {
    let mut all: Vec<(&str, u32)> = alerts.services.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    all.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let shown = all.iter().take(SHOWN);
    let words = shown.map(|(name, n)| format!("{} {n}", if name.is_empty() { "no service" } else { name }));
    let mut text = words.collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        text.push_str(&format!(", and {} more", all.len() - SHOWN));
    }
    text
}

/// The alerts of an incident, the first ones by name.
pub(super) fn listed(alerts: &Alerts) -> Vec<Line> {
    let one = |(linked, firing): &(crate::domain::alert::Linked, bool)| {
        let mut text = vec![plain(linked.title.as_str())];
        text.extend(linked.service.iter().filter(|_| alerts.storm).map(|s| plain(format!(" · {s}"))));
        text.extend(more(linked.link.as_deref()));
        line(if *firing { Mark::Warning } else { Mark::Done }, text)
    };
    let mut out: Vec<Line> = alerts.listed.iter().map(one).collect();
    let left = to_usize(alerts.all()).saturating_sub(alerts.listed.len());
    if left > 0 {
        out.push(line(Mark::Bullet, vec![plain(format!("and {left} more"))]));
    }
    out
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
