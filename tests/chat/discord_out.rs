//! Discord's outbound half against the stand-in: what is posted, edited and found, and what happens when the wire misbehaves.

use crate::support::discord::faults::Fault;
use crate::support::discord::permissions::{MANAGE_CHANNELS, SEND_MESSAGES};
use crate::support::discord::{FakeDiscord, Options, TOKEN};
use signalbox::app::discord::commands;
use signalbox::chat::discord::{DiscordPlatform, Settings};
use signalbox::chat::{ChatError, MadeRoom, MessageRef, NewRoom, Platform, Post, Reacted, Token};
use signalbox::clock::{Clock, VirtualClock};
use signalbox::command::Catalogue;
use signalbox::domain::ids::{ChannelName, PersonId, Role};
use signalbox::domain::message::{Action, Block, Button, ButtonStyle, Message, Picture, Tone, bold, mention, plain};
use signalbox::domain::policy::{Channels, Person, Policy, Source};
use signalbox::domain::time::{Now, Span, after};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const POST: &str = "POST /channels/{id}/messages";
const PATCH: &str = "PATCH /channels/{id}/messages/{id}";

struct Side {
    fake: FakeDiscord,
    clock: Arc<VirtualClock>,
    role: u64,
}

impl Side {
    async fn start() -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2027-01-04T10:00:00Z".parse().unwrap()));
        let fake = FakeDiscord::start(Options { clock: clock.clone(), ..Options::default() }).await;
        for channel in ["deployments", "incidents", "engineering"] {
            fake.add_channel(channel);
        }
        fake.add_user("maya");
        fake.add_user("omar");
        let role = fake.add_role("leads");
        Self { fake, clock, role }
    }

    /// A bot as after a start of its process.
    fn bot(&self) -> DiscordPlatform {
        let settings = Settings {
            token: Token::new(TOKEN.into()),
            guild: self.fake.guild(),
            base_url: self.fake.base_url(),
            channels: BTreeMap::new(),
            roles: BTreeMap::from([(self.role.to_string(), Role::new("tech-lead"))]),
        };
        let policy = Arc::new(self.policy());
        let now = Arc::new(move || Arc::clone(&policy));
        let client = signalbox::http::loopback().unwrap();
        let catalogue = Catalogue::embedded().unwrap();
        DiscordPlatform::new(settings, client, self.clock.clone(), now).with_commands(commands(&catalogue))
    }

    fn policy(&self) -> Policy {
        let person = |name: &str, account: String| Person {
            id: PersonId::new(name),
            name: name.into(),
            roles: BTreeSet::new(),
            accounts: BTreeMap::from([("discord".to_owned(), account)]),
            contact: Default::default(),
            ways: Default::default(),
            source: Source::default(),
        };
        let mut people: Vec<Person> =
            ["maya", "omar"].map(|n| person(n, self.fake.id_of_user(n).to_string())).into_iter().collect();
        people.push(person("gone", "987654321".into()));
        let name = ChannelName::new;
        Policy {
            runbooks: BTreeMap::new(),
            name: String::new(),
            zone: "UTC".into(),
            pace: 1,
            channels: Channels {
                deployments: name("deployments"),
                incidents: name("incidents"),
                engineering: name("engineering"),
                alerts: None,
            },
            people: people.into_iter().map(|p| (p.id.clone(), p)).collect(),
            roles: BTreeMap::new(),
            services: BTreeMap::new(),
            environments: BTreeMap::new(),
            strategies: BTreeMap::new(),
            probes: BTreeMap::new(),
            checklists: Vec::new(),
            calendar: signalbox::domain::window::Calendar::default(),
            response: Default::default(),
            rhythm: Default::default(),
            alerts: Default::default(),
            hash: String::new(),
        }
    }

    fn go(&self, ms: i64) {
        self.clock.set(Now::at(after(self.clock.now().wall, Span::millis(ms))));
    }

    /// As the outbox does it: whoever is told to come later does, a bounded number of times.
    async fn patiently<T, F: Future<Output = Result<T, ChatError>>>(&self, act: impl Fn() -> F) -> T {
        for _ in 0..200 {
            match act().await {
                Ok(done) => return done,
                Err(ChatError::Later { after_ms, .. }) => self.go(after_ms),
                Err(error) => panic!("{error}; refused: {:#?}", self.fake.refusals()),
            }
        }
        panic!("it never came about");
    }

    async fn posted(&self, bot: &DiscordPlatform, post: &Post) -> MessageRef {
        self.patiently(|| bot.post(post)).await
    }
}

