//! A neutral message as plain text: rehearsals, logs, notifications and tests.
//!
//! It promises one stable form: the same message and reader always give the same characters, the title is the first line,
//! no line ends in a space, and nothing a person typed can start a new field, list line or terminal command. Colour and
//! tone are left out, since words always say the same.

use crate::domain::ids::PersonId;
use crate::domain::message::{Block, Form, Mark, Message, Piece, Progress, Text, TimeStyle};
use crate::domain::policy::Policy;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Cells of a progress bar.
const BAR: u64 = 8;

/// Who reads it: in which zone, and how they know people.
#[derive(Clone, Debug)]
pub struct Reader {
    pub zone: TimeZone,
    /// Absent people are shown by their id.
    pub names: BTreeMap<PersonId, String>,
}

impl Reader {
    /// Reads in the policy's zone and calls people as config does.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Self {
            zone: zone(&policy.zone).unwrap_or(TimeZone::UTC),
            names: policy.people.values().map(|p| (p.id.clone(), p.name.clone())).collect(),
        }
    }
}

/// An IANA name or a fixed offset such as `+03:00`; `None` when it is neither.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(name).ok()
}

/// The whole message, without a line break at its end.
#[must_use]
pub fn render(message: &Message, reader: &Reader) -> String {
    let mut parts = vec![one_line(&render_text(&message.title, reader))];
    parts.extend(message.blocks.iter().map(|b| block(b, reader)));
    if !message.buttons.is_empty() {
        let labels: Vec<_> = message.buttons.iter().map(|b| format!("( {} )", one_line(&clean(&b.label)))).collect();
        parts.push(labels.join(" "));
    }
    tidy(&parts.join("\n"))
}

/// One run of text; line breaks stay.
#[must_use]
pub fn render_text(text: &Text, reader: &Reader) -> String {
    text.iter().map(|p| piece(p, reader)).collect()
}

/// A form: its title, a line for each field with what may be chosen, and the button that sends it.
#[must_use]
pub fn render_form(form: &Form) -> String {
    use crate::domain::message::FieldKind;
    let mut parts = vec![one_line(&clean(&form.title))];
    for field in &form.fields {
        let star = if field.required { "*" } else { "" };
        let hint = match &field.kind {
            FieldKind::Line => "____".to_owned(),
            FieldKind::Paragraph => "____\n____".to_owned(),
            FieldKind::Choice(options) => {
                options.iter().map(|(_, label)| one_line(&clean(label))).collect::<Vec<_>>().join(" | ")
            }
        };
        parts.push(hang(&format!("{}{star}: ", one_line(&clean(&field.label))), &hint, 2));
        if !field.help.is_empty() {
            parts.push(hang("  ", &clean(&field.help), 2));
        }
    }
    parts.push(format!("( {} )", one_line(&clean(&form.submit))));
    tidy(&parts.join("\n"))
}

/// `10:05`, `Mon 4 Jan 10:05` or `Mon 4 Jan` in a zone.
#[must_use]
pub fn render_time(at: Timestamp, style: TimeStyle, zone: &TimeZone) -> String {
    let format = match style {
        TimeStyle::Clock => "%H:%M",
        TimeStyle::Moment => "%a %-d %b %H:%M",
        TimeStyle::Day => "%a %-d %b",
    };
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

/// Text without anything a terminal or a log viewer would obey: control characters and those that turn the direction of
/// writing are gone, every kind of line break is `\n`, a tab is a space.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn piece(piece: &Piece, reader: &Reader) -> String {
    match piece {
        Piece::Plain(text) | Piece::Bold(text) => clean(text),
        Piece::Code(text) => format!("`{}`", clean(text)),
        Piece::Person { id, mention } => {
            let name = one_line(&clean(reader.names.get(id).map_or(id.as_str(), String::as_str)));
            if *mention { format!("@{name}") } else { name }
        }
        Piece::Channel(name) => format!("#{}", one_line(&clean(name.as_str()))),
        Piece::Time { at, style } => render_time(*at, *style, &reader.zone),
        Piece::Link { text, url } => {
            let (text, url) = (clean(text), one_line(&clean(url)));
            if text == url { url } else { format!("{text} ({url})") }
        }
    }
}

