//! What every reader and check is given: the files read so far and the problems found so far.

use super::place::{Files, Place};
use super::problem::{Code, Problem, Severity};
use crate::limits;

/// Collects; nothing stops at the first problem.
#[derive(Debug, Default)]
pub struct Context {
    pub files: Files,
    pub problems: Vec<Problem>,
    /// How many were left out above [`limits::CONFIG_PROBLEMS`].
    pub left_out: usize,
    spare: Option<Box<Problem>>,
}

impl Context {
    pub fn error(&mut self, code: Code, place: &Place, message: impl Into<String>) -> &mut Problem {
        self.push(Severity::Error, code, Some(place.clone()), message.into())
    }

    pub fn warning(&mut self, code: Code, place: &Place, message: impl Into<String>) -> &mut Problem {
        self.push(Severity::Warning, code, Some(place.clone()), message.into())
    }

    /// An error that no line is to blame for.
    pub fn error_nowhere(&mut self, code: Code, message: impl Into<String>) -> &mut Problem {
        self.push(Severity::Error, code, None, message.into())
    }

    fn push(&mut self, severity: Severity, code: Code, place: Option<Place>, message: String) -> &mut Problem {
        let problem = Problem { severity, code, message, place, label: String::new(), hint: None, related: Vec::new() };
        if self.problems.len() >= limits::CONFIG_PROBLEMS {
            self.left_out += 1;
            return self.spare.insert(Box::new(problem));
        }
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.left_out > 0 || self.problems.iter().any(|p| p.severity == Severity::Error)
    }
}

/// The known word that `word` was probably meant to be.
pub fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    // People shorten: `prod` is `production`, when nothing else begins so.
    let mut begins = known.iter().filter(|k| lower.len() >= 3 && k.starts_with(&lower));
    if let (Some(only), None) = (begins.next(), begins.next()) {
        return Some(only);
    }
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, &k.to_ascii_lowercase()), k))
        .filter(|(distance, k)| *distance <= ((k.len().max(word.len()) + 1) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// `did you mean `x`?`, or the list of what is known.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(k) = similar(word, known.clone()) {
        return format!("did you mean `{k}`?");
    }
    let names: Vec<&str> = known.into_iter().collect();
    match names.len() {
        0 => "none is defined".to_owned(),
        1..=12 => format!("known: {}", names.join(", ")),
        n => format!("known: {} and {} more", names[..12].join(", "), n - 12),
    }
}
