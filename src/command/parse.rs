//! From a typed line, or a button with its form, to a command.

use super::catalogue::{Catalogue, Entry};
use super::error::{CommandError, Problem};
use super::kind::Value;
use super::matcher::{INCIDENT, Matcher, check, read as read_value};
use super::near::near;
use super::token::{Line, clean, tokenize};
use super::vocabulary::Vocabulary;
use crate::domain::command::Command;
use crate::domain::message::Action;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command's name and its arguments, before it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The name in the catalogue, such as `deploy status`.
    pub command: String,
    pub args: BTreeMap<String, Value>,
}

/// Reads a typed line, with or without its slash.
///
/// # Errors
/// What is wrong with it, and what to type instead.
pub fn parse(catalogue: &Catalogue, vocabulary: &Vocabulary, text: &str) -> Result<Invocation, CommandError> {
    let line = tokenize(text)?;
    let (entry, used) = find(catalogue, &line)?;
    let mut matcher = Matcher::new(entry, vocabulary, &line);
    let fed = (used..line.words.len()).try_for_each(|index| matcher.feed(index));
    match fed.and_then(|()| matcher.finish()) {
        Ok(args) => Ok(Invocation { command: entry.name.clone(), args }),
        Err(problem) => Err(about(entry, subcommand(catalogue, entry, &line, used).unwrap_or(problem))),
    }
}

/// Reads a typed line all the way.
///
/// # Errors
/// What is wrong with it, and what to type instead.
pub fn read(catalogue: &Catalogue, vocabulary: &Vocabulary, text: &str) -> Result<Command, CommandError> {
    Command::try_from(&parse(catalogue, vocabulary, text)?)
}

/// Reads a button's action; `fields` of its form are added and win. Empty fields count as left out.
///
/// # Errors
/// When the command, an argument or a value is wrong: an old card, or a slip in a form.
pub fn from_action(
    catalogue: &Catalogue,
    vocabulary: &Vocabulary,
    action: &Action,
    fields: &BTreeMap<String, String>,
) -> Result<Command, CommandError> {
    let unknown = || Problem::UnknownCommand { word: action.command.clone(), near: Vec::new() };
    let entry = catalogue.get(&action.command).ok_or_else(unknown)?;
    let mut args = BTreeMap::new();
    for (name, text) in action.args.iter().chain(fields) {
        let arg = entry.arg(name).ok_or_else(|| about(entry, Problem::UnknownArgument { arg: name.clone() }))?;
        let text = clean(text).map_err(|p| about(entry, p))?;
        let off = arg.flag().is_some() && ["false", "no", "off", "0"].contains(&text.as_str());
        if text.trim().is_empty() || (off && arg.kind == super::kind::Kind::Flag) {
            continue;
        }
        args.insert(name.clone(), read_value(arg, text.trim(), vocabulary).map_err(|p| about(entry, p))?);
    }
    // Typed on a platform that hands in commands as forms.
    if let Some(incident) = vocabulary.said_in.filter(|_| entry.arg(INCIDENT).is_some())
        && !args.values().any(|value| matches!(value, Value::Incident(_) | Value::Deployment(_)))
    {
        args.insert(INCIDENT.to_owned(), Value::Incident(incident));
    }
    check(entry, &args).map_err(|p| about(entry, p))?;
    Command::try_from(&Invocation { command: entry.name.clone(), args })
}

/// The command of a typed line, whatever else is wrong with it.
#[must_use]
pub fn named<'a>(catalogue: &'a Catalogue, text: &str) -> Option<&'a Entry> {
    Some(find(catalogue, &tokenize(text).ok()?).ok()?.0)
}

/// The entry a line begins with, and how many words its name takes.
///
/// # Errors
/// When it begins with no command.
pub fn find<'a>(catalogue: &'a Catalogue, line: &Line) -> Result<(&'a Entry, usize), Problem> {
    let word = |n: usize| line.words.get(n).map(|w| w.text.to_lowercase()).unwrap_or_default();
    let first = word(0);
    let first = first.strip_prefix('/').unwrap_or(&first);
    if first.is_empty() {
        return Err(Problem::Empty);
    }
    let second = word(1);
    let both = format!("{first} {second}");
    if let Some(entry) = catalogue.get(&both) {
        return Ok((entry, 2));
    }
    if let Some(entry) = catalogue.get(first).or_else(|| catalogue.get(&first.replace(['-', '_'], " "))) {
        return Ok((entry, 1));
    }
    if catalogue.subcommands(first).next().is_some() {
        return Err(unknown_second(catalogue, first, &second));
    }
    let names = || catalogue.entries().iter().map(|e| e.name.as_str());
    let mut close = near(&both, names().filter(|n| n.contains(' ')));
    close.extend(near(first, names()));
    close.dedup();
    Err(Problem::UnknownCommand { word: first.to_owned(), near: close })
}

/// When the first word behind a command is nearly one of its subcommands, that is what was meant.
fn subcommand(catalogue: &Catalogue, entry: &Entry, line: &Line, used: usize) -> Option<Problem> {
    let word = line.words.get(1).filter(|w| used == 1 && !w.quoted)?;
    match unknown_second(catalogue, &entry.name, &word.text.to_lowercase()) {
        problem @ Problem::UnknownSubcommand { .. } => match &problem {
            Problem::UnknownSubcommand { near, .. } if near.is_empty() => None,
            _ => Some(problem),
        },
        _ => None,
    }
}

fn unknown_second(catalogue: &Catalogue, first: &str, second: &str) -> Problem {
    let known: Vec<String> = catalogue.subcommands(first).map(|e| e.name.clone()).collect();
    let seconds = known.iter().filter_map(|n| n.split_once(' ')).map(|(_, s)| s);
    let near = near(second, seconds).into_iter().map(|s| format!("{first} {s}")).collect();
    Problem::UnknownSubcommand { group: first.to_owned(), word: second.to_owned(), near, known }
}

fn about(entry: &Entry, problem: Problem) -> CommandError {
    let example = entry.examples.first().cloned();
    CommandError { problem: Box::new(problem), usage: entry.usage.clone(), example }
}