fn block(block: &Block, reader: &Reader) -> String {
    match block {
        Block::Text(text) | Block::Context(text) => render_text(text, reader),
        Block::Fields(fields) => {
            let line = |(label, value): &(String, Text)| {
                hang(&format!("{}: ", one_line(&clean(label))), &render_text(value, reader), 2)
            };
            fields.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Progress(progress) => bar(progress),
        Block::Picture(picture) => format!("[picture: {}]", one_line(&clean(&picture.alt))),
        Block::List(lines) => {
            let line = |l: &crate::domain::message::Line| {
                let mark = mark(l.mark);
                hang(&format!("{mark} "), &render_text(&l.text, reader), mark.chars().count() + 1)
            };
            lines.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Code(text) => hang("    ", &clean(text), 4),
        Block::Quote(text) => {
            format!("> {}", render_text(text, reader).replace('\n', "\n> "))
        }
        Block::Divider => "---".to_owned(),
    }
}

/// `Checks [████░░░░] 3/7 note`. Full only when all is done, empty only when nothing is.
fn bar(progress: &Progress) -> String {
    let (done, of) = (u64::from(progress.done.min(progress.of)), u64::from(progress.of.max(1)));
    let cells = if done >= of { BAR } else { (done * BAR).div_ceil(of).min(BAR - 1) };
    let full: String = (0..BAR).map(|n| if n < cells { '█' } else { '░' }).collect();
    let label = one_line(&clean(&progress.label));
    let gap = if label.is_empty() { "" } else { " " };
    let count = if progress.budget { String::new() } else { format!("{}/{} ", progress.done, progress.of) };
    let text = format!("{label}{gap}[{full}] {count}{}", one_line(&clean(&progress.note)));
    text.trim_end().to_owned()
}

const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "[x]",
        Mark::Open => "[ ]",
        Mark::Running => "[~]",
        Mark::Failed => "[!]",
        Mark::Warning => "(!)",
        Mark::Skipped => "[-]",
        Mark::Key => "[key]",
        Mark::Bullet => "-",
    }
}

