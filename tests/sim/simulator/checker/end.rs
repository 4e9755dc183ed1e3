//! What must hold once the faults have stopped and time has passed.

use super::super::chat::Room;
use super::super::core::at_once;
use super::Checker;
use signalbox::domain::ids::PlatformName;
use signalbox::domain::render;
use signalbox::store::{MemoryStore, Store as _};

/// Whose channel was made under this key.
fn of_incident(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

impl Checker {
    /// Everything came to an end, everything was said, and nothing that stands is false.
    pub fn at_the_end(&self, store: &MemoryStore, room: &Room) -> Vec<String> {
        let mut wrong = Vec::new();
        // Shifts and slots never end: of all there is, only rosters and digests wait for what comes next.
        let timers = at_once(store.timers(20)).unwrap_or_default().into_iter();
        for row in timers.filter(|row| !["roster", "digest"].contains(&row.stream.kind())) {
            wrong.push(format!("timer {} never ends", row.id));
        }
        for row in at_once(store.outbox(20)).unwrap_or_default() {
            wrong.push(format!("outbox row {} is never done ({} attempts)", row.key, row.attempts));
        }
        for i in self.incidents().filter(|i| !i.status.ended()) {
            wrong.push(format!("{} is {} for ever", i.id, i.status.words()));
        }
        for d in self.deployments().filter(|d| !d.status.ended()) {
            wrong.push(format!("{} is {} for ever: {:?} {:?}", d.id, d.status.words(), d.wait, d.run));
        }
        for said in room.said.values() {
            let under = said.thread.as_ref().and_then(|id| room.said.get(id));
            let is_card = |key: &str| ["card:", "handoff:", "runbook:"].iter().any(|kind| key.starts_with(kind));
            if said.thread.is_some() && under.is_none_or(|u| !is_card(&u.key)) {
                wrong.push(format!("{} stands in the thread of {:?}, which is no card", said.key, said.thread));
            }
        }
        wrong.extend(self.rooms_at_the_end(room));
        wrong.extend(self.digests_at_the_end());
        wrong.extend(self.pages_at_the_end());
        wrong.extend(self.public_at_the_end());
        wrong.extend(self.commands_at_the_end());
        wrong.extend(self.everything_is_said(room));
        wrong.extend(self.cards_are_true(room));
        wrong
    }

    /// Nobody waits for a channel for ever, there are no two of one wish, and nobody speaks in another's.
    fn rooms_at_the_end(&self, room: &Room) -> Vec<String> {
        let mut wrong = Vec::new();
        for i in self.incidents() {
            for platform in &self.platforms {
                let name = PlatformName::new(platform);
                if i.rooms.awaited(&name) {
                    wrong.push(format!("{} waits for its channel on {platform} for ever", i.id));
                }
                let of_it = room.made.iter().filter(|m| m.platform == name && of_incident(&m.key) == i.id.to_string());
                let made = of_it.count();
                if made > i.rooms.asked as usize {
                    wrong
                        .push(format!("{} has {made} channels on {platform}, and asked {} times", i.id, i.rooms.asked));
                }
            }
        }
        for said in room.said.values() {
            let made = room.made.iter().find(|m| m.platform == said.platform && m.name == said.channel);
            let Some(made) = made else { continue };
            let incident = of_incident(&made.key);
            let of_it = [format!("incident/{incident}/"), format!("list:{incident}:")];
            if said.thread.is_some() || !of_it.iter().any(|begin| said.key.starts_with(begin)) {
                wrong.push(format!("{} is said in the channel of {}", said.key, made.key));
            }
        }
        wrong
    }

    fn everything_is_said(&self, room: &Room) -> Vec<String> {
        let mut wrong = Vec::new();
        for key in &self.promised {
            let platform = key.rsplit('@').next().unwrap_or_default();
            let posted = room.of_key(&platform.into(), key).filter(|s| !s.deleted).count();
            let ever = room.of_key(&platform.into(), key).count();
            if ever == 0 {
                wrong.push(format!("message {key} was never posted"));
            } else if posted > 1 {
                wrong.push(format!("message {key} stands {posted} times"));
            }
        }
        wrong
    }

    /// By the policy that everybody has at the end.
    fn cards_are_true(&self, room: &Room) -> Vec<String> {
        let mut wrong = Vec::new();
        let of_deployments = self.deployments().flat_map(|d| render::cards(&self.policies[0], d));
        let of_incidents = self.incidents().flat_map(|i| render::incident_cards(&self.policies[0], i));
        let of_runs = self.runbooks().flat_map(|(name, s)| render::runbook_cards(&self.policies[0], name, s));
        {
            for card in of_deployments.chain(of_incidents).chain(of_runs) {
                for platform in &self.platforms {
                    let name = PlatformName::new(platform);
                    let shown: Vec<_> = room.of_key(&name, &card.key).filter(|s| !s.deleted).collect();
                    match shown.as_slice() {
                        [] if room.of_key(&name, &card.key).next().is_some() => {}
                        [one] if one.message == card.message => {}
                        [one] => {
                            let part = |m| format!("{m:?}");
                            let (a, b) = (part(&one.message), part(&card.message));
                            let at = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(40);
                            let cut = |s: &str| s.get(at..).unwrap_or(s).chars().take(160).collect::<String>();
                            wrong.push(format!("{} on {platform} shows …{}… and not …{}…", card.key, cut(&a), cut(&b)));
                        }
                        several => wrong.push(format!("{} stands {} times on {platform}", card.key, several.len())),
                    }
                }
            }
        }
        wrong
    }
}

#[test]
fn a_second_channel_of_one_wish_and_an_endless_wait_are_seen() {
    use super::super::chat::Made;
    use super::Folded;
    use signalbox::domain::ids::{ChannelName, IncidentId, Stream};
    use signalbox::domain::incident::IncidentEvent as E;
    use signalbox::domain::time::{Now, from_millis};
    use signalbox::domain::world::{Event, evolve};
    let (policy, times) = super::super::policy::draw(&mut fastrand::Rng::with_seed(1));
    let mut checker = Checker::new(&std::sync::Arc::new(policy), times, vec!["slack".into()]);
    let stream = Stream::incident(IncidentId(1));
    let events =
        [E::Declared(Box::new(super::alerts::declared(1))), E::RoomWanted { name: "inc-1".into(), archive: None }];
    let state = events
        .into_iter()
        .fold(None, |state, event| evolve(&stream, state, &Event::Incident(event), Now::at(from_millis(0))).ok());
    checker.streams.insert(stream, Folded { seq: 2, hash: String::new(), state });
    let made = |name: &str| Made {
        platform: PlatformName::new("slack"),
        key: "INC-1".into(),
        name: ChannelName::new(name),
        archived: false,
    };
    let mut room = Room::default();
    room.made.extend([made("inc-1"), made("inc-1-2")]);
    let wrong = checker.rooms_at_the_end(&room).join("\n");
    assert!(wrong.contains("waits for its channel on slack") && wrong.contains("has 2 channels on slack"), "{wrong}");
}
