//! Rosters as the store has them: looked at after a start and with a new config, asked about, and given as a calendar.

use super::Engine;
use super::writer::{Request, parse_state};
use crate::domain::decide::{Facts, Input, handoff_notes};
use crate::domain::foresee::{self, Foreseen, Unreachable};
use crate::domain::ids::Stream;
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::Policy;
use crate::domain::render;
use crate::domain::roster::{Noted, OncallCommand, Purpose, Roster, RosterState, Shift, instant, shifts};
use crate::domain::time::{Span, after, from_millis};
use crate::domain::world::State;
use crate::limits;
use crate::store::{HistoryQuery, Result};
use std::sync::atomic::Ordering;

/// How far ahead `/oncall week` looks.
const WEEK: Span = Span::hours(7 * 24);

/// What `signalbox preflight` shows.
pub struct Preflight {
    /// One for each severity, the worst first.
    pub climbs: Vec<Foreseen>,
    pub gaps: Vec<Unreachable>,
}

impl Engine {
    /// Looks at every roster when that was asked for: what changed while nobody looked is told now.
    pub(super) async fn look_at_rosters(&self) -> Result<()> {
        if !self.look_at_rosters.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let looked = self.look_at_each().await;
        if looked.is_err() {
            self.look_at_rosters.store(true, Ordering::Release);
        }
        looked
    }

    async fn look_at_each(&self) -> Result<()> {
        let policy = self.policy();
        let facts = Facts { rolled_back: self.rolled_back().await, ..Facts::default() };
        let known = self.deps.store.streams("roster/", limits::ROSTERS).await?;
        let kept = known.iter().filter(|stream| stream.kind() == "roster").map(|stream| stream.name().to_owned());
        let names: std::collections::BTreeSet<String> = policy.response.rosters.keys().cloned().chain(kept).collect();
        for roster in names {
            let input = Input::Roster { roster, purpose: Purpose::Look, facts: facts.clone() };
            self.submit(Request::of(input)).await?;
        }
        self.tell_of_gaps().await?;
        self.look_at_rhythm(&policy).await
    }

    /// What a timer's decision needs besides the streams.
    pub(super) async fn add_facts(&self, input: &mut Input) {
        if let Input::Roster { purpose: Purpose::Look, facts, .. } = input {
            facts.rolled_back = self.rolled_back().await;
        }
    }

    /// Deployments of the last week that were rolled back. Without an answer of the store a hand-off goes on all the same.
    pub(super) async fn rolled_back(&self) -> Vec<Noted> {
        let since = self.now().wall.as_millisecond() - limits::ROLLED_BACK_FOR_MS;
        let query = HistoryQuery { limit: i64::from(limits::HISTORY_ROWS), ..HistoryQuery::default() };
        let rows = self.deps.store.history(&query).await.unwrap_or_else(|error| {
            tracing::warn!(name: "roster.no_history", %error, "what was rolled back before a hand-off is not known: {error}");
            Vec::new()
        });
        let back = rows.into_iter().filter(|row| row.status == "rolled_back" && row.ended_at >= since);
        let what = |row: &crate::store::HistoryRow| {
            format!("D-{} {} {} → {}", row.number, row.service, row.version, row.environment)
        };
        back.map(|row| Noted { what: what(&row), at: from_millis(row.ended_at) }).collect()
    }

