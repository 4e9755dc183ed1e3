//! Steps of the loops: fire due timers, claim due outbox rows, act on one.

use super::Engine;
use super::chat_out::Addressed;
use super::effect::Effect;
use super::writer::{Outcome, Request};
use crate::domain::decide::{Facts, Input};
use crate::domain::deployment::Purpose;
use crate::domain::ids::{IncidentId, Stream};
use crate::domain::time::Span;
use crate::limits;
use crate::store::{Batch, Claim, Receipt, Result, StoreError, TimerRow};

impl Engine {
    /// Fires what is due; returns how many timers fired.
    ///
    /// # Errors
    /// When the store cannot be read. What was fired before is stored.
    pub async fn fire_timers(&self) -> Result<usize> {
        self.look_at_rosters().await?;
        self.look_at_alerts().await?;
        let now = self.now();
        let (wall, work) = (now.wall.as_millisecond(), now.work.as_millisecond());
        let due = self.deps.store.due_timers(wall, work, limits::TIMERS_AT_ONCE).await?;
        let (mut requests, mut fired) = (Vec::with_capacity(due.len()), Vec::with_capacity(due.len()));
        for timer in due {
            let late = (if timer.work { work } else { wall }) - timer.due_at;
            metrics::histogram!("signalbox_timer_lateness_seconds").record(late as f64 / 1000.0);
            match input_of(&timer) {
                Ok(mut input) => {
                    self.add_facts(&mut input).await;
                    requests.push(Request { timer: Some((timer.id.clone(), timer.due_at)), ..Request::of(input) });
                    fired.push(timer);
                }
                Err(error) => {
                    tracing::error!(name: "timer.unreadable", timer = %timer.id, %error, "a timer cannot be read and is removed");
                    let fired = vec![(timer.id, timer.due_at)];
                    self.deps.store.commit(&Batch { timers_fired: fired, ..Batch::default() }).await?;
                }
            }
        }
        let n = requests.len();
        for (outcome, timer) in self.apply_in_groups(requests).await.into_iter().zip(fired) {
            match outcome {
                Err(StoreError::Corrupt { table, row, what }) => {
                    let timer_id = &timer.id;
                    tracing::error!(name: "timer.corrupt", %timer_id, table, %row, error = %what, "{row} is damaged; its timer waits");
                    self.postpone(timer).await?;
                }
                other => {
                    other?;
                }
            }
        }
        Ok(n)
    }

