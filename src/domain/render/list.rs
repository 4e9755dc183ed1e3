//! The card of a checklist: a bar per section, every item with how it stands and what its check read.

use super::parts::{asking, button, line};
use crate::domain::deployment::{Deployment, ItemMark, ItemState, ListState, Status, TickedBy};
use crate::domain::message::{
    Block, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Progress, Text, Tone, bold, clock, code,
    person, plain,
};
use crate::domain::policy::{Phase, Policy};

/// The most buttons a list shows for items that are still open.
const ITEM_BUTTONS: usize = 6;

pub(super) fn list_card(_policy: &Policy, d: &Deployment, list: &ListState) -> Message {
    let open = list.required_open();
    let closed = match list.phase {
        Phase::Before => d.status != Status::Awaiting,
        Phase::During => d.status.ended(),
        _ => false,
    };
    let tone = match (open, closed) {
        (0, _) => Tone::Good,
        (_, true) => Tone::Neutral,
        _ => Tone::Waiting,
    };
    let left = match open {
        0 => "every required item is settled".to_owned(),
        1 => "1 required item open".to_owned(),
        n => format!("{n} required items open"),
    };
    let message = Message::new(tone, vec![bold(list.title.as_str()), plain(format!(" for {} · {left}", d.id))]);
    let message = sections(message, list);
    if closed {
        return message.context(vec![plain("Closed: the deployment has gone on.")]);
    }
    let id = d.id.to_string();
    handles(message, list, "checklist", &[("deployment", &id)])
        .context(vec![code(format!("/checklist untick {id} 3")), plain(" takes a tick back.")])
}

/// A bar and the items of each section.
pub(super) fn sections(mut message: Message, list: &ListState) -> Message {
    for (title, items) in list.by_section() {
        let done = items.iter().filter(|i| i.settled()).count();
        message = message.block(Block::Progress(Progress {
            label: title.to_owned(),
            done: u32::try_from(done).unwrap_or(0),
            of: u32::try_from(items.len().max(1)).unwrap_or(1),
            note: String::new(),
            budget: false,
        }));
        message = message.block(Block::List(items.iter().map(item_line).collect()));
    }
    message
}

/// The buttons by which items are ticked: `command tick` and `command na`, with `me` to say of what.
pub(super) fn handles(mut message: Message, list: &ListState, command: &str, me: &[(&str, &str)]) -> Message {
    let (tick, not_applicable) = (format!("{command} tick"), format!("{command} na"));
    let by_hand = list.items.iter().filter(|i| i.required && !i.settled() && i.probe.is_none());
    for item in by_hand.take(ITEM_BUTTONS) {
        let no = item.no.to_string();
        let args: Vec<(&str, &str)> = me.iter().copied().chain([("items", no.as_str())]).collect();
        message = message.button(button(&format!("Tick {no}"), ButtonStyle::Plain, &tick, &args));
    }
    let many = button("Tick several", ButtonStyle::Plain, &tick, me);
    message = message.button(asking(many, "items", "Item numbers, such as 1 2 5", true));
    let mut na = button("Not applicable", ButtonStyle::Plain, &not_applicable, me);
    let field = |name: &str, label: &str| FormField {
        name: name.into(),
        label: label.into(),
        kind: FieldKind::Line,
        required: true,
        help: String::new(),
    };
    let fields = vec![field("item", "Item number"), field("reason", "Why it does not apply")];
    na.form = Some(Form { title: "Not applicable".into(), submit: "Not applicable".into(), fields });
    message.button(na)
}

fn item_line(item: &ItemState) -> Line {
    let mut text: Text = vec![bold(format!("{} ", item.no)), plain(item.text.as_str())];
    if !item.required {
        text.push(plain(" · optional"));
    }
    let mark = match &item.mark {
        ItemMark::Open => Mark::Open,
        ItemMark::Ticked { by, at } => {
            match by {
                TickedBy::Person(p) => text.extend([plain(" · "), person(p), plain(" "), clock(*at)]),
                TickedBy::Check => {}
            }
            Mark::Done
        }
        ItemMark::NotApplicable { by, reason, .. } => {
            text.extend([plain(" · not applicable: "), plain(reason.as_str()), plain(" · "), person(by)]);
            Mark::Skipped
        }
    };
    if item.probe.is_some() && !matches!(item.mark, ItemMark::NotApplicable { .. }) {
        match &item.reading {
            Some(r) => text.extend([plain(format!(" · reads {} ", r.text)), clock(r.at)]),
            None => text.push(plain(" · is being read")),
        }
    }
    line(mark, text)
}
