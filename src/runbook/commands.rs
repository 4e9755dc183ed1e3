//! `run.NAME.KEY` of the front matter, and the blocks that these names mean.

use super::blocks::Fenced;
use super::front::{Mention, list, short, unquoted};
use super::note::Note;
use crate::domain::ids::{EnvironmentName, Role};
use crate::domain::policy::{Recovery, Source};
use crate::domain::runbook::{Runnable, argv};
use crate::domain::time::Span;
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const KEYS: &str = "known: title, roles, environments, time_limit, recovery, env, second_key";
/// How long a command may take when nothing is said.
const LIMIT: Span = Span::mins(5);
/// Characters of a title; it stands on a button.
const TITLE_CHARS: usize = 40;

/// What the front matter allows to be run.
pub struct Allowed {
    line: u32,
    title: Option<String>,
    roles: BTreeSet<Role>,
    environments: BTreeSet<EnvironmentName>,
    limit: Span,
    recovery: Recovery,
    env: Vec<String>,
    second_key: bool,
}

impl Allowed {
    pub fn new(line: u32) -> Self {
        let (roles, environments) = (BTreeSet::new(), BTreeSet::new());
        let (title, env, recovery) = (None, Vec::new(), Recovery::AtMostOnce);
        Self { line, title, roles, environments, limit: LIMIT, recovery, env, second_key: false }
    }

    pub fn say(&mut self, key: &str, value: &str, line: u32, mentions: &mut Vec<Mention>, notes: &mut Vec<Note>) {
        let mut wrong = |what: String, hint: &str| notes.push(Note::error(line, what).hint(hint));
        let value = value.trim();
        match key {
            "title" if value.is_empty() || value.chars().count() > TITLE_CHARS => {
                wrong(format!("a title has 1 to {TITLE_CHARS} characters"), "it stands on a button");
            }
            "title" => self.title = Some(unquoted(value).to_owned()),
            "roles" => {
                for name in list(value) {
                    self.roles.insert(Role::new(name));
                    mentions.push(Mention::Role(name.to_owned(), line));
                }
            }
            "environments" => {
                for name in list(value) {
                    self.environments.insert(EnvironmentName::new(name));
                    mentions.push(Mention::Environment(name.to_owned(), line));
                }
            }
            "time_limit" => match Span::parse(unquoted(value)) {
                Ok(span) if span > Span::ZERO && span.as_millis() <= limits::RUN_LIMIT_MS => self.limit = span,
                Ok(_) => wrong("a command takes up to an hour".into(), "what takes longer is better run by hand"),
                Err(error) => wrong(error.to_string(), "leave it out for 5m"),
            },
            "recovery" => match unquoted(value) {
                "idempotent" => self.recovery = Recovery::Idempotent,
                "recoverable" => self.recovery = Recovery::Recoverable,
                "at-most-once" => self.recovery = Recovery::AtMostOnce,
                _ => wrong(
                    format!("`{}` is no recovery", short(value)),
                    "known: idempotent (running it twice is harmless), recoverable, at-most-once",
                ),
            },
            "env" => {
                let names = list(value);
                let named = |n: &&str| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                match names.iter().find(|n| !named(n)) {
                    Some(bad) => wrong(format!("`{}` is no variable", short(bad)), "only names stand here, no values"),
                    None => self.env = names.into_iter().map(str::to_owned).collect(),
                }
            }
            "second_key" => match unquoted(value) {
                "true" | "yes" => self.second_key = true,
                "false" | "no" => self.second_key = false,
                _ => wrong("write true or false".into(), "true: somebody else than who asks confirms"),
            },
            other => wrong(format!("`{}` is not a key here", short(other)), KEYS),
        }
    }
}

/// The commands that may be run: each is allowed, has one block, and that block is one plain command.
pub fn all(
    file: &Arc<str>,
    allowed: &BTreeMap<String, Allowed>,
    blocks: &[Fenced],
    notes: &mut Vec<Note>,
) -> Vec<Runnable> {
    let mut out: Vec<Runnable> = Vec::new();
    for block in blocks {
        let Some(allowed) = allowed.get(&block.name) else {
            notes.push(
                Note::warning(block.line, format!("nothing says who may run `{}`, so nobody may", short(&block.name)))
                    .hint(format!("add `run.{}.roles: [...]` to the front matter, or leave the name out", block.name)),
            );
            continue;
        };
        if out.iter().any(|c| c.name == block.name) {
            notes.push(Note::error(block.line, format!("two blocks are called `{}`", block.name)));
            continue;
        }
        if allowed.roles.is_empty() {
            let what = format!("nothing says who may run `{}`", block.name);
            notes.push(Note::error(allowed.line, what).hint(format!("add `run.{}.roles: [...]`", block.name)));
        }
        let Some(words) = words(block, notes) else { continue };
        out.push(Runnable {
            name: block.name.clone(),
            title: allowed.title.clone().unwrap_or_else(|| capital(&block.name)),
            words,
            roles: allowed.roles.clone(),
            environments: allowed.environments.clone(),
            limit: allowed.limit,
            recovery: allowed.recovery,
            env: allowed.env.clone(),
            second_key: allowed.second_key,
            source: Source { file: file.clone(), line: block.line },
        });
    }
    for (name, allowed) in allowed {
        if !blocks.iter().any(|b| &b.name == name) {
            notes.push(
                Note::error(allowed.line, format!("no block is called `{name}`"))
                    .hint(format!("write the name behind the fence: ```sh {name}")),
            );
        }
    }
    if out.len() > limits::RUNBOOK_COMMANDS {
        notes.push(
            Note::error(1, format!("more than {} commands may be run", limits::RUNBOOK_COMMANDS))
                .hint("split the file"),
        );
        out.truncate(limits::RUNBOOK_COMMANDS);
    }
    out
}

/// The words of the one line of a block.
fn words(block: &Fenced, notes: &mut Vec<Note>) -> Option<Vec<String>> {
    let mut lines = (block.line + 1..).zip(block.text.lines()).filter(|(_, l)| !l.trim().is_empty());
    let Some((line, text)) = lines.next() else {
        notes.push(Note::error(block.line, format!("`{}` has no command", block.name)));
        return None;
    };
    if let Some((second, _)) = lines.next() {
        notes.push(
            Note::error(second, format!("`{}` has more than one line", block.name)).hint(
                "a block that may be run is one command; put others into blocks of their own, or write a program",
            ),
        );
        return None;
    }
    match argv::split(text) {
        Ok(words) => Some(words),
        Err(error) => {
            notes.push(
                Note::error(line, error.to_string())
                    .hint("there is no shell: what is read is what runs; put more into a program of its own"),
            );
            None
        }
    }
}

/// `restart-all` as `Restart all`.
fn capital(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", chars.as_str())
}
