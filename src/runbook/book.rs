//! Markdown to a runbook: headings, words and lists as they are; a fenced block with a name may be a command.
//!
//! ```text
//! ---
//! title: Memory leak or out of memory
//! keywords: [oom, leak]
//! services: [api]
//! run.restart.title: Restart the service
//! run.restart.roles: [on-call, tech-lead]
//! run.restart.environments: [staging, production]
//! run.restart.time_limit: 5m
//! ---
//! ```
//!
//! The command is the one line of the fenced block that is called `restart`, as in `sh restart` behind its fence. It is split by
//! [`crate::domain::runbook::argv`] and shown as it was split, so what people read is what runs.

use super::blocks;
use super::commands::{self, Allowed};
use super::front::{Mention, Said, list, said, short, unquoted};
use super::note::Note;
use crate::domain::ids::ServiceName;
use crate::domain::policy::Source;
use crate::domain::runbook::Runbook;
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const KEYS: &str = "known: title, keywords, services, run.NAME.KEY";

/// What one file says.
#[derive(Clone, Debug)]
pub struct Book {
    pub runbook: Runbook,
    /// Names for whoever knows which exist.
    pub mentions: Vec<Mention>,
    pub notes: Vec<Note>,
}

/// What the front matter says.
struct Front {
    title: Option<String>,
    keywords: Vec<String>,
    services: BTreeSet<ServiceName>,
    allowed: BTreeMap<String, Allowed>,
    mentions: Vec<Mention>,
}

/// Reads one file; `name` is its path as people know it, ending in `.md`.
#[must_use]
pub fn book(name: &str, text: &str) -> Book {
    let file: Arc<str> = Arc::from(name);
    let mut notes = Vec::new();
    let text = if text.len() > limits::RUNBOOK_BYTES {
        notes.push(Note::error(1, format!("the file has more than {} bytes", limits::RUNBOOK_BYTES)).hint("split it"));
        ""
    } else {
        text
    };
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.strip_suffix(".md").unwrap_or(stem);
    if !is_name(stem) {
        notes.push(Note::error(1, format!("`{}` is no name of a runbook", short(stem))).hint(
            "people type it: small letters, digits and dashes, at most 40 of them, and not the name of a command",
        ));
    }
    let (lines, body) = said(text, KEYS, &mut notes);
    let front = front(&lines, &mut notes);
    let read = blocks::read(&body, &mut notes);
    let commands = commands::all(&file, &front.allowed, &read.commands, &mut notes);
    let known: BTreeSet<&str> = commands.iter().map(|c| c.name.as_str()).collect();
    let parts = read.parts(&known);
    if parts.is_empty() && notes.is_empty() {
        notes.push(Note::warning(1, "there is nothing to read in this file"));
    }
    let runbook = Runbook {
        name: stem.to_owned(),
        title: front.title.or(read.title).unwrap_or_else(|| stem.replace('-', " ")),
        keywords: front.keywords,
        services: front.services,
        parts,
        commands,
        source: Source { file, line: 1 },
    };
    notes.sort_by_key(|n| n.line);
    Book { runbook, mentions: front.mentions, notes }
}

fn front(lines: &[Said<'_>], notes: &mut Vec<Note>) -> Front {
    let mut front = Front {
        title: None,
        keywords: Vec::new(),
        services: BTreeSet::new(),
        allowed: BTreeMap::new(),
        mentions: Vec::new(),
    };
    for Said { key, value, line } in lines {
        match *key {
            "title" if value.is_empty() => notes.push(Note::error(*line, "the title is empty")),
            "title" => front.title = Some(unquoted(value).to_owned()),
            "keywords" => front.keywords = list(value).into_iter().map(str::to_owned).collect(),
            "services" => {
                for name in list(value) {
                    front.services.insert(ServiceName::new(name));
                    front.mentions.push(Mention::Service(name.to_owned(), *line));
                }
            }
            other => match other.strip_prefix("run.").and_then(|rest| rest.split_once('.')) {
                Some((name, key)) if is_name(name) => {
                    let allowed = front.allowed.entry(name.to_owned()).or_insert_with(|| Allowed::new(*line));
                    allowed.say(key, value, *line, &mut front.mentions, notes);
                }
                Some((name, _)) => {
                    notes.push(
                        Note::error(*line, format!("`{}` is no name of a command", short(name)))
                            .hint("people type it: small letters, digits and dashes, at most 40 of them"),
                    );
                }
                None => notes.push(Note::error(*line, format!("`{}` is not a key here", short(other))).hint(KEYS)),
            },
        }
    }
    front
}

/// What people can type: `high-response-time`. The words of commands are not among them.
fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    begins && text.len() <= 40 && text.bytes().all(plain) && !["run", "confirm", "stop"].contains(&text)
}
