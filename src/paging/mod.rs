//! The ways to people besides chat: e-mail, PagerDuty, a signed request, a push; and the places where customers read.
//!
//! One trait, [`Pager`], and an adapter for each way. An adapter says once what became of one try; it neither waits nor tries
//! again, and knows nothing of incidents. Every call ends in [`crate::limits::PAGE_CALL_MS`], every answer is read up to a
//! bound, and no error holds a secret. Deliberately absent: ringing a phone ourselves; PagerDuty and its like do that.

mod answer;
mod email;
mod ntfy;
mod pagerduty;
mod status;
mod webhook;

pub use email::{Email, EmailSettings, Tls};
pub use ntfy::Ntfy;
pub use pagerduty::{EU, Pagerduty, US};
pub use status::{Mailer, Outlets, STATUSPAGE_HOME, Stands, StatusPage, StatusWebhook, Statuspage, StatuspageSettings};
pub use webhook::{SIGNATURE, TIMESTAMP, Webhook, signature};

use crate::domain::paging::{Follow, Letter, Via};
use async_trait::async_trait;

/// Characters of what another machine said that are kept.
const SAID_CHARS: usize = 160;

/// Why a try brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Nothing was delivered; again in so many ms at the earliest.
    #[error("{what}")]
    Later { what: String, after_ms: i64 },
    /// It will never be taken.
    #[error("{0}")]
    Refused(String),
    /// It may have been delivered.
    #[error("{0}")]
    Unknown(String),
}

/// A way to people.
#[async_trait]
pub trait Pager: Send + Sync {
    /// Which one it is.
    fn via(&self) -> Via;

    /// Whether a second try with the same id is one page for whoever is paged.
    fn idempotent(&self) -> bool {
        false
    }

    /// Tries once.
    ///
    /// # Errors
    /// As [`PageError`] says.
    async fn page(&self, letter: &Letter) -> Result<(), PageError>;

    /// Whether it is told what became of a matter.
    fn follows(&self) -> bool {
        false
    }

    /// Says what became of a matter about which this way paged somebody.
    ///
    /// # Errors
    /// As [`Pager::page`].
    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        let _ = (letter, what);
        Ok(())
    }
}
