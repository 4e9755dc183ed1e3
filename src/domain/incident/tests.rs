//! The deadlines of an incident, from its state.

use super::event::{Declaration, IncidentEvent as E};
use super::*;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::paging::{Came, Try, Via};
use crate::domain::policy::Source;
use crate::domain::render::{follow_letter, pages_followed};
use crate::domain::response::{Ladder, Level};
use crate::domain::time::{Now, Span, after};

fn start() -> Timestamp {
    "2026-01-05T07:05:00Z".parse().unwrap()
}

fn at(minutes: i64) -> Now {
    Now::at(after(start(), Span::mins(minutes)))
}

fn ladder() -> Ladder {
    let level = |name: &str, after: i64, unresolved: Option<i64>| Level {
        name: name.into(),
        after: Span::mins(after),
        unresolved: unresolved.map(Span::mins),
        roles: Default::default(),
        people: [PersonId::new(name)].into(),
        all: false,
        rosters: Default::default(),
        source: Source::default(),
    };
    let levels = vec![level("L1", 0, None), level("L2", 15, Some(30)), level("L3", 30, None)];
    Ladder { name: "usual".into(), levels, repeat: 1, pause: Span::mins(15), urgent: false, source: Source::default() }
}

fn declared() -> Incident {
    let declaration = Declaration {
        id: IncidentId(7),
        title: "checkout is slow".into(),
        severity: "P1".into(),
        service: None,
        reporter: Some("sara".into()),
        origin: None,
        suspects: Vec::new(),
        ladder: Some(ladder()),
        next_update: at(30).wall,
        rollback_reminder: None,
        drill: false,
        alerts: Vec::new(),
        runbooks: Vec::new(),
        storm: false,
    };
    evolve(None, &E::Declared(Box::new(declaration)), at(0)).unwrap()
}

fn then(i: Incident, minutes: i64, event: &E) -> Incident {
    evolve(Some(i), event, at(minutes)).unwrap()
}

fn paged(i: Incident, minutes: i64, level: &str) -> Incident {
    then(
        i,
        minutes,
        &E::Paged {
            level: level.into(),
            people: vec![level.into()],
            why: String::new(),
            ways: Default::default(),
            all: false,
        },
    )
}

/// Minutes from the start, when there is such a timer.
fn due(i: &Incident, purpose: Purpose) -> Option<i64> {
    let found = timers(i).into_iter().find(|(p, _)| *p == purpose);
    found.map(|(_, at)| Span::between(start(), at).as_millis() / 60_000)
}

#[test]
fn levels_count_from_the_start_however_late_the_one_before_was() {
    let i = declared();
    assert_eq!(due(&i, Purpose::Climb), Some(0));
    let i = paged(i, 4, "L1");
    assert_eq!(due(&i, Purpose::Climb), Some(15));
    let i = paged(paged(i, 15, "L2"), 30, "L3");
    assert_eq!(due(&i, Purpose::Climb), Some(45), "the next round, after the pause");
    let i = then(i, 45, &E::RoundBegun);
    assert_eq!(due(&i, Purpose::Climb), Some(45));
    let i = then(i, 90, &E::LadderEnded);
    assert_eq!(due(&i, Purpose::Climb), None);
}

#[test]
fn an_acknowledged_incident_still_goes_up_where_its_level_says_so() {
    let ack = E::Acknowledged { by: "lina".into(), until: at(35).wall };
    let i = then(paged(declared(), 0, "L1"), 5, &ack);
    assert_eq!(due(&i, Purpose::Climb), Some(30), "unresolved, by then");
    assert_eq!(due(&i, Purpose::Promise), Some(35));
    let i = then(i, 20, &E::Mitigated { by: "lina".into(), text: "scaled up".into(), next: at(50).wall });
    assert_eq!((due(&i, Purpose::Climb), due(&i, Purpose::Promise)), (None, None));
}

#[test]
fn a_broken_promise_begins_the_ladder_again() {
    let ack = E::Acknowledged { by: "lina".into(), until: at(20).wall };
    let i = then(paged(declared(), 0, "L1"), 5, &ack);
    let i = then(i, 20, &E::Nudged { person: "lina".into() });
    assert_eq!(due(&i, Purpose::Promise), Some(25));
    let i = then(i, 25, &E::PromiseBroken { person: "lina".into() });
    assert_eq!((i.status, due(&i, Purpose::Climb)), (Status::Open, Some(25)));
}

#[test]
fn whoever_says_how_it_stands_keeps_their_promise() {
    let ack = E::Acknowledged { by: "lina".into(), until: at(20).wall };
    let i = then(paged(declared(), 0, "L1"), 5, &ack);
    let i = then(i, 19, &E::Updated { by: "lina".into(), text: "looking".into(), next: at(49).wall });
    assert_eq!((due(&i, Purpose::Promise), due(&i, Purpose::Update)), (Some(49), Some(46)));
}

