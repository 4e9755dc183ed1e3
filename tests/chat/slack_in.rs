//! Slack's deliveries, from a person's act to the private answer, over both ways in.

use crate::support::slack::FakeSlack;
use crate::support::slack::delivery::{Delivery, Outcome, Sort};
use crate::support::slack::faults::Fault;
use crate::support::slack::options::{Mode, Noise, Options, Urls};
use crate::support::slack::socket::Out;
use async_trait::async_trait;
use serde_json::json;
use signalbox::chat::slack::{Settings, SlackPlatform, SocketMode, router};
use signalbox::chat::{Answer, Arrival, Body, Envelope, Inbox, Intake, IntakeError, Kept, Offer, Platform, Token};
use signalbox::clock::VirtualClock;
use signalbox::domain::ids::PlatformName;
use signalbox::domain::message::{Block, FieldKind, Form, FormField, Line, Mark, Message, Tone, plain};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Keeps what arrives, and answers every act with what it was.
struct Desk {
    rows: Mutex<BTreeMap<String, Arrival>>,
    heard: watch::Sender<Vec<Envelope>>,
    connected: watch::Sender<usize>,
    /// Nothing is kept while it is shut.
    open: watch::Sender<bool>,
    /// How often receiving still fails.
    failures: AtomicUsize,
    form: bool,
    work: mpsc::UnboundedSender<Arrival>,
}

#[async_trait]
impl Intake for Desk {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        let fails = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if fails {
            return Err(IntakeError { reason: "the disk is full".into() });
        }
        let said = match &envelope.body {
            Body::Command { text, .. } => format!("heard {text}"),
            Body::Reaction { emoji, added, .. } => format!("{} {emoji}", if *added { "on" } else { "off" }),
            Body::Click { action, fields, .. } => format!("clicked {action} {fields:?}"),
        };
        let asks = self.form && matches!(envelope.body, Body::Command { .. });
        self.heard.send_modify(|all| all.push(envelope));
        let field = FormField {
            name: "version".into(),
            label: "Version".into(),
            kind: FieldKind::Line,
            required: true,
            help: String::new(),
        };
        let form = Form { title: "Deploy".into(), submit: "Deploy".into(), fields: vec![field] };
        let form = asks.then(|| ("deploy?environment=production".to_owned(), form));
        let message = if said.contains("history") { long() } else { Message::line(Tone::Good, said) };
        Ok(Answer { messages: vec![message], form })
    }
}

/// Three hundred lines, as a long history has them.
fn long() -> Message {
    let line = |n: usize| Line { mark: Mark::Bullet, text: vec![plain(format!("line {n:03} {}", "word ".repeat(12)))] };
    Message::line(Tone::Neutral, "All of them").block(Block::List((0..300).map(line).collect()))
}

#[async_trait]
impl Inbox for Desk {
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError> {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.map_err(|_| IntakeError { reason: "closing".into() })?;
        let mut rows = self.rows.lock().unwrap();
        match rows.get(&arrival.id) {
            Some(row) if !row.proof.is_empty() && row.proof == arrival.proof => return Ok(Kept::Replayed),
            Some(_) => return Ok(Kept::Again),
            None => rows.insert(arrival.id.clone(), arrival.clone()),
        };
        self.work.send(arrival).map_err(|_| IntakeError { reason: "closing".into() })?;
        Ok(Kept::New)
    }

    fn form(&self, _: &Envelope) -> Option<(String, Form)> {
        None
    }

    fn complete(&self, _: &str) -> Vec<Offer> {
        Vec::new()
    }

    async fn connected(&self, _: &PlatformName) {
        self.connected.send_modify(|n| *n += 1);
    }
}

struct World {
    fake: FakeSlack,
    desk: Arc<Desk>,
    stop: CancellationToken,
    socket: Option<tokio::task::JoinHandle<()>>,
}

fn policy() -> Policy {
    serde_json::from_value(json!({
        "name": "Railway", "zone": "+03:00", "pace": 1, "hash": "", "roles": {}, "services": {}, "environments": {},
        "strategies": {}, "probes": {}, "checklists": [], "calendar": { "holidays": [], "freezes": [] },
        "channels": { "deployments": "deployments", "incidents": "incidents", "engineering": "engineering" },
        "people": {},
    }))
    .unwrap()
}

