//! What a person asks of alerts, after parsing.

use crate::domain::time::Span;
use serde::{Deserialize, Serialize};

/// One command of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "alert", content = "of")]
pub enum AlertCommand {
    /// What fires.
    List,
    /// As typed: a key, an incident, or labels.
    Silence {
        matcher: String,
        span: Span,
        reason: String,
    },
    Silences,
    CancelSilence {
        number: u32,
    },
}

impl AlertCommand {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::List => "alerts",
            Self::Silence { .. } => "silence",
            Self::Silences => "silence list",
            Self::CancelSilence { .. } => "silence cancel",
        }
    }

    /// It changes nothing.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(self, Self::List | Self::Silences)
    }
}
