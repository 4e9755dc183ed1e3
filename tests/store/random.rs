//! Random batches: every store ends in the same state, and a group does what its parts would do one after the other.

use crate::kit::{Any, Tip, everything, file, input, memory, message, outbox, receipt, run, timer};
use fastrand::Rng;
use signalbox::store::{Batch, Claim, MemoryStore, Store, StoreError};

/// Small pools of names, so that batches meet.
struct World {
    rng: Rng,
    tips: Vec<Tip>,
    ids: u32,
    claims: Vec<Claim>,
}

impl World {
    fn new(seed: u64) -> Self {
        let tips = ["deployment/D-1", "environment/staging", "person/sara"].map(Tip::new).to_vec();
        Self { rng: Rng::with_seed(seed), tips, ids: 0, claims: Vec::new() }
    }

    fn name(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.rng.u8(0..6))
    }

    fn often(&mut self) -> bool {
        self.rng.u8(0..3) == 0
    }

    /// A batch, and where the streams stand if it is stored.
    fn batch(&mut self) -> (Batch, Vec<Tip>) {
        let (mut b, mut tips) = (Batch::default(), self.tips.clone());
        for tip in &mut tips {
            if self.rng.bool() {
                let wrong = i64::from(self.rng.u8(0..25) == 0);
                b.reads.push((tip.stream.clone(), tip.seq + wrong));
            }
            for _ in 0..self.rng.u8(0..3) {
                let text = format!("{{\"n\":{}}}", self.rng.u8(..));
                tip.append(&mut b, &text);
            }
        }
        while self.often() {
            let fresh = self.rng.u32(..);
            let key = if self.rng.u8(0..12) == 0 { self.name("i") } else { format!("i{fresh}") };
            b.inbox.push(input(&key, i64::from(self.rng.u8(..))));
        }
        while self.often() {
            b.timers_set.push(timer(&self.name("t"), i64::from(self.rng.u8(0..90)), self.rng.bool()));
        }
        while self.often() {
            b.timers_cancelled.push(self.name("t"));
        }
        while self.rng.bool() {
            self.ids += 1;
            let (id, key, target) = (format!("{:05}", self.ids), self.name("k"), self.name("x"));
            let mut row = outbox(&id, &key, &target, i64::from(self.rng.u8(0..60)));
            row.body = self.ids.to_string();
            b.outbox.push(row);
        }
        while self.often() {
            b.outbox_cancelled.push(self.name("k"));
        }
        if self.often() {
            b.history.push(run(i64::from(self.rng.u8(1..5)), &self.name("s"), "staging"));
            b.messages.push(message(&self.name("m"), &self.name("id")));
            b.reactions.push(crate::inbound::reaction(
                &self.name("U"),
                "✅",
                self.rng.bool(),
                i64::from(self.rng.u8(..)),
            ));
        }
        (b, tips)
    }

    async fn facts(&mut self, b: &mut Batch, store: &MemoryStore) {
        let timers = store.timers(99).await.unwrap();
        if let Some(t) = self.rng.choice(&timers).filter(|_| self.rng.bool()) {
            let wrong = i64::from(self.rng.u8(0..8) == 0);
            b.timers_fired.push((t.id.clone(), t.due_at + wrong));
        }
        if self.rng.bool()
            && let Some(c) = self.claims.pop()
        {
            b.receipts.push(receipt(&c.row.id, &c.owner, c.version));
        }
    }
}

fn kind(result: &Result<(), StoreError>) -> &'static str {
    match result {
        Ok(()) => "stored",
        Err(StoreError::Conflict(_)) => "conflict",
        Err(other) => panic!("{other:?}"),
    }
}

