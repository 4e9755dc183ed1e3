//! What people see in Slack of what signalbox says, with everything that can happen on the way.

use crate::support::slack::FakeSlack;
use crate::support::slack::faults::Fault;
use crate::support::slack::message::Message as Shown;
use crate::support::slack::options::{Options, Rates};
use crate::support::slack::world::{Kind, Refusal};
use signalbox::chat::slack::{Settings, SlackPlatform};
use signalbox::chat::{ChatError, MadeRoom, MessageRef, NewRoom, Platform, Post, Reacted, Token};
use signalbox::clock::VirtualClock;
use signalbox::domain::ids::{ChannelName, PersonId, Role};
use signalbox::domain::message::{Block, Message, Picture, Tone, mention, plain};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

struct World {
    fake: FakeSlack,
    slack: Arc<SlackPlatform>,
    clock: Arc<VirtualClock>,
}

fn policy() -> Policy {
    let mut policy = signalbox::config::load_embedded().policy;
    for (person, account) in [("sara", "U1"), ("omar", "U2")] {
        let person = policy.people.get_mut(&PersonId::new(person)).unwrap();
        person.accounts.insert("slack".into(), account.into());
    }
    policy
}

impl World {
    async fn new(change: impl FnOnce(Options) -> Options) -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2027-01-04T07:00:00Z".parse().unwrap()));
        let fake = FakeSlack::start(change(Options::default().clock(clock.clone()))).await.unwrap();
        fake.person("U1", "sara", "Sara Lind", "Asia/Riyadh");
        fake.person("U2", "omar", "Omar", "Europe/Berlin");
        fake.channel("C0DEPLOY1", "deployments", &["U1", "U2"]);
        let slack = Arc::new(platform(&fake, &clock, BTreeMap::new()));
        Self { fake, slack, clock }
    }

    fn all(&self) -> Vec<Shown> {
        self.fake.read(|world| world.channels["C0DEPLOY1"].messages.clone())
    }

    fn pass(&self, span: Span) {
        self.clock.advance(span);
    }

    /// As the outbox does: what must wait is tried again then, and a lost answer is looked up first.
    async fn deliver(&self, post: &Post) -> MessageRef {
        let mut attempts = 0;
        loop {
            attempts += 1;
            assert!(attempts < 200, "{} is never posted", post.key);
            if attempts > 1 {
                match self.slack.find(&post.channel, post.thread.as_ref(), &post.key).await {
                    Ok(Some(at)) => return at,
                    Ok(None) => {}
                    Err(ChatError::Later { after_ms, .. }) => {
                        self.pass(Span::millis(after_ms));
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            match self.slack.post(post).await {
                Ok(at) => return at,
                Err(ChatError::Later { after_ms, .. }) => self.pass(Span::millis(after_ms)),
                Err(ChatError::Unknown(_)) => self.pass(Span::millis(250)),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn platform(fake: &FakeSlack, clock: &Arc<VirtualClock>, channels: BTreeMap<ChannelName, String>) -> SlackPlatform {
    let settings = Settings {
        bot_token: Token::new("test-bot-token".into()),
        app_token: None,
        signing_secret: None,
        base_url: fake.api_url(),
        channels,
        groups: BTreeMap::from([("S0LEADS01".to_owned(), Role::new("tech-lead"))]),
    };
    let policy = Arc::new(policy());
    let now = Arc::new(move || policy.clone());
    SlackPlatform::new(settings, clock.clone(), now, signalbox::http::loopback().unwrap()).unwrap()
}

fn post(key: &str, message: Message) -> Post {
    Post { key: key.into(), channel: "deployments".into(), thread: None, only_for: None, message }
}

fn line(text: &str) -> Message {
    Message::line(Tone::Good, text)
}

/// The timestamp in one of our ids.
fn ts(at: &MessageRef) -> &str {
    at.id.split_once(':').unwrap().1
}

#[tokio::test]
async fn a_card_its_thread_and_its_edits_are_seen() {
    let world = World::new(|o| o).await;
    let typed = "<!channel> & <@U2>";
    let asks = line("D-42").text(vec![mention(&PersonId::new("sara")), plain(format!(" please look: {typed}"))]);
    let card = world.slack.post(&post("card:D-42", asks)).await.unwrap();
    assert!(card.id.starts_with("C0DEPLOY1:"));
    let reply = Post { thread: Some(card.clone()), ..post("line:1", line("starting")) };
    let reply = world.slack.post(&reply).await.unwrap();
    world.slack.edit(&card, &line("D-42 succeeded")).await.unwrap();

    let all = world.all();
    let [first, second] = &all[..] else { panic!("{} messages", all.len()) };
    assert_eq!((first.edits(), first.text().as_str()), (1, "🟢 D-42 succeeded"));
    assert_eq!(second.thread_ts.as_deref(), Some(ts(&card)));
    assert_eq!(second.ts, ts(&reply));
    let before = serde_json::to_string(&first.versions[0].blocks).unwrap();
    assert!(before.contains("<@U1> please look: &lt;!channel&gt; &amp; &lt;@U2&gt;"), "{before}");
    assert_eq!(world.fake.refusals(), []);
}

#[tokio::test]
async fn a_private_line_is_seen_by_one() {
    let world = World::new(|o| o).await;
    let only = |person: &str| Post { only_for: Some(PersonId::new(person)), ..post("p", line("only you")) };
    let at = world.slack.post(&only("sara")).await.unwrap();
    assert!(at.id.starts_with('D'), "told directly: {}", at.id);
    assert!(world.all().is_empty(), "nothing stands in the channel");
    let refused = world.slack.post(&only("lina")).await;
    assert!(matches!(&refused, Err(ChatError::Refused(what)) if what.contains("no account on Slack")), "{refused:?}");
}

#[tokio::test]
async fn a_lost_answer_leaves_one_message() {
    let faults = [Fault::DoneThenBroken, Fault::DoneThen500, Fault::DoneThenBody("what?"), Fault::DoneThenBody("{}")];
    for fault in faults.into_iter().chain([Fault::Status(503), Fault::TooMany(2), Fault::Error("internal_error")]) {
        let world = World::new(|o| o).await;
        let card = world.deliver(&post("card:D-1", line("D-1"))).await;
        for thread in [None, Some(card.clone())] {
            world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &fault));
            let before = world.all().len();
            let one = Post { thread: thread.clone(), ..post("one", line("once")) };
            let at = world.deliver(&Post { key: format!("{}{}", one.key, before), ..one }).await;
            let all = world.all();
            assert_eq!(all.len(), before + 1, "{fault:?} {thread:?}");
            assert_eq!(
                (all[before].ts.as_str(), &all[before].thread_ts.as_deref()),
                (ts(&at), &thread.as_ref().map(ts))
            );
        }
        assert_eq!(world.fake.read(|w| w.faults.left()), 0, "{fault:?} happened");
    }
}

#[tokio::test]
async fn what_one_person_is_told_alone_is_found_where_they_read_it() {
    for fault in [Fault::DoneThenBroken, Fault::DoneThen500] {
        let world = World::new(|o| o).await;
        let (sara, alone) = (PersonId::new("sara"), post("page:1", line("you are paged")));
        let alone = Post { only_for: Some(sara.clone()), ..alone };
        world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &fault));
        assert!(matches!(world.slack.post(&alone).await, Err(ChatError::Unknown(_))));
        world.pass(Span::secs(10));
        let found = world.slack.find_alone(&sara, &alone.channel, &alone.key).await.unwrap().unwrap();
        assert!(found.id.starts_with('D'), "{found:?}");
        assert_eq!(world.slack.find_alone(&sara, &alone.channel, "page:2").await.unwrap(), None);
        let omar = PersonId::new("omar");
        assert_eq!(world.slack.find_alone(&omar, &alone.channel, &alone.key).await.unwrap(), None);
        assert_eq!(world.slack.find(&alone.channel, None, &alone.key).await.unwrap(), None, "it is in no channel");
    }
}

#[tokio::test]
async fn a_call_that_hangs_ends() {
    let world = World::new(|o| o).await;
    world.slack.post(&post("first", line("first"))).await.unwrap();
    world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &Fault::Hang));
    let slack = world.slack.clone();
    let call = tokio::spawn(async move { slack.post(&post("card:D-1", line("D-1"))).await });
    let hung =
        |w: &crate::support::slack::world::World| w.requests.iter().find(|r| r.outcome == "fault: hang").map(|_| ());
    world.fake.until("the call hangs", hung).await.unwrap();
    tokio::time::pause();
    let said = call.await.unwrap();
    tokio::time::resume();
    assert!(matches!(said, Err(ChatError::Unknown(_))), "{said:?}");
    assert_eq!(world.slack.find(&"deployments".into(), None, "card:D-1").await, Ok(None));
}

