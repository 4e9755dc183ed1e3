//! What is wrong with a config, as data: a stable code, a message, a place and a hint.

use super::place::Place;
use serde::Serialize;

/// Stable names: scripts and people may rely on them. New ones are added, none is ever renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A file cannot be read, or is too large.
    Unreadable,
    /// The file is not TOML.
    Syntax,
    UnknownKey,
    MissingKey,
    WrongType,
    /// The type is right and the value is not.
    BadValue,
    BadName,
    BadDuration,
    BadZone,
    BadDays,
    BadTime,
    BadDate,
    BadCondition,
    BadUrl,
    UnknownRole,
    UnknownPerson,
    UnknownLadder,
    UnknownSeverity,
    UnknownRoster,
    UnknownChannel,
    UnknownSource,
    UnknownService,
    UnknownEnvironment,
    UnknownStrategy,
    UnknownProbe,
    UnknownExecutor,
    UnknownPlaceholder,
    DuplicateName,
    TooFewHolders,
    EmptyWindow,
    UnreachableWindow,
    WindowTooShort,
    StageWeights,
    EmptyStrategy,
    NoRollback,
    /// A step stands in a list where it cannot run.
    MisplacedStep,
    /// A rule that an earlier one leaves nothing to.
    Unreachable,
    AfterItself,
    AfterCycle,
    SecretInPlain,
    BadCalendar,
    BadChecklist,
    BadRunbook,
    BadTemplate,
    BadSchedule,
    /// Warning: nothing refers to it.
    Unused,
    /// Warning: it is allowed and probably not meant.
    Suspicious,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    pub severity: Severity,
    pub code: Code,
    pub message: String,
    /// Absent when it is about no file in particular.
    pub place: Option<Place>,
    /// Said beside the caret.
    pub label: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other lines that belong to it.
    pub related: Vec<(Place, String)>,
}

impl Problem {
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn related(&mut self, place: &Place, label: impl Into<String>) -> &mut Self {
        self.related.push((place.clone(), label.into()));
        self
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, c) in format!("{self:?}").char_indices() {
            if c.is_ascii_uppercase() && i > 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", c.to_ascii_lowercase())?;
        }
        Ok(())
    }
}