#[test]
fn an_update_is_asked_for_more_and_more_loudly_and_never_forgotten() {
    let told = |told, again: Option<i64>| E::UpdateAsked { told, again: again.map(|m| at(m).wall) };
    let i = declared();
    assert_eq!(due(&i, Purpose::Update), Some(27));
    let i = then(i, 27, &told(Told::Privately, None));
    assert_eq!(due(&i, Purpose::Update), Some(30));
    let i = then(i, 30, &told(Told::Channel, None));
    assert_eq!(due(&i, Purpose::Update), Some(35));
    let i = then(i, 35, &told(Told::Above, Some(65)));
    assert_eq!(due(&i, Purpose::Update), Some(62));
}

#[test]
fn nothing_is_due_once_it_is_over_and_reopening_is_a_new_episode() {
    let (resolution, cause) = ("rolled back".to_owned(), "a missing index".to_owned());
    let i = then(declared(), 40, &E::Resolved { by: "lina".into(), resolution, cause, post_mortem_due: None });
    assert_eq!(timers(&i), []);
    let reopened =
        E::Reopened { by: "sara".into(), reason: "again".into(), ladder: Some(ladder()), next_update: at(80).wall };
    let i = then(i, 50, &reopened);
    assert_eq!((i.episode, i.status, due(&i, Purpose::Climb)), (2, Status::Open, Some(50)));
}

#[test]
fn nearly_the_same_words_within_minutes_are_the_same_incident() {
    let opened = |n, title: &str| BoardEvent::Opened { incident: IncidentId(n), title: title.into(), service: None };
    let board = evolve_board(Board::default(), &opened(1, "checkout is slow"), at(0));
    let board = evolve_board(board, &opened(2, "search returns nothing"), at(1));
    assert_eq!(board.next(), IncidentId(3));
    assert_eq!(board.nearly("The checkout is very slow", None, at(5).wall), Some(IncidentId(1)));
    assert_eq!(board.nearly("the API is down", None, at(5).wall), None);
    assert_eq!(board.nearly("checkout is slow", None, at(16).wall), None, "that was a while ago");
    let board = evolve_board(board, &BoardEvent::Ended { incident: IncidentId(1) }, at(6));
    assert_eq!(board.nearly("checkout is slow", None, at(7).wall), None);
}

#[test]
fn a_mark_stands_until_nobody_wants_it_and_follows_what_it_marks() {
    let quote = Quote {
        platform: "slack".into(),
        channel: "incidents".into(),
        message: "C1:1.2".into(),
        author: Some("nour".into()),
        name: "Nour".into(),
        at: at(2).wall,
        text: "it is the pool".into(),
        link: None,
    };
    let (key, quote) = (quote.key(), Box::new(quote));
    let by = |who: &str| E::Marked { by: who.into(), quote: quote.clone() };
    let off = |who: &str| E::Unmarked { by: who.into(), message: key.clone() };
    let reads = |text: Option<&str>| E::MarkChanged { message: key.clone(), text: text.map(str::to_owned) };
    let i = then(then(declared(), 3, &by("omar")), 4, &by("sara"));
    assert_eq!((i.marks.len(), i.marked().count()), (1, 1), "one message is marked once");
    let i = then(then(i, 5, &off("omar")), 6, &reads(Some("it is the cache")));
    assert_eq!(i.mark(&key).map(|m| (m.quote.text.as_str(), m.removed)), Some(("it is the cache", false)));
    let gone = then(i.clone(), 7, &reads(None));
    assert_eq!(gone.mark(&key).map(|m| (m.quote.text.as_str(), m.removed)), Some(("", true)));
    let out = then(i, 8, &off("sara"));
    assert_eq!(out.marked().count(), 0);
    assert_eq!(then(out, 9, &by("sara")).marked().count(), 1, "and it can come back");
}

/// L1 is paged by PagerDuty, again and again; each time this came of it.
fn paged_by_pagerduty(times: &[Option<Came>]) -> Incident {
    let paged = |i, minutes| {
        let (ways, people) = ([("L1".into(), vec![vec![Via::Pagerduty]])].into(), vec!["L1".into()]);
        then(i, minutes, &E::Called { by: "sara".into(), level: "L1".into(), people, why: String::new(), ways })
    };
    let mut i = declared();
    for (page, came) in times.iter().enumerate() {
        i = paged(i, 1);
        if let Some(came) = came.clone() {
            let of = Try { episode: 1, page, via: Via::Pagerduty, place: "pagerduty".into(), places: 1 };
            i = then(i, 2, &E::PageCame { of, came });
        }
    }
    i
}