#[tokio::test]
async fn nobody_asks_faster_than_slack_allows() {
    let world = World::new(|o| o.rates(Rates::Documented)).await;
    world.fake.channel("C0INCIDENT", "incidents", &["U1"]);
    let card = world.deliver(&post("card:D-1", line("D-1"))).await;
    for n in 0..60 {
        let channel: ChannelName = if n % 5 == 0 { "incidents".into() } else { "deployments".into() };
        world.deliver(&Post { channel, ..post(&format!("line:{n}"), line(&format!("line {n}"))) }).await;
        if let Err(error) = world.slack.edit(&card, &line(&format!("D-1, {n}"))).await {
            assert!(matches!(error, ChatError::Later { .. }), "{error}");
        }
    }
    assert_eq!(world.fake.refusals(), []);
    assert_eq!(world.all().len(), 1 + 48, "each once");
    assert_eq!(world.fake.calls("conversations.history"), 0, "who was only held back need not be looked up");
}

#[tokio::test]
async fn a_limit_that_slack_sets_is_heeded_and_capped() {
    let world = World::new(|o| o).await;
    world.deliver(&post("first", line("first"))).await;
    world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &Fault::TooMany(86_400)));
    let held = world.slack.post(&post("a", line("a"))).await;
    assert!(matches!(held, Err(ChatError::Later { after_ms: 60_000, .. })), "{held:?}");
    let calls = world.fake.calls("chat.postMessage");
    let still = world.slack.post(&post("b", line("b"))).await;
    assert!(matches!(still, Err(ChatError::Later { after_ms: 60_000, .. })), "{still:?}");
    assert_eq!(world.fake.calls("chat.postMessage"), calls, "nobody asks meanwhile");
    world.pass(Span::secs(60));
    world.slack.post(&post("a", line("a"))).await.unwrap();
}

