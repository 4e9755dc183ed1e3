//! Fits words to a command's arguments, one word at a time; parsing and completion share it.
//!
//! Order of reading: a value that a flag or keyword waits for, flags, the running rest of the line, keywords, bare words.
//! Among bare words a known name wins over a word that merely has the right shape, so `api` is the service and `v1.2.0`
//! the version whatever their order. A quoted word is never a flag, a keyword or a mode.

use super::catalogue::{Arg, Entry, How};
use super::error::Problem;
use super::kind::{Kind, Value, merge, spelt_time, version_likeness};
use super::near::near;
use super::token::{Line, Token};
use super::vocabulary::Vocabulary;
use std::collections::BTreeMap;

/// The argument that names an incident, in every command that has one.
pub const INCIDENT: &str = "incident";

pub struct Matcher<'a> {
    pub entry: &'a Entry,
    vocabulary: &'a Vocabulary,
    line: &'a Line,
    values: BTreeMap<String, Value>,
    /// The word behind each value, for messages.
    given: BTreeMap<&'a str, &'a str>,
    /// The argument whose introducing word stands at this index and whose value comes next.
    awaiting: Option<(&'a Arg, usize)>,
    /// Indices of the words of the rest of the line; empty: it has not begun.
    rest: Vec<usize>,
    /// The incident was not named: it is that of the war room.
    assumed: bool,
    /// A flag that took one unquoted word as its text, and where that word stands.
    loose: Option<(&'a str, usize)>,
}

impl<'a> Matcher<'a> {
    pub fn new(entry: &'a Entry, vocabulary: &'a Vocabulary, line: &'a Line) -> Self {
        let meant = vocabulary.said_in.filter(|_| entry.arg(INCIDENT).is_some());
        Self {
            entry,
            vocabulary,
            line,
            values: meant.map(|id| (INCIDENT.to_owned(), Value::Incident(id))).into_iter().collect(),
            assumed: meant.is_some(),
            given: BTreeMap::new(),
            awaiting: None,
            rest: Vec::new(),
            loose: None,
        }
    }

    /// Reads the word at `index`.
    pub fn feed(&mut self, index: usize) -> Result<(), Problem> {
        let line = self.line;
        let token = &line.words[index];
        if self.assumed && self.rest.is_empty() && self.awaiting.is_none() && self.names_another(token) {
            self.assumed = false;
            self.values.remove(INCIDENT);
        }
        if let Some((arg, intro)) = self.awaiting.take() {
            return self.introduced(arg, intro, index);
        }
        if let Some((flag, value)) = as_flag(token)
            && self.flag(&flag, value, index)?
        {
            return Ok(());
        }
        if !self.rest.is_empty() {
            self.rest.push(index);
            return Ok(());
        }
        if !token.quoted && self.keyword(token, index)? {
            return Ok(());
        }
        self.bare(token, index)
    }

    /// A word that says which incident is meant, or that it is a deployment.
    fn names_another(&self, token: &Token) -> bool {
        let flag = as_flag(token).and_then(|(flag, _)| self.entry.flag(&flag)).map(|arg| arg.kind);
        let named = |kind: Kind, first: char| {
            let takes = self.entry.args.iter().any(|a| a.kind == kind && a.has(&How::Bare));
            takes
                && token.text.to_ascii_uppercase().starts_with(first)
                && kind.read(&token.text, self.vocabulary).is_ok()
        };
        matches!(flag, Some(Kind::Incident | Kind::Deployment))
            || (!token.quoted && (named(Kind::Incident, 'I') || named(Kind::Deployment, 'D')))
    }

    /// What has been said so far, by argument.
    pub fn values(&self) -> &BTreeMap<String, Value> {
        &self.values
    }

    /// The argument whose value comes next, when a flag or keyword was last.
    pub fn awaiting(&self) -> Option<&'a Arg> {
        self.awaiting.map(|(arg, _)| arg)
    }

    /// The rest of the line has begun.
    pub fn in_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Arguments that can still be given.
    pub fn open(&self) -> impl Iterator<Item = &'a Arg> {
        self.entry.args.iter().filter(|a| self.is_open(a) || (a.kind == Kind::Items && !self.in_rest()))
    }

    /// It may stand bare now.
    pub fn is_bare(&self, arg: &Arg) -> bool {
        arg.has(&How::Bare)
            && arg.before.as_ref().is_none_or(|b| !self.has(b))
            && (arg.after.is_empty() || arg.after.iter().any(|a| self.has(a)))
    }

    /// Everything needed is there, except perhaps the rest of the line.
    pub fn complete(&self) -> bool {
        let required = self.entry.args.iter().filter(|a| a.required && !a.has(&How::Rest));
        required.into_iter().all(|a| self.has(&a.name)) && (self.entry.needs.is_empty() || self.satisfied().is_some())
    }

    /// The values, once all words are read.
    pub fn finish(mut self) -> Result<BTreeMap<String, Value>, Problem> {
        if let Some((arg, intro)) = self.awaiting {
            let after = self.line.words[intro].text.clone();
            return Err(Problem::MissingValue { after, help: arg.help.clone() });
        }
        if let Some(arg) = self.entry.rest() {
            let text = self.rest_text();
            if !text.is_empty() {
                self.values.insert(arg.name.clone(), Value::Text(text));
            }
        }
        check(self.entry, &self.values).map_err(|problem| match problem {
            Problem::Surplus { words } => {
                Problem::Surplus { words: self.given.get(words.as_str()).map_or(words, |w| (*w).to_owned()) }
            }
            other => other,
        })?;
        Ok(self.values)
    }

    fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    fn is_open(&self, arg: &Arg) -> bool {
        !self.has(&arg.name) && !self.is_shut(arg) && !arg.has(&How::Button)
    }

    /// What is there already belongs to other alternatives of `needs`.
    fn is_shut(&self, arg: &Arg) -> bool {
        let names = |alternative: &[String], arg: &str| alternative.iter().any(|n| n.trim_end_matches('?') == arg);
        let chosen = self.entry.needs.iter().flatten().map(|n| n.trim_end_matches('?')).filter(|n| self.has(n));
        let chosen: Vec<&str> = chosen.collect();
        let mut alternatives = self.entry.needs.iter().filter(|a| names(a, &arg.name)).peekable();
        alternatives.peek().is_some() && !alternatives.any(|a| chosen.iter().all(|c| names(a, c)))
    }

    fn satisfied(&self) -> Option<&'a Vec<String>> {
        satisfied(self.entry, &self.values)
    }

    fn set(&mut self, arg: &'a Arg, word: &'a str) -> Result<(), Problem> {
        let mut value = read(arg, word, self.vocabulary)?;
        if let (Some(Value::Items(old)), Value::Items(new)) = (self.values.get(&arg.name), &value) {
            let all = merge(old.clone(), new.clone());
            let all = all.ok_or_else(|| Problem::BadValue { kind: Kind::Items, word: word.to_owned() })?;
            value = Value::Items(all);
        }
        self.values.insert(arg.name.clone(), value);
        self.given.insert(&arg.name, word);
        Ok(())
    }

    fn introduced(&mut self, arg: &'a Arg, intro: usize, index: usize) -> Result<(), Problem> {
        let line = self.line;
        let token = &line.words[index];
        let by_flag = line.words[intro].text.starts_with(['-', '—', '–']);
        if by_flag && as_flag(token).is_some_and(|(flag, _)| self.entry.flag(&flag).is_some()) {
            return Err(Problem::MissingValue { after: line.words[intro].text.clone(), help: arg.help.clone() });
        }
        let spelt = || line.words[index..].iter().map_while(|t| (!t.quoted).then_some(t.text.as_str()));
        if arg.kind == Kind::Duration
            && let Some(word) = spelt_time(spelt())
        {
            return Err(Problem::BadValue { kind: Kind::Duration, word });
        }
        // `lock production for maintenance`: a reason, not a length of time.
        let prose = arg.kind == Kind::Duration && !token.text.starts_with(|c: char| c.is_ascii_digit());
        if prose && self.entry.rest().is_some() && self.complete() {
            self.rest.extend([intro, index]);
            return Ok(());
        }
        self.set(arg, &token.text)?;
        if by_flag && arg.kind == Kind::Text && !token.quoted {
            self.loose = arg.flag().map(|f| (f, index));
        }
        Ok(())
    }

    /// Reads a flag; false when it is only text.
    fn flag(&mut self, flag: &str, value: Option<&'a str>, index: usize) -> Result<bool, Problem> {
        let Some(arg) = self.entry.flag(flag) else {
            let near = near(flag, self.entry.flags());
            return if self.in_rest() { Ok(false) } else { Err(Problem::UnknownFlag { flag: flag.to_owned(), near }) };
        };
        if self.has(&arg.name) {
            return Err(Problem::Repeated { arg: arg.placeholder(), word: flag.to_owned() });
        }
        if !self.is_open(arg) {
            return Err(Problem::Surplus { words: flag.to_owned() });
        }
        match value {
            Some(value) => self.set(arg, value)?,
            None if arg.kind == Kind::Flag => {
                self.values.insert(arg.name.clone(), Value::Flag);
                self.given.insert(&arg.name, &self.line.words[index].text);
            }
            None => self.awaiting = Some((arg, index)),
        }
        Ok(true)
    }

    /// Reads a keyword; false when the word is something else.
    fn keyword(&mut self, token: &Token, index: usize) -> Result<bool, Problem> {
        let word = token.text.to_lowercase();
        let mut named = self.entry.args.iter().filter(|a| a.keywords().any(|k| k == word));
        let Some(arg) = named.next() else { return Ok(false) };
        if self.is_open(arg) {
            self.awaiting = Some((arg, index));
            return Ok(true);
        }
        if self.entry.rest().is_some() {
            return Ok(false);
        }
        let next = self.line.words.get(index + 1).map_or(&token.text, |t| &t.text).clone();
        Err(if self.has(&arg.name) {
            Problem::Repeated { arg: arg.placeholder(), word: next }
        } else {
            Problem::Surplus { words: format!("{} {next}", token.text) }
        })
    }

    fn bare(&mut self, token: &'a Token, index: usize) -> Result<(), Problem> {
        // `rollback staging D-42`: two targets, not a target and a reason.
        let other = |a: &Arg| a.kind == Kind::Deployment && !self.has(&a.name) && self.is_shut(a);
        let numbered = !token.quoted
            && token.text.starts_with(['D', 'd'])
            && Kind::Deployment.read(&token.text, self.vocabulary).is_ok();
        if numbered && self.entry.args.iter().any(other) {
            return Err(Problem::Surplus { words: token.text.clone() });
        }
        let candidates: Vec<&'a Arg> = self.open().filter(|a| self.is_bare(a)).collect();
        let reads = |arg: &&&Arg| read(arg, &token.text, self.vocabulary).is_ok();
        let strong = candidates.iter().filter(|a| match a.kind {
            Kind::Mode => !token.quoted,
            Kind::Deployment => token.text.starts_with(['D', 'd']),
            kind => kind.listed(),
        });
        let weak = candidates.iter().filter(|a| !a.kind.listed());
        if let Some(arg) = strong.chain(weak).find(reads) {
            return self.set(arg, &token.text);
        }
        if self.entry.rest().is_some() && self.complete() && !self.slipped(&candidates, token, index) {
            self.rest.push(index);
            return Ok(());
        }
        Err(self.misfit(&candidates, token, index))
    }

    /// A lone last word that is nearly a mode: not a reason.
    fn slipped(&self, candidates: &[&Arg], token: &Token, index: usize) -> bool {
        let last = index + 1 == self.line.words.len();
        let mode = candidates.iter().any(|a| a.kind == Kind::Mode);
        last && mode && !token.quoted && !near(&token.text, Kind::Mode.words(self.vocabulary)).is_empty()
    }

    /// Why a bare word fits nowhere.
    fn misfit(&self, candidates: &[&Arg], token: &Token, index: usize) -> Problem {
        let word = &token.text;
        if let Some((flag, at)) = self.loose
            && at + 1 == index
        {
            return Problem::Unquoted { flag: flag.to_owned() };
        }
        let close = |a: &&&Arg| a.kind.listed() && !near(word, a.kind.words(self.vocabulary)).is_empty();
        let listed = candidates.iter().find(close);
        if listed.is_none()
            && version_likeness(word) > 0
            && let Some((version, old)) = self
                .entry
                .args
                .iter()
                .find_map(|a| (a.kind == Kind::Version).then_some(a).zip(self.given.get(a.name.as_str())))
        {
            let service = candidates.iter().find(|a| a.kind == Kind::Service);
            return match service {
                Some(service) if version_likeness(word) > version_likeness(old) => self.refusal(service, old),
                _ => Problem::Repeated { arg: version.placeholder(), word: word.clone() },
            };
        }
        let numbered = word.starts_with(['D', 'd']) && word[1..].starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let arg = (numbered.then(|| candidates.iter().find(|a| a.kind == Kind::Deployment)).flatten())
            .or(listed)
            .or_else(|| candidates.iter().find(|a| a.required))
            .or_else(|| candidates.iter().find(|a| a.kind.listed()))
            .or_else(|| candidates.first());
        match arg {
            Some(arg) => self.refusal(arg, word),
            None => Problem::Surplus { words: self.line.text[token.start..].trim_end().to_owned() },
        }
    }

    fn refusal(&self, arg: &Arg, word: &str) -> Problem {
        match read(arg, word, self.vocabulary) {
            Err(problem) => problem,
            Ok(_) => Problem::Surplus { words: word.to_owned() },
        }
    }

    /// The rest of the line as typed, without the flags in it; a single quoted word without its quotes.
    fn rest_text(&self) -> String {
        let words = &self.line.words;
        if let [only] = self.rest[..]
            && words[only].quoted
        {
            return words[only].text.trim().to_owned();
        }
        let mut out = String::new();
        let mut before: Option<usize> = None;
        for &index in &self.rest {
            match before {
                Some(b) if b + 1 == index => out.push_str(&self.line.text[words[b].end..words[index].start]),
                Some(_) => out.push(' '),
                None => {}
            }
            out.push_str(&self.line.text[words[index].start..words[index].end]);
            before = Some(index);
        }
        out
    }
}

