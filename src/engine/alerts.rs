//! Alerts that were kept: read, decided in groups, and asked about.
//!
//! Reading them again after a crash changes nothing: what is known is known. So their work needs no answer of its own.

use super::Engine;
use super::lanes::Held;
use super::work::Worked;
use super::writer::{Outcome, Request, parse_state};
use crate::alerts;
use crate::chat::Arrival;
use crate::domain::alert::{Alert, AlertBoard, AlertCommand, BoardPurpose};
use crate::domain::decide::{Facts, Input};
use crate::domain::ids::Stream;
use crate::domain::message::Message;
use crate::domain::render;
use crate::domain::time::from_millis;
use crate::domain::world::State;
use crate::limits;
use crate::store::Result;
use std::sync::atomic::Ordering;

impl Engine {
    /// Reads what a source sent and has it decided. What cannot be read is counted, and the rest goes on.
    pub(super) async fn work_alerts(&self, arrival: &Arrival, held: &mut Held) -> Worked {
        let (source, key) = (arrival.lane.as_str(), &held.row.key);
        let mut read = alerts::read(&arrival.kind, &arrival.body);
        // Of what one replica kept and another works, the order in which it came is the one that counts.
        read.alerts.iter_mut().for_each(|alert| alert.came = Some(from_millis(held.row.at)));
        for damage in &read.damaged {
            let (what, count) = (damage.what, damage.count);
            tracing::warn!(name: "alerts.damaged", %key, source, what, count, "{count} alerts of {source} cannot be read: {what}");
            metrics::counter!("signalbox_alerts_total", "source" => source.to_owned(), "outcome" => "damaged")
                .increment(count);
        }
        match self.take_alerts(source, read.alerts).await {
            Ok(()) => Worked::Done(if read.damaged.is_empty() { "done" } else { "damaged" }),
            Err(error) => {
                held.store_tries += 1;
                if held.store_tries < limits::WORK_STORE_TRIES {
                    return Worked::Later(super::chat_out::backoff(i64::from(held.store_tries)));
                }
                tracing::error!(name: "alerts.given_up", %key, source, %error, "{key} is given up: {error}");
                Worked::Done("given_up")
            }
        }
    }

    /// Decides what a source says of its alerts, in its order.
    ///
    /// # Errors
    /// When the store fails. What was decided until then stays, and is known when the rest is decided again.
    pub async fn take_alerts(&self, source: &str, alerts: Vec<Alert>) -> Result<()> {
        for group in alerts.chunks(limits::ALERTS_AT_ONCE) {
            let suspects = if group.iter().any(|a| a.firing) { self.suspects().await } else { Vec::new() };
            let facts = Facts { suspects, ..Facts::default() };
            let input = Input::Alerts { source: source.to_owned(), alerts: group.to_vec(), facts };
            if let Outcome::Decided { counted, .. } = self.submit(Request::of(input)).await? {
                for (outcome, count) in counted {
                    metrics::counter!("signalbox_alerts_total", "source" => source.to_owned(), "outcome" => outcome)
                        .increment(count);
                }
            }
        }
        Ok(())
    }

    /// Looks at silences and maintenance when that was asked for: what changed while nobody looked changes now.
    pub(super) async fn look_at_alerts(&self) -> Result<()> {
        if !self.look_at_alerts.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let input = Input::AlertBoardTimer { purpose: BoardPurpose::Look };
        let looked = self.submit(Request::of(input)).await.map(|_| ());
        if looked.is_err() {
            self.look_at_alerts.store(true, Ordering::Release);
        }
        looked
    }

    /// What fires and what is silenced.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn alert_board(&self) -> Result<AlertBoard> {
        let rows = self.deps.store.states(&[Stream::alerts()]).await?;
        Ok(match rows.first().map(parse_state).transpose()? {
            Some(State::AlertBoard(board)) => *board,
            _ => AlertBoard::default(),
        })
    }

    pub(super) async fn alert_answer(&self, command: &AlertCommand) -> Result<Message> {
        let board = self.alert_board().await?;
        Ok(match command {
            AlertCommand::Silences => render::silences(&board),
            _ => render::alerts(&board),
        })
    }
}