#[tokio::test]
async fn a_public_channel_is_joined_and_a_private_one_asks_for_an_invitation() {
    let world = World::new(|o| o).await;
    world.fake.room("C0PUBLIC1", "incidents", Kind::Public, &["U1"], false);
    world.fake.room("C0PRIVATE", "engineering", Kind::Private, &["U1"], false);
    let to = |channel: &str| Post { channel: channel.into(), ..post("k", line("hello")) };
    world.slack.post(&to("incidents")).await.unwrap();
    assert_eq!(world.fake.read(|w| w.channels["C0PUBLIC1"].messages.len()), 1);
    for (channel, hint) in [("engineering", "/invite"), ("nowhere", "/invite")] {
        let refused = world.slack.post(&to(channel)).await;
        assert!(
            matches!(&refused, Err(ChatError::Barred(what)) if what.contains(hint) && what.contains(channel)),
            "{refused:?}"
        );
    }
    let strict = World::new(|o| o.without_scope("channels:join")).await;
    strict.fake.room("C0PUBLIC1", "incidents", Kind::Public, &["U1"], false);
    let refused = strict.slack.post(&to("incidents")).await;
    let hint = "the bot is not in #incidents; type `/invite @signalbox` there";
    assert_eq!(refused, Err(ChatError::Barred(hint.into())));
}

#[tokio::test]
async fn a_channel_made_anew_is_found() {
    let world = World::new(|o| o).await;
    world.slack.post(&post("a", line("a"))).await.unwrap();
    world.fake.with(|w| w.channels.remove("C0DEPLOY1"));
    world.fake.channel("C0DEPLOY2", "deployments", &["U1"]);
    world.pass(Span::mins(2));
    let at = world.slack.post(&post("b", line("b"))).await.unwrap();
    assert!(at.id.starts_with("C0DEPLOY2:"), "{at:?}");
}