async fn world(options: Options, form: bool) -> World {
    let (mode, clock) = (options.mode.clone(), Arc::clone(&options.clock));
    let fake = FakeSlack::start(options).await.unwrap();
    fake.person("U1", "ann", "Ann Lee", "Europe/Berlin");
    fake.channel("C0SIGNAL01", "deployments", &["U1"]);
    let settings = Settings {
        bot_token: Token::new("test-bot-token".into()),
        app_token: Some(Token::new("test-app-token".into())),
        signing_secret: Some(Token::new("test-signing-secret".into())),
        base_url: fake.api_url(),
        channels: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    let policy = Arc::new(policy());
    let client = signalbox::http::loopback().unwrap();
    let slack = SlackPlatform::new(settings, clock.clone(), Arc::new(move || Arc::clone(&policy)), client).unwrap();
    let slack = Arc::new(slack);
    let (work, mut kept) = mpsc::unbounded_channel::<Arrival>();
    let desk = Arc::new(Desk {
        rows: Mutex::default(),
        heard: watch::Sender::default(),
        connected: watch::Sender::default(),
        open: watch::Sender::new(true),
        failures: AtomicUsize::new(0),
        form,
        work,
    });
    let (platform, intake) = (Arc::clone(&slack), Arc::clone(&desk));
    tokio::spawn(async move {
        while let Some(arrival) = kept.recv().await {
            for _ in 0..10 {
                if platform.work(&arrival, &*intake).await.is_ok() {
                    break;
                }
            }
        }
    });
    let stop = CancellationToken::new();
    let inbox = Arc::clone(&desk) as Arc<dyn Inbox>;
    let socket = if let Mode::Http(paths) = mode {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router("/slack", &Token::new("test-signing-secret".into()), clock, inbox);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let at = |path: &str| format!("http://{address}/slack{path}");
        let (commands, events) = (at(&paths.commands), at(&paths.events));
        fake.deliver_by(Mode::Http(Urls { commands, events, interactions: at(&paths.interactions) }));
        None
    } else {
        let socket = tokio::spawn(SocketMode::new(slack, inbox, 1, stop.clone()).run());
        fake.sockets_open(1).await.unwrap();
        Some(socket)
    };
    World { fake, desk, stop, socket }
}

/// Everything on one path.
fn by_http() -> Options {
    Options::default().http(Urls::one(""))
}

fn by_three_paths() -> Options {
    let [commands, events, interactions] = ["/commands", "/events", "/interactions"].map(str::to_owned);
    Options::default().http(Urls { commands, events, interactions })
}

impl World {
    /// Waits until so many acts were heard.
    async fn heard(&self, count: usize) -> Vec<Envelope> {
        let mut heard = self.desk.heard.subscribe();
        let waiting = heard.wait_for(|all| all.len() >= count);
        let all = tokio::time::timeout(Duration::from_secs(15), waiting).await.unwrap().unwrap();
        all.clone()
    }

    /// Waits until the person sees this in the channel.
    async fn sees(&self, channel: &str, text: &str) {
        let what = format!("somebody reads {text:?} in {channel}");
        let seen = self.fake.until(&what, |world| {
            let messages = &world.channels.get(channel)?.messages;
            messages.iter().any(|m| m.text().contains(text)).then_some(())
        });
        let seen = seen.await;
        assert!(seen.is_ok(), "{seen:?}: {}\n{:?}", self.fake.visible(channel, "U1"), self.fake.refusals());
    }

    async fn connected(&self, count: usize) {
        let mut connected = self.desk.connected.subscribe();
        let waiting = connected.wait_for(|n| *n >= count);
        tokio::time::timeout(Duration::from_secs(15), waiting).await.unwrap().unwrap();
    }

    fn slash(&self, command: &str, text: &str) -> Delivery {
        self.fake.slash("U1", "C0SIGNAL01", command, text).unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        if let Some(socket) = self.socket {
            tokio::time::timeout(Duration::from_secs(10), socket).await.unwrap().unwrap();
        }
    }
}

fn text(envelope: &Envelope) -> &str {
    match &envelope.body {
        Body::Command { text, .. } => text,
        other => panic!("no command: {other:?}"),
    }
}

/// Everything a person can do, and what they are told.
async fn every_act(options: Options) {
    let world = world(options, false).await;
    world.slash("/deploy", "v1.2.0 to production & <now>").acked().await.unwrap();
    let heard = world.heard(1).await;
    assert_eq!(text(&heard[0]), "/deploy v1.2.0 to production & <now>");
    assert_eq!((heard[0].account.as_str(), heard[0].channel.as_str()), ("U1", "deployments"));
    world.sees("C0SIGNAL01", "heard /deploy v1.2.0").await;
    let told = world.fake.read(|w| w.channels["C0SIGNAL01"].messages.last().unwrap().only_for.clone());
    assert_eq!(told.as_deref(), Some("U1"), "only they see it");

    let mention = world.fake.mention("U1", "C0SIGNAL01", "why D-4").unwrap();
    mention.acked().await.unwrap();
    world.sees("C0SIGNAL01", "heard why D-4").await;
    let ts = mention.ts.clone().unwrap();
    for (n, added) in [true, false].into_iter().enumerate() {
        let done = match added {
            true => world.fake.react("U1", "C0SIGNAL01", &ts, "white_check_mark"),
            false => world.fake.unreact("U1", "C0SIGNAL01", &ts, "white_check_mark"),
        };
        done.unwrap().acked().await.unwrap();
        let heard = world.heard(3 + n).await;
        let message = format!("C0SIGNAL01:{ts}");
        assert_eq!(heard[2 + n].body, Body::Reaction { message, emoji: "white_check_mark".into(), added });
    }
    world.sees("C0SIGNAL01", "off white_check_mark").await;

    let direct = world.fake.direct("U1", "help").unwrap();
    direct.acked().await.unwrap();
    let heard = world.heard(5).await;
    assert_eq!(text(&heard[4]), "help");
    let room = heard[4].channel.to_string();
    world.sees(&room, "heard help").await;

    world.fake.open_home("U1").unwrap().acked().await.unwrap();
    let home = world.fake.until("the home is published", |w| w.homes.get("U1").cloned()).await.unwrap();
    assert!(world.fake.view_text(&home).contains("heard /deploy status"), "{}", world.fake.view_text(&home));

    let strange = world.fake.event("U1", json!({ "type": "tomorrow", "user": "U1" }));
    strange.acked().await.unwrap();
    let ids: BTreeSet<String> = world.heard(6).await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids.len(), 6, "each act has an id of its own");
    assert_eq!(world.fake.refusals(), []);
    world.end().await;
}

