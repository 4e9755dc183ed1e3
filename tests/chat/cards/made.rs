//! Messages that no scene makes: every kind of block, mark and piece at once, a picture, texts that are too long, forms.

use super::stage::{Place, Shot};
use signalbox::domain::ids::{ChannelName, PersonId};
use signalbox::domain::message::{
    Action, Block, Button, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Picture, Piece, Progress,
    TimeStyle, Tone, bold, clock, code, mention, moment, person, plain,
};

/// One dot, as a PNG file.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

pub fn all() -> Vec<Shot> {
    let shot = |sheet, place, message| Shot { sheet, name: "", place, message, status: None, hold: None };
    let mut out = vec![
        shot("every-block", Place::Channel, every_block()),
        shot("too-long-a-list", Place::Channel, long_list()),
        shot("too-long-an-output", Place::Thread, long_output()),
    ];
    let (action, form) = form();
    out.push(shot(
        "form-of-every-field",
        Place::Form { action, form },
        Message::line(Tone::Neutral, "Lock production"),
    ));
    out
}

/// The next kind of block; a new one has no place here yet and does not compile.
fn block(after: Option<&Block>) -> Option<Block> {
    let at = "2026-01-05T07:05:00Z".parse().unwrap();
    Some(match after {
        None => Block::Text(vec![
            plain("Plain, "),
            bold("bold"),
            plain(", "),
            code("code"),
            plain(", "),
            person(&PersonId::new("sara")),
            plain(", "),
            mention(&PersonId::new("omar")),
            plain(", without an account "),
            mention(&PersonId::new("lina")),
            plain(", "),
            Piece::Channel(ChannelName::new("deployments")),
            plain(", unknown "),
            Piece::Channel(ChannelName::new("nowhere")),
            plain(", "),
            clock(at),
            plain(", "),
            moment(at),
            plain(", "),
            Piece::Time { at, style: TimeStyle::Day },
            plain(", "),
            Piece::Link { text: "a link".into(), url: "https://example.org/a?b=c&d=(e)".into() },
            plain(".\nA second line with <@U0OMAR>, <!here>, @everyone, *stars* and _lines_ in it."),
        ]),
        Some(Block::Text(_)) => Block::Fields(vec![
            ("Requested by".into(), vec![person(&PersonId::new("sara"))]),
            ("Revision".into(), vec![code("6f6efd71e2c4")]),
            ("Nothing".into(), Vec::new()),
        ]),
        Some(Block::Fields(_)) => {
            Block::Progress(Progress { label: "Checks".into(), done: 3, of: 7, note: "4 left".into(), budget: false })
        }
        Some(Block::Progress(_)) => {
            let text = |mark| vec![plain(format!("{mark:?}"))];
            Block::List(marks().into_iter().map(|mark| Line { mark, text: text(mark) }).collect())
        }
        Some(Block::List(_)) => Block::Code("exit 1\n  at main\n``` <!here>".into()),
        Some(Block::Code(_)) => Block::Quote(vec![plain("please\nhurry")]),
        Some(Block::Quote(_)) => Block::Divider,
        Some(Block::Divider) => {
            let alt = "Errors at 10 % and 50 % of the traffic".into();
            Block::Picture(Picture { name: "canary.png".into(), alt, png: DOT.into() })
        }
        Some(Block::Picture(_)) => Block::Context(vec![plain("Small and quiet, "), code("/deploy status")]),
        Some(Block::Context(_)) => return None,
    })
}

fn marks() -> Vec<Mark> {
    let next = |mark| match mark {
        Mark::Done => Some(Mark::Open),
        Mark::Open => Some(Mark::Running),
        Mark::Running => Some(Mark::Failed),
        Mark::Failed => Some(Mark::Warning),
        Mark::Warning => Some(Mark::Skipped),
        Mark::Skipped => Some(Mark::Key),
        Mark::Key => Some(Mark::Bullet),
        Mark::Bullet => None,
    };
    std::iter::successors(Some(Mark::Done), |mark| next(*mark)).collect()
}

fn every_block() -> Message {
    let mut message = Message::new(Tone::Warning, vec![code("D-42"), plain(" "), bold("every kind of block")]);
    message.blocks.extend(std::iter::successors(block(None), |last| block(Some(last))));
    for (label, style) in
        [("Plain", ButtonStyle::Plain), ("Primary", ButtonStyle::Primary), ("Danger", ButtonStyle::Danger)]
    {
        let action = Action::new("why", &[("deployment", "D-42"), ("style", label)]);
        let confirm = (style == ButtonStyle::Danger).then(|| "Stop D-42 and go back to what was live?".to_owned());
        message = message.button(Button { label: label.into(), style, action, confirm, form: None });
    }
    message
}

fn long_list() -> Message {
    let line = |n: u32| {
        let text = format!("change {n}: what was done there takes a whole sentence to tell, with <tags> & signs");
        Line { mark: Mark::Bullet, text: vec![plain(text)] }
    };
    let action = Action::new("deploy status", &[("deployment", "D-42")]);
    Message::new(Tone::Waiting, vec![code("D-42"), plain(" "), bold("api v1.2.0 → production")])
        .text(vec![bold("Changes")])
        .block(Block::List((1..=200).map(line).collect()))
        .context(vec![plain("Expires "), moment("2026-01-05T11:00:00Z".parse().unwrap()), plain(".")])
        .button(Button { label: "Why?".into(), style: ButtonStyle::Plain, action, confirm: None, form: None })
}

fn long_output() -> Message {
    let line = |n: u32| format!("#{n:<4} step {n} of the build, whose line goes on for a while until it ends at last");
    let lines: Vec<String> = (1..=200).map(line).collect();
    Message::new(Tone::Neutral, vec![plain("Output of "), bold("Build the image")])
        .block(Block::Code(lines.join("\n")))
        .context(vec![plain("Still running.")])
}

fn form() -> (String, Form) {
    let field = |name: &str, label: &str, kind, required, help: &str| FormField {
        name: name.into(),
        label: label.into(),
        kind,
        required,
        help: help.into(),
    };
    let spans = [("1h", "1 hour"), ("2h", "2 hours")].map(|(value, label)| (value.to_owned(), label.to_owned()));
    let fields = vec![
        field("environment", "Environment", FieldKind::Line, true, "Such as production"),
        field("reason", "Reason", FieldKind::Paragraph, true, "Shown to everybody"),
        field("span", "For how long", FieldKind::Choice(spans.to_vec()), false, ""),
    ];
    let form = Form { title: "Lock production".into(), submit: "Lock".into(), fields };
    (Action::new("lock", &[]).encode(), form)
}
