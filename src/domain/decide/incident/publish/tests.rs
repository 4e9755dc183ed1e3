//! Nothing that is typed inside reaches customers, whatever is typed, done and configured (`docs/adr/0016-public-words.md`).

use crate::config::load_embedded;
use crate::domain::alert::Alert;
use crate::domain::command::Command;
use crate::domain::decide::{Ctx, Facts, Input, Stop, decide};
use crate::domain::deployment::Origin;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Duty, Incident, IncidentCommand as C, Quote};
use crate::domain::policy::Policy;
use crate::domain::render::{public_notice, template_problem};
use crate::domain::status::{PUBLIC_TITLE_CHARS, Phase, PublicTry, Template};
use crate::domain::time::{Now, Span, after};
use crate::domain::world::{Loaded, State, World};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// In everything that is typed inside, and in nothing that config says.
const CANARY: &str = "zyzzyva";
/// The inner name of a service that has no public one.
const INNER: &str = "qwertzuiop";

/// A signalbox without storage.
struct Desk {
    policy: Policy,
    world: World,
    now: Now,
    /// What was typed for customers.
    typed: BTreeSet<String>,
}

impl Desk {
    fn input(&mut self, input: &Input) {
        loop {
            let ctx = Ctx { policy: &self.policy, now: self.now, next_number: 1 };
            match decide(&self.world, input, ctx) {
                Ok(decision) => {
                    for emitted in &decision.events {
                        let seq = self.world.stream(&emitted.stream).map_or(0, |l| l.seq) + 1;
                        let state = Some(emitted.after.clone());
                        self.world.put(emitted.stream.clone(), Loaded { seq, hash: String::new(), state });
                    }
                    return;
                }
                Err(Stop::Need(stream)) => {
                    self.world.put(stream, Loaded { seq: 0, hash: String::new(), state: None });
                }
                Err(Stop::Broken(broken)) => panic!("{broken}"),
            }
        }
    }

    fn says(&mut self, person: &str, command: C) {
        let origin = Origin { platform: "console".into(), channel: "incidents".into() };
        let (person, command) = (person.into(), Box::new(Command::Incident(command)));
        self.input(&Input::Command { person, origin, command, facts: Facts::default() });
    }

    fn incidents(&self) -> Vec<&Incident> {
        let all = self.world.iter().filter_map(|(_, loaded)| match &loaded.state {
            Some(State::Incident(i)) => Some(i.as_ref()),
            _ => None,
        });
        all.collect()
    }

    /// Every word that customers may read, and whether somebody typed it for them.
    fn public(&self) -> Vec<(String, bool)> {
        let mut out = Vec::new();
        for i in self.incidents() {
            for (publication, p) in i.publications.iter().enumerate() {
                out.push((p.title.clone(), self.typed.contains(&p.title)));
                for post in 0..p.posts.len() {
                    let of = PublicTry { publication, post, place: "statuspage".into() };
                    let notice = public_notice(&self.policy, i, &of, self.now.wall).unwrap();
                    assert_eq!(notice.title, p.title);
                    out.push((notice.service_name.unwrap_or_default(), false));
                    let by_hand = p.posts[post].by.is_some();
                    assert!(!by_hand || self.typed.contains(&notice.text), "{} was typed by nobody", notice.text);
                    // What a template makes may hold the headline, which customers read anyway.
                    let said =
                        if self.typed.contains(&p.title) { notice.text.replace(&p.title, "") } else { notice.text };
                    out.push((said, by_hand));
                }
            }
        }
        out
    }
}

/// Something typed inside.
fn inside() -> impl Strategy<Value = String> {
    let around = prop_oneof![
        3 => "[a-z ]{0,12}",
        1 => "\\PC{0,12}",
        1 => Just("{{ headline }} {% raw %}".to_owned()),
        1 => Just("--public ".to_owned()),
        1 => Just("\n\n# ".to_owned()),
    ];
    (around.clone(), around).prop_map(|(a, b)| format!("{a}{CANARY}{b}"))
}

/// Something typed for customers; they may read the same word if somebody wants them to.
fn outside() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Z][a-z ]{1,20}[a-z]", 1 => Just(format!("It was the {CANARY}."))]
}

