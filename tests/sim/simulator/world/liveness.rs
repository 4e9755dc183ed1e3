//! The faults stop: people and senders end what they began, and everything must come to an end.

use super::{Arc, Body, QUIET_TURNS, REPLICAS, Skew, World, at_once, lock};
use signalbox::domain::deployment::Status;
use signalbox::store::Store as _;

impl World {
    pub fn liveness(&mut self) {
        if self.failed() {
            return;
        }
        {
            let mut core = self.core();
            core.faults = false;
            core.outage_until = 0;
            let wall = core.skew[0].wall.max(core.skew[1].wall);
            core.skew = [Skew { wall, work: 0 }; REPLICAS];
            core.say("the faults stop");
        }
        let calm_from = self.core().t;
        lock(&self.checker).pages.calm_from = Some(calm_from);
        for replica in &mut self.replicas {
            replica.back_at = 0;
            replica.next = Some(Arc::clone(&self.policy));
        }
        // Rosters turn for ever; everything else has ended by then.
        let limit = self.core().t + 15 * 86_400_000;
        let mut quiet = 0;
        for round in 0..60_000_u32 {
            if round == 20 {
                self.all_clear();
            }
            self.deliver();
            self.post();
            self.work();
            self.drain();
            if self.failed() {
                return;
            }
            if round == 40 && !self.quiet_end {
                self.tidy_up();
            }
            // One that is open is never quiet, and a way back may open another.
            if round >= 40 && round % 40 == 0 {
                self.end_incidents();
            }
            let idle = self.tasks.is_empty() && self.replicas.iter().all(|r| r.engine.is_some() && r.next.is_none());
            // Once nothing else is left, a few turns of the rosters show as much as a thousand.
            quiet += u32::from(idle && round > 60 && self.only_rosters_wait());
            match self.next_due() {
                None if idle && round > 60 => break,
                None => {}
                _ if quiet > QUIET_TURNS => break,
                Some(at) if at > limit => break,
                Some(at) => {
                    let mut core = self.core();
                    // What is due may have to wait for somebody who is still stalled.
                    core.t = if at > core.t { at } else { core.t + 100 };
                }
            }
        }
        let mut wrong = lock(&self.checker).at_the_end(&self.store, &lock(&self.room));
        wrong.extend(self.letters_at_the_end());
        wrong.extend(self.alarms_at_the_end());
        for what in wrong {
            self.core().violate(what);
        }
    }

    fn only_rosters_wait(&self) -> bool {
        let timers = at_once(self.store.timers(200)).unwrap_or_default();
        let said = at_once(self.store.next_outbox()).is_ok_and(|due| due.is_none());
        let worked = at_once(self.store.open_inbox_count()).is_ok_and(|open| open == 0);
        said && worked
            && self.mail.is_empty()
            && self.post.is_empty()
            && timers.iter().all(|timer| ["roster", "digest"].contains(&timer.stream.kind()))
    }

    /// People take back what waits and stop what is held; everything else must end by itself.
    fn tidy_up(&mut self) {
        let open: Vec<_> = lock(&self.checker)
            .deployments()
            .filter(|d| !d.status.ended())
            .map(|d| (d.id, d.status, d.requester.to_string()))
            .collect();
        for (id, status, requester) in open {
            let verb = if matches!(status, Status::Awaiting | Status::Starting) { "cancel" } else { "abort" };
            let body = Body::Command { text: format!("/{verb} {id}"), thread: None };
            self.write(&requester, body, true, "console".into());
        }
    }

    /// People end what is open and do what it leaves to be done.
    fn end_incidents(&mut self) {
        let mut texts = Vec::new();
        for i in lock(&self.checker).incidents() {
            let id = i.id;
            if !i.status.ended() {
                texts.push(format!("/incident resolve {id} it is over --cause nobody knows"));
            } else if i.post_mortem_due.is_some() && i.lessons.is_none() {
                texts.push(format!("/incident lessons {id} look sooner"));
            }
            texts.extend(i.actions.iter().filter(|a| a.done.is_none()).map(|a| format!("/incident done {id} {}", a.n)));
        }
        for text in texts {
            self.write("ana", Body::Command { text, thread: None }, true, "console".into());
        }
    }
}