/// Reads a word as this argument.
pub fn read(arg: &Arg, word: &str, vocabulary: &Vocabulary) -> Result<Value, Problem> {
    let value = arg.kind.read(word, vocabulary)?;
    match (&value, arg.max) {
        (Value::Number(n), Some(max)) if *n > max => Err(Problem::TooMany { arg: arg.placeholder(), max }),
        _ => Ok(value),
    }
}

/// The alternative of `needs` that is wholly there.
fn satisfied<'a>(entry: &'a Entry, values: &BTreeMap<String, Value>) -> Option<&'a Vec<String>> {
    entry.needs.iter().find(|names| names.iter().all(|n| n.ends_with('?') || values.contains_key(n)))
}

/// All that is needed is there, and nothing of another alternative.
pub fn check(entry: &Entry, values: &BTreeMap<String, Value>) -> Result<(), Problem> {
    let missing = |arg: &Arg| Problem::Missing { arg: arg.placeholder(), help: arg.help.clone() };
    if let Some(arg) = entry.args.iter().find(|a| a.required && !values.contains_key(&a.name)) {
        return Err(missing(arg));
    }
    if entry.needs.is_empty() {
        return Ok(());
    }
    let Some(alternative) = satisfied(entry, values) else {
        let begun =
            |names: &&Vec<String>| names.iter().filter(|n| values.contains_key(n.trim_end_matches('?'))).count();
        let best = entry.needs.iter().max_by_key(begun);
        let name = best.and_then(|names| names.iter().find(|n| !n.ends_with('?') && !values.contains_key(*n)));
        return name.and_then(|n| entry.arg(n)).map_or(Ok(()), |arg| Err(missing(arg)));
    };
    let allowed = |name: &str| alternative.iter().any(|n| n.trim_end_matches('?') == name);
    let others = entry.needs.iter().flatten().map(|n| n.trim_end_matches('?'));
    match others.into_iter().find(|name| values.contains_key(*name) && !allowed(name)) {
        Some(name) => Err(Problem::Surplus { words: name.to_owned() }),
        None => Ok(()),
    }
}

/// `--flag` or `--flag=value`; phones write a long dash for two.
fn as_flag(token: &Token) -> Option<(String, Option<&str>)> {
    if token.quoted || !(token.text.starts_with("--") || token.text.starts_with(['—', '–'])) {
        return None;
    }
    let name = token.text.trim_start_matches(['-', '—', '–']);
    let (name, value) = name.split_once('=').map_or((name, None), |(n, v)| (n, Some(v)));
    let plain = name.starts_with(|c: char| c.is_alphabetic());
    plain.then(|| (format!("--{}", name.to_lowercase().replace('_', "-")), value))
}
