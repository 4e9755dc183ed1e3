//! Alerts, silences and time in any order, on the pure decision.

use crate::config::load_embedded;
use crate::domain::alert::{Alert, AlertCommand, BoardPurpose, Phase, board_timers, timers};
use crate::domain::command::Command;
use crate::domain::decide::{Ctx, Decision, Facts, Input, Stop, decide};
use crate::domain::deployment::Origin;
use crate::domain::ids::{IncidentId, Stream};
use crate::domain::incident::{Incident, IncidentCommand, IncidentEvent, timers as incident_timers};
use crate::domain::policy::Policy;
use crate::domain::time::{Now, Span, after};
use crate::domain::world::{Event, Loaded, State, World};
use proptest::prelude::*;

/// A signalbox without storage: decisions on a world, and its timers.
struct Desk {
    policy: Policy,
    world: World,
    now: Now,
    pages: usize,
}

impl Desk {
    fn new(change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = load_embedded().policy;
        change(&mut policy);
        let now = Now::at("2026-01-05T07:05:00Z".parse().unwrap());
        Self { policy, world: World::default(), now, pages: 0 }
    }

    fn input(&mut self, input: &Input) -> Decision {
        loop {
            let ctx = Ctx { policy: &self.policy, now: self.now, next_number: 1 };
            match decide(&self.world, input, ctx) {
                Ok(decision) => {
                    for emitted in &decision.events {
                        if let Event::Incident(
                            IncidentEvent::Paged { people, .. } | IncidentEvent::PagedToo { people, .. },
                        ) = &emitted.event
                        {
                            self.pages += people.len();
                        }
                        let seq = self.world.stream(&emitted.stream).map_or(0, |l| l.seq) + 1;
                        let state = Some(emitted.after.clone());
                        self.world.put(emitted.stream.clone(), Loaded { seq, hash: String::new(), state });
                    }
                    return decision;
                }
                Err(Stop::Need(stream)) => {
                    self.world.put(stream, Loaded { seq: 0, hash: String::new(), state: None });
                }
                Err(Stop::Broken(broken)) => panic!("{broken}"),
            }
        }
    }

    fn say(&mut self, alerts: Vec<Alert>) -> Decision {
        self.input(&Input::Alerts { source: "prometheus".into(), alerts, facts: Facts::default() })
    }

    fn command(&mut self, person: &str, command: Command) -> Decision {
        let origin = Origin { platform: "console".into(), channel: "incidents".into() };
        let (person, command) = (person.into(), Box::new(command));
        self.input(&Input::Command { person, origin, command, facts: Facts::default() })
    }

    /// Everything that is due at this moment, until nothing is.
    fn fire(&mut self) {
        for _ in 0..200 {
            let due = self.world.iter().find_map(|(stream, loaded)| self.due(stream, loaded.state.as_ref()?));
            match due {
                Some(input) => _ = self.input(&input),
                None => return,
            }
        }
        panic!("it does not come to rest");
    }

    fn due(&self, stream: &Stream, state: &State) -> Option<Input> {
        let now = self.now.wall;
        match state {
            State::Alert(a) => timers(a)
                .into_iter()
                .find(|(_, at)| *at <= now)
                .map(|(purpose, _)| Input::AlertTimer { key: stream.name().to_owned(), purpose }),
            State::AlertBoard(b) => {
                let due = board_timers(b).into_iter().find(|(_, at)| *at <= now);
                due.map(|(purpose, _)| Input::AlertBoardTimer { purpose })
            }
            State::Incident(i) => {
                let due = incident_timers(i).into_iter().find(|(_, at)| *at <= now);
                due.map(|(purpose, _)| Input::IncidentTimer { incident: i.id, purpose })
            }
            _ => None,
        }
    }

    fn wait(&mut self, span: Span) {
        let end = after(self.now.wall, span);
        while self.now.wall < end {
            self.now = Now::at(after(self.now.wall, Span::secs(30)).min(end));
            self.fire();
        }
    }

    fn incident(&self, n: u64) -> Option<&Incident> {
        match &self.world.stream(&Stream::incident(IncidentId(n))).ok()?.state {
            Some(State::Incident(i)) => Some(i),
            _ => None,
        }
    }

    fn board(&self) -> crate::domain::alert::AlertBoard {
        match self.world.stream(&Stream::alerts()).ok().and_then(|l| l.state.clone()) {
            Some(State::AlertBoard(board)) => *board,
            _ => Default::default(),
        }
    }

    fn open(&self) -> Vec<&Incident> {
        let all = self.world.iter().filter_map(|(_, loaded)| match &loaded.state {
            Some(State::Incident(i)) if !i.status.ended() => Some(i.as_ref()),
            _ => None,
        });
        all.collect()
    }
}

