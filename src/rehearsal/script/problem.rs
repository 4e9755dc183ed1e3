//! What is wrong with a script: the place, what was found, and what to write instead.

use crate::rehearsal::outcome::Failure;

/// A problem in one line. Columns count characters from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub column: usize,
    pub length: usize,
    pub message: String,
    pub hint: String,
}

impl Problem {
    pub fn new(column: usize, length: usize, message: impl Into<String>) -> Self {
        Self { column, length: length.max(1), message: message.into(), hint: String::new() }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// As a failure of the line it was found in.
    pub fn at(self, line: usize, source: &str) -> Failure {
        Failure {
            line,
            column: self.column,
            length: self.length,
            source: source.to_owned(),
            scene: String::new(),
            message: self.message,
            detail: if self.hint.is_empty() { Vec::new() } else { vec![format!("hint: {}", self.hint)] },
        }
    }
}

/// `did you mean "sara"?`, when one of `known` is close, else the list of what there is.
pub fn suggest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = known.collect();
    let found = found.to_lowercase();
    let near = all
        .iter()
        .map(|k| (strsim::jaro_winkler(&found, &k.to_lowercase()), *k))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, name)) => format!("did you mean {name}?"),
        None if all.is_empty() => "there is none".to_owned(),
        None => format!("there are {}", all.join(", ")),
    }
}
