//! The script language: one act, fact or expectation a line, read like a chat log.
//!
//! Names of people, services, environments, channels and probes are checked against the policy while reading, so that a
//! slip of the pen is an error of the script and not an expectation that holds by accident. All problems come at once.

mod act;
mod alert;
mod expect;
mod given;
mod pattern;
mod problem;
mod time;
mod words;

pub use act::{Act, Target, Thing};
pub use alert::AlertSaid;
pub use expect::{Expect, Where};
pub use given::{Given, JobSays};
pub use pattern::Pattern;
pub use time::When;

use super::outcome::Failure;
use crate::domain::policy::Policy;
use crate::domain::time::Span;
use problem::{Problem, suggest};
use std::collections::BTreeSet;
use words::{Read, Words};

/// A whole script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The config it names for itself, relative to it.
    pub config: Option<String>,
    /// Steps before the first scene; every scene begins with them.
    pub background: Vec<Step>,
    pub scenes: Vec<Scene>,
}

#[derive(Clone, Debug)]
pub struct Scene {
    pub name: String,
    pub line: usize,
    pub steps: Vec<Step>,
}

/// One line of a script.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1.
    pub line: usize,
    /// The line as written.
    pub source: String,
    pub kind: StepKind,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    /// The scene begins then.
    At(When),
    Wait(Span),
    WaitUntil(When),
    Given(Vec<Given>),
    Person {
        person: String,
        /// Where it is typed.
        channel: Option<String>,
        act: Act,
    },
    Expect(Expect),
    /// A source of alerts says something.
    Alert(AlertSaid),
    Crash,
}

/// What names mean while reading.
pub(super) struct Names<'a> {
    pub policy: &'a Policy,
    /// People the script says signalbox does not know.
    pub strangers: BTreeSet<String>,
}

/// Reads a script against a policy.
///
/// # Errors
/// With every line that cannot be read.
pub fn parse(text: &str, policy: &Policy) -> Result<Script, Vec<Failure>> {
    let mut names = Names { policy, strangers: BTreeSet::new() };
    let mut script = Script::default();
    let mut failures = Vec::new();
    for (n, source) in text.lines().enumerate() {
        let line = n + 1;
        if let Err(problem) = read_line(source, line, &mut script, &mut names) {
            failures.push(problem.at(line, source));
        }
    }
    if script.scenes.is_empty() && failures.is_empty() {
        let problem = Problem::new(0, 1, "there is no scene in this script");
        failures.push(problem.hint("begin one with `scene A release on a quiet Monday`").at(1, ""));
    }
    if failures.is_empty() { Ok(script) } else { Err(failures) }
}

/// The config that a script names in its header, relative to it.
#[must_use]
pub fn named_config(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).take_while(|l| !l.starts_with("scene "));
    lines.find_map(|l| l.strip_prefix("config ")).map(|path| path.trim().to_owned())
}

fn read_line(source: &str, line: usize, script: &mut Script, names: &mut Names<'_>) -> Read<()> {
    let body = source.trim();
    let indent = source.chars().take_while(|c| c.is_whitespace()).count();
    if body.is_empty() || (body.starts_with('#') && !body.starts_with("#!")) {
        return Ok(());
    }
    if let Some(name) = body.strip_prefix("scene ") {
        let name = name.trim().to_owned();
        if script.scenes.iter().any(|s| s.name == name) {
            return Err(Problem::new(indent, body.chars().count(), "another scene has this name"));
        }
        script.scenes.push(Scene { name, line, steps: Vec::new() });
        return Ok(());
    }
    if let Some(path) = body.strip_prefix("config ") {
        if !script.scenes.is_empty() {
            return Err(Problem::new(indent, 6, "the config is named before the first scene"));
        }
        script.config = Some(path.trim().to_owned());
        return Ok(());
    }
    let kind = step(body, indent, names)?;
    let step = Step { line, source: source.to_owned(), kind };
    let Some(scene) = script.scenes.last_mut() else {
        if !matches!(step.kind, StepKind::At(_) | StepKind::Given(_)) {
            let problem =
                Problem::new(indent, body.chars().count(), "before the first scene there are only `at` and `given`");
            return Err(problem.hint("begin a scene with `scene NAME`"));
        }
        script.background.push(step);
        return Ok(());
    };
    let began = scene.steps.iter().any(|s| !matches!(s.kind, StepKind::At(_) | StepKind::Given(_)));
    if matches!(step.kind, StepKind::At(_)) && began {
        let problem = Problem::new(indent, 2, "`at` says when a scene begins, and this one has begun");
        return Err(problem.hint("`wait until 14:00` moves the clock"));
    }
    scene.steps.push(step);
    Ok(())
}

