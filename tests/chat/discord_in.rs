//! Discord inbound over the wire: what arrives is stored, acknowledged and answered, whatever happens to the connection.

mod desk;

use crate::both::house::Leaping;
use crate::support::discord::faults::Fault;
use crate::support::discord::noise::Noise;
use crate::support::discord::{FakeDiscord, Options};
use desk::{Bot, connected};
use serde_json::json;
use signalbox::chat::Body;
use signalbox::clock::SystemClock;
use signalbox::domain::time::Span;
use signalbox::limits;
use signalbox::store::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;

const HERE: &str = "deployments";

fn status(number: &str) -> Body {
    let action = format!("deploy status?deployment={number}");
    Body::Click { message: String::new(), action, fields: BTreeMap::new() }
}

#[tokio::test]
async fn a_command_is_stored_acknowledged_and_answered_for_its_sender_alone() {
    let (fake, bot, _) = connected(Options::default()).await;
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    let ack = sent.acknowledged(&fake).await;
    assert_eq!((ack.kind, ack.ephemeral), (5, true));
    assert!(sent.answer(&fake).await.contains("you did: deploy status?deployment=D-4"));
    let kept = bot.desk.book().kept[0].clone();
    assert_eq!((kept.id, kept.kind.as_str()), (format!("i:{}", sent.id()), "INTERACTION_CREATE"));
    assert_eq!(kept.lane, fake.id_of_user("ann").to_string());
    assert_eq!(bot.desk.received(1).await, [status("D-4")]);
    bot.stop().await.unwrap();
    fake.nothing_refused();
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_stored() {
    let (fake, bot, _) = connected(Options::default()).await;
    let shut = bot.desk.gate.acquire_many(100).await.unwrap();
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    // What needs no store is not held up by it.
    let typed = fake.autocomplete("ben", HERE, "approve", &[], "deployment", "D");
    assert_eq!(typed.acknowledged(&fake).await.kind, 8);
    assert!(fake.interactions().iter().any(|i| i.id == sent.id() && i.ack.is_none()));
    drop(shut);
    assert_eq!(sent.acknowledged(&fake).await.kind, 5);
    bot.desk.book().failing = 2;
    let second = fake.command("ben", HERE, "deploy-status", &[("deployment", "D-5")]);
    assert_eq!(second.acknowledged(&fake).await.kind, 5, "stored at the third try");
    assert_eq!(bot.desk.book().failing, 0);
    assert_eq!(fake.sessions()[0].resumed, 0);
}

#[tokio::test]
async fn a_form_opens_at_once_and_comes_back_filled_in() {
    let (fake, bot, _) = connected(Options::default()).await;
    let modal = fake.command("ann", HERE, "lock", &[]).modal(&fake).await;
    let sent = fake.submit("ann", &modal, &[("reason", "database move")]);
    assert!(sent.answer(&fake).await.contains("you did: lock"));
    let fields = BTreeMap::from([("reason".to_owned(), "database move".to_owned())]);
    let click = Body::Click { message: String::new(), action: "lock".into(), fields };
    assert_eq!(bot.desk.received(1).await, [click], "the command that asked for the form is no act");
    fake.nothing_refused();
}

#[tokio::test]
async fn completions_come_from_memory_and_are_never_stored() {
    let (fake, bot, _) = connected(Options::default()).await;
    let typed = fake.autocomplete("ann", HERE, "approve", &[], "deployment", "D");
    let choices = typed.choices(&fake).await;
    assert_eq!(choices.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["D-42"]);
    assert!(choices[0].0.starts_with("D-42 – long") && choices[0].0.chars().count() <= 100);
    assert!(bot.desk.book().kept.is_empty());
    fake.nothing_refused();
}

#[tokio::test]
async fn what_happened_while_the_socket_was_gone_is_replayed_once() {
    let (fake, bot, _) = connected(Options::default()).await;
    let message = fake.say("ben", HERE, "look at this").id();
    fake.drop_sockets();
    fake.react("ann", HERE, message, "✅");
    bot.desk.connected(2).await;
    let place = format!("{}:{message}", fake.id_of_channel(HERE));
    let reaction = |emoji: &str, added| Body::Reaction { message: place.clone(), emoji: emoji.into(), added };
    assert_eq!(bot.desk.received(1).await, [reaction("✅", true)]);
    fake.ask_to_reconnect();
    fake.unreact("ann", HERE, message, "✅");
    bot.desk.connected(3).await;
    assert_eq!(bot.desk.received(2).await, [reaction("✅", true), reaction("✅", false)]);
    let session = fake.sessions()[0].clone();
    assert_eq!((session.resumed, session.resumed_elsewhere, fake.identifies()), (2, 0, 1));
    bot.stop().await.unwrap();
    fake.nothing_refused();
}

#[tokio::test]
async fn a_lost_session_is_begun_anew_and_read_back() {
    let (fake, bot, _) = connected(Options::default()).await;
    fake.invalidate(false);
    bot.desk.connected(2).await;
    assert_eq!(fake.identifies(), 2);
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    assert_eq!(sent.acknowledged(&fake).await.kind, 5);
    fake.nothing_refused();
}

#[tokio::test]
async fn a_dead_peer_is_noticed_and_the_session_resumed() {
    let (fake, bot, _) = connected(Options { heartbeat_ms: 100, ..Options::default() }).await;
    fake.faults().zombie = true;
    fake.until("it comes back", |fake| (fake.sessions()[0].resumed > 0).then_some(())).await;
    fake.faults().zombie = false;
    bot.desk.connected(2).await;
    assert_eq!(fake.identifies(), 1);
}

#[tokio::test]
async fn a_second_delivery_is_the_same_act() {
    let (fake, bot, _) = connected(Options::default()).await;
    fake.faults().duplicates = 2;
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    assert!(sent.answer(&fake).await.contains("D-4"));
    bot.desk.until("the second delivery", |b| (b.again == 1).then_some(())).await;
    let message = fake.say("ben", HERE, "look").id();
    fake.react("ann", HERE, message, "✅");
    bot.desk.received(2).await;
    bot.stop().await.unwrap();
    fake.nothing_refused();
}

#[tokio::test]
async fn the_next_process_goes_on_where_the_last_one_stopped() {
    let (fake, bot, store) = connected(Options::default()).await;
    let message = fake.say("ben", HERE, "look at this").id();
    bot.stop().await.unwrap();
    fake.react("ann", HERE, message, "✅");
    let bot = Bot::start(&fake, &store).await;
    assert!(matches!(&bot.desk.received(1).await[..], [Body::Reaction { added: true, .. }]));
    assert_eq!((fake.identifies(), fake.sessions()[0].resumed), (1, 1));
    fake.nothing_refused();
}

#[tokio::test]
async fn a_refused_token_is_not_tried_again() {
    let (fake, bot, _) = connected(Options::default()).await;
    fake.close_sockets(4004);
    let why = bot.ended().await.unwrap_err();
    assert!(why.to_string().contains("token"), "{why}");
    assert_eq!(fake.identifies(), 1);
}

#[tokio::test]
async fn mentions_and_direct_messages_are_answered_directly() {
    let (fake, bot, _) = connected(Options::default()).await;
    fake.mention("ann", HERE, "why D-4");
    fake.say("ben", HERE, "nobody asks the bot");
    fake.direct("ben", "status");
    let mut said = bot.desk.received(2).await;
    said.sort_by_key(|body| format!("{body:?}"));
    let command = |text: &str| Body::Command { text: text.into(), thread: None };
    assert_eq!(said, [command("status"), command("why D-4")]);
    for person in ["ann", "ben"] {
        let told = |fake: &FakeDiscord| fake.directs(person).iter().any(|m| m.author == fake.bot()).then_some(());
        fake.until("a direct message", told).await;
    }
    bot.stop().await.unwrap();
    fake.nothing_refused();
}

#[tokio::test]
async fn whoever_takes_no_direct_messages_is_told_so_and_nobody_reads_the_answer() {
    let (fake, bot, _) = connected(Options::default()).await;
    fake.close_directs("ann");
    let message = fake.say("ben", HERE, "look at this").id();
    fake.react("ann", HERE, message, "✅");
    let hint = fake.until("a hint", |fake| fake.messages(HERE).into_iter().find(|m| m.author == fake.bot())).await;
    let content = &hint.now().content;
    assert!(content.contains("direct messages") && !content.contains("you reacted"), "{content}");
    assert_eq!(hint.notified.into_iter().collect::<Vec<_>>(), [fake.id_of_user("ann")]);
    drop(bot);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_in_place_comes_directly() {
    let (fake, bot, _) = connected(Options::default()).await;
    let refuse = Fault::Refuse { status: 404, code: 10_062 };
    fake.faults().next("POST /interactions/{id}/{token}/callback", 1, &refuse);
    fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    let told = |fake: &FakeDiscord| fake.directs("ann").iter().any(|m| m.author == fake.bot()).then_some(());
    fake.until("a direct message", told).await;
    assert_eq!(bot.desk.received(1).await, [status("D-4")]);
}

#[tokio::test]
async fn reactions_that_a_moderator_cleared_are_read_back() {
    let (fake, bot, _) = connected(Options::default()).await;
    let cleared = json!({ "channel_id": "1", "message_id": "2", "guild_id": fake.guild().to_string() });
    fake.dispatch("MESSAGE_REACTION_REMOVE_ALL", &cleared);
    bot.desk.connected(2).await;
    assert_eq!(bot.desk.book().kept[0].kind, "MESSAGE_REACTION_REMOVE_ALL");
    assert_eq!(fake.sessions()[0].resumed, 0);
}

#[tokio::test]
async fn unknown_fields_nulls_and_types_harm_nobody() {
    let noise = Noise { unknown_fields: true, nulls: true, sparse: false };
    let (fake, bot, _) = connected(Options { noise, ..Options::default() }).await;
    fake.raw_frame("no JSON at all");
    fake.raw_frame("null");
    fake.raw_frame(&json!({ "op": 99, "d": { "x": [] } }).to_string());
    fake.dispatch("HOLOGRAM_START", &json!(null));
    fake.dispatch("MESSAGE_REACTION_ADD", &json!({ "user_id": null, "emoji": null }));
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-4")]);
    assert!(sent.answer(&fake).await.contains("D-4"));
    assert_eq!(fake.sessions()[0].resumed, 0);
    bot.stop().await.unwrap();
    fake.nothing_refused();
}

#[tokio::test]
async fn a_long_answer_is_told_in_several_messages_and_nothing_is_cut() {
    let (fake, _bot, _) = connected(Options::default()).await;
    let sent = fake.command("ben", HERE, "deploy-status", &[("deployment", "history")]);
    let all = fake.until("the last line", |fake| {
        let told = sent.answers(fake);
        told.last().is_some_and(|t| t.contains("line 299")).then_some(told)
    });
    let all = all.await;
    let text = all.join("\n");
    assert!((2..=5).contains(&all.len()), "{}", all.len());
    assert!((0..300).all(|n| text.contains(&format!("line {n:03}"))) && !text.contains(" more "), "{text}");
    assert!(all[1].contains("All of them (part 2)"), "{}", all[1]);
    fake.nothing_refused();
}

#[tokio::test]
async fn the_second_replica_takes_the_seat_when_the_first_dies() {
    let fake = FakeDiscord::start(Options::default()).await;
    fake.add_channel(HERE);
    fake.add_user("ann");
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(Leaping::on(Arc::new(SystemClock::new()))));
    let first = Bot::start_as("first", &fake, &store, clock.clone()).await;
    first.desk.connected(1).await;
    let second = Bot::start_as("second", &fake, &store, clock.clone()).await;
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-1")]);
    assert!(sent.answer(&fake).await.contains("D-1"));
    assert_eq!(second.desk.book().connected, 0, "one connection for both");
    assert_eq!(second.desk.book().kept.len(), 0);
    assert_eq!(fake.identifies(), 1);
    first.die().await;
    // What is done while nobody is there waits at Discord, or is read back.
    clock.leap(Span::millis(limits::GATEWAY_LEASE_MS + 1));
    second.desk.connected(1).await;
    let sent = fake.command("ann", HERE, "deploy-status", &[("deployment", "D-2")]);
    assert!(sent.answer(&fake).await.contains("D-2"));
    assert_eq!(second.desk.received(1).await, [status("D-2")]);
    second.stop().await.unwrap();
    fake.nothing_refused();
}
