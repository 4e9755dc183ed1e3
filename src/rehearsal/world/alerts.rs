//! Alerts into the world: as a body of our own format, kept and worked as those that come over HTTP are.

use super::{Result, World};
use crate::alerts::PLATFORM;
use crate::chat::{Arrival, Inbox as _};
use crate::domain::ids::PlatformName;

impl World {
    /// A source posts this body in our own format.
    ///
    /// # Errors
    /// When it could not be stored, or the engine does not come to rest.
    pub async fn posts(&mut self, source: &str, body: String) -> Result<()> {
        self.envelopes += 1;
        let arrival = Arrival {
            platform: PlatformName::new(PLATFORM),
            id: format!("{source}.{}", self.envelopes),
            kind: "json".into(),
            lane: source.to_owned(),
            proof: String::new(),
            body,
        };
        self.engine.keep(arrival).await?;
        self.engine.work_kept().await?;
        self.settle().await
    }
}
