//! One below each limit, at it, and one above.

use super::*;
use crate::domain::message::plain;
use crate::limits;
use serde_json::Value;

/// Characters that are one, two and four bytes long, so that bytes are not mistaken for characters.
fn of(n: usize) -> String {
    "aé🚀".chars().cycle().take(n).collect()
}

fn around(limit: usize) -> [usize; 3] {
    [limit - 1, limit, limit + 1]
}

fn shown(message: &Message) -> Value {
    let shown = blocks(message, &book());
    assert_eq!(broken(&shown), Vec::<String>::new());
    shown.blocks
}

fn len(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

fn titled() -> Message {
    Message::line(Tone::Neutral, "t")
}

fn a_button(label: &str) -> Button {
    let action = Action::new("approve", &[]);
    Button { label: label.into(), style: ButtonStyle::Plain, action, confirm: None, form: None }
}

#[test]
fn a_section_is_parted_and_a_title_is_cut() {
    for n in around(limits::SLACK_SECTION_CHARS) {
        let cut = n > limits::SLACK_SECTION_CHARS;
        let all = shown(&titled().text(vec![plain(of(n))]));
        assert_eq!(all.as_array().unwrap().len(), if cut { 3 } else { 2 }, "{n}");
        let title = shown(&Message::line(Tone::Neutral, of(n)));
        assert_eq!(len(&title[0]["text"]["text"]), n.min(limits::SLACK_SECTION_CHARS));
        assert_eq!(title[0]["text"]["text"].as_str().unwrap().ends_with('…'), cut);
        let context = shown(&titled().context(vec![plain(of(n))]));
        assert_eq!(context[1]["elements"][0]["text"].as_str().unwrap().ends_with('…'), cut);
        let quote = shown(&titled().block(Block::Quote(vec![plain(of(n - 2))])));
        assert_eq!(quote[1]["text"]["text"].as_str().unwrap().ends_with('…'), cut, "`> ` counts");
        let code = shown(&titled().block(Block::Code(of(n))));
        let code = &code[1]["elements"][0]["elements"][0]["text"];
        assert_eq!(code.as_str().unwrap().ends_with('…'), cut);
    }
}

#[test]
fn fields_are_cut_and_come_in_tens() {
    for n in around(limits::SLACK_FIELD_CHARS) {
        // `*L*` and a line break lead the value.
        let all = shown(&titled().block(Block::Fields(vec![("L".into(), vec![plain(of(n - 4))])])));
        let text = &all[1]["fields"][0]["text"];
        assert_eq!(len(text), n.min(limits::SLACK_FIELD_CHARS));
        assert_eq!(text.as_str().unwrap().ends_with('…'), n > limits::SLACK_FIELD_CHARS);
    }
    for n in around(limits::SLACK_FIELDS) {
        let fields = (0..n).map(|n| (format!("L{n}"), vec![plain("v")])).collect();
        let all = shown(&titled().block(Block::Fields(fields)));
        assert_eq!(all.as_array().unwrap().len(), if n > limits::SLACK_FIELDS { 3 } else { 2 });
    }
    let most = limits::SLACK_FIELDS * limits::SLACK_FIELD_SECTIONS;
    for n in around(most) {
        let fields = (0..n).map(|n| (format!("L{n}"), vec![plain("v")])).collect();
        let all = shown(&titled().block(Block::Fields(fields))).to_string();
        assert_eq!(all.contains("… 1 more field"), n > most, "{n}");
    }
}

#[test]
fn blocks_that_have_no_place_are_counted() {
    for n in around(limits::SLACK_BLOCKS - 1) {
        let mut message = titled();
        message.blocks = vec![Block::Divider; n];
        let all = shown(&message);
        let last = all.as_array().unwrap().last().unwrap().to_string();
        assert_eq!(last.contains("… 2 more parts"), n == limits::SLACK_BLOCKS, "{n}: {last}");
        assert_eq!(all.as_array().unwrap().len(), (n + 1).min(limits::SLACK_BLOCKS));
    }
}

#[test]
fn the_whole_is_cut_where_it_is_longest() {
    // The title, `*t*`, has three characters, and the words that say what is missing have their place.
    let room = limits::SLACK_MESSAGE_CHARS - 100 - 3;
    for n in around(room) {
        let text = |n: usize| vec![plain(of(n))];
        let all = shown(&titled().context(text(11)).text(text(room / 2)).text(text(n - 11 - room / 2)));
        assert_eq!(all.to_string().contains('…'), n > room, "{n}");
        assert_eq!(len(&all[1]["elements"][0]["text"]), 11, "what is short stays whole");
    }
    let lines =
        (0..900).map(|n| Line { mark: Mark::Open, text: vec![plain(format!("line {n} {}", of(60)))] }).collect();
    let all = shown(&titled().block(Block::List(lines)).text(vec![plain("after it")]));
    let all = all.to_string();
    assert!(all.contains("more lines") && all.contains("after it"), "a long list leaves room for what follows");
}

#[test]
fn buttons_fit_or_are_counted() {
    for n in around(limits::SLACK_LABEL_CHARS) {
        let all = shown(&titled().button(a_button(&of(n))));
        assert_eq!(len(&all[1]["elements"][0]["text"]["text"]), n.min(limits::SLACK_LABEL_CHARS));
    }
    for n in around(limits::SLACK_VALUE_CHARS) {
        let mut button = a_button("A");
        button.action.command = "a".repeat(n);
        let all = shown(&titled().button(button)).to_string();
        assert_eq!(all.contains("1 more button"), n > limits::SLACK_VALUE_CHARS);
    }
    for n in around(limits::SLACK_CONFIRM_CHARS) {
        let mut button = a_button(&of(40));
        button.confirm = Some(of(n));
        let all = shown(&titled().button(button));
        let confirm = &all[1]["elements"][0]["confirm"];
        assert_eq!(len(&confirm["text"]["text"]), n.min(limits::SLACK_CONFIRM_CHARS));
        assert_eq!(len(&confirm["confirm"]["text"]), limits::SLACK_CONFIRM_LABEL_CHARS);
    }
    for n in around(limits::SLACK_BUTTONS).into_iter().chain(around(limits::SLACK_BUTTONS * limits::SLACK_BUTTON_ROWS))
    {
        let mut message = titled();
        message.buttons = (0..n).map(|n| a_button(&format!("B{n}"))).collect();
        let all = shown(&message).to_string();
        let most = limits::SLACK_BUTTONS * limits::SLACK_BUTTON_ROWS;
        assert_eq!(all.matches("\"actions\"").count(), n.min(most).div_ceil(limits::SLACK_BUTTONS));
        assert_eq!(all.contains("1 more button"), n > most);
    }
}

#[test]
fn the_fallback_is_counted_after_escaping() {
    for n in around(limits::SLACK_TEXT_CHARS) {
        let text = blocks(&Message::line(Tone::Neutral, of(n)), &book()).text;
        assert_eq!(text.chars().count(), n.min(limits::SLACK_TEXT_CHARS));
    }
    let text = blocks(&Message::line(Tone::Good, "<&>".repeat(3000)), &book()).text;
    assert!(text.ends_with('…') && text.chars().count() > limits::SLACK_TEXT_CHARS - 10, "{}", text.chars().count());
}

#[test]
fn forms_fit_or_are_none() {
    let origin = |n: usize| super::super::Origin {
        action: "a".repeat(n - r#"{"action":"","channel":"","message":""}"#.len()),
        channel: String::new(),
        message: String::new(),
    };
    let field = |name: String, kind| FormField { name, label: "L".into(), kind, required: true, help: String::new() };
    let form = |fields| Form { title: of(30), submit: of(30), fields };
    for n in around(limits::SLACK_META_CHARS) {
        let shown = view(&form(vec![]), &origin(n));
        assert_eq!(shown.is_some(), n <= limits::SLACK_META_CHARS, "{n}");
        assert!(shown.iter().all(|v| valid::view(v).is_empty()));
    }
    for n in around(limits::SLACK_ID_CHARS) {
        let shown = view(&form(vec![field("n".repeat(n), FieldKind::Line)]), &origin(100));
        assert_eq!(shown.is_some(), n <= limits::SLACK_ID_CHARS);
    }
    for n in around(limits::SLACK_VIEW_BLOCKS) {
        let fields = (0..n).map(|n| field(format!("f{n}"), FieldKind::Line)).collect();
        assert_eq!(view(&form(fields), &origin(100)).is_some(), n <= limits::SLACK_VIEW_BLOCKS);
    }
    for n in around(limits::SLACK_TITLE_CHARS) {
        let shown = view(&Form { title: of(n), submit: of(n), fields: vec![] }, &origin(100)).unwrap();
        assert_eq!(len(&shown["title"]["text"]), n.min(limits::SLACK_TITLE_CHARS));
    }
    for n in around(limits::SLACK_OPTIONS) {
        let options = (0..n).map(|n| (format!("v{n}"), of(limits::SLACK_OPTION_CHARS + 1))).collect();
        let shown = view(&form(vec![field("f".into(), FieldKind::Choice(options))]), &origin(100)).unwrap();
        assert_eq!(valid::view(&shown), Vec::<String>::new());
        assert_eq!(shown.to_string().contains("1 more can be named in the command"), n > limits::SLACK_OPTIONS);
    }
    for n in around(limits::SLACK_OPTION_VALUE_CHARS) {
        let options = vec![("v".repeat(n), "one".into()), ("two".into(), "two".into())];
        let shown = view(&form(vec![field("f".into(), FieldKind::Choice(options))]), &origin(100)).unwrap();
        let fits = if n > limits::SLACK_OPTION_VALUE_CHARS { 1 } else { 2 };
        assert_eq!(shown["blocks"][1]["element"]["options"].as_array().unwrap().len(), fits);
    }
}

#[test]
fn words_for_a_picture_are_cut() {
    for n in around(limits::SLACK_ALT_CHARS) {
        let picture = Picture { name: "a.png".into(), alt: of(n), png: "x".into() };
        let mut book = book();
        book.pictures.insert(super::super::picture_key(&picture), "F0PIC".into());
        let shown = blocks(&titled().block(Block::Picture(picture)), &book);
        assert_eq!(broken(&shown), Vec::<String>::new());
        assert_eq!(len(&shown.blocks[1]["alt_text"]), n.min(limits::SLACK_ALT_CHARS));
    }
}