    /// A timer whose stream is damaged is asked again later, so that it cannot hold up every other.
    async fn postpone(&self, timer: TimerRow) -> Result<()> {
        let now = self.now();
        let clock = if timer.work { now.work } else { now.wall };
        let later = TimerRow { due_at: clock.as_millisecond() + limits::RETRY_MAX_MS, ..timer.clone() };
        let batch = Batch { timers_fired: vec![(timer.id, timer.due_at)], timers_set: vec![later], ..Batch::default() };
        match self.deps.store.commit(&batch).await {
            Err(StoreError::Conflict(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Through the writer's queue where there is one, so that timers and people share its groups.
    async fn apply_in_groups(&self, requests: Vec<Request>) -> Vec<Result<Outcome>> {
        if requests.is_empty() {
            return Vec::new();
        }
        if self.queue.get().is_none() {
            return self.apply(requests).await;
        }
        futures_util::future::join_all(requests.into_iter().map(|r| self.submit(r))).await
    }

    /// Leases what is due, at most `limit` rows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(&self, limit: i64) -> Result<Vec<Claim>> {
        let now = self.now().work.as_millisecond();
        self.deps.store.claim(now, &self.deps.owner, now + limits::LEASE_MS, limit).await
    }

    /// Acts on one claimed row as [`Engine::act`] does, and renews its lease for as long as that takes.
    ///
    /// # Errors
    /// As [`Engine::act`].
    pub async fn tend(&self, claim: &Claim) -> Result<()> {
        // Both go on at once: neither may wait for a connection that the other holds.
        tokio::select! {
            biased;
            done = self.act(claim) => done,
            () = self.keep_leased(claim) => Ok(()),
        }
    }

    /// Never returns.
    async fn keep_leased(&self, claim: &Claim) {
        let mut until = claim.lease_until;
        loop {
            let left = until - self.now().work.as_millisecond();
            let wait = (left / 2).clamp(limits::RENEW_MIN_MS, limits::LEASE_MS / 2);
            tokio::time::sleep(Span::millis(wait).to_std()).await;
            let next = self.now().work.as_millisecond() + limits::LEASE_MS;
            match self.deps.store.renew(claim, next).await {
                Ok(true) => until = next,
                Ok(false) => {
                    // What is under way outside cannot be called back; the receipt of this claim counts no more.
                    tracing::warn!(name: "outbox.lease_lost", key = %claim.row.key, "somebody else acts on a row by now");
                    return std::future::pending().await;
                }
                Err(error) => {
                    tracing::warn!(name: "outbox.renew_failed", key = %claim.row.key, %error, "a lease is not renewed: {error}");
                }
            }
        }
    }

    /// Acts on one claimed row and stores its receipt.
    ///
    /// # Errors
    /// When the store fails; the row's lease then runs out and somebody acts again, by the effect's own idempotency.
    pub async fn act(&self, claim: &Claim) -> Result<()> {
        // Whoever slept over half of the lease leaves the row to its next claim: it may be somebody else's before this is done.
        let now = self.now().work.as_millisecond();
        if now + limits::LEASE_MS / 2 > claim.lease_until {
            let key = &claim.row.key;
            tracing::warn!(name: "outbox.overslept", %key, "{key} was claimed too long ago; the next claim does it");
            return Ok(());
        }
        match serde_json::from_str::<Effect>(&claim.row.body) {
            Ok(Effect::Card { platform, card, deployment }) => {
                self.show_card(claim, &platform, &card, &Stream::deployment(deployment)).await
            }
            Ok(Effect::IncidentCard { platform, card, incident }) => {
                self.show_card(claim, &platform, &card, &Stream::incident(incident)).await
            }
            Ok(Effect::PostMortem { platform, card, incident }) => {
                let Some(message) = self.post_mortem(incident).await? else {
                    return self.receipt_only(claim, Vec::new()).await;
                };
                let channel = self.policy().channels.incidents.clone();
                let to = Addressed { channel: &channel, thread_of: Some(&card), only_for: None };
                self.post_notice(claim, &platform, &to, message).await
            }
            Ok(Effect::RosterCard { platform, card, roster }) => {
                self.show_card(claim, &platform, &card, &Stream::roster(&roster)).await
            }
            Ok(Effect::MaintenanceCard { platform, card, maintenance }) => {
                self.show_card(claim, &platform, &card, &Stream::maintenance(&maintenance)).await
            }
            Ok(Effect::RunCard { platform, card, runbook }) => {
                self.show_card(claim, &platform, &card, &Stream::runbook(&runbook)).await
            }
            Ok(Effect::RunOutput { platform, runbook, number }) => {
                self.show_run_output(claim, &platform, &runbook, number).await
            }
            Ok(Effect::Run { runbook, number, stop }) => self.run_command(claim, &runbook, number, stop).await,
            Ok(Effect::Gather { digest, slot }) => self.gather(claim, &digest, slot).await,
            Ok(Effect::Post { platform, channel, thread_of, only_for, message }) => {
                let to = Addressed { channel: &channel, thread_of: thread_of.as_deref(), only_for: only_for.as_ref() };
                self.post_notice(claim, &platform, &to, message).await
            }
            Ok(Effect::Page { stream, of }) => self.send_page(claim, &stream, &of).await,
            Ok(Effect::PageFollow { stream, of, what, person }) => {
                self.follow_page(claim, &stream, (&of, person.as_ref()), what).await
            }
            Ok(Effect::Room { platform, incident, act }) => self.tend_room(claim, &platform, incident, &act).await,
            Ok(Effect::StatusMail { incident, mail }) => self.send_mail(claim, incident, &mail).await,
            Ok(Effect::Publish { incident, of }) => self.publish(claim, incident, &of).await,
            Ok(Effect::Component { place, service }) => self.show_component(claim, &place, &service).await,
            Ok(Effect::Task { deployment, task }) => self.do_task(claim, deployment, &task).await,
            Err(error) => {
                tracing::error!(name: "outbox.unreadable", key = %claim.row.key, %error, "an outbox row cannot be read and is removed");
                self.receipt_only(claim, Vec::new()).await
            }
        }
    }

    /// Ends a row without telling any stream, in the writer's next group: many messages cost one transaction. When somebody else
    /// took the row over, they act on it again.
    pub(super) async fn receipt_only(&self, claim: &Claim, messages: Vec<crate::store::MessageRow>) -> Result<()> {
        self.submit(Request { receipt: Some(receipt(claim)), messages, ..Request::note() }).await.map(|_| ())
    }

    /// Gives a row back, due in `ms`.
    pub(super) async fn again_in(&self, claim: &Claim, ms: i64) -> Result<()> {
        let due = self.now().work.as_millisecond() + ms;
        self.deps.store.release(claim, due).await
    }

    /// Gives a row back that certainly nothing was done about, due in `ms`.
    pub(super) async fn put_back(&self, claim: &Claim, ms: i64) -> Result<()> {
        let due = self.now().work.as_millisecond() + ms;
        self.deps.store.put_back(claim, due).await
    }

    /// Gives a row back that was not acted on this time, due in `ms`: whether an earlier try arrived is as unknown as before.
    pub(super) async fn not_now(&self, claim: &Claim, ms: i64) -> Result<()> {
        if claim.doubt { self.again_in(claim, ms).await } else { self.put_back(claim, ms).await }
    }

    /// How long until something falls due, in milliseconds; bounded, so that a lost hint costs little.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn until_due(&self) -> Result<i64> {
        let outbox = self.deps.store.next_outbox().await?;
        self.until(outbox).await
    }

    /// As [`Engine::until_due`], with hands too full for the outbox.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn until_timer(&self) -> Result<i64> {
        self.until(None).await
    }

    async fn until(&self, outbox: Option<i64>) -> Result<i64> {
        let now = self.now();
        let (wall, work) = self.deps.store.next_timers().await?;
        let waits = [
            wall.map(|t| t - now.wall.as_millisecond()),
            work.map(|t| t - now.work.as_millisecond()),
            outbox.map(|t| t - now.work.as_millisecond()),
        ];
        let soonest = waits.into_iter().flatten().min().unwrap_or(limits::IDLE_POLL_MS);
        Ok(soonest.clamp(0, limits::IDLE_POLL_MS))
    }
}

/// The input that a timer asks for.
fn input_of(timer: &TimerRow) -> serde_json::Result<Input> {
    if timer.stream.kind() == "incident"
        && let Some(incident) = IncidentId::parse(timer.stream.name())
    {
        let purpose = serde_json::from_str(&timer.body)?;
        return Ok(Input::IncidentTimer { incident, purpose });
    }
    if timer.stream.kind() == "roster" {
        let (roster, purpose) = (timer.stream.name().to_owned(), serde_json::from_str(&timer.body)?);
        return Ok(Input::Roster { roster, purpose, facts: Facts::default() });
    }
    if timer.stream.kind() == "digest" {
        return Ok(Input::Digest { digest: timer.stream.name().to_owned() });
    }
    if timer.stream.kind() == "maintenance" {
        let (maintenance, purpose) = (timer.stream.name().to_owned(), serde_json::from_str(&timer.body)?);
        return Ok(Input::Maintenance { maintenance, purpose });
    }
    if timer.stream.kind() == "runbook" {
        let (runbook, number) = (timer.stream.name().to_owned(), serde_json::from_str(&timer.body)?);
        return Ok(Input::RunTimer { runbook, number });
    }
    if timer.stream.kind() == "alert" {
        let (key, purpose) = (timer.stream.name().to_owned(), serde_json::from_str(&timer.body)?);
        return Ok(Input::AlertTimer { key, purpose });
    }
    if timer.stream.kind() == "alerts" {
        return Ok(Input::AlertBoardTimer { purpose: serde_json::from_str(&timer.body)? });
    }
    let (stream, purpose) = (timer.stream.clone(), serde_json::from_str::<Purpose>(&timer.body)?);
    Ok(Input::Timer { stream, purpose })
}

pub(super) fn receipt(claim: &Claim) -> Receipt {
    Receipt { id: claim.row.id.clone(), owner: claim.owner.clone(), version: claim.version }
}