#[tokio::test]
async fn what_can_no_longer_be_edited_is_gone() {
    let world = World::new(|o| Options { edit_window_ms: Some(60_000), ..o }).await;
    let card = world.slack.post(&post("card:D-1", line("D-1"))).await.unwrap();
    let other = world.slack.post(&post("card:D-2", line("D-2"))).await.unwrap();
    assert!(world.fake.moderate("C0DEPLOY1", ts(&other)));
    assert!(matches!(world.slack.edit(&other, &line("x")).await, Err(ChatError::Gone(_))));
    let reply = Post { thread: Some(other), ..post("line:1", line("still said")) };
    let said = world.slack.post(&reply).await.unwrap();
    let kept = world.fake.read(|w| w.message("C0DEPLOY1", ts(&said)).unwrap().thread_ts.clone());
    assert_eq!(kept, None, "its thread went with it, so it stands alone");
    for n in 2..8 {
        world.deliver(&Post { key: format!("line:{n}"), ..reply.clone() }).await;
    }
    assert_eq!(world.all().len(), 2 + 7, "also in a hurry");
    world.pass(Span::mins(2));
    assert!(matches!(world.slack.edit(&card, &line("x")).await, Err(ChatError::Gone(_))));
    let nonsense = MessageRef { channel: "deployments".into(), id: "m1".into() };
    assert!(matches!(world.slack.edit(&nonsense, &line("x")).await, Err(ChatError::Gone(_))));
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_right_say_what_to_do() {
    let world = World::new(|o| o.without_scope("chat:write")).await;
    let refused = world.slack.post(&post("a", line("a"))).await;
    assert!(matches!(&refused, Err(ChatError::Barred(what)) if what.contains("`chat:write`")), "{refused:?}");
    world.fake.with(|w| w.options.bot_token = "another-token".into());
    let refused = world.slack.post(&post("a", line("a"))).await;
    assert!(
        matches!(&refused, Err(ChatError::Barred(what)) if what.contains("refuses the bot's token")),
        "{refused:?}"
    );
    assert!(!format!("{refused:?}").contains("test-bot-token"));
    let (asked, told) = (world.fake.calls("chat.postMessage"), refused.unwrap_err().to_string());
    assert_eq!(world.slack.trouble(), Some(told), "the platform's trouble, not the message's");
    world.slack.post(&post("b", line("b"))).await.unwrap_err();
    assert_eq!(world.fake.calls("chat.postMessage"), asked, "a refused token is not asked with again at once");
    let token = "test-bot-token";
    assert!(world.slack.trouble().is_some_and(|why| !why.contains(token)));
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    let clock = Arc::new(VirtualClock::starting_at("2027-01-04T07:00:00Z".parse().unwrap()));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = Settings {
        bot_token: Token::new("test-bot-token".into()),
        app_token: None,
        signing_secret: None,
        base_url: format!("http://{closed}/api"),
        channels: BTreeMap::from([("deployments".into(), "C0DEPLOY1".into())]),
        groups: BTreeMap::new(),
    };
    let policy = Arc::new(policy());
    let slack =
        SlackPlatform::new(settings, clock, Arc::new(move || policy.clone()), signalbox::http::loopback().unwrap());
    let said = slack.unwrap().post(&post("a", line("a"))).await;
    assert!(matches!(said, Err(ChatError::Later { .. })), "it certainly was not posted: {said:?}");
}

fn picture() -> Message {
    let picture = Picture { name: "canary.png".into(), alt: "errors over time".into(), png: "iVBORw0KGgo=".into() };
    line("D-1 holds").block(Block::Picture(picture))
}

#[tokio::test]
async fn a_picture_is_uploaded_once_and_shown() {
    let world = World::new(|o| o).await;
    let at = world.slack.post(&post("card:D-1", picture())).await.unwrap();
    world.slack.edit(&at, &picture()).await.unwrap();
    let (bytes, alt) = world.fake.read(|w| {
        let file = w.files.values().next().unwrap();
        (file.bytes.clone(), file.alt_text.clone())
    });
    assert_eq!((bytes.as_slice(), alt.as_str()), (&b"\x89PNG\r\n\x1a\n"[..], "errors over time"));
    assert_eq!(world.fake.read(|w| w.files.len()), 1);
    let shown = serde_json::to_string(&world.all()[0].now().blocks).unwrap();
    assert!(shown.contains("slack_file") && shown.contains("errors over time"), "{shown}");
    assert_eq!(world.fake.refusals(), []);
}

#[tokio::test]
async fn a_picture_that_cannot_be_shown_is_told() {
    let without = World::new(|o| o.without_scope("files:write")).await;
    without.slack.post(&post("card:D-1", picture())).await.unwrap();
    let shown = serde_json::to_string(&without.all()[0].now().blocks).unwrap();
    assert!(shown.contains("errors over time") && !shown.contains("slack_file"), "{shown}");

    // A file that is not ready yet is waited for, and then given up.
    let world = World::new(|o| o).await;
    world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &Fault::Error("invalid_blocks")));
    let held = world.slack.post(&post("card:D-1", picture())).await;
    assert!(matches!(held, Err(ChatError::Later { .. })), "{held:?}");
    world.pass(Span::secs(20));
    world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &Fault::Error("invalid_blocks")));
    world.slack.post(&post("card:D-1", picture())).await.unwrap();
    let shown = serde_json::to_string(&world.all()[0].now().blocks).unwrap();
    assert!(shown.contains("errors over time") && !shown.contains("slack_file"), "{shown}");

    // Blocks that Slack does not take at all leave the words.
    world.fake.with(|w| w.faults.plan("chat.postMessage", 1, &Fault::Error("invalid_blocks")));
    world.slack.post(&post("line:1", line("said anyway"))).await.unwrap();
    let last = world.all().pop().unwrap();
    assert_eq!((last.text().as_str(), last.now().blocks.len()), ("🟢 said anyway", 0));
}