fn alert(name: &str, service: &str, firing: bool) -> Alert {
    let labels = [("alertname", name), ("service", service)].map(|(k, v)| (k.to_owned(), v.to_owned()));
    Alert { id: format!("{name}/{service}"), firing, title: name.into(), labels: labels.into(), ..Alert::default() }
}

fn silence(matcher: &str, span: Span) -> Command {
    let (matcher, reason) = (matcher.to_owned(), "we know".to_owned());
    Command::Alert(AlertCommand::Silence { matcher, span, reason })
}

#[test]
fn a_worse_alert_of_the_same_matter_raises_it_and_pages() {
    use crate::domain::alert::Then;
    let mut desk = Desk::new(|p| {
        p.response.status.publish = ["P0".to_owned()].into();
        p.alerts.rules[1].then = Then::Incident { severity: "P2".into(), ladder: None };
        let mut worse = p.alerts.rules[1].clone();
        worse.labels.insert("severity".into(), vec![crate::domain::alert::Glob::new("page")]);
        worse.then = Then::Incident { severity: "P0".into(), ladder: None };
        p.alerts.rules.insert(0, worse);
    });
    desk.say(vec![alert("HighErrorRate", "api", true)]);
    let i = desk.incident(1).unwrap();
    assert!(i.first.is_none() && i.rooms.asked == 0 && i.publications.is_empty());
    let before = desk.pages;
    let mut paging = alert("HighErrorRate", "api", true);
    paging.id = "another".into();
    paging.labels.insert("severity".into(), "page".into());
    desk.say(vec![paging]);
    let i = desk.incident(1).unwrap();
    assert_eq!(i.severity, "P0");
    assert!(i.first.is_some() && i.rooms.asked == 1 && !i.publications.is_empty(), "with all that hangs on that");
    assert!(desk.pages > before, "{} {before}", desk.pages);
    assert!(desk.incident(2).is_none());
}

#[test]
fn whoever_resolves_it_while_it_fires_hears_of_it_when_it_fires_anew() {
    let mut desk = Desk::new(|_| {});
    desk.say(vec![alert("HighErrorRate", "api", true)]);
    let resolve =
        IncidentCommand::Resolve { incident: None, resolution: "known".into(), cause: "known".into(), public: None };
    desk.command("lina", Command::Incident(resolve));
    desk.say(vec![alert("HighErrorRate", "api", true)]);
    assert!(desk.open().is_empty(), "the same goes on");
    desk.say(vec![alert("HighErrorRate", "api", false), alert("HighErrorRate", "api", true)]);
    assert_eq!(desk.open().len(), 1);
}

#[test]
fn an_incident_rests_only_while_all_of_it_is_silenced() {
    let mut desk = Desk::new(|p| p.alerts.storm = 1);
    desk.say(vec![alert("HighErrorRate", "api", true), alert("HighErrorRate", "frontend", true)]);
    assert!(desk.incident(1).unwrap().alerts.storm);
    desk.command("lina", silence("service=api", Span::hours(1)));
    assert_eq!(desk.incident(1).unwrap().hushed(), None);
    desk.command("lina", silence("service=frontend", Span::hours(2)));
    assert_eq!(desk.incident(1).unwrap().hushed(), Some("silence 1"));
    desk.wait(Span::mins(61));
    assert_eq!(desk.incident(1).unwrap().hushed(), None, "the first silence is over, and it still fires");
}

#[test]
fn an_incident_that_ends_while_it_rests_pages_nobody_and_is_not_forgotten() {
    let mut desk = Desk::new(|p| p.alerts.rules[1].over = crate::domain::alert::Over::Tell);
    desk.say(vec![alert("HighErrorRate", "api", true)]);
    desk.command("lina", silence("INC-1", Span::hours(1)));
    desk.say(vec![alert("HighErrorRate", "api", false)]);
    let pages = desk.pages;
    desk.wait(Span::hours(3));
    assert_eq!(desk.pages, pages);
    let i = desk.incident(1).unwrap();
    assert!(i.next_update.is_some() && !incident_timers(i).is_empty(), "somebody is asked how it stands");
    desk.say(vec![alert("HighErrorRate", "api", true)]);
    assert!(desk.pages > pages, "and it pages when it fires again");
}