/// The same steps on all stores.
async fn alike(seed: u64, model: &MemoryStore, others: &[Any], steps: u32) -> u32 {
    let mut world = World::new(seed);
    let mut stored = 0;
    for step in 0..steps {
        let (mut batch, tips) = world.batch();
        world.facts(&mut batch, model).await;
        let expected = kind(&model.commit(&batch).await);
        let now = i64::from(world.rng.u8(0..80));
        let claims = model.claim(now, "me", now + 20, 2).await.unwrap();
        let undo = claims.first().filter(|_| world.rng.u8(0..3) == 0).cloned();
        if let Some(claim) = &undo {
            model.release(claim, now + 5).await.unwrap();
        }
        for other in others {
            let said = other.commit(&batch).await;
            assert_eq!(kind(&said), expected, "seed {seed}, step {step}: {said:?} {batch:?}");
            assert_eq!(other.claim(now, "me", now + 20, 2).await.unwrap(), claims, "seed {seed}, step {step}");
            if let Some(claim) = &undo {
                other.release(claim, now + 5).await.unwrap();
            }
            assert_eq!(everything(&**other).await, everything(model).await, "seed {seed}, step {step}: {batch:?}");
        }
        world.claims.extend(claims);
        if expected == "stored" {
            world.tips = tips;
            stored += 1;
        }
    }
    stored
}

#[tokio::test]
async fn sqlite_does_what_memory_does() {
    for seed in 0..6 {
        let folder = file().await;
        let stored = alike(seed, &MemoryStore::new(), &[folder.store()], 40).await;
        assert!((10..40).contains(&stored), "{stored} of 40 were stored: the mix is off");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_does_what_memory_does() {
    for seed in 0..4 {
        let Some(schema) = crate::postgres::schema().await else { return };
        alike(seed, &MemoryStore::new(), &[schema.store()], 40).await;
    }
}

#[tokio::test]
async fn a_group_does_what_its_parts_do_one_after_the_other() {
    let (mut grouped, mut alone) = (0, 0);
    for seed in 0..400 {
        let mut world = World::new(seed);
        let single = MemoryStore::new();
        for _ in 0..12 {
            let together = single.fork();
            let mut group = Batch::default();
            // Receipts take a freedom that is documented; timers fired are part of this.
            for _ in 0..world.rng.u8(1..6) {
                let (mut batch, tips) = world.batch();
                let timers = single.timers(99).await.unwrap();
                if let Some(t) = world.rng.choice(&timers).filter(|_| world.rng.bool()) {
                    batch.timers_fired.push((t.id.clone(), t.due_at));
                }
                // What the writer would do: only what decides well against the group so far joins it.
                if kind(&single.fork().commit(&batch).await) == "conflict" {
                    continue;
                }
                match group.absorb(batch.clone()) {
                    Ok(()) => grouped += 1,
                    Err(back) => {
                        alone += 1;
                        assert_eq!(*back, batch);
                        continue;
                    }
                }
                single.commit(&batch).await.unwrap();
                world.tips = tips;
            }
            together.commit(&group).await.unwrap();
            assert_eq!(everything(&together).await, everything(&single).await, "seed {seed}: {group:?}");
        }
    }
    assert!(grouped > 5_000 && alone > 50, "{grouped} grouped, {alone} alone");
}

#[tokio::test]
async fn what_lost_a_race_does_not_join_a_group() {
    let (a, b) = (Tip::new("deployment/D-1"), Tip::new("deployment/D-1"));
    let (mut first, mut second) = (Batch::default(), Batch::default());
    a.clone().append(&mut first, "1");
    b.clone().append(&mut second, "2");
    assert!(first.clone().absorb(second).is_err(), "both continue the stream from its start");
    let again = Batch { inbox: vec![input("a", 1)], ..Batch::default() };
    assert!(again.clone().absorb(again.clone()).is_err(), "the same input");
    let read = Batch { reads: vec![(b.stream, 0)], ..Batch::default() };
    assert!(first.absorb(read).is_err(), "it read what the first one changed");
    let store = memory();
    store.commit(&again).await.unwrap();
}
