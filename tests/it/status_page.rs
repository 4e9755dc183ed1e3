//! What customers read, by the engine over a real socket: once, in order, with two processes and with one that dies half way.

use super::pagers::status::Server;
use async_trait::async_trait;
use signalbox::clock::VirtualClock;
use signalbox::config::load_embedded;
use signalbox::domain::command::Command;
use signalbox::domain::decide::{Facts, Input};
use signalbox::domain::deployment::Origin;
use signalbox::domain::ids::{IncidentId, ServiceName};
use signalbox::domain::incident::{Incident, IncidentCommand as C};
use signalbox::domain::policy::Policy;
use signalbox::domain::status::PublicNotice;
use signalbox::domain::time::Span;
use signalbox::engine::{Deps, Engine, Request};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::limits;
use signalbox::paging::{Outlets, PageError, Stands, StatusPage, Statuspage};
use signalbox::rehearsal::world::{Outside, ScriptProbe};
use signalbox::store::{MemoryStore, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// One store, one clock and one status page, for as many processes as are started.
struct Place {
    server: Server,
    store: Arc<dyn Store>,
    clock: Arc<VirtualClock>,
    policy: Arc<Policy>,
}

impl Place {
    async fn new() -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2026-01-05T10:05:00+03:00".parse().unwrap()));
        let (server, store) = (Server::start().await, Arc::new(MemoryStore::new()));
        Self { server, store, clock, policy: Arc::new(load_embedded().policy) }
    }

    fn start(&self, owner: &str) -> Arc<Engine> {
        self.start_with(owner, Arc::new(self.server.page()))
    }

    fn start_with(&self, owner: &str, page: Arc<dyn StatusPage>) -> Arc<Engine> {
        let at = signalbox::clock::Clock::now(self.clock.as_ref()).wall;
        let deps = Deps {
            store: Arc::clone(&self.store),
            platforms: Vec::new(),
            executors: Default::default(),
            probe: Arc::new(ScriptProbe::new(Arc::new(Outside::new(at)))),
            revisions: Arc::new(CommandRevisions),
            pagers: Default::default(),
            outlets: Outlets { mailer: None, pages: [(page.place().to_owned(), page)].into() },
            clock: self.clock.clone(),
            ids: Arc::new(Ids::seeded(u64::from(owner.as_bytes()[0]))),
            owner: owner.to_owned(),
        };
        Engine::new(deps, Arc::clone(&self.policy)).unwrap()
    }

    /// Seconds go by.
    fn wait(&self, seconds: i64) {
        self.clock.advance(Span::secs(seconds));
    }
}

/// Yusuf, who may tell customers, says so.
async fn says(engine: &Engine, command: C) {
    let origin = Origin { platform: "console".into(), channel: "incidents".into() };
    let command = Box::new(Command::Incident(command));
    let input = Input::Command { person: "yusuf".into(), origin, command, facts: Facts::default() };
    engine.submit(Request::of(input)).await.unwrap();
}

async fn publishes(engine: &Engine, text: &str) {
    says(
        engine,
        C::Publish {
            incident: None,
            text: text.into(),
            title: Some("Payments".into()).filter(|_| text == FIRST),
            phase: None,
        },
    )
    .await;
}

async fn declares(engine: &Engine) {
    let (severity, title) = ("P1".to_owned(), "checkout is slow since the index went".to_owned());
    says(engine, C::Declare { severity, title, service: Some("api".into()), anyway: false }).await;
}

async fn incident(engine: &Engine) -> Incident {
    engine.incident(IncidentId(1)).await.unwrap().unwrap()
}

/// Every engine does what it finds, at the same time as the others, until nobody finds anything.
async fn work(engines: &[&Arc<Engine>]) {
    for _ in 0..40 {
        let turns = engines.iter().map(|engine| async move {
            let claims = engine.claim(16).await.unwrap();
            for claim in &claims {
                engine.act(claim).await.unwrap();
            }
            claims.len()
        });
        if futures_util::future::join_all(turns).await.into_iter().sum::<usize>() == 0 {
            return;
        }
    }
    panic!("they do not come to rest");
}

const FIRST: &str = "Some payments fail.";