fn step(body: &str, indent: usize, names: &mut Names<'_>) -> Read<StepKind> {
    if let Some((speaker, column, rest)) = speaker(body) {
        return act::person(speaker, indent, rest, indent + column, names);
    }
    let mut words = Words::of(body, indent)?;
    let first = words.word("a line")?;
    let kind = match first.text.as_str() {
        "at" => StepKind::At(When::read(&mut words)?),
        "wait" if words.take("until") => StepKind::WaitUntil(When::read(&mut words)?),
        "wait" => StepKind::Wait(time::span(&mut words)?),
        "given" => StepKind::Given(given::read(&mut words, names)?),
        "expect" => StepKind::Expect(expect::read(&mut words, names)?),
        "alert" => StepKind::Alert(alert::read(&mut words, names)?),
        "crash" => StepKind::Crash,
        other => {
            let verbs = ["scene", "at", "given", "wait", "expect", "alert", "crash", "config"];
            let problem = Problem::new(first.column, first.length, format!("no line begins with `{other}`"));
            let hint = match names.policy.people.contains_key(other) {
                true => format!("write `{other}: …` for what {other} does"),
                false => suggest(other, verbs.into_iter()),
            };
            return Err(problem.hint(hint));
        }
    };
    words.done()?;
    Ok(kind)
}

/// `sara: …`, `sara in #incidents: …` or `sara in thread INC-1: …`: who, the column of what follows, and what follows.
fn speaker(body: &str) -> Option<(&str, usize, &str)> {
    let (who, rest) = body.split_once(':')?;
    let name = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_alphanumeric() || "-_.#".contains(c));
    let mut words = who.split(' ');
    let fits = words.next().is_some_and(name)
        && match (words.next(), words.next(), words.next(), words.next()) {
            (None, ..) => true,
            (Some("in"), Some(channel), None, _) => channel.starts_with('#'),
            (Some("in"), Some("thread"), Some(_), None) => true,
            _ => false,
        };
    let column = who.chars().count() + 1 + rest.chars().take_while(|c| c.is_whitespace()).count();
    fits.then_some((who, column, rest.trim_start()))
}

impl Names<'_> {
    pub fn person(&self, word: &words::Word) -> Read<String> {
        let name = word.text.trim_start_matches('@');
        if self.policy.people.contains_key(name) || self.strangers.contains(name) {
            return Ok(name.to_owned());
        }
        let known = self.policy.people.keys().map(|p| p.as_str());
        let hint =
            format!("{}; `given {name} is a stranger` for somebody signalbox does not know", suggest(name, known));
        Err(Problem::new(word.column, word.length, format!("there is no {name} in the config")).hint(hint))
    }

    pub fn service(&self, word: &words::Word) -> Read<String> {
        let known = self.policy.services.keys().map(|s| s.as_str());
        self.known(word, self.policy.services.contains_key(word.text.as_str()), "service", known)
    }

    pub fn environment(&self, word: &words::Word) -> Read<String> {
        let known = self.policy.environments.keys().map(|s| s.as_str());
        self.known(word, self.policy.environments.contains_key(word.text.as_str()), "environment", known)
    }

    pub fn probe(&self, word: &words::Word) -> Read<String> {
        let known = self.policy.probes.keys().map(String::as_str);
        self.known(word, self.policy.probes.contains_key(&word.text), "probe", known)
    }

    pub fn channel(&self, word: &words::Word) -> Read<String> {
        let c = &self.policy.channels;
        let known: Vec<&str> = c.all().into_iter().map(|c| c.as_str()).collect();
        let name = word.text.trim_start_matches('#').to_owned();
        let word = words::Word { text: name, ..word.clone() };
        self.known(&word, known.contains(&word.text.as_str()), "channel", known.iter().copied())
    }

    fn known<'k>(
        &self,
        word: &words::Word,
        is: bool,
        what: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Read<String> {
        if is {
            return Ok(word.text.clone());
        }
        let message = format!("there is no {what} {} in the config", word.text);
        Err(Problem::new(word.column, word.length, message).hint(suggest(&word.text, known)))
    }
}