#[test]
fn customers_hear_of_an_end_that_comes_with_the_alerts() {
    use crate::domain::alert::Over;
    use crate::domain::status::Phase as Public;
    for (over, told) in [(Over::Mitigate, Public::Monitoring), (Over::Resolve, Public::Resolved)] {
        let mut desk = Desk::new(|p| {
            p.alerts.rules[1].over = over;
            p.response.status.publish = p.response.severities.iter().map(|s| s.name.clone()).collect();
        });
        desk.say(vec![alert("HighErrorRate", "api", true)]);
        desk.say(vec![alert("HighErrorRate", "api", false)]);
        desk.wait(Span::mins(20));
        let publication = desk.incident(1).unwrap().publications[0].clone();
        assert_eq!(publication.last().map(|post| post.phase), Some(told), "{over:?}");
        desk.say(vec![alert("HighErrorRate", "api", true)]);
        let again = desk.open()[0].publications.last().and_then(|p| p.last()).map(|post| post.phase);
        assert_eq!(again, Some(Public::Investigating), "{over:?}: it fires again");
    }
}

/// What can happen, in half minutes of waiting.
#[derive(Clone, Debug)]
enum Act {
    Say(u8, bool),
    Silence(u8),
    Cancel,
    Resolve,
    Ack,
    Wait(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        4 => (0_u8..3, any::<bool>()).prop_map(|(n, f)| Act::Say(n, f)),
        1 => (0_u8..3).prop_map(Act::Silence),
        1 => Just(Act::Cancel),
        1 => Just(Act::Resolve),
        1 => Just(Act::Ack),
        3 => (1_u8..30).prop_map(Act::Wait),
    ];
    prop::collection::vec(one, 1..25)
}

const SERVICES: [&str; 3] = ["api", "frontend", "platform"];

fn play(desk: &mut Desk, act: &Act) {
    match act {
        Act::Say(n, firing) => _ = desk.say(vec![alert("HighErrorRate", SERVICES[usize::from(*n)], *firing)]),
        Act::Silence(n) => {
            let matcher = format!("service={}", SERVICES[usize::from(*n)]);
            desk.command("lina", silence(&matcher, Span::mins(7)));
        }
        Act::Cancel => {
            if let Some(number) = desk.board().silences.first().map(|s| s.number) {
                desk.command("lina", Command::Alert(AlertCommand::CancelSilence { number }));
            }
        }
        Act::Resolve | Act::Ack => {
            let Some(id) = desk.open().first().map(|i| i.id) else { return };
            let command = match act {
                Act::Ack => IncidentCommand::Ack { incident: Some(id), eta: None, episode: None },
                _ => IncidentCommand::Resolve {
                    incident: Some(id),
                    resolution: "r".into(),
                    cause: "c".into(),
                    public: None,
                },
            };
            desk.command("lina", Command::Incident(command));
        }
        Act::Wait(n) => desk.wait(Span::secs(30 * i64::from(*n))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_there_is_one_incident_for_a_key_and_none_rests_for_ever(acts in acts(), storm in 0_u32..4) {
        let mut desk = Desk::new(|p| p.alerts.storm = storm);
        desk.input(&Input::AlertBoardTimer { purpose: BoardPurpose::Look });
        for act in &acts {
            play(&mut desk, act);
            let board = desk.board();
            for i in desk.open() {
                if i.hushed().is_some() {
                    prop_assert!(!board_timers(&board).is_empty(), "{} rests and nothing ends that", i.id);
                    let own = board.firing.values().filter(|e| e.incident == Some(i.id)).collect::<Vec<_>>();
                    prop_assert!(!own.is_empty() && own.iter().all(|e| e.held.is_some()), "{} rests for no reason", i.id);
                }
            }
            for (key, entry) in &board.firing {
                let (_, loaded) = desk.world.iter().find(|(s, _)| s.name() == key && s.kind() == "alert").unwrap();
                let Some(State::Alert(state)) = &loaded.state else { panic!("{key} is no alert") };
                prop_assert_eq!(state.incident, entry.incident, "key and board agree");
                prop_assert_eq!(state.phase == Phase::Firing, !entry.settles);
                let heard = entry.settles || entry.held.is_some() || entry.incident.is_some();
                prop_assert!(heard, "{} fires and nobody hears of it", entry.key);
            }
            let open = desk.open();
            let listed = open.iter().flat_map(|i| &i.alerts.listed).filter(|(_, fires)| *fires);
            let mut keys: Vec<&str> = listed.map(|(l, _)| l.key.as_str()).collect();
            let all = keys.len();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(all, keys.len(), "a key fires in one open incident");
        }
        // Once everything is quiet and every silence over, nothing is left on the board.
        for service in SERVICES.iter().take(3) {
            desk.say(vec![alert("HighErrorRate", service, false)]);
        }
        desk.wait(Span::mins(20));
        prop_assert!(desk.board().firing.is_empty() && desk.board().silences.is_empty());
        prop_assert!(desk.open().iter().all(|i| i.hushed().is_none()));
    }
}