    /// The rosters of the policy with what people changed of them; only `only` when it is named.
    pub(super) async fn rosters<'p>(
        &self,
        policy: &'p Policy,
        only: Option<&str>,
    ) -> Result<Vec<(&'p Roster, RosterState)>> {
        let meant: Vec<&Roster> =
            policy.response.rosters.values().filter(|r| only.is_none_or(|name| name == r.name)).collect();
        let streams: Vec<Stream> = meant.iter().map(|r| Stream::roster(&r.name)).collect();
        let mut out: Vec<_> = meant.into_iter().map(|r| (r, RosterState::default())).collect();
        for row in self.deps.store.states(&streams).await? {
            if let State::Roster(state) = parse_state(&row)?
                && let Some(slot) = out.iter_mut().find(|(r, _)| r.name == row.stream.name())
            {
                slot.1 = *state;
            }
        }
        Ok(out)
    }

    /// The shifts of a roster from a month ago to a quarter ahead, as its calendar shows them, with the names of their
    /// people; `None` when there is no such roster.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn roster_shifts(&self, name: &str) -> Result<Option<Vec<(Shift, String)>>> {
        let (policy, now) = (self.policy(), self.now().wall);
        let Some((roster, state)) = self.rosters(&policy, Some(name)).await?.pop() else { return Ok(None) };
        let from = after(now, Span::millis(-limits::FEED_PAST_MS));
        let all = shifts(roster, &state.overrides, from, after(now, Span::millis(limits::FEED_AHEAD_MS)));
        let named = |s: Shift| {
            let who = s.person.as_ref().map_or_else(String::new, |p| policy.person_name(p).to_owned());
            (s, who)
        };
        Ok(Some(all.into_iter().map(named).collect()))
    }

    /// What `/oncall simulate` answers.
    fn simulated(
        &self,
        policy: &Policy,
        rosters: Vec<(&Roster, RosterState)>,
        severity: &str,
        at: Option<&str>,
    ) -> Result<Message> {
        let now = self.now().wall;
        let Some(severity) = policy.response.severity(severity) else {
            let names: Vec<&str> = policy.response.severities.iter().map(|s| s.name.as_str()).collect();
            let text = format!("{severity} is not a severity; there are {}.", names.join(", "));
            return Ok(Message::line(Tone::Warning, text));
        };
        let at = match at.map(|text| instant(text, &policy.zone, now)).transpose() {
            Ok(at) => at.unwrap_or(now),
            Err(why) => {
                let mut text = why.pieces();
                text.extend([
                    plain(". For example "),
                    code(format!("/oncall simulate {} sunday 03:10", severity.name)),
                ]);
                return Ok(Message::new(Tone::Warning, text));
            }
        };
        let states = rosters.into_iter().map(|(r, state)| (r.name.clone(), state)).collect();
        Ok(render::foreseen(policy, &foresee::climb(policy, &states, severity, at)))
    }

    /// Who would be paged about each severity if it began at an instant, written as people write times; and which levels
    /// would page nobody in the week after it.
    ///
    /// # Errors
    /// When the store fails; inside: why the time is none.
    pub async fn preflight(&self, at: Option<&str>) -> Result<std::result::Result<Preflight, String>> {
        let (policy, now) = (self.policy(), self.now().wall);
        let at = match at.map(|text| instant(text, &policy.zone, now)).transpose() {
            Ok(at) => at.unwrap_or(now),
            Err(why) => return Ok(Err(why.to_string())),
        };
        let rosters = self.rosters(&policy, None).await?;
        let states = rosters.into_iter().map(|(r, state)| (r.name.clone(), state)).collect();
        let climbs = policy.response.severities.iter().map(|s| foresee::climb(&policy, &states, s, at)).collect();
        Ok(Ok(Preflight { climbs, gaps: foresee::unreachable(&policy, &states, at) }))
    }

    /// Tells whoever runs it which levels would page nobody.
    async fn tell_of_gaps(&self) -> Result<()> {
        let Ok(found) = self.preflight(None).await? else { return Ok(()) };
        let bad = found.gaps.iter().filter(|gap| !gap.by_hours);
        for gap in bad.clone() {
            let (ladder, level, at, why) = (&gap.ladder, &gap.level, gap.at, &gap.why);
            let told = format!("{level} of {ladder} would page nobody at {at}: {why}");
            tracing::error!(name: "preflight.unreachable", %ladder, %level, %at, "{told}");
        }
        #[expect(clippy::cast_precision_loss, reason = "a graph")]
        metrics::gauge!("signalbox_unreachable_levels").set(bad.count() as f64);
        Ok(())
    }

    pub(super) async fn oncall_answer(&self, command: &OncallCommand) -> Result<Message> {
        let (policy, now) = (self.policy(), self.now().wall);
        let all = self.rosters(&policy, command.roster()).await?;
        match command {
            OncallCommand::Who { at: Some(text), .. } => {
                let zone = if let [(only, _)] = all.as_slice() { only.zone.as_str() } else { policy.zone.as_str() };
                Ok(match instant(text, zone, now) {
                    Ok(at) => render::on_call(&policy, &all, at, false),
                    Err(why) => {
                        let names: Vec<&str> = policy.response.rosters.keys().map(String::as_str).collect();
                        let rosters = format!(". The rosters are {}; ", names.join(", "));
                        let mut text = why.pieces();
                        text.extend([plain(rosters), code("/help oncall"), plain(" shows what else there is.")]);
                        Message::new(Tone::Warning, text)
                    }
                })
            }
            OncallCommand::Simulate { severity, at } => self.simulated(&policy, all, severity, at.as_deref()),
            OncallCommand::Week { .. } => {
                let ahead = all.iter().map(|(r, s)| (*r, shifts(r, &s.overrides, now, after(now, WEEK))));
                Ok(render::week(&ahead.collect::<Vec<_>>()))
            }
            OncallCommand::Handoff { .. } if all.len() == 1 => {
                let facts = Facts { rolled_back: self.rolled_back().await, ..Facts::default() };
                let Some((roster, state)) = all.first() else { return Ok(render::on_call(&policy, &all, now, true)) };
                let ahead = self.look(|tx| handoff_notes(tx, roster, &facts)).await?;
                Ok(render::handoff_ahead(roster, state, now, &ahead))
            }
            _ => Ok(render::on_call(&policy, &all, now, true)),
        }
    }
}
