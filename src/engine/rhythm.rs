//! Digests and maintenance as the store has them: looked at after a start and with a new config, and asked about.

use super::Engine;
use super::writer::{Request, parse_state};
use crate::domain::decide::Input;
use crate::domain::ids::Stream;
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::Policy;
use crate::domain::render;
use crate::domain::rhythm::{DigestState, MaintenanceCommand, MaintenanceState, Purpose};
use crate::domain::world::State;
use crate::limits;
use crate::store::Result;
use std::collections::BTreeSet;

impl Engine {
    /// Looks at every schedule: what is new waits for its next slot, what config no longer has is put away.
    pub(super) async fn look_at_rhythm(&self, policy: &Policy) -> Result<()> {
        for digest in self.known_of("digest", policy.rhythm.digests.keys()).await? {
            self.submit(Request::of(Input::Digest { digest })).await?;
        }
        for maintenance in self.known_of("maintenance", policy.rhythm.maintenance.keys()).await? {
            let input = Input::Maintenance { maintenance, purpose: Purpose::Slot };
            self.submit(Request::of(input)).await?;
        }
        Ok(())
    }

    /// Names of config and of the journal.
    async fn known_of(&self, kind: &str, names: impl Iterator<Item = &String>) -> Result<BTreeSet<String>> {
        let mut out: BTreeSet<String> = names.cloned().collect();
        let known = self.deps.store.streams(&format!("{kind}/"), limits::SCHEDULES).await?;
        out.extend(known.iter().filter(|stream| stream.kind() == kind).map(|stream| stream.name().to_owned()));
        Ok(out)
    }

    pub(super) async fn maintenances(&self) -> Result<Vec<(String, MaintenanceState)>> {
        let policy = self.policy();
        let streams: Vec<Stream> = policy.rhythm.maintenance.keys().map(|name| Stream::maintenance(name)).collect();
        let mut out = Vec::new();
        for row in self.deps.store.states(&streams).await? {
            if let State::Maintenance(state) = parse_state(&row)? {
                out.push((row.stream.name().to_owned(), *state));
            }
        }
        Ok(out)
    }

    pub(super) async fn maintenance_answer(&self, command: &MaintenanceCommand) -> Result<Message> {
        let MaintenanceCommand::Show { name } = command else { return Ok(Message::default()) };
        Ok(render::maintenance_list(&self.policy(), &self.maintenances().await?, name.as_deref()))
    }

    /// A digest as it would be posted now, for whoever asks alone; without a name, which there are.
    pub(super) async fn digest_answer(&self, name: Option<&str>) -> Result<Message> {
        let policy = self.policy();
        let streams: Vec<Stream> = policy.rhythm.digests.keys().map(|name| Stream::digest(name)).collect();
        let mut states: Vec<(String, DigestState)> = Vec::new();
        for row in self.deps.store.states(&streams).await? {
            if let State::Digest(state) = parse_state(&row)? {
                states.push((row.stream.name().to_owned(), state));
            }
        }
        let Some(name) = name else { return Ok(render::digest_list(&policy, &states)) };
        let Some(digest) = policy.rhythm.digests.get(name) else {
            let text = vec![plain(format!("There is no digest {name}. ")), code("/digest"), plain(" lists them.")];
            return Ok(Message::new(Tone::Warning, text));
        };
        let last = states.into_iter().find(|(n, _)| n == name).and_then(|(_, state)| state.last);
        let report = self.digest_report(&policy, digest, self.now().wall, 0, last).await;
        Ok(render::digest_message(&policy, &digest.title, &report))
    }
}