#[tokio::test]
async fn every_act_is_heard_and_answered_over_the_socket() {
    every_act(Options::default()).await;
}

#[tokio::test]
async fn every_act_is_heard_and_answered_over_signed_http_on_one_path_and_on_three() {
    every_act(by_http()).await;
    every_act(by_three_paths()).await;
}

#[tokio::test]
async fn organisations_missing_ids_and_noise_change_nothing() {
    every_act(Options { without_app_id: true, ..Options::default().organisation().noise(Noise::Fields) }).await;
    every_act(Options { without_app_id: true, ..by_http().organisation().noise(Noise::Fields) }).await;
}

#[tokio::test]
async fn what_is_optional_need_not_be_there() {
    every_act(Options::default().noise(Noise::Sparse)).await;
    every_act(by_http().noise(Noise::Sparse)).await;
}

#[tokio::test]
async fn a_form_opens_and_comes_back_as_a_click() {
    form_and_back(Options::default()).await;
    form_and_back(by_three_paths()).await;
}

async fn form_and_back(options: Options) {
    let world = world(options, true).await;
    world.slash("/deploy", "").acked().await.unwrap();
    let open = |w: &crate::support::slack::world::World| w.views.values().any(|v| v.open).then_some(());
    world.fake.until("the form opens", open).await.unwrap();
    let view = world.fake.view_of("U1").unwrap();
    world.fake.submit("U1", &view, &[("Version", "v1.2.0")]).unwrap().acked().await.unwrap();
    let heard = world.heard(2).await;
    let fields = BTreeMap::from([("version".to_owned(), "v1.2.0".to_owned())]);
    let action = "deploy?environment=production".to_owned();
    assert_eq!(heard[1].body, Body::Click { message: String::new(), action, fields });
    assert_eq!(heard[1].channel.as_str(), "deployments");
    world.sees("C0SIGNAL01", "clicked deploy").await;
    assert_eq!(world.fake.refusals(), []);
    world.end().await;
}

#[tokio::test]
async fn a_form_that_is_too_late_is_opened_by_a_button() {
    let world = world(Options::default(), true).await;
    world.fake.with(|w| w.faults.plan("views.open", 1, &Fault::Error("expired_trigger_id")));
    world.slash("/deploy", "").acked().await.unwrap();
    world.sees("C0SIGNAL01", "heard /deploy").await;
    let ts = world.fake.read(|w| w.channels["C0SIGNAL01"].messages.last().unwrap().ts.clone());
    world.fake.click("U1", "C0SIGNAL01", &ts, "Fill in").unwrap().acked().await.unwrap();
    let heard = world.heard(2).await;
    let Body::Click { action, message, .. } = &heard[1].body else { panic!("no click: {:?}", heard[1].body) };
    assert_eq!((action.as_str(), message.as_str()), ("deploy?ask=version&environment=production", ""));
    world.end().await;
}