#[tokio::test]
async fn reactions_and_groups_are_read_back() {
    let world = World::new(|o| o).await;
    world.fake.group("S0LEADS01", "leads", &["U1"]);
    let at = world.slack.post(&post("card:D-1", line("D-1"))).await.unwrap();
    assert_eq!(world.slack.reactions(&at).await, Ok(vec![]));
    world.fake.react("U1", "C0DEPLOY1", ts(&at), "white_check_mark").unwrap();
    world.fake.react("U2", "C0DEPLOY1", ts(&at), "eyes").unwrap();
    let of = |account: &str, emoji: &str| Reacted { account: account.into(), emoji: emoji.into() };
    assert_eq!(world.slack.reactions(&at).await, Ok(vec![of("U1", "white_check_mark"), of("U2", "eyes")]));
    let roles = world.slack.roles().await.unwrap();
    assert_eq!(roles, BTreeMap::from([("U1".to_owned(), [Role::new("tech-lead")].into())]));
    world.fake.with(|w| w.groups.clear());
    assert_eq!(world.slack.roles().await, Ok(BTreeMap::new()), "a group that is gone gives nobody anything");
    assert_eq!(
        world.fake.refusals(),
        [Refusal { method: "usergroups.users.list".into(), error: "no_such_subteam".into(), details: vec![] }]
    );
}

fn room() -> NewRoom {
    NewRoom {
        key: "INC-7".into(),
        names: ["inc-7", "inc-7-2", "inc-7-3"].map(str::to_owned).to_vec(),
        topic: "INC-7 P0: <!channel> is down".into(),
        beside: "deployments".into(),
        since: "2027-01-04T07:00:00Z".parse().unwrap(),
    }
}

/// As the outbox does: what must wait is tried again, and what may have been done is tried in doubt.
async fn make(world: &World, room: &NewRoom) -> Result<MadeRoom, ChatError> {
    let mut doubt = false;
    for _ in 0..20 {
        match world.slack.make_room(room, doubt).await {
            Err(ChatError::Later { after_ms, .. }) => world.pass(Span::millis(after_ms)),
            Err(ChatError::Unknown(_)) => {
                doubt = true;
                world.pass(Span::millis(250));
            }
            done => return done,
        }
    }
    panic!("it never comes to an end")
}

async fn with_rooms(change: impl FnOnce(Options) -> Options) -> World {
    let world = World::new(change).await;
    world.fake.with(|w| w.options.bot_scopes.insert("channels:manage".into()));
    world
}