#[tokio::test]
async fn two_processes_tell_customers_once_and_in_order() {
    let place = Place::new().await;
    let (one, two) = (place.start("one"), place.start("two"));
    declares(&one).await;
    publishes(&one, FIRST).await;
    publishes(&two, "We found the cause.").await;
    says(&one, C::Mitigate { incident: None, text: "the index is back".into(), public: None }).await;
    work(&[&one, &two]).await;
    says(&two, C::Resolve { incident: None, resolution: "index".into(), cause: "index".into(), public: None }).await;
    work(&[&one, &two]).await;
    assert_eq!(place.server.shown(|s| s.incidents.len()), 1);
    let updates = place.server.updates(0);
    assert_eq!(
        updates[..3],
        [
            "investigating: Some payments fail.",
            "investigating: We found the cause.",
            "monitoring: It is under control. We keep watching it."
        ]
    );
    assert!(updates[3].starts_with("resolved: It is over.") && updates.len() == 4, "{updates:?}");
    assert!(!updates.join("\n").contains("index"), "what is typed inside stays inside: {updates:?}");
    let standing = &incident(&one).await.publications[0].places["statuspage"];
    assert_eq!((standing.told, standing.link.as_deref()), (4, Some("https://stspg.io/incident0")));
}

#[tokio::test]
async fn a_process_that_dies_between_the_page_and_its_receipt_leaves_one_publication() {
    let place = Place::new().await;
    let one = place.start("one");
    declares(&one).await;
    publishes(&one, FIRST).await;
    place.server.shown(|s| s.hangs = true);
    let dying = tokio::spawn({
        let one = Arc::clone(&one);
        async move { work(&[&one]).await }
    });
    let stands = async {
        while place.server.shown(|s| s.incidents.is_empty()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), stands).await.unwrap();
    dying.abort();
    let two = place.start("two");
    publishes(&two, "We found the cause.").await;
    work(&[&two]).await;
    assert_eq!(place.server.updates(0).len(), 1, "its row is still leased, and what comes after waits for it");
    place.wait(limits::LEASE_MS / 1000 + 1);
    work(&[&two]).await;
    assert_eq!(place.server.shown(|s| s.incidents.len()), 1);
    assert_eq!(place.server.updates(0), ["investigating: Some payments fail.", "investigating: We found the cause."]);
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_they_are_told_and_keep_their_order() {
    let place = Place::new().await;
    let one = place.start("one");
    declares(&one).await;
    place.server.shown(|s| s.refuses = Some(429));
    publishes(&one, FIRST).await;
    publishes(&one, "We found the cause.").await;
    work(&[&one]).await;
    place.wait(1);
    work(&[&one]).await;
    assert_eq!(place.server.shown(|s| s.incidents.len()), 0, "two seconds were asked for");
    place.wait(1);
    work(&[&one]).await;
    assert_eq!(place.server.updates(0), ["investigating: Some payments fail.", "investigating: We found the cause."]);
}

#[tokio::test]
async fn a_page_that_refuses_is_told_to_people_and_tried_on_until_it_is_given_up() {
    let place = Place::new().await;
    let one = place.start("one");
    declares(&one).await;
    publishes(&one, FIRST).await;
    let refuse = || place.server.shown(|s| s.refuses = Some(422));
    refuse();
    work(&[&one]).await;
    let trouble = |i: &Incident| i.publications[0].places["statuspage"].trouble.clone();
    assert!(trouble(&incident(&one).await).is_some_and(|why| why.contains("HTTP 422")));
    for _ in 0..limits::STATUS_REFUSED_TRIES {
        refuse();
        place.wait(limits::RETRY_MAX_MS / 1000 + 1);
        work(&[&one]).await;
    }
    place.server.shown(|s| s.refuses = None);
    let i = incident(&one).await;
    assert_eq!((i.publications[0].places["statuspage"].told, trouble(&i).is_some()), (1, true), "given up");
    publishes(&one, "Most payments work.").await;
    work(&[&one]).await;
    assert_eq!(place.server.updates(0), ["investigating: Most payments work."], "it goes on with what is new");
    assert_eq!(trouble(&incident(&one).await), None);
}

fn publish_of(n: u64, text: &str) -> C {
    let (incident, title) = (Some(IncidentId(n)), Some("Payments".into()));
    C::Publish { incident, text: text.into(), title, phase: None }
}

fn resolve_of(n: u64) -> C {
    let (resolution, cause) = ("index".into(), "index".into());
    C::Resolve { incident: Some(IncidentId(n)), resolution, cause, public: None }
}

#[tokio::test]
async fn a_component_of_two_incidents_is_well_when_the_last_of_them_is_over() {
    let place = Place::new().await;
    let one = place.start("one");
    for (severity, title) in [("P1", "checkout is slow"), ("P2", "receipts come late"), ("P0", "nobody sees this")] {
        let (severity, title, service) = (severity.to_owned(), title.to_owned(), Some("api".into()));
        says(&one, C::Declare { severity, title, service, anyway: true }).await;
    }
    let shown = || place.server.shown(|s| s.components.iter().map(|(_, state)| state.clone()).collect::<Vec<_>>());
    says(&one, publish_of(2, "Receipts come late.")).await;
    work(&[&one]).await;
    assert_eq!(shown(), ["degraded_performance"]);
    says(&one, publish_of(1, FIRST)).await;
    work(&[&one]).await;
    assert_eq!(shown().last().map(String::as_str), Some("partial_outage"), "the worst that is public counts");
    says(&one, resolve_of(1)).await;
    work(&[&one]).await;
    assert_eq!(shown().last().map(String::as_str), Some("degraded_performance"), "the other goes on");
    says(&one, C::Severity { incident: Some(IncidentId(2)), severity: "P0".into() }).await;
    work(&[&one]).await;
    assert_eq!(shown().last().map(String::as_str), Some("major_outage"), "it got worse");
    place.server.shown(|s| s.refuses = Some(429));
    says(&one, resolve_of(2)).await;
    work(&[&one]).await;
    place.wait(2);
    work(&[&one]).await;
    assert_eq!(shown().last().map(String::as_str), Some("operational"));
    assert_eq!(shown().len(), 5, "what does not change is not said: {:?}", shown());
}

/// A page that one word about a component reaches late.
struct Late {
    page: Statuspage,
    holds: AtomicBool,
    held: Notify,
    go: Notify,
}

#[async_trait]
impl StatusPage for Late {
    fn place(&self) -> &'static str {
        self.page.place()
    }

    async fn tell(&self, notice: &PublicNotice, there: Option<&str>, doubt: bool) -> Result<Stands, PageError> {
        self.page.tell(notice, there, doubt).await
    }

    async fn component(&self, service: &ServiceName, worst: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        if self.holds.swap(false, Ordering::Relaxed) {
            self.held.notify_one();
            self.go.notified().await;
        }
        self.page.component(service, worst).await
    }
}