fn resolved(i: Incident) -> Incident {
    let (resolution, cause) = ("rolled back".into(), "an index".into());
    then(i, 5, &E::Resolved { by: "sara".into(), resolution, cause, post_mortem_due: None })
}

#[test]
fn whoever_keeps_a_matter_open_is_told_behind_every_page_that_may_have_arrived() {
    let failed = |perhaps| Some(Came::Failed { why: "no answer".into(), perhaps });
    let told = |times: &[Option<Came>]| -> Vec<usize> {
        pages_followed(&resolved(paged_by_pagerduty(times))).into_iter().map(|(of, _)| of.page).collect()
    };
    let delivered = || Some(Came::Delivered { repeat: false });
    assert_eq!(told(&[delivered(), delivered()]), [0], "they are one matter there");
    assert_eq!(told(&[failed(false), delivered()]), [1], "it knows nothing of the first");
    assert_eq!(told(&[failed(true)]), [0], "it may know of it");
    assert_eq!(told(&[delivered(), None]), [0, 1], "the second is under way, and would open it again");
}

#[test]
fn a_matter_of_an_earlier_beginning_is_told_under_its_own_key() {
    let mut policy = crate::config::load_embedded().policy;
    let i = resolved(paged_by_pagerduty(&[Some(Came::Delivered { repeat: false })]));
    let (of, _) = pages_followed(&i).remove(0);
    let now = at(6).wall;
    let about = |policy: &_, i: &_| follow_letter(policy, i, &of, Some(&"L1".into()), now).unwrap().about;
    assert_eq!(about(&policy, &i), "signalbox/INC-7/1/L1");
    let next_update = at(30).wall;
    let i = then(i, 6, &E::Reopened { by: "sara".into(), reason: "again".into(), ladder: None, next_update });
    assert_eq!(about(&policy, &i), "signalbox/INC-7/1/L1", "its pages are gone from the state");
    policy.people.clear();
    assert_eq!(about(&policy, &i), "signalbox/INC-7/1/L1", "and so may the person be");
}

fn with_questions() -> Incident {
    let lines = |all: &[&str]| all.iter().map(|l| (*l).to_owned()).collect();
    let response = crate::domain::response::Response {
        questions: lines(&["Since when?", "For whom?"]),
        quick_wins: lines(&["Scale up"]),
        ..Default::default()
    };
    then(declared(), 0, &E::FirstOpened { list: Box::new(first_list(&response).unwrap()) })
}

#[test]
fn a_tick_is_a_sign_of_life_of_whoever_gives_it_and_no_update() {
    let acked = then(with_questions(), 1, &E::Acknowledged { by: "lina".into(), until: at(6).wall });
    let other = then(acked.clone(), 4, &E::FirstTicked { by: "omar".into(), items: vec![2] });
    assert!(other.joined.contains("omar"), "whoever answers is in the team");
    assert_eq!(other.ack, acked.ack, "somebody else's tick says nothing of lina");
    let own = then(other, 4, &E::FirstTicked { by: "lina".into(), items: vec![1, 9] });
    assert_eq!(own.ack.as_ref().map(|a| a.until), Some(at(9).wall));
    assert_eq!((own.first_done(), &own.next_update), (Some((2, 3)), &acked.next_update));
    let longer = then(own.clone(), 5, &E::Acknowledged { by: "lina".into(), until: at(60).wall });
    let longer = then(longer, 6, &E::FirstTicked { by: "lina".into(), items: vec![3] });
    assert_eq!(longer.ack.map(|a| a.until), Some(at(60).wall), "no promise becomes shorter");
    let back = then(own, 7, &E::FirstUnticked { by: "omar".into(), items: vec![1] });
    assert_eq!(back.first_done(), Some((1, 3)));
}

#[test]
fn a_new_beginning_keeps_the_ticks() {
    let i = then(with_questions(), 1, &E::FirstTicked { by: "lina".into(), items: vec![2] });
    let (by, reason) = (PersonId::new("omar"), "nothing was released".to_owned());
    let i = then(i, 2, &E::FirstNotApplicable { by: by.clone(), item: 3, reason });
    let (resolution, cause, post_mortem_due) = ("went away".into(), "load".into(), None);
    let i = then(i, 3, &E::Resolved { by: by.clone(), resolution, cause, post_mortem_due });
    let before = i.first.clone();
    let i = then(i, 4, &E::Reopened { by, reason: "again".into(), ladder: None, next_update: at(30).wall });
    assert_eq!((i.episode, &i.first, i.first_done()), (2, &before, Some((2, 3))));
}
