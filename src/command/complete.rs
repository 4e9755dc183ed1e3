//! Completion: what can come next at the end of a line.
//!
//! The words before the last one are read as the parser reads them, so a suggestion always leads to a line it accepts.
//! Where only the person knows what comes (a reason, a number), the suggestion is a hint that changes nothing.

use super::catalogue::{Arg, Catalogue, Entry, How};
use super::error::Problem;
use super::kind::Kind;
use super::matcher::Matcher;
use super::near::near;
use super::parse::find;
use super::token::{Line, tokenize};
use super::vocabulary::Vocabulary;
use crate::limits::SUGGESTIONS;
use std::collections::BTreeSet;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Suggestion {
    /// The whole line after choosing it; equal to what was typed when it is only a hint.
    pub insert: String,
    /// The words it adds: `to production`. A hint is in capitals: `REASON`.
    pub label: String,
    pub help: String,
}

/// Lengths of time worth offering.
const DURATIONS: [&str; 6] = ["15m", "30m", "1h", "2h", "1d", "7d"];

/// What can come next, best first, at most [`SUGGESTIONS`]. `extra` gives values with their description for kinds that
/// only the caller knows (open deployments, versions); for services and the like it may give better descriptions.
#[must_use]
pub fn complete(
    catalogue: &Catalogue,
    vocabulary: &Vocabulary,
    text: &str,
    extra: &dyn Fn(Kind) -> Vec<(String, String)>,
) -> Vec<Suggestion> {
    match tokenize(text) {
        Ok(line) => offers(catalogue, vocabulary, &line, extra),
        // Inside a quotation: what it is for.
        Err(Problem::UnterminatedQuote { from }) => {
            let close = if from.starts_with('"') { '"' } else { '”' };
            let closed = tokenize(&format!("{}{close}", text.trim_end_matches('\\')));
            let closed = closed.map(|line| offers(catalogue, vocabulary, &line, extra)).unwrap_or_default();
            let hint = |s: Suggestion| (s.label == s.label.to_uppercase()).then(|| s.with(text));
            closed.into_iter().filter_map(hint).collect()
        }
        Err(_) => Vec::new(),
    }
}

fn offers(
    catalogue: &Catalogue,
    vocabulary: &Vocabulary,
    line: &Line,
    extra: &dyn Fn(Kind) -> Vec<(String, String)>,
) -> Vec<Suggestion> {
    let Cursor { base, partial, before } = Cursor::of(line);
    let mut out = Offers { base, text: &line.text, partial, seen: BTreeSet::new(), list: Vec::new() };
    match &before.words[..] {
        [] => names(catalogue, &mut out),
        words => {
            if let [first] = words {
                let first = first.text.to_lowercase();
                second(catalogue, first.trim_start_matches('/'), &mut out);
            }
            if let Ok((entry, used)) = find(catalogue, &before)
                && used <= before.words.len()
            {
                arguments(catalogue, entry, used, vocabulary, &before, extra, &mut out);
            }
        }
    }
    out.list.truncate(SUGGESTIONS);
    out.list
}

impl Suggestion {
    fn with(self, insert: &str) -> Self {
        Self { insert: insert.to_owned(), ..self }
    }
}

/// The line in front of the word being typed, and that word.
struct Cursor<'a> {
    base: &'a str,
    partial: &'a str,
    before: Line,
}

impl<'a> Cursor<'a> {
    fn of(line: &'a Line) -> Self {
        let last = line.words.last().filter(|w| w.end == line.text.len());
        let cut = last.map_or(line.text.len(), |w| w.start);
        let count = line.words.len() - usize::from(last.is_some());
        let before = Line { text: line.text.clone(), words: line.words[..count].to_vec() };
        Self { base: &line.text[..cut], partial: last.map_or("", |w| w.text.as_str()), before }
    }
}

struct Offers<'a> {
    base: &'a str,
    text: &'a str,
    partial: &'a str,
    seen: BTreeSet<String>,
    list: Vec<Suggestion>,
}

impl Offers<'_> {
    /// Offers words that go on from what is typed; true when they do.
    fn offer(&mut self, words: &str, more: bool, help: &str) -> bool {
        let fits = words.to_lowercase().starts_with(&self.partial.to_lowercase());
        if fits {
            let insert = format!("{}{words}{}", self.base, if more { " " } else { "" });
            self.push(insert, words, help);
        }
        fits
    }

    fn hint(&mut self, arg: &Arg) {
        self.push(self.text.to_owned(), &arg.placeholder(), &arg.help);
    }

    fn push(&mut self, insert: String, label: &str, help: &str) {
        if self.seen.insert(format!("{insert}\n{label}")) {
            self.list.push(Suggestion { insert, label: label.to_owned(), help: help.to_owned() });
        }
    }
}

/// First words; a command's subcommands follow once its name is whole.
fn names(catalogue: &Catalogue, out: &mut Offers) {
    let typed = out.partial.trim_start_matches('/').to_lowercase();
    let mut firsts: Vec<&str> = Vec::new();
    for entry in catalogue.entries() {
        let first = entry.name.split(' ').next().unwrap_or_default();
        if !firsts.contains(&first) {
            firsts.push(first);
        }
    }
    let mut fitting: Vec<&str> = firsts.iter().copied().filter(|f| f.starts_with(&typed)).collect();
    if fitting.is_empty() {
        fitting = firsts.iter().copied().filter(|f| near(&typed, [*f]).len() == 1).collect();
    }
    for first in fitting {
        name(catalogue, first, out);
        if first == typed {
            second(catalogue, first, &mut *out);
        }
    }
}