#[tokio::test]
async fn a_channel_is_made_once_whatever_becomes_of_the_answer() {
    let faults =
        [Fault::DoneThenBroken, Fault::DoneThen500, Fault::DoneThenBody("no"), Fault::TooMany(2), Fault::Status(503)];
    for fault in faults {
        let world = with_rooms(|o| o).await;
        world.fake.with(|w| w.faults.plan("conversations.create", 1, &fault));
        let made = make(&world, &room()).await.unwrap();
        assert_eq!(made.name.as_str(), "inc-7", "{fault:?}");
        let rooms = world.fake.read(|w| w.channels.values().filter(|c| c.made.is_some()).cloned().collect::<Vec<_>>());
        let [only] = &rooms[..] else { panic!("{fault:?}: {} channels", rooms.len()) };
        assert_eq!((only.id.as_str(), only.kind), (made.channel.as_str(), Kind::Public));
        assert!(!only.topic.contains("<!"), "{}", only.topic);
        // What is said goes there by its id, and it is known again by what people call it.
        let said = Post { channel: made.channel.clone(), ..post("line:1", line("here")) };
        assert!(world.deliver(&said).await.id.starts_with(&only.id));
        assert_eq!(world.slack.channel_key(&made.name).await.as_deref(), Some(only.id.as_str()));
    }
}

#[tokio::test]
async fn a_name_that_is_somebody_elses_is_left_alone() {
    let world = with_rooms(|o| o).await;
    world.fake.channel("C0OTHER001", "inc-7", &["U1"]);
    assert_eq!(make(&world, &room()).await.unwrap().name.as_str(), "inc-7-2");
    // An old one of ours, of another signalbox, is not taken for the one whose answer was lost.
    let world = with_rooms(|o| o).await;
    let old = make(&world, &room()).await.unwrap();
    world.pass(Span::hours(24));
    world.fake.with(|w| w.faults.plan("conversations.create", 1, &Fault::Status(503)));
    let later = NewRoom { since: "2027-01-05T07:00:00Z".parse().unwrap(), ..room() };
    let new = make(&world, &later).await.unwrap();
    assert!(new.channel != old.channel && new.name.as_str() == "inc-7-2", "{new:?}");
}

#[tokio::test]
async fn people_are_asked_in_and_it_is_archived() {
    let world = with_rooms(|o| o).await;
    let made = make(&world, &room()).await.unwrap();
    for person in ["sara", "omar", "sara", "faisal"] {
        world.slack.invite(&made.channel, &PersonId::new(person)).await.unwrap();
    }
    let room = world.fake.read(|w| w.channels[made.channel.as_str()].clone());
    assert!(room.members.contains("U1") && room.members.contains("U2") && room.members.len() == 3);
    world.slack.close_room(&made.channel).await.unwrap();
    world.slack.close_room(&made.channel).await.unwrap();
    assert!(world.fake.read(|w| w.channels[made.channel.as_str()].archived));
    // What is said there now cannot be: it is said elsewhere, and nobody waits.
    let said = world.slack.post(&Post { channel: made.channel, ..post("line:1", line("here")) }).await;
    assert!(matches!(said, Err(ChatError::Barred(_))), "{said:?}");
}

#[tokio::test]
async fn nothing_public_is_made_beside_a_private_channel_or_without_the_right() {
    let world = with_rooms(|o| o).await;
    let named = BTreeMap::from([(ChannelName::new("deployments"), "C0DEPLOY1".to_owned())]);
    let world = World { slack: Arc::new(platform(&world.fake, &world.clock, named)), ..world };
    world.fake.with(|w| w.channels.get_mut("C0DEPLOY1").unwrap().kind = Kind::Private);
    let said = make(&world, &room()).await;
    assert!(matches!(&said, Err(ChatError::Barred(why)) if why.contains("#deployments is private")), "{said:?}");
    let world = World::new(|o| o).await;
    let said = make(&world, &room()).await;
    assert!(matches!(&said, Err(ChatError::Barred(why)) if why.contains("channels:manage")), "{said:?}");
    let world = with_rooms(|o| o).await;
    world.fake.with(|w| w.faults.plan("conversations.create", 1, &Fault::Error("restricted_action")));
    let said = make(&world, &room()).await;
    assert!(matches!(&said, Err(ChatError::Barred(why)) if why.contains("administrator")), "{said:?}");
    assert!(world.fake.read(|w| w.channels.values().all(|c| c.made.is_none())));
}