#[tokio::test]
async fn an_answer_finds_another_way() {
    let world = world(Options::default(), false).await;
    world.fake.with(|w| w.faults.plan("response_url", 1, &Fault::Status(404)));
    world.slash("/why", "D-1").acked().await.unwrap();
    world.sees("C0SIGNAL01", "heard /why D-1").await;
    assert_eq!(world.fake.calls("chat.postEphemeral"), 1);
    // Nor in the channel: then directly.
    world.fake.with(|w| {
        w.faults.plan("response_url", 1, &Fault::Status(500));
        w.faults.plan("chat.postEphemeral", 1, &Fault::Error("user_not_in_channel"));
    });
    world.slash("/why", "D-2").acked().await.unwrap();
    let direct = world.fake.with(|w| w.direct("U1"));
    world.sees(&direct, "heard /why D-2").await;
    world.end().await;
}

#[tokio::test]
async fn whoever_waits_for_the_store_is_told_once() {
    let world = world(Options::default(), false).await;
    world.desk.failures.store(3, Ordering::Relaxed);
    world.slash("/why", "D-1").acked().await.unwrap();
    world.sees("C0SIGNAL01", "heard /why D-1").await;
    let waits = world.fake.read(|w| {
        let messages = &w.channels["C0SIGNAL01"].messages;
        messages.iter().filter(|m| m.text().contains("cannot store this now")).count()
    });
    assert_eq!(waits, 1);
    world.end().await;
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_kept() {
    for options in [Options::default(), by_http()] {
        let clock = Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH));
        let world = world(options.clock(clock.clone()), false).await;
        world.desk.open.send_replace(false);
        let sent = world.slash("/deploy", "v1");
        clock.advance(Span::secs(4));
        let outcome = sent.settled().await.unwrap();
        assert_eq!(outcome, Outcome::Failed("operation_timeout".into()), "the person is told that it failed");
        world.desk.open.send_replace(true);
        world.slash("/deploy", "v2").acked().await.unwrap();
        world.end().await;
    }
}

#[tokio::test]
async fn what_is_delivered_twice_is_one_act() {
    for options in [Options::default(), by_http()] {
        let world = world(options, false).await;
        world.fake.with(|w| w.faults.duplicates = 2);
        for n in 0..10 {
            world.slash("/why", &format!("D-{n}")).acked().await.unwrap();
        }
        assert_eq!(world.heard(10).await.len(), 10);
        let again = world.fake.mention("U1", "C0SIGNAL01", "when").unwrap();
        again.acked().await.unwrap();
        world.fake.again(&again);
        world.fake.with(|w| w.faults.duplicates = 0);
        world.slash("/help", "").acked().await.unwrap();
        assert_eq!(world.heard(12).await.len(), 12);
        world.end().await;
    }
}

#[tokio::test]
async fn what_is_played_back_is_refused_and_what_slack_tries_again_is_not() {
    let clock = Arc::new(VirtualClock::starting_at("2026-01-05T10:05:00Z".parse().unwrap()));
    let world = world(by_http().clock(clock.clone()), false).await;
    let command = world.slash("/deploy", "v1 to production");
    command.acked().await.unwrap();
    let event = world.fake.mention("U1", "C0SIGNAL01", "why D-1").unwrap();
    event.acked().await.unwrap();
    assert_eq!(world.heard(2).await.len(), 2);
    let retry = Some(("x-slack-retry-num", "1"));
    assert_eq!(world.fake.play_back(&command, None).await, Some(409));
    assert_eq!(world.fake.play_back(&command, retry).await, Some(409), "Slack never repeats a command");
    assert_eq!(world.fake.play_back(&event, None).await, Some(409));
    assert_eq!(world.fake.play_back(&event, retry).await, Some(200), "a second try at once looks the same");
    clock.advance(Span::secs(299));
    assert_eq!(world.fake.play_back(&command, None).await, Some(409), "as long as it is young enough to be believed");
    assert_eq!(world.fake.play_back(&event, retry).await, Some(409), "Slack signs a later try anew");
    clock.advance(Span::secs(2));
    assert_eq!(world.fake.play_back(&command, None).await, Some(401));
    // Whatever was played back was heard once, and what comes now is heard next.
    world.slash("/help", "").acked().await.unwrap();
    let heard = world.heard(3).await;
    assert_eq!(heard.iter().map(text).collect::<Vec<_>>(), ["/deploy v1 to production", "why D-1", "/help"]);
    world.end().await;
}

