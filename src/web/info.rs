//! What the page asks of the rest of signalbox: who there is, what can be typed, what time it is.

use crate::domain::ids::{EnvironmentName, PersonId};
use crate::domain::policy::Policy;
use crate::domain::time::Span;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Behind the page. Everything is asked anew each time, so a changed config shows at the next look.
#[async_trait]
pub trait ConsoleInfo: Send + Sync {
    fn policy(&self) -> Arc<Policy>;

    /// What `text`, typed so far with its slash, can become; best first.
    fn complete(&self, person: &PersonId, text: &str) -> Vec<Suggestion>;

    fn commands(&self) -> Vec<CommandHint>;

    fn clock(&self) -> ClockView;

    /// Moves the demo's clock.
    ///
    /// # Errors
    /// When this clock cannot be moved, or not there; the text is shown.
    async fn advance(&self, by: Advance) -> Result<ClockView, String>;
}

/// One line of the completion popup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What the whole line becomes.
    pub insert: String,
    pub label: String,
    pub help: String,
}

/// A command of the catalogue, for the page's help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandHint {
    /// Without slash.
    pub name: String,
    pub usage: String,
    pub summary: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// What people's clocks show.
    pub now: Timestamp,
    /// In which the page shows times: IANA name or fixed offset.
    pub zone: String,
    /// A demo's clock can; a service's cannot.
    pub can_advance: bool,
    /// How many times faster than written jobs and bakes run; 1 outside the demo.
    pub pace: u32,
}

/// How far the clock is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advance {
    /// Above zero.
    Span(Span),
    /// To the next opening of a window; of any environment when none is named.
    NextOpening { environment: Option<EnvironmentName> },
}
