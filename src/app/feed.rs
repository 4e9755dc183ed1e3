//! The calendars of rosters, from the engine.

use crate::engine::Engine;
use crate::web::{Feeds, RosterShifts};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

pub(super) struct Feed(pub Arc<Engine>);

#[async_trait]
impl Feeds for Feed {
    async fn roster(&self, name: &str) -> Result<Option<(RosterShifts, Timestamp)>, String> {
        let shifts = self.0.roster_shifts(name).await.map_err(|e| e.to_string())?;
        Ok(shifts.map(|shifts| (shifts, self.0.now().wall)))
    }
}
