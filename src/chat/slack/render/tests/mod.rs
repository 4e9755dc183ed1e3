//! Every message fits, and nothing typed acts.

mod at_limits;
mod cards;
mod valid;

use super::{Book, Rendered, blocks, home, view};
use crate::chat::text::{Reader, zone};
use crate::domain::ids::PersonId;
use crate::domain::message::{
    Action, Block, Button, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Picture, Piece, Progress,
    Text, TimeStyle, Tone,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub fn book() -> Book {
    Book {
        reader: Reader {
            zone: zone("+03:00").unwrap(),
            names: BTreeMap::from([
                (PersonId::new("sara"), "Sara Lind".into()),
                (PersonId::new("omar"), "Omar".into()),
            ]),
        },
        accounts: BTreeMap::from([
            (PersonId::new("sara"), "U0SARA".into()),
            (PersonId::new("evil"), "U1><!channel".into()),
        ]),
        channels: BTreeMap::from([("deployments".into(), "C0DEPLOY".into())]),
        pictures: BTreeMap::new(),
    }
}

/// What a message breaks, with the message for reading.
pub fn broken(shown: &Rendered) -> Vec<String> {
    valid::message(&shown.text, &shown.blocks)
}

/// Text that people might type to do harm, or that is awkward to cut.
fn typed() -> impl Strategy<Value = String> {
    let tricky = prop_oneof![
        Just("<!channel>".to_owned()),
        Just("<@U0SARA>".to_owned()),
        Just("<https://evil.example|here>".to_owned()),
        Just("```&amp;".to_owned()),
        Just("*a* _b_ ~c~ `d` > e\n> f".to_owned()),
        Just("\u{202e}\u{0}\r\n\t ".to_owned()),
        Just("👩‍👩‍👧🏽é".to_owned()),
        ".{0,40}",
    ];
    (prop::collection::vec(tricky, 0..4), prop_oneof![20 => Just(1_usize), 1 => Just(400)])
        .prop_map(|(parts, times)| parts.concat().repeat(times))
}

fn piece() -> impl Strategy<Value = Piece> {
    let person = prop_oneof![Just("sara"), Just("omar"), Just("evil"), Just("<!here>")];
    let style = prop_oneof![Just(TimeStyle::Clock), Just(TimeStyle::Moment), Just(TimeStyle::Day)];
    prop_oneof![
        typed().prop_map(Piece::Plain),
        typed().prop_map(Piece::Bold),
        typed().prop_map(Piece::Code),
        (person, any::<bool>()).prop_map(|(id, mention)| Piece::Person { id: PersonId::new(id), mention }),
        prop_oneof![Just("deployments"), Just("<!channel>")].prop_map(|c| Piece::Channel(c.into())),
        (0_i64..4_000_000_000, style)
            .prop_map(|(s, style)| Piece::Time { at: jiff::Timestamp::from_second(s).unwrap(), style }),
        (typed(), prop_oneof![Just("https://ci.example/a?b=1&c=<d>|e".to_owned()), typed()])
            .prop_map(|(text, url)| Piece::Link { text, url }),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    prop::collection::vec(piece(), 0..5)
}

fn block() -> impl Strategy<Value = Block> {
    let mark = prop_oneof![Just(Mark::Done), Just(Mark::Open), Just(Mark::Skipped), Just(Mark::Bullet)];
    let line = (mark, text()).prop_map(|(mark, text)| Line { mark, text });
    let bar = (typed(), any::<u32>(), any::<u32>(), typed(), any::<bool>())
        .prop_map(|(label, done, of, note, budget)| Progress { label, done, of, note, budget });
    let picture =
        (typed(), typed()).prop_map(|(alt, png)| Block::Picture(Picture { name: "canary.png".into(), alt, png }));
    prop_oneof![
        text().prop_map(Block::Text),
        text().prop_map(Block::Context),
        text().prop_map(Block::Quote),
        typed().prop_map(Block::Code),
        prop::collection::vec((typed(), text()), 0..14).prop_map(Block::Fields),
        prop::collection::vec(line, 0..14).prop_map(Block::List),
        bar.prop_map(Block::Progress),
        picture,
        Just(Block::Divider),
    ]
}

fn button() -> impl Strategy<Value = Button> {
    let style = prop_oneof![Just(ButtonStyle::Plain), Just(ButtonStyle::Primary), Just(ButtonStyle::Danger)];
    (typed(), style, typed(), prop::option::of(typed())).prop_map(|(label, style, note, confirm)| Button {
        label,
        style,
        action: Action::new("approve", &[("deployment", "D-42"), ("note", &note)]),
        confirm,
        form: None,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let tone = prop_oneof![Just(Tone::Neutral), Just(Tone::Waiting), Just(Tone::Bad)];
    let blocks = prop_oneof![9 => 0_usize..8, 1 => 40_usize..70].prop_flat_map(|n| prop::collection::vec(block(), n));
    (tone, text(), blocks, prop::collection::vec(button(), 0..8)).prop_map(|(tone, title, blocks, buttons)| Message {
        tone,
        title,
        blocks,
        buttons,
    })
}

fn form() -> impl Strategy<Value = Form> {
    let options = prop::collection::vec((typed(), typed()), 0..120).prop_map(FieldKind::Choice);
    let kind = prop_oneof![Just(FieldKind::Line), Just(FieldKind::Paragraph), options];
    let field = (typed(), kind, any::<bool>(), typed());
    (typed(), typed(), prop::collection::vec(field, 0..6)).prop_map(|(title, submit, fields)| Form {
        title,
        submit,
        fields: fields
            .into_iter()
            .enumerate()
            .map(|(n, (label, kind, required, help))| FormField { name: format!("f{n}"), label, kind, required, help })
            .collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_passes_and_is_the_same_again(message in message()) {
        let shown = blocks(&message, &book());
        prop_assert_eq!(broken(&shown), Vec::<String>::new(), "{}", shown.blocks);
        prop_assert_eq!(&blocks(&message, &book()), &shown);
        let called = serde_json::to_string(&message.title).unwrap().matches("\"mention\":true").count()
            + serde_json::to_string(&message.blocks).unwrap().matches("\"mention\":true").count();
        prop_assert!(shown.blocks.to_string().matches("<@U0SARA>").count() <= called + typed_code(&message));
        prop_assert!(!shown.text.contains("<@"));
    }

    #[test]
    fn any_form_and_any_home_pass(form in form(), messages in prop::collection::vec(message(), 0..3)) {
        let origin = super::Origin { action: "approve".into(), channel: "C1".into(), message: String::new() };
        let shown = view(&form, &origin).unwrap();
        let broken = valid::view(&shown);
        prop_assert!(broken.is_empty(), "{broken:?}");
        let broken = valid::view(&home(&messages, &book()));
        prop_assert!(broken.is_empty(), "{broken:?}");
    }
}

/// Mentions that stand where Slack does not read markup: in code and on buttons.
fn typed_code(message: &Message) -> usize {
    let code = |b: &Block| match b {
        Block::Code(text) => text.matches("<@U0SARA>").count(),
        Block::Picture(picture) => picture.alt.matches("<@U0SARA>").count(),
        _ => 0,
    };
    let on_button = |b: &Button| serde_json::to_string(b).unwrap().matches("<@U0SARA>").count() * 3;
    message.blocks.iter().map(code).sum::<usize>() + message.buttons.iter().map(on_button).sum::<usize>()
}