#[tokio::test]
async fn a_late_word_about_one_service_does_not_stay_on_a_component_that_two_services_share() {
    let place = Place::new().await;
    let late = Arc::new(Late {
        page: place.server.page(),
        holds: AtomicBool::new(false),
        held: Notify::new(),
        go: Notify::new(),
    });
    let (one, two) = (place.start_with("one", late.clone()), place.start("two"));
    for (n, severity, service) in [(1, "P1", "api"), (2, "P2", "frontend")] {
        let (title, service) = (format!("{service} is slow"), Some(service.into()));
        says(&one, C::Declare { severity: severity.into(), title, service, anyway: true }).await;
        says(&one, publish_of(n, FIRST)).await;
    }
    work(&[&one]).await;
    let shown = || place.server.shown(|s| s.components.iter().map(|(_, state)| state.clone()).collect::<Vec<_>>());
    assert_eq!(shown().last().map(String::as_str), Some("partial_outage"), "the worst of both services counts");
    late.holds.store(true, Ordering::Relaxed);
    says(&one, resolve_of(1)).await;
    let meanwhile = async {
        late.held.notified().await;
        says(&two, resolve_of(2)).await;
        work(&[&two]).await;
        assert_eq!(shown().last().map(String::as_str), Some("operational"), "the other process was quicker");
        late.go.notify_one();
    };
    let first = [&one];
    tokio::join!(work(&first), meanwhile);
    work(&[&one, &two]).await;
    let shown = shown();
    let last: Vec<&str> = shown.iter().rev().take(3).map(String::as_str).collect();
    assert_eq!(last, ["operational", "degraded_performance", "operational"], "the late word does not stay: {shown:?}");
}