impl Side {
    async fn edited(&self, bot: &DiscordPlatform, at: &MessageRef, message: Message) {
        self.patiently(|| bot.edit(at, &message)).await;
    }
}

fn card(text: &str) -> Message {
    let action = Action::new("approve", &[("deployment", "D-42")]);
    Message::new(Tone::Waiting, vec![bold("D-42"), plain(" api to production")])
        .text(vec![plain(text), plain(" "), mention(&PersonId::new("maya"))])
        .button(Button { label: "Approve".into(), style: ButtonStyle::Primary, action, confirm: None, form: None })
}

fn post(key: &str, channel: &str, thread: Option<&MessageRef>, message: Message) -> Post {
    Post { key: key.into(), channel: channel.into(), thread: thread.cloned(), only_for: None, message }
}

fn number(at: &MessageRef) -> u64 {
    at.id.rsplit(':').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_card_is_edited_in_place_and_its_thread_is_one() {
    let side = Side::start().await;
    let bot = side.bot();
    let at = side.posted(&bot, &post("card:D-42", "deployments", None, card("waits for keys"))).await;
    let stands = side.fake.message("deployments", number(&at)).unwrap();
    assert!(stands.notified.contains(&side.fake.id_of_user("maya")) && !stands.notified_all);
    side.edited(&bot, &at, card("runs")).await;
    let stands = side.fake.message("deployments", number(&at)).unwrap();
    assert_eq!((stands.versions.len(), side.fake.messages("deployments").len()), (2, 1));
    assert!(stands.now().embeds[0].to_string().contains("runs"));
    for n in 0..3 {
        let line = Message::line(Tone::Good, format!("step {n} done"));
        side.posted(&bot, &post(&format!("line:{n}"), "deployments", Some(&at), line)).await;
    }
    assert_eq!(side.fake.threads("deployments"), [(number(&at), "D-42 api to production".to_owned())]);
    side.fake.nothing_refused();
    // Another process does not know the thread, and a moderator has put it away.
    side.fake.archive(number(&at), true, false);
    let again = side.bot();
    let line =
        side.posted(&again, &post("line:3", "deployments", Some(&at), Message::line(Tone::Good, "all done"))).await;
    assert_eq!(line.id.split(':').next().unwrap(), number(&at).to_string(), "CHANNEL is the thread's id");
    side.fake.archive(number(&at), true, false);
    side.edited(&again, &line, Message::line(Tone::Good, "all is done")).await;
    assert_eq!(side.fake.messages(&number(&at).to_string()).iter().filter(|m| !m.now().embeds.is_empty()).count(), 4);
    assert!(side.fake.take_refusals().iter().all(|r| [160_004, 50_083].contains(&r.code)));
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_posted_twice() {
    let side = Side::start().await;
    let bot = side.bot();
    let parent = side.posted(&bot, &post("card:D-1", "deployments", None, card("one"))).await;
    for (n, thread) in [None, Some(&parent)].into_iter().enumerate() {
        let key = format!("card:{n}");
        let wanted = post(&key, "incidents", None, card("two"));
        let wanted = thread.map_or(wanted, |t| post(&key, "deployments", Some(t), card("two")));
        let none = side.patiently(|| bot.find(&wanted.channel, thread, &key)).await;
        assert_eq!(none, None);
        side.fake.faults().next(POST, 1, &Fault::DropAnswer);
        let lost = bot.post(&wanted).await.unwrap_err();
        assert!(matches!(lost, ChatError::Unknown(_)), "{lost}");
        let other = side.bot();
        let found = side.patiently(|| other.find(&wanted.channel, thread, &key)).await.unwrap();
        // The edit that follows keeps it findable, should its own answer be lost as well.
        side.edited(&other, &found, card("three")).await;
        assert_eq!(side.patiently(|| side_find(&bot, &wanted)).await, Some(found.clone()));
        // Within some minutes Discord itself knows the message by its nonce.
        assert_eq!(side.posted(&other, &wanted).await, found);
    }
    assert_eq!(side.fake.messages("incidents").len(), 1);
    for odd in [Fault::Empty, Fault::Status(502), Fault::NullComponents] {
        side.fake.faults().next(POST, 1, &odd);
        let said = bot.post(&post("card:9", "engineering", None, card("nine"))).await;
        assert!(matches!(said, Ok(_) | Err(ChatError::Unknown(_))), "{odd:?}: {said:?}");
    }
    assert_eq!(side.fake.messages("engineering").len(), 1);
    // A thread that nobody has begun has no messages, and one that another process began is there already.
    assert!(side.fake.take_refusals().iter().all(|r| [10_003, 160_004].contains(&r.code)));
}

#[tokio::test]
async fn what_one_person_is_told_alone_is_found_where_they_read_it() {
    let side = Side::start().await;
    let bot = side.bot();
    let maya = PersonId::new("maya");
    let alone = Post { only_for: Some(maya.clone()), ..post("page:1", "deployments", None, card("You are paged")) };
    side.fake.faults().next(POST, 1, &Fault::DropAnswer);
    assert!(matches!(bot.post(&alone).await, Err(ChatError::Unknown(_))));
    side.go(10_000);
    let found = side.patiently(|| bot.find_alone(&maya, &alone.channel, &alone.key)).await;
    assert!(found.is_some());
    let other = side.patiently(|| bot.find_alone(&maya, &alone.channel, "page:2")).await;
    assert!(other.is_none());
}

async fn side_find(bot: &DiscordPlatform, post: &Post) -> Result<Option<MessageRef>, ChatError> {
    bot.find(&post.channel, post.thread.as_ref(), &post.key).await
}

#[tokio::test]
async fn a_limit_is_waited_out_without_asking() {
    let side = Side::start().await;
    let bot = side.bot();
    let at = side.posted(&bot, &post("card:D-1", "deployments", None, card("one"))).await;
    for global in [false, true] {
        side.fake.faults().next(PATCH, 1, &Fault::Limited { after_ms: 2_500, global, shared: false });
        let said = bot.edit(&at, &card("two")).await.unwrap_err();
        assert!(matches!(said, ChatError::Later { after_ms: 2_500, .. }), "{said:?}");
        let asked = side.fake.requests_of(PATCH);
        side.go(2_000);
        assert!(matches!(bot.edit(&at, &card("two")).await, Err(ChatError::Later { after_ms: 1..=500, .. })));
        assert_eq!(side.fake.requests_of(PATCH), asked, "nothing is sent meanwhile");
        side.go(500);
        side.edited(&bot, &at, card("three")).await;
    }
    side.fake.nothing_refused();
}

#[tokio::test]
async fn many_messages_keep_the_limits_of_discord_silent() {
    let side = Side::start().await;
    let bot = side.bot();
    let channels = ["deployments", "incidents", "engineering"];
    let mut cards = Vec::new();
    for n in 0..36 {
        cards.push(side.posted(&bot, &post(&format!("card:{n}"), channels[n % 3], None, card("new"))).await);
    }
    // Side by side, as the outbox sends them; who must come later does.
    let (message, mut waiting, mut rounds) = (card("edited"), cards, 0);
    while !waiting.is_empty() {
        let said = futures_util::future::join_all(waiting.iter().map(|at| bot.edit(at, &message))).await;
        let later = |r: &Result<(), ChatError>| match r {
            Ok(()) => None,
            Err(ChatError::Later { after_ms, .. }) => Some(*after_ms),
            Err(error) => panic!("{error}; refused: {:#?}", side.fake.refusals()),
        };
        side.go(said.iter().filter_map(later).min().unwrap_or(0));
        let left = waiting.into_iter().zip(&said).filter(|(_, r)| r.is_err());
        waiting = left.map(|(at, _)| at).collect();
        rounds += 1;
        assert!(rounds < 100, "it never comes to an end");
    }
    for channel in channels {
        let all = side.fake.messages(channel);
        assert_eq!(all.len(), 12);
        assert!(all.iter().all(|m| m.now().embeds[0].to_string().contains("edited")));
    }
    side.fake.nothing_refused();
    assert!(bot.rest().remembered() < 30, "{}", bot.rest().remembered());
}

#[tokio::test]
async fn what_discord_refuses_says_what_to_do() {
    let side = Side::start().await;
    let bot = side.bot();
    let said = |r: Result<MessageRef, ChatError>| r.unwrap_err().to_string();
    let nowhere = bot.post(&post("a", "nowhere", None, card("x"))).await;
    assert!(said(nowhere).contains("there is no channel #nowhere"));
    side.fake.deny("deployments", SEND_MESSAGES);
    for _ in 0..3 {
        let refused = said(bot.post(&post("b", "deployments", None, card("x"))).await);
        assert_eq!(
            refused,
            "signalbox may not post in #deployments; give its role Send Messages, Embed Links and Attach Files there"
        );
    }
    assert_eq!(side.fake.requests_of(POST), 1, "it is not asked again soon");
    let at = side.posted(&bot, &post("c", "incidents", None, card("x"))).await;
    side.fake.delete("incidents", number(&at));
    assert!(matches!(bot.edit(&at, &card("y")).await, Err(ChatError::Gone(_))));
    side.fake.take_refusals();
    let wrong = Settings {
        token: Token::new("wrong".into()),
        guild: side.fake.guild(),
        base_url: side.fake.base_url(),
        channels: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    let policy = Arc::new(side.policy());
    let client = signalbox::http::loopback().unwrap();
    let wrong = DiscordPlatform::new(wrong, client, side.clock.clone(), Arc::new(move || Arc::clone(&policy)));
    for _ in 0..3 {
        let said = wrong.post(&post("d", "deployments", None, card("x"))).await;
        assert!(matches!(said, Err(ChatError::Barred(_))), "the row stays for a valid token: {said:?}");
    }
    assert_eq!(side.fake.take_refusals().len(), 1, "one refusal ends all calls");
}

#[tokio::test]
async fn pictures_go_along_and_away() {
    let side = Side::start().await;
    let bot = side.bot();
    let picture =
        Block::Picture(Picture { name: "canary.png".into(), alt: "Errors".into(), png: "iVBORw0KGgo=".into() });
    let at = side.posted(&bot, &post("card:D-1", "deployments", None, card("one").block(picture.clone()))).await;
    let files = |side: &Side| side.fake.message("deployments", number(&at)).unwrap().now().attachments.clone();
    assert_eq!(files(&side)[0]["description"], "Errors");
    side.edited(&bot, &at, card("two").block(picture.clone())).await;
    assert_eq!(files(&side).len(), 1, "the old one goes");
    side.edited(&bot, &at, card("three")).await;
    assert_eq!(files(&side).len(), 0);
    side.fake.nothing_refused();
}

#[tokio::test]
async fn reactions_and_roles_are_read_back() {
    let side = Side::start().await;
    let bot = side.bot();
    let at = side.posted(&bot, &post("card:D-1", "deployments", None, card("one"))).await;
    let _ = side.fake.react("maya", "deployments", number(&at), "✅");
    let _ = side.fake.react("omar", "deployments", number(&at), "❌");
    let _ = side.fake.react("omar", "deployments", number(&at), "👀");
    let stand = side.patiently(|| bot.reactions(&at)).await;
    let reacted =
        |who: &str, emoji: &str| Reacted { account: side.fake.id_of_user(who).to_string(), emoji: emoji.into() };
    assert_eq!(stand, [reacted("maya", "✅"), reacted("omar", "❌")]);
    side.fake.set_roles("maya", &[side.role]);
    let roles = side.patiently(|| bot.roles()).await;
    let of = |who: &str| roles[&side.fake.id_of_user(who).to_string()].clone();
    assert_eq!((of("maya"), of("omar")), (BTreeSet::from([Role::new("tech-lead")]), BTreeSet::new()));
    assert_eq!(roles["987654321"], BTreeSet::new(), "somebody who left");
    assert_eq!(side.patiently(|| bot.roles()).await, roles);
}

#[tokio::test]
async fn commands_are_written_once_and_only_when_they_differ() {
    let side = Side::start().await;
    let bot = side.bot();
    assert!(side.patiently(|| async { Ok(bot.register().await?) }).await);
    assert!(!side.patiently(|| async { Ok(bot.register().await?) }).await);
    assert!(!side.patiently(|| async { Ok(side.bot().register().await?) }).await);
    assert_eq!((side.fake.command_writes(), side.fake.commands().len()), (1, bot.commands().len()));
    // The next version has one command less, and one that says something else: all are written, in one go.
    let mut newer = commands(&Catalogue::embedded().unwrap());
    newer.pop();
    newer[0].summary = "Say it in other words".into();
    let bot = side.bot().with_commands(newer.clone());
    assert!(side.patiently(|| async { Ok(bot.register().await?) }).await);
    assert!(!side.patiently(|| async { Ok(bot.register().await?) }).await);
    assert_eq!((side.fake.command_writes(), side.fake.commands().len()), (2, newer.len()));
    assert!(side.fake.commands().iter().any(|c| c.body["description"] == "Say it in other words"));
    side.fake.nothing_refused();
}

fn room(key: &str) -> NewRoom {
    NewRoom {
        key: key.into(),
        names: vec![key.to_lowercase()],
        topic: format!("{key} P0: {}", "payments fail ".repeat(200)),
        beside: "incidents".into(),
        since: "2027-01-04T10:00:00Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_channel_is_made_once_with_the_rights_of_the_one_beside_it() {
    let side = Side::start().await;
    side.fake.let_everybody(MANAGE_CHANNELS);
    side.fake.deny("incidents", SEND_MESSAGES);
    let bot = side.bot();
    side.fake.faults().next("POST /guilds/{id}/channels", 1, &Fault::DropAnswer);
    let lost = bot.make_room(&room("INC-1"), false).await;
    assert!(matches!(lost, Err(ChatError::Unknown(_))), "{lost:?}");
    let made = side.patiently(|| side_make(&bot, "INC-1")).await;
    let again = side.patiently(|| side_make(&bot, "INC-1")).await;
    let other = side.patiently(|| side_make(&bot, "INC-11")).await;
    assert!(made == again && made.channel != other.channel);
    let (rooms, beside) = side.fake.made_beside("incidents");
    assert_eq!(rooms.len(), 2);
    assert!(rooms.iter().all(|c| c.overwrites == beside && c.topic.chars().count() <= 1_024));
    assert_eq!(bot.channel_key(&made.name).await.as_deref(), Some(made.channel.as_str()));
}

async fn side_make(bot: &DiscordPlatform, key: &str) -> Result<MadeRoom, ChatError> {
    bot.make_room(&room(key), false).await
}

#[tokio::test]
async fn without_the_right_no_channel_is_made_and_it_is_named() {
    let side = Side::start().await;
    let bot = side.bot();
    let said = bot.make_room(&room("INC-1"), false).await;
    assert!(matches!(&said, Err(ChatError::Barred(why)) if why.contains("Manage Channels")), "{said:?}");
}