#[tokio::test]
async fn a_dropped_socket_is_opened_again_and_caught_up() {
    let world = world(Options::default(), false).await;
    world.connected(1).await;
    world.fake.drop_sockets();
    world.connected(2).await;
    world.fake.sockets_open(1).await.unwrap();
    world.slash("/help", "").acked().await.unwrap();
    world.heard(1).await;
    world.end().await;
}

#[tokio::test]
async fn what_was_read_back_is_answered_like_any_reaction() {
    let world = world(Options::default(), false).await;
    let body = Body::Reaction { message: "C0SIGNAL01:5.0".into(), emoji: "x".into(), added: true };
    let envelope = Envelope {
        platform: PlatformName::new("slack"),
        id: "back:1".into(),
        account: "U1".into(),
        channel: "deployments".into(),
        body,
    };
    world.desk.keep(Arrival::read_back(&envelope)).await.unwrap();
    assert_eq!(world.heard(1).await, [envelope]);
    world.sees("C0SIGNAL01", "on x").await;
    world.end().await;
}

#[tokio::test]
async fn no_event_is_lost_while_sockets_change_hands() {
    let world = world(Options::default(), false).await;
    world.connected(1).await;
    let mut sent = Vec::new();
    for n in 0..30 {
        if n % 10 == 5 {
            world.fake.disconnect_sockets("warning");
        }
        sent.push(world.fake.mention("U1", "C0SIGNAL01", &format!("why D-{n}")).unwrap());
    }
    for delivery in sent {
        delivery.acked().await.unwrap();
    }
    let heard: BTreeSet<String> = world.heard(30).await.iter().map(|e| text(e).to_owned()).collect();
    assert_eq!(heard.len(), 30);
    assert_eq!(*world.desk.connected.borrow(), 1, "there was no gap");
    world.end().await;
}

#[tokio::test]
async fn a_server_that_takes_no_more_sockets_is_asked_less_and_less() {
    let world = world(Options::default(), false).await;
    world.fake.with(|w| w.faults.too_many_sockets = 3);
    world.fake.drop_sockets();
    let opened = |w: &crate::support::slack::world::World| (w.faults.too_many_sockets == 0).then_some(());
    world.fake.until("it was turned away three times", opened).await.unwrap();
    assert!(world.fake.calls("apps.connections.open") <= 5);
    world.end().await;
}

#[tokio::test]
async fn strange_frames_and_foreign_addresses_change_nothing() {
    let world = world(Options::default(), false).await;
    for frame in ["{}", "no json", "[]", r#"{"type":"tomorrow"}"#, r#"{"type":"hello"}"#, r#"{"envelope_id":7}"#] {
        assert!(world.fake.raw_frame(frame));
    }
    world.fake.tell_sockets(&Out::Ping);
    let payload = json!({ "command": "/why", "text": "D-1", "user_id": "U1", "channel_id": "C0SIGNAL01",
        "trigger_id": "1.2", "response_url": "https://hooks.slack.com/commands/real" });
    world.fake.send(Sort::Command, "U1", Some("C0SIGNAL01"), payload).acked().await.unwrap();
    world.sees("C0SIGNAL01", "heard /why D-1").await;
    assert_eq!(world.fake.calls("chat.postEphemeral"), 1, "an address that is not the fake's is never asked");
    assert_eq!(world.fake.calls("apps.connections.open"), 1);
    world.end().await;
}

#[tokio::test]
async fn a_long_answer_is_told_in_several_messages_and_nothing_is_cut() {
    let world = world(Options::default(), false).await;
    world.fake.slash("U1", "C0SIGNAL01", "/deploy", "history").unwrap().settled().await.unwrap();
    let told = world.fake.until("the last line is told", |w| {
        let all = w.channels["C0SIGNAL01"].messages.iter().map(|m| format!("{:?}", m.now().blocks));
        let all: Vec<String> = all.collect();
        all.iter().any(|text| text.contains("line 299")).then_some(all)
    });
    let told = told.await.unwrap();
    let text = told.join("\n");
    assert!((2..=5).contains(&told.len()), "{}", told.len());
    assert!((0..300).all(|n| text.contains(&format!("line {n:03}"))) && !text.contains(" more "), "{text}");
    assert!(told[1].contains("All of them (part 2)"), "{}", told[1]);
    assert!(world.fake.refusals().is_empty(), "{:?}", world.fake.refusals());
}