#[derive(Clone, Debug)]
enum Act {
    Declare(usize, String, bool),
    Alert(String, bool),
    Page(String),
    Drill(usize),
    Ack,
    Update(String, Option<String>),
    Mitigate(String, Option<String>),
    Resolve(String, Option<String>),
    Reopen(String),
    Impact(String),
    Severity(usize),
    Escalate(String),
    Action(String),
    Lessons(String),
    Mark(String),
    Assign,
    Publish(String, Option<String>, Option<usize>),
    Wait(i64),
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let maybe = || prop::option::of(outside());
    let one = prop_oneof![
        3 => (0..4_usize, inside(), any::<bool>()).prop_map(|(s, t, p)| Act::Declare(s, t, p)),
        1 => (inside(), any::<bool>()).prop_map(|(t, f)| Act::Alert(t, f)),
        1 => inside().prop_map(Act::Page),
        1 => (0..4_usize).prop_map(Act::Drill),
        1 => Just(Act::Ack),
        3 => (inside(), maybe()).prop_map(|(t, p)| Act::Update(t, p)),
        2 => (inside(), maybe()).prop_map(|(t, p)| Act::Mitigate(t, p)),
        2 => (inside(), maybe()).prop_map(|(t, p)| Act::Resolve(t, p)),
        2 => inside().prop_map(Act::Reopen),
        1 => inside().prop_map(Act::Impact),
        1 => (0..4_usize).prop_map(Act::Severity),
        1 => inside().prop_map(Act::Escalate),
        1 => inside().prop_map(Act::Action),
        1 => inside().prop_map(Act::Lessons),
        1 => inside().prop_map(Act::Mark),
        1 => Just(Act::Assign),
        3 => (outside(), maybe(), prop::option::of(0..3_usize)).prop_map(|(t, h, p)| Act::Publish(t, h, p)),
        2 => (0..90_i64).prop_map(Act::Wait),
    ];
    prop::collection::vec((0..4_usize, one), 1..30)
}

/// Templates of all kinds; those that config refuses are left out.
fn templates() -> impl Strategy<Value = Vec<(Template, String)>> {
    let pieces = vec![
        "It is us. ",
        "{{ organisation }} ",
        "{{ service }} ",
        "{{ headline }} ",
        "{{ phase }} since {{ started }} {{ zone }}, for {{ lasted }}. ",
        "{% if service %}{{ service | upper }}{% else %}{{ organisation | title }}{% endif %} ",
        "{{ headline or service or organisation }} ",
        "{{ title }} ",
        "{{ message }} ",
        "{{ impact | default(cause) }} ",
        "{% if title is defined %}{{ title }}{% endif %} ",
        "{{ resolution | default('unknown') }} ",
        "{{ debug() }} ",
        "{% for one in team %}{{ one }}{% endfor %} ",
        "{% set by = headline %}{{ by }} ",
    ];
    let text = prop::collection::vec(prop::sample::select(pieces), 1..4).prop_map(|all| all.concat());
    let public: Vec<Template> = Template::ALL.into_iter().filter(|t| t.is_public()).collect();
    prop::collection::vec((prop::sample::select(public), text), 0..6)
        .prop_map(|all| all.into_iter().filter(|(t, text)| template_problem(*t, text).is_none()).collect())
}

const SEVERITIES: [&str; 4] = ["P0", "P1", "P2", "P3"];