fn name(catalogue: &Catalogue, first: &str, out: &mut Offers) {
    let below: Vec<&str> = catalogue.subcommands(first).filter_map(|e| e.name.split(' ').nth(1)).collect();
    let entry = catalogue.get(first);
    let help = entry.map_or_else(|| below.join(" or "), |e| e.summary.clone());
    let more = !below.is_empty() || entry.is_some_and(|e| !e.args.is_empty());
    let insert = format!("{}/{first}{}", out.base, if more { " " } else { "" });
    out.push(insert, &format!("/{first}"), &help);
}

/// Subcommands; `out` stands at the first word or behind it.
fn second(catalogue: &Catalogue, first: &str, out: &mut Offers) {
    for entry in catalogue.subcommands(first) {
        let word = entry.name.split(' ').nth(1).unwrap_or_default();
        let more = !entry.args.is_empty();
        if out.base.trim().is_empty() {
            let insert = format!("{}/{}{}", out.base, entry.name, if more { " " } else { "" });
            out.push(insert, &format!("/{}", entry.name), &entry.summary);
        } else {
            out.offer(word, more, &entry.summary);
        }
    }
}

fn arguments(
    catalogue: &Catalogue,
    entry: &Entry,
    used: usize,
    vocabulary: &Vocabulary,
    before: &Line,
    extra: &dyn Fn(Kind) -> Vec<(String, String)>,
    out: &mut Offers,
) {
    let mut matcher = Matcher::new(entry, vocabulary, before);
    if (used..before.words.len()).any(|index| matcher.feed(index).is_err()) {
        return;
    }
    let values = |arg: &Arg| values(arg, vocabulary, extra);
    if let Some(arg) = matcher.awaiting() {
        return offer_values(arg, "", &values(arg), out);
    }
    if entry.name == "help" {
        return topics(catalogue, used, before, out);
    }
    if !matcher.in_rest() {
        let mut open: Vec<&Arg> = matcher.open().collect();
        open.sort_by_key(|a| !a.required);
        for arg in &open {
            let listed = values(arg);
            // Where a keyword is usual, a bare value is offered only once it is begun.
            let usual = arg.how.first() == Some(&How::Bare) || !out.partial.is_empty();
            if matcher.is_bare(arg) && usual {
                offer_values(arg, "", &listed, out);
            }
        }
        for arg in &open {
            let words = arg.keywords().filter(|k| !out.partial.is_empty() && k.starts_with(out.partial));
            for keyword in words.chain(arg.keywords().take(1)).collect::<Vec<_>>() {
                offer_values(arg, &format!("{keyword} "), &values(arg), out);
            }
        }
    }
    if let Some(arg) = entry.rest().filter(|_| matcher.in_rest() || matcher.complete()) {
        out.hint(arg);
    }
    if out.partial.starts_with(['-', '—']) || (matcher.complete() && !matcher.in_rest()) {
        flags(&matcher, &values, out);
    }
}

fn flags(matcher: &Matcher, values: &dyn Fn(&Arg) -> Vec<(String, String)>, out: &mut Offers) {
    for arg in matcher.open() {
        let Some(flag) = arg.flag() else { continue };
        out.offer(flag, true, &arg.help);
        // Also behind an equals sign.
        if out.partial.starts_with(&format!("{flag}=")) {
            offer_values(arg, &format!("{flag}="), &values(arg), out);
        }
    }
}

/// Offers an argument's values behind `intro`, or a hint when only the person knows them.
fn offer_values(arg: &Arg, intro: &str, values: &[(String, String)], out: &mut Offers) {
    let mut any = false;
    for (value, help) in values {
        any |= out.offer(&format!("{intro}{value}"), true, help);
    }
    let begun = intro.is_empty() || (!out.partial.is_empty() && out.partial.starts_with(intro));
    if begun
        && !any
        && !arg.kind.listed()
        && (out.partial.is_empty() || !intro.is_empty() || plausible(arg.kind, out.partial))
    {
        out.hint(arg);
    }
}

/// The word being typed can become a value of this kind.
fn plausible(kind: Kind, partial: &str) -> bool {
    let digit = partial.starts_with(|c: char| c.is_ascii_digit());
    match kind {
        Kind::Deployment => digit || partial.starts_with(['D', 'd']),
        Kind::Number | Kind::Items | Kind::Duration => digit,
        Kind::Version => super::kind::is_version(partial),
        Kind::Text | Kind::Word => !partial.starts_with("--"),
        _ => false,
    }
}

fn values(arg: &Arg, vocabulary: &Vocabulary, extra: &dyn Fn(Kind) -> Vec<(String, String)>) -> Vec<(String, String)> {
    let told = extra(arg.kind);
    if !told.is_empty() {
        return told;
    }
    let words = if arg.kind == Kind::Duration { DURATIONS.to_vec() } else { arg.kind.words(vocabulary) };
    words.into_iter().map(|w| (w.to_owned(), arg.help.clone())).collect()
}

/// `/help` is completed with the commands' own names.
fn topics(catalogue: &Catalogue, used: usize, before: &Line, out: &mut Offers) {
    let words: Vec<String> = before.words[used..].iter().map(|w| w.text.to_lowercase()).collect();
    let typed = words.iter().map(|w| format!("{w} ")).collect::<String>();
    for entry in catalogue.entries() {
        if let Some(rest) = entry.name.strip_prefix(typed.trim_start_matches('/')) {
            out.offer(rest, false, &entry.summary);
        }
    }
}
