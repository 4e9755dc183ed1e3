//! What people do: type, react, click.

use super::problem::Problem;
use super::words::{Read, Word, Words};
use super::{Names, Pattern, StepKind};
use crate::domain::ids::{DeploymentId, IncidentId};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A command with its slash, in the thread of a card or in a channel.
    Command {
        text: String,
        thread: Option<Thing>,
    },
    /// Ordinary talk, which signalbox does not hear, in the thread of a card or in a channel.
    Talk {
        text: String,
        thread: Option<Thing>,
    },
    /// Changes what somebody said; no text: takes it away.
    Retells {
        was: Pattern,
        text: Option<String>,
    },
    Reacts {
        emoji: String,
        added: bool,
        on: Target,
    },
    Clicks {
        label: String,
        on: Target,
        fields: BTreeMap<String, String>,
    },
}

/// What has a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    Deployment(DeploymentId),
    Incident(IncidentId),
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Deployment(id) => id.fmt(f),
            Self::Incident(id) => id.fmt(f),
        }
    }
}

impl Thing {
    /// Reads `D-1` or `INC-1`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with(['I', 'i']) {
            return IncidentId::parse(text).map(Self::Incident);
        }
        DeploymentId::parse(text).filter(|_| text.starts_with(['D', 'd'])).map(Self::Deployment)
    }
}

/// A message somebody points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The card of a deployment or an incident.
    Card(Thing),
    /// The card as it was first posted, on a screen that was never refreshed.
    OldCard(Thing),
    /// The newest message with that text, in a card's thread or anywhere.
    Text { text: Pattern, thread_of: Option<Thing> },
}

pub(super) fn person(who: &str, indent: usize, rest: &str, column: usize, names: &Names<'_>) -> Read<StepKind> {
    let mut parts = who.split(' ');
    let name = parts.next().unwrap_or_default();
    let word = |text: &str, column| Word { text: text.into(), quoted: false, column, length: text.chars().count() };
    let last = |text: &str| word(text, indent + who.chars().count() - text.chars().count());
    let person = names.person(&word(name, indent))?;
    let (channel, thread) = match (parts.nth(1), parts.next()) {
        (Some(_), Some(of)) => (None, Some(thing(&mut Words::of(of, last(of).column)?)?)),
        (Some(c), None) => (Some(names.channel(&last(c))?), None),
        _ => (None, None),
    };
    let act = match (act(rest, column)?, thread) {
        (Act::Talk { text, .. }, thread) => Act::Talk { text, thread },
        (Act::Command { text, .. }, thread) => Act::Command { text, thread },
        (act, None) => act,
        (_, Some(_)) => {
            let problem = Problem::new(column, rest.chars().count(), "in a thread people talk and type commands");
            return Err(problem.hint("what is clicked or reacted to is named by itself: `sara: clicks Join on INC-1`"));
        }
    };
    Ok(StepKind::Person { person, channel, act })
}

fn act(text: &str, column: usize) -> Read<Act> {
    if text.is_empty() {
        let problem = Problem::new(column, 1, "what they do is missing");
        return Err(problem
            .hint("a command such as `/deploy v1.2.0 to production`, `reacts ✅ on D-1` or `clicks Approve on D-1`"));
    }
    if text.starts_with('/') {
        return Ok(Act::Command { text: text.to_owned(), thread: None });
    }
    let verb = text.split_whitespace().next().unwrap_or_default();
    let retells = ["edits \"", "deletes \""].iter().any(|verb| text.starts_with(verb));
    if !["reacts", "takes", "clicks"].contains(&verb) && !retells {
        return Ok(Act::Talk { text: text.to_owned(), thread: None });
    }
    let mut words = Words::of(text, column)?;
    let act = match words.word("what they do")?.text.as_str() {
        "reacts" => {
            let emoji = words.word("an emoji")?.text;
            words.must("on")?;
            Act::Reacts { emoji, added: true, on: target(&mut words)? }
        }
        "takes" => {
            let emoji = words.word("an emoji")?.text;
            words.must("off")?;
            Act::Reacts { emoji, added: false, on: target(&mut words)? }
        }
        "edits" => {
            let was = Pattern::new(&words.quoted("words of what they said")?);
            words.must("to")?;
            Act::Retells { was, text: Some(words.quoted("what it says from now on")?) }
        }
        "deletes" => Act::Retells { was: Pattern::new(&words.quoted("words of what they said")?), text: None },
        _ => {
            let label = label(&mut words)?;
            words.must("on")?;
            let on = target(&mut words)?;
            Act::Clicks { label, on, fields: fields(&mut words)? }
        }
    };
    words.done()?;
    Ok(act)
}

/// A button's words, in quotes or bare up to `on`.
pub(super) fn label(words: &mut Words) -> Read<String> {
    if let Some(text) = words.maybe_quoted() {
        return Ok(text);
    }
    let mut out: Vec<String> = Vec::new();
    while words.peek().is_some_and(|w| !w.quoted && w.text != "on") {
        out.extend(words.next().map(|w| w.text));
    }
    if out.is_empty() { Err(words.wrong("the name of a button")) } else { Ok(out.join(" ")) }
}

fn fields(words: &mut Words) -> Read<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    if !words.take("with") {
        return Ok(out);
    }
    loop {
        let name = words.word("the name of a field")?.text;
        out.insert(name, words.quoted("what is typed into it")?);
        if !words.take("and") {
            return Ok(out);
        }
    }
}

pub(super) fn target(words: &mut Words) -> Read<Target> {
    if let Some(text) = words.maybe_quoted() {
        let thread_of = if words.take("of") { Some(thing(words)?) } else { None };
        return Ok(Target::Text { text: Pattern::new(&text), thread_of });
    }
    if words.take("old") {
        return Ok(Target::OldCard(thing(words)?));
    }
    Ok(Target::Card(thing(words)?))
}

/// `D-1` or `INC-1`.
pub(super) fn thing(words: &mut Words) -> Read<Thing> {
    let word = words.word("a deployment such as D-1, or words of a message in quotes")?;
    Thing::parse(&word.text).ok_or_else(|| {
        let problem = Problem::new(word.column, word.length, format!("`{}` is no deployment", word.text));
        problem.hint("the first of a scene is D-1, and its first incident INC-1")
    })
}
