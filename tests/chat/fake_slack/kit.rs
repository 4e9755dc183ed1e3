//! Block Kit at its limits.

use crate::support::slack::kit::{ViewKind, message_blocks, view};
use serde_json::{Value, json};

fn plain(count: usize) -> Value {
    json!({"type": "plain_text", "text": "x".repeat(count)})
}

fn section(count: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "é".repeat(count)}})
}

fn button(label: usize, value: usize, id: &str) -> Value {
    json!({"type": "button", "text": plain(label), "value": "v".repeat(value), "action_id": id})
}

fn actions(count: usize) -> Value {
    let all: Vec<_> = (0..count).map(|number| button(5, 5, &format!("a{number}"))).collect();
    json!({"type": "actions", "elements": all})
}

fn select(count: usize, first: Value) -> Value {
    let options: Vec<_> = (0..count).map(|n| json!({"text": plain(75), "value": format!("{n}")})).collect();
    let menu = json!({"type": "static_select", "options": options, "initial_option": first, "placeholder": plain(150)});
    json!({"type": "section", "text": plain(1), "accessory": menu})
}

#[test]
fn blocks_fit_at_the_limit_and_not_one_past_it() {
    let fields = |count: usize, size: usize| json!({"type": "section", "fields": vec![plain(size); count]});
    let context = |count: usize| json!({"type": "context", "elements": vec![plain(1); count]});
    let pairs = [
        (section(3000), section(3001)),
        (section(1), section(0)),
        (fields(10, 2000), fields(11, 1)),
        (fields(1, 1), fields(1, 2001)),
        (json!({"type": "header", "text": plain(150)}), json!({"type": "header", "text": plain(151)})),
        (context(10), context(11)),
        (context(1), context(0)),
        (actions(25), actions(26)),
        (actions(1), actions(0)),
        (
            json!({"type": "actions", "elements": [button(75, 2000, "a")]}),
            json!({"type": "actions", "elements": [button(76, 1, "a")]}),
        ),
        (
            json!({"type": "actions", "elements": [button(1, 1, &"a".repeat(255))]}),
            json!({"type": "actions", "elements": [button(1, 2001, "a")]}),
        ),
        (select(100, Value::Null), select(101, Value::Null)),
        (
            json!({"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a".repeat(2000)}),
            json!({"type": "image", "image_url": "https://example.org/a.png"}),
        ),
    ];
    for (fits, not) in pairs {
        assert_eq!(message_blocks(std::slice::from_ref(&fits)), Vec::<String>::new());
        assert!(!message_blocks(std::slice::from_ref(&not)).is_empty(), "{not}");
    }
    assert!(message_blocks(&vec![json!({"type": "divider"}); 50]).is_empty());
    assert!(!message_blocks(&vec![json!({"type": "divider"}); 51]).is_empty());
}

#[test]
fn unknown_doubled_and_misplaced_parts_are_refused() {
    let twice = json!({"type": "actions", "elements": [button(1, 1, "a"), button(1, 1, "a")]});
    let input = json!({"type": "plain_text_input", "action_id": "a"});
    for wrong in [
        json!({"type": "banner"}),
        json!({"text": "no type"}),
        json!({"type": "divider", "colour": "red"}),
        json!({"type": "header", "text": {"type": "mrkdwn", "text": "*a*"}}),
        json!({"type": "section"}),
        json!({"type": "section", "text": {"type": "plain_text", "text": "a", "verbatim": true}}),
        json!({"type": "actions", "elements": [input]}),
        json!({"type": "context", "elements": [button(1, 1, "a")]}),
        select(2, json!({"text": plain(75), "value": "9"})),
        twice,
    ] {
        assert!(!message_blocks(std::slice::from_ref(&wrong)).is_empty(), "{wrong}");
    }
    let named = json!({"type": "divider", "block_id": "one"});
    let problems = message_blocks(&[named.clone(), named]);
    assert_eq!(problems, ["`block_id` one already exists [json-pointer:/blocks/1]"]);
}

#[test]
fn views_are_checked_as_a_whole() {
    let field = json!({"type": "input", "label": plain(1), "element": {"type": "plain_text_input"}});
    let modal = |title: usize, submit: Value, blocks: Vec<Value>| {
        let title = plain(title);
        json!({"type": "modal", "title": title, "submit": submit, "blocks": blocks})
    };
    let fine = modal(24, plain(24), vec![field.clone(); 100]);
    assert_eq!(view(&fine, ViewKind::Modal), Vec::<String>::new());
    let mut private = fine.clone();
    private["private_metadata"] = json!("x".repeat(3001));
    for wrong in [
        modal(25, plain(1), vec![]),
        modal(1, plain(25), vec![]),
        modal(1, Value::Null, vec![field.clone()]),
        modal(1, plain(1), vec![field; 101]),
        private,
        json!({"type": "home", "blocks": []}),
    ] {
        assert!(!view(&wrong, ViewKind::Modal).is_empty(), "{wrong}");
    }
    assert_eq!(view(&json!({"type": "home", "blocks": []}), ViewKind::Home), Vec::<String>::new());
    assert!(!view(&json!({"type": "home", "title": plain(1), "blocks": []}), ViewKind::Home).is_empty());
}
