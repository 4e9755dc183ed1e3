//! What the console could not do, and how the [`Platform`](crate::chat::Platform) trait says so.

use crate::chat::{ChatError, IntakeError};

/// How soon a full or locked disk is tried again.
const RETRY_MS: i64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// No such message or channel, or not for this person.
    #[error("{0}")]
    Gone(String),
    /// It will never work as it is; the text says what to change.
    #[error("{0}")]
    Refused(String),
    /// signalbox did not store the act; nothing was done.
    #[error(transparent)]
    NotStored(#[from] IntakeError),
    /// The file was written by a newer signalbox.
    #[error(
        "the console's file has layout {found}, this signalbox knows up to {known}: start the newer one, or move the file away"
    )]
    Newer { found: i64, known: i64 },
    #[error("the console's storage failed: {0}")]
    Storage(#[from] sqlx::Error),
    #[error("the console could not write a message as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<ConsoleError> for ChatError {
    fn from(error: ConsoleError) -> Self {
        match error {
            ConsoleError::Gone(what) => Self::Gone(what),
            // Posting is idempotent by key here, so trying again is always right.
            ConsoleError::Storage(_) | ConsoleError::NotStored(_) => {
                Self::Later { what: error.to_string(), after_ms: RETRY_MS }
            }
            ConsoleError::Refused(what) => Self::Refused(what),
            ConsoleError::Newer { .. } | ConsoleError::Json(_) => Self::Refused(error.to_string()),
        }
    }
}