fn play(desk: &mut Desk, who: usize, act: &Act) {
    let page = desk.policy.response.status.page.clone().unwrap_or_default();
    let people: Vec<PersonId> = desk.policy.people.keys().cloned().collect();
    let may = desk.policy.people.values().find(|p| !p.roles.is_disjoint(&page.roles)).map(|p| p.id.clone());
    // Mostly somebody who may tell customers.
    let who = if who == 0 { people[0].clone() } else { may.unwrap_or_else(|| people[0].clone()) };
    let id = desk.incidents().last().map(|i| i.id);
    let typed: Vec<&String> = match act {
        Act::Update(_, p) | Act::Mitigate(_, p) | Act::Resolve(_, p) => p.iter().collect(),
        Act::Publish(text, title, _) => [Some(text), title.as_ref()].into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    desk.typed.extend(typed.into_iter().map(|text| text.trim().to_owned()));
    let (incident, severity) = (id, |n: usize| SEVERITIES[n].to_owned());
    let quote = |text: &String| Quote {
        platform: "console".into(),
        channel: "incidents".into(),
        message: format!("m{}", text.len()),
        author: None,
        name: text.clone(),
        at: "2026-01-05T07:05:00Z".parse().unwrap(),
        text: text.clone(),
        link: None,
    };
    let command = match act.clone() {
        Act::Declare(n, title, named) => {
            let service = Some(if named { "api".into() } else { INNER.into() });
            C::Declare { severity: severity(n), title, service, anyway: true }
        }
        Act::Alert(title, firing) => {
            let labels =
                [("alertname", "HighErrorRate"), ("service", INNER)].map(|(k, v)| (k.to_owned(), v.to_owned()));
            let alert = Alert {
                id: "a".into(),
                firing,
                title: title.clone(),
                labels: labels.into(),
                text: title,
                ..Alert::default()
            };
            let input = Input::Alerts { source: "prometheus".into(), alerts: vec![alert], facts: Facts::default() };
            return desk.input(&input);
        }
        Act::Wait(minutes) => {
            desk.now = Now::at(after(desk.now.wall, Span::mins(minutes)));
            return;
        }
        Act::Page(text) => C::Page { whom: people[1].to_string(), text, incident: None },
        Act::Drill(n) => C::Drill { severity: severity(n) },
        Act::Ack => C::Ack { incident, eta: None, episode: None },
        Act::Update(text, public) => C::Update { incident, text, public },
        Act::Mitigate(text, public) => C::Mitigate { incident, text, public },
        Act::Resolve(text, public) => C::Resolve { incident, resolution: text.clone(), cause: text, public },
        Act::Reopen(reason) => C::Reopen { incident, reason },
        Act::Impact(text) => C::Impact { incident, text },
        Act::Severity(n) => C::Severity { incident, severity: severity(n) },
        Act::Escalate(reason) => C::Escalate { incident, reason: Some(reason) },
        Act::Action(text) => C::Action { incident, text, owner: None, due: None },
        Act::Lessons(text) => C::Lessons { incident, text },
        Act::Mark(text) => C::Mark { incident, quote: Box::new(quote(&text)) },
        Act::Assign => C::Assign { incident, duty: Duty::Commander, person: people[0].clone() },
        Act::Publish(text, title, phase) => C::Publish { incident, text, title, phase: phase.map(|n| Phase::OPEN[n]) },
    };
    desk.says(who.as_str(), command);
}

fn desk(templates: &[(Template, String)], publish: usize) -> Desk {
    let mut policy = load_embedded().policy;
    let api = policy.services.values().next().cloned().unwrap();
    policy.services.insert(INNER.into(), crate::domain::policy::Service { name: INNER.into(), ..api });
    let status = &mut policy.response.status;
    status.templates = templates.iter().cloned().collect();
    status.publish = SEVERITIES[..publish].iter().map(|s| (*s).to_owned()).collect();
    let now = Now::at("2026-01-05T07:05:00Z".parse().unwrap());
    Desk { policy, world: World::default(), now, typed: BTreeSet::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_is_typed_inside_reaches_customers(
        acts in acts(),
        templates in templates(),
        publish in 0..4_usize,
    ) {
        let mut desk = desk(&templates, publish);
        for (who, act) in &acts {
            play(&mut desk, *who, act);
        }
        let names: Vec<String> = desk.policy.people.values().map(|p| p.name.clone()).collect();
        for (text, typed) in desk.public() {
            if !typed {
                prop_assert!(!text.contains(CANARY), "customers read “{text}”");
                prop_assert!(!text.to_lowercase().contains(INNER), "customers read “{text}”");
                prop_assert!(!names.iter().any(|name| text.contains(name)), "customers read “{text}”");
            }
        }
        for i in desk.incidents() {
            prop_assert!(!i.drill || i.publications.is_empty(), "a drill is public");
            prop_assert!(!i.status.ended() || i.public().is_none(), "customers are not told that {} is over", i.id);
        }
    }
}

/// Else the test above proves nothing: acts like these are published, and what is typed for customers arrives.
#[test]
fn what_is_typed_for_customers_reaches_them_with_any_word_in_it() {
    let mut desk = desk(&[], 1);
    let text = format!("It was the {CANARY}.");
    play(&mut desk, 1, &Act::Declare(0, CANARY.into(), false));
    play(&mut desk, 1, &Act::Update(CANARY.into(), Some(text.clone())));
    play(&mut desk, 1, &Act::Resolve(CANARY.into(), None));
    let publications = &desk.incidents()[0].publications;
    let posts: Vec<_> = publications[0].posts.iter().map(|p| (p.phase, p.text == text)).collect();
    assert_eq!(posts.len(), 3, "{publications:?}");
    assert_eq!(posts[1], (Phase::Investigating, true));
    assert!(desk.public().iter().filter(|(text, _)| text.contains(CANARY)).count() == 1);
    assert!(publications[0].title.chars().count() <= PUBLIC_TITLE_CHARS);
    assert_eq!(desk.incidents()[0].id, IncidentId(1));
}
