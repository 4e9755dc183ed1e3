//! Samples of the objectives between digests, for curves: read every quarter of an hour, kept for a day.
//!
//! They stand beside the journal, as a named value of the store: losing them costs a picture. What could not be read is kept as
//! that, and a time in which signalbox did not run is a gap.

use super::Engine;
use super::gather::number_of;
use crate::domain::policy::Policy;
use crate::domain::rhythm::{Curve, Kept, LINES, Line, MARKS, SAMPLES};
use crate::domain::time::{Span, after, from_millis};
use crate::limits;
use crate::store::{HistoryQuery, Result};
use jiff::Timestamp;

/// The name of the value in the store, and of the lease of whoever samples.
const NAME: &str = "samples";
const DAY: Span = Span::hours(24);

impl Engine {
    /// Samples every objective, unless that was done a moment ago, here or elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sample_objectives(&self) -> Result<()> {
        let (policy, now) = (self.policy(), self.now());
        if policy.rhythm.objectives.iter().all(|o| o.backup) {
            return Ok(());
        }
        let mut kept = self.kept_samples().await?;
        let soon = kept.last.is_some_and(|last| {
            let ago = Span::between(last, now.wall).as_millis();
            (0..limits::SAMPLE_EVERY_MS).contains(&ago)
        });
        let (work, owner) = (now.work.as_millisecond(), &self.deps.owner);
        if soon || !self.deps.store.lease(NAME, owner, work, work + limits::OUTSIDE_MS).await? {
            return Ok(());
        }
        let yesterday = after(now.wall, Span::millis(-DAY.as_millis()));
        for m in self.objectives(&policy, false).await {
            let objective = policy.rhythm.objectives.iter().find(|o| o.title == m.title);
            let title = format!("{}, {}", m.title, m.place);
            let line = kept.lines.entry(title.clone()).or_insert_with(|| Line {
                title,
                value: String::new(),
                limit: None,
                samples: Vec::new(),
            });
            line.value = objective.map_or_else(String::new, |o| o.target.value.clone());
            line.limit = objective.map(|o| o.target.limit);
            line.samples.push((now.wall, number_of(&m)));
        }
        for line in kept.lines.values_mut() {
            line.samples.retain(|(at, _)| *at >= yesterday && *at <= now.wall);
            let surplus = line.samples.len().saturating_sub(SAMPLES);
            line.samples.drain(..surplus);
        }
        kept.lines.retain(|_, line| !line.samples.is_empty());
        kept.last = Some(now.wall);
        self.deps.store.set_setting(NAME, &serde_json::to_string(&kept).unwrap_or_default()).await
    }

    async fn kept_samples(&self) -> Result<Kept> {
        let text = self.deps.store.setting(NAME).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// The last day of the first two objectives, guarded environments first, with the deployments that ended in it.
    pub(super) async fn curve(&self, policy: &Policy) -> Result<Curve> {
        self.sample_objectives().await?;
        let to = self.now().wall;
        let from = after(to, Span::millis(-DAY.as_millis()));
        let kept = self.kept_samples().await?;
        let guarded = |line: &&Line| {
            let open = |name: &str| policy.environments.get(name).is_some_and(|e| e.windows.is_empty());
            line.title.rsplit(' ').next().is_some_and(open)
        };
        let mut lines = Vec::new();
        for objective in policy.rhythm.objectives.iter().filter(|o| !o.backup).take(2) {
            let own =
                |line: &&Line| line.title.strip_prefix(&objective.title).is_some_and(|rest| rest.starts_with(", "));
            let mut of: Vec<&Line> = kept.lines.values().filter(own).collect();
            of.sort_by_key(guarded);
            lines.extend(of.into_iter().take(LINES).cloned());
        }
        lines.iter_mut().for_each(|line| line.samples.retain(|(at, _)| *at >= from));
        Ok(Curve { from, to, lines, marks: self.marks(from).await? })
    }

    async fn marks(&self, from: Timestamp) -> Result<Vec<(Timestamp, String, bool)>> {
        let query = HistoryQuery { limit: limits::CURVE_ROWS, ..HistoryQuery::default() };
        let rows = self.deps.store.history(&query).await?;
        let ran = rows.into_iter().filter(|row| row.started_at > 0 && from_millis(row.ended_at) >= from);
        let mark = |row: crate::store::HistoryRow| {
            let what = format!("D-{} {} {} → {}", row.number, row.service, row.version, row.environment);
            (from_millis(row.ended_at), what, row.status == "succeeded")
        };
        Ok(ran.map(mark).take(MARKS).collect())
    }
}