/// `head` and then `text`, whose further lines are indented.
fn hang(head: &str, text: &str, indent: usize) -> String {
    format!("{head}{}", text.replace('\n', &format!("\n{}", " ".repeat(indent))))
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// No line ends in a space.
fn tidy(text: &str) -> String {
    text.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{
        Action, Button, ButtonStyle, FieldKind, FormField, Line, Tone, bold, clock, code, mention, moment, person,
        plain,
    };

    fn reader() -> Reader {
        Reader {
            zone: zone("+03:00").unwrap(),
            names: BTreeMap::from([
                (PersonId::new("sara"), "Sara Lind".into()),
                (PersonId::new("omar"), "Omar".into()),
            ]),
        }
    }

    fn at() -> Timestamp {
        "2027-01-04T07:05:59Z".parse().unwrap()
    }

    fn button(label: &str) -> Button {
        let action = Action::new("approve", &[]);
        Button { label: label.into(), style: ButtonStyle::Plain, action, confirm: None, form: None }
    }

    #[test]
    fn a_card_reads_as_text() {
        let sara = PersonId::new("sara");
        let line = |mark, text: &str| Line { mark, text: vec![plain(text)] };
        let card =
            Message::new(Tone::Waiting, vec![bold("D-42"), plain(" api "), code("v1.2.0"), plain(" to production")])
                .block(Block::Fields(vec![
                    ("Asked by".into(), vec![person(&sara), plain(" at "), clock(at())]),
                    ("Opens".into(), vec![moment(at())]),
                ]))
                .block(Block::Progress(Progress {
                    label: "Before".into(),
                    done: 3,
                    of: 7,
                    note: "4 left".into(),
                    budget: false,
                }))
                .block(Block::List(vec![
                    line(Mark::Done, "image exists"),
                    line(Mark::Open, "backup\nis fresh"),
                    line(Mark::Running, "tests"),
                    line(Mark::Failed, "lint"),
                    line(Mark::Warning, "short window"),
                    line(Mark::Skipped, "frontend"),
                    line(Mark::Key, "Tech Lead"),
                    line(Mark::Bullet, "note"),
                ]))
                .block(Block::Divider)
                .block(Block::Code("exit 1\n  at main".into()))
                .block(Block::Quote(vec![plain("please\nhurry")]))
                .text(vec![
                    mention(&PersonId::new("omar")),
                    plain(" can turn the key in "),
                    Piece::Channel("deployments".into()),
                    plain(", see "),
                    Piece::Link { text: "the log".into(), url: "http://127.0.0.1/log".into() },
                ])
                .context(vec![Piece::Time { at: at(), style: TimeStyle::Day }])
                .button(button("Approve"))
                .button(button("Reject"));
        insta::assert_snapshot!(render(&card, &reader()), @r#"
        D-42 api `v1.2.0` to production
        Asked by: Sara Lind at 10:05
        Opens: Mon 4 Jan 10:05
        Before [████░░░░] 3/7 4 left
        [x] image exists
        [ ] backup
            is fresh
        [~] tests
        [!] lint
        (!) short window
        [-] frontend
        [key] Tech Lead
        - note
        ---
            exit 1
              at main
        > please
        > hurry
        @Omar can turn the key in #deployments, see the log (http://127.0.0.1/log)
        Mon 4 Jan
        ( Approve ) ( Reject )
        "#);
    }

    #[test]
    fn what_people_type_cannot_forge_a_line_or_reach_the_terminal() {
        let evil = "a\u{1b}[31m\u{0}b\r\n[x] done\u{2028}c\u{202e}d\te\u{9b}";
        let card = Message::new(Tone::Neutral, vec![plain(evil)])
            .block(Block::Fields(vec![("Reason".into(), vec![plain(evil)])]))
            .block(Block::List(vec![Line { mark: Mark::Open, text: vec![code(evil)] }]));
        insta::assert_snapshot!(render(&card, &reader()), @r#"
        a[31mb [x] done cd e
        Reason: a[31mb
          [x] done
          cd e
        [ ] `a[31mb
            [x] done
            cd e`
        "#);
    }

    #[test]
    fn bars_are_full_only_when_all_is_done() {
        let shown = |done, of| bar(&Progress { label: String::new(), done, of, note: String::new(), budget: false });
        let all: Vec<_> =
            [(0, 7), (1, 100), (3, 7), (99, 100), (7, 7), (9, 7), (0, 0)].map(|(d, o)| shown(d, o)).into();
        insta::assert_snapshot!(all.join("\n"), @r#"
        [░░░░░░░░] 0/7
        [█░░░░░░░] 1/100
        [████░░░░] 3/7
        [███████░] 99/100
        [████████] 7/7
        [████████] 9/7
        [░░░░░░░░] 0/0
        "#);
    }

    #[test]
    fn a_form_reads_as_text() {
        let field = |label: &str, kind, required, help: &str| FormField {
            name: label.to_lowercase(),
            label: label.into(),
            kind,
            required,
            help: help.into(),
        };
        let form = Form {
            title: "Lock production".into(),
            submit: "Lock".into(),
            fields: vec![
                field("Reason", FieldKind::Paragraph, true, "Shown to everybody"),
                field(
                    "Span",
                    FieldKind::Choice(vec![("1h".into(), "1 hour".into()), ("2h".into(), "2 hours".into())]),
                    false,
                    "",
                ),
            ],
        };
        insta::assert_snapshot!(render_form(&form), @r#"
        Lock production
        Reason*: ____
          ____
          Shown to everybody
        Span: 1 hour | 2 hours
        ( Lock )
        "#);
    }

    #[test]
    fn zones_are_names_or_offsets() {
        assert_eq!(render_time(at(), TimeStyle::Clock, &zone("Asia/Riyadh").unwrap()), "10:05");
        assert_eq!(render_time(at(), TimeStyle::Clock, &zone("-00:30").unwrap()), "06:35");
        assert!(zone("Mars/Olympus").is_none());
    }
}
