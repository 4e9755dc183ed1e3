//! How it looks.

use super::*;
use crate::domain::message::{bold, clock, code, mention, person, plain};

#[test]
fn a_card_as_blocks() {
    let sara = PersonId::new("sara");
    let line = |mark, text: &str| Line { mark, text: vec![plain(text)] };
    let bar = |label: &str, done| Progress { label: label.into(), done, of: 7, note: "left".into(), budget: false };
    let at: jiff::Timestamp = "2027-01-04T07:05:00Z".parse().unwrap();
    let mut reject = Button {
        label: "Reject".into(),
        style: ButtonStyle::Danger,
        action: Action::new("reject", &[("deployment", "D-42")]),
        confirm: Some("Reject D-42?".into()),
        form: None,
    };
    reject.form = Some(Form {
        title: "Reject".into(),
        submit: "Reject".into(),
        fields: vec![FormField {
            name: "reason".into(),
            label: "Reason".into(),
            kind: FieldKind::Line,
            required: true,
            help: String::new(),
        }],
    });
    let card = Message::new(Tone::Waiting, vec![bold("D-42"), plain(" api "), code("v1.2.0"), plain(" → production")])
        .block(Block::Fields(vec![
            ("Asked by".into(), vec![person(&sara), plain(" at "), clock(at)]),
            ("Keys".into(), vec![mention(&sara)]),
        ]))
        .block(Block::Progress(bar("Before", 3)))
        .block(Block::Progress(bar("After", 0)))
        .block(Block::List(vec![line(Mark::Done, "image exists"), line(Mark::Open, "backup\nis fresh")]))
        .block(Block::Divider)
        .block(Block::Code("exit 1\n  ```<!here>".into()))
        .block(Block::Quote(vec![plain("please\nhurry")]))
        .block(Block::Picture(Picture { name: "a.png".into(), alt: "errors over time".into(), png: "x".into() }))
        .context(vec![plain("1a2b3c4d")])
        .button(reject);
    let shown = blocks(&card, &book());
    assert_eq!(broken(&shown), Vec::<String>::new());
    insta::assert_snapshot!(shown.text);
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown.blocks).unwrap());
}

#[test]
fn a_sentence_alone_is_not_shouted() {
    let shown = blocks(&Message::line(Tone::Bad, "There is no D-43."), &book());
    assert_eq!(shown.blocks[0]["text"]["text"], "🔴 There is no D-43.");
    let titled = blocks(&Message::line(Tone::Neutral, "Windows").text(vec![plain("open")]), &book());
    assert_eq!(titled.blocks[0]["text"]["text"], "*Windows*");
}

#[test]
fn an_empty_message_still_shows_something() {
    let shown = blocks(&Message::default(), &book());
    assert_eq!(broken(&shown), Vec::<String>::new());
    let shown = home(&[], &book());
    assert_eq!(valid::view(&shown), Vec::<String>::new());
}
