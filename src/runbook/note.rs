//! What is odd about a file.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Error,
    Warning,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// From 1.
    pub line: u32,
    pub weight: Weight,
    pub message: String,
    pub hint: Option<String>,
}

impl Note {
    pub fn error(line: u32, message: impl Into<String>) -> Self {
        Self { line, weight: Weight::Error, message: message.into(), hint: None }
    }

    pub fn warning(line: u32, message: impl Into<String>) -> Self {
        Self { line, weight: Weight::Warning, message: message.into(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
