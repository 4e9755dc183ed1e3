//! `SIGNALBOX__SECTION__KEY` in the environment overrides a key of the process's own sections, so that one image serves
//! many hosts. What decides about deployments is never overridden: the file is what people review.

use super::context::{Context, did_you_mean};
use super::place::Place;
use super::problem::Code;
use super::raw::{ConsoleEntry, DiscordEntry, LogEntry, ServerEntry, SlackEntry, StoreEntry};
use super::read::Section as _;
use super::tree::{Entry, Node, Value};

const PREFIX: &str = "SIGNALBOX__";

const SECTIONS: &[(&str, &[&str])] = &[
    ("store", StoreEntry::KEYS),
    ("server", ServerEntry::KEYS),
    ("console", ConsoleEntry::KEYS),
    ("slack", SlackEntry::KEYS),
    ("discord", DiscordEntry::KEYS),
    ("log", LogEntry::KEYS),
];

/// Puts the overrides into the tree. Each is a file of its own, named after its variable, so problems point at it.
pub fn graft(root: &mut Node, env: &[(String, String)], cx: &mut Context) {
    let mut sorted: Vec<_> = env.iter().filter(|(k, _)| k.starts_with(PREFIX)).collect();
    sorted.sort();
    for (variable, text) in sorted {
        let path = variable[PREFIX.len()..].to_ascii_lowercase();
        // The value is not kept among the files: it may be secret, and problems quote files.
        let file = cx.files.add(variable, "");
        let place = Place::new(file, 0..0);
        let known: Vec<String> = SECTIONS
            .iter()
            .flat_map(|(s, keys)| keys.iter().map(move |k| format!("{PREFIX}{s}__{k}").to_ascii_uppercase()))
            .collect();
        let found = path
            .split_once("__")
            .and_then(|(s, k)| SECTIONS.iter().find(|(name, _)| *name == s).map(|(_, keys)| (s, k, *keys)))
            .filter(|(_, key, keys)| keys.contains(key));
        let Some((section, key, _)) = found else {
            cx.error(Code::UnknownKey, &place, format!("the variable {variable} overrides nothing"))
                .hint(did_you_mean(variable, known.iter().map(String::as_str)));
            continue;
        };
        put(root, section, key, scalar(text), place);
    }
}

fn put(root: &mut Node, section: &str, key: &str, value: Value, place: Place) {
    let Value::Table(sections) = &mut root.value else { return };
    let at = sections.iter().position(|e| e.key == section).unwrap_or_else(|| {
        let node = Node { place: place.clone(), value: Value::Table(Vec::new()) };
        sections.push(Entry { key: section.to_owned(), key_place: place.clone(), node });
        sections.len() - 1
    });
    let Value::Table(keys) = &mut sections[at].node.value else { return };
    keys.retain(|e| e.key != key);
    let node = Node { place: place.clone(), value };
    keys.push(Entry { key: key.to_owned(), key_place: place, node });
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Integer),
    }
}
