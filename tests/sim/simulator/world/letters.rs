//! What people write, how it arrives, and what becomes of it.
//!
//! The console hands its envelopes in. What comes from another machine is kept, acknowledged, and worked later, by whoever
//! holds it then. Not acknowledged, it arrives again; and whatever arrives, arrives again now and then.

use super::super::chat::wire_text;
use super::{Done, REPLICAS, World, at_once, lock};
use signalbox::chat::{Answer, Arrival, Body, Envelope, Inbox as _, Intake as _, IntakeError, Kept};
use signalbox::domain::ids::PlatformName;
use signalbox::store::Store as _;

pub struct Letter {
    envelope: Envelope,
    stored: bool,
    answer: Option<Answer>,
    /// It was acknowledged before it was worked.
    kept: bool,
}

impl Letter {
    fn key(&self) -> String {
        format!("{}:{}", self.envelope.platform, self.envelope.id)
    }
}

impl World {
    pub(super) fn write(&mut self, person: &str, body: Body, stored: bool, platform: PlatformName) {
        let account = if platform.as_str() == "slack" { format!("U-{person}") } else { person.to_owned() };
        let n = self.letters.len();
        let envelope = Envelope { platform, id: format!("e{n}"), account, channel: "deployments".into(), body };
        self.letters.push(Letter { envelope, stored, answer: None, kept: false });
        let mut core = self.core();
        let t = core.t;
        let mut arrivals = vec![t];
        while core.fault(|r| r.duplicates) && arrivals.len() < 4 {
            let later = if core.chance(100) { 3_600_000 } else { 5_000 };
            arrivals.push(t + core.dice.i64(0..later));
        }
        drop(core);
        self.mail.extend(arrivals.into_iter().map(|at| (at, n)));
    }

    pub(super) fn deliver(&mut self) {
        let t = self.core().t;
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.mail).into_iter().partition(|(at, _)| *at <= t);
        self.mail = later;
        for (_, n) in due {
            let first = self.core().dice.usize(..REPLICAS);
            let r = (0..REPLICAS)
                .map(|i| (first + i) % REPLICAS)
                .find(|r| self.replicas[*r].engine.is_some() && self.replicas[*r].next.is_none());
            let Some((r, engine)) = r.and_then(|r| Some((r, self.replicas[r].engine.clone()?))) else {
                self.mail.push((t + 1_000, n));
                continue;
            };
            let envelope = self.letters[n].envelope.clone();
            let console = envelope.platform.as_str() == "console";
            if !console && self.busy(r, "keep") {
                // Arrivals have one writer, which keeps one group after the other.
                self.mail.push((t + 10, n));
                continue;
            }
            let what = match &envelope.body {
                Body::Command { text, .. } => text.clone(),
                Body::Reaction { message, emoji, added } => format!("{emoji} {added} on {message}"),
                Body::Click { message, action, .. } => format!("clicks {action} on {message}"),
            };
            self.core().say(format!("r{r} e{n} {}: {what}", envelope.account));
            if console {
                self.spawn(r, "letter", async move { Done::Received(n, engine.receive(envelope).await) });
            } else {
                let arrival = arrival(&envelope);
                self.spawn(r, "keep", async move { Done::Kept(n, engine.keep(arrival).await) });
            }
        }
    }

    /// What is not stored is not acknowledged, so it arrives again.
    fn not_stored(&mut self, r: usize, n: usize, error: &IntakeError) {
        let (at, damaged) = (self.core().t + 2_000, error.reason.contains("damaged"));
        self.core().say(format!("r{r} e{n} is not stored: {}", error.reason));
        if damaged {
            self.core().violate(format!("r{r} takes a record for damaged at e{n}"));
        }
        self.mail.push((at, n));
    }

    pub(super) fn received(&mut self, r: usize, n: usize, answer: Result<Answer, IntakeError>) {
        match answer {
            Ok(answer) => self.answered(n, answer),
            Err(error) => self.not_stored(r, n, &error),
        }
    }

    pub(super) fn kept(&mut self, r: usize, n: usize, kept: Result<Kept, IntakeError>) {
        match kept {
            Ok(kept) => {
                self.letters[n].kept = true;
                let mut core = self.core();
                core.count("acknowledged");
                core.say(format!("r{r} e{n} is acknowledged: {kept:?}"));
            }
            Err(error) => self.not_stored(r, n, &error),
        }
    }

    /// Looks at what senders of kept letters were told.
    pub(super) fn hear(&mut self) {
        let told = std::mem::take(&mut *lock(&self.told));
        for (key, answer) in told {
            match answer {
                Ok(answer) => match self.letters.iter().position(|l| l.key() == key) {
                    Some(n) => self.answered(n, answer),
                    None => self.core().violate(format!("{key} is worked, and nobody wrote it")),
                },
                Err(wrong) => self.core().violate(wrong),
            }
        }
    }

    fn answered(&mut self, n: usize, answer: Answer) {
        let letter = &mut self.letters[n];
        let kept = at_once(self.store.answers(&[letter.key()])).unwrap_or_default();
        let text = serde_json::to_string(&answer).unwrap_or_default();
        let unknown = text.contains("does not know you");
        let mut wrong = None;
        match kept.first() {
            Some((_, before)) if !unknown && *before != text => {
                wrong = Some(format!("e{n} is told something else than what was decided: {text}"));
            }
            None if letter.stored && !unknown => wrong = Some(format!("e{n} is answered and not stored: {text}")),
            _ => {}
        }
        letter.answer = Some(answer);
        let mut core = lock(&self.core);
        core.count("answers");
        if let Some(wrong) = wrong {
            core.violate(wrong);
        }
    }

    /// Whatever was acknowledged was worked, and nothing is left in a lane.
    pub(super) fn letters_at_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let left = at_once(self.store.open_inbox_count()).unwrap_or(0);
        if left > 0 {
            wrong.push(format!("{left} kept arrivals are never worked"));
        }
        for (n, letter) in self.letters.iter().enumerate().filter(|(_, l)| l.kept && l.answer.is_none()) {
            wrong.push(format!("e{n} of {} was acknowledged and is lost", letter.envelope.account));
        }
        wrong
    }
}

fn arrival(envelope: &Envelope) -> Arrival {
    Arrival {
        platform: envelope.platform.clone(),
        id: envelope.id.clone(),
        kind: "letter".into(),
        lane: envelope.account.clone(),
        proof: String::new(),
        body: wire_text(envelope),
    }
}
