//! The gateway: who gets a session, what is replayed, and what goes astray on demand.

use super::client::{Bot, INTENTS, clock, server};
use crate::support::discord::TOKEN;
use crate::support::discord::noise::Noise;
use serde_json::json;
use signalbox::domain::time::Span;

#[tokio::test]
async fn a_wrong_token_intent_or_payload_is_closed_with_its_code() {
    let clock = clock();
    let fake = server(&clock).await;
    for (token, intents, code) in [("another", INTENTS, 4004), (TOKEN, 1 << 15, 4014), (TOKEN, 1 << 40, 4013)] {
        let mut bot = Bot::dial(&fake).await;
        bot.identify(token, intents).await;
        assert_eq!(bot.closed().await, Some(code));
    }
    let mut early = Bot::dial(&fake).await;
    early.say(json!({ "op": 3, "d": {} })).await;
    assert_eq!(early.closed().await, Some(4003));
    let mut large = Bot::dial(&fake).await;
    large.say(json!({ "op": 1, "d": "a".repeat(4096) })).await;
    assert_eq!(large.closed().await, Some(4002));
    let (mut twice, _) = Bot::ready(&fake).await;
    twice.identify(TOKEN, INTENTS).await;
    assert_eq!(twice.closed().await, Some(4005));
    let mut soon = Bot::dial(&fake).await;
    assert_eq!(soon.next().await["op"], 10);
    soon.identify(TOKEN, INTENTS).await;
    assert_eq!(soon.next().await["op"], 9, "two IDENTIFY within five seconds");
    clock.advance(Span::secs(5));
    soon.identify(TOKEN, INTENTS).await;
    soon.event("READY").await;
}

#[tokio::test]
async fn more_than_120_payloads_in_a_minute_are_too_many() {
    let fake = server(&clock()).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    for _ in 0..119 {
        bot.say(json!({ "op": 1, "d": bot.seq })).await;
        assert_eq!(bot.next().await["op"], 11);
    }
    bot.say(json!({ "op": 1, "d": bot.seq })).await;
    assert_eq!(bot.closed().await, Some(4008));
}

#[tokio::test]
async fn a_lost_session_is_resumed_with_what_was_missed() {
    let clock = clock();
    let fake = server(&clock).await;
    let (mut bot, ready) = Bot::ready(&fake).await;
    let (session, seq) = (ready["session_id"].clone(), bot.seq);
    let resume_url = ready["resume_gateway_url"].as_str().unwrap().to_owned();
    fake.drop_sockets();
    assert_eq!(bot.closed().await, None, "no close frame");
    fake.until("the socket is gone", |fake| fake.sessions()[0].conn.is_none().then_some(())).await;
    fake.mention("maya", "deployments", "status");
    let mut bot = Bot::at(&resume_url).await;
    assert_eq!(bot.next().await["op"], 10);
    bot.resume(&session, seq).await;
    bot.event("MESSAGE_CREATE").await;
    bot.event("RESUMED").await;
    assert_eq!(fake.sessions()[0].resumed_elsewhere, 0);

    let mut ahead = Bot::at(&resume_url).await;
    assert_eq!(ahead.next().await["op"], 10);
    ahead.resume(&session, 1000).await;
    assert_eq!(ahead.closed().await, Some(4007));
    clock.advance(Span::secs(5));
    let (bot, ready) = Bot::ready(&fake).await;
    bot.hang_up(1000).await;
    fake.until("the session is over", |fake| fake.sessions().is_empty().then_some(())).await;
    let mut late = Bot::at(&resume_url).await;
    assert_eq!(late.next().await["op"], 10);
    late.resume(&ready["session_id"], 1).await;
    let invalid = late.next().await;
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(false)));
}

#[tokio::test]
async fn events_are_doubled_turned_round_delayed_and_made_strange() {
    let clock = clock();
    let fake = server(&clock).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    fake.faults().duplicates = 1;
    fake.mention("maya", "deployments", "one");
    let first = bot.next().await;
    assert_eq!(bot.next().await, first);
    fake.faults().reorder = 2;
    fake.mention("maya", "deployments", "two");
    fake.mention("maya", "deployments", "three");
    let (later, sooner) = (bot.next().await, bot.next().await);
    assert!(later["s"].as_u64() > sooner["s"].as_u64());
    fake.set_noise(Noise { unknown_fields: true, nulls: true, sparse: false });
    fake.faults().delay_ms = 500;
    let said = fake.mention("maya", "deployments", "four").id();
    fake.faults().delay_ms = 0;
    fake.react("omar", "deployments", said, "✅");
    let reaction = bot.event("MESSAGE_REACTION_ADD").await;
    assert_eq!(reaction["member"]["user"]["username"], "omar");
    assert!(reaction["not_documented_yet"].is_object() && reaction["nonce"].is_null());
    clock.advance(Span::millis(500));
    bot.event("MESSAGE_CREATE").await;
    fake.nothing_refused();
}

#[tokio::test]
async fn only_what_was_asked_for_arrives_and_silence_ends_the_socket() {
    let clock = clock();
    let fake = server(&clock).await;
    let mut bot = Bot::dial(&fake).await;
    assert_eq!(bot.next().await["op"], 10);
    bot.identify(TOKEN, 1).await;
    bot.event("READY").await;
    bot.event("GUILD_CREATE").await;
    let said = fake.mention("maya", "deployments", "status").id();
    fake.react("maya", "deployments", said, "✅");
    fake.dispatch("SOMETHING_NEW", &json!({ "id": 1 }));
    bot.event("SOMETHING_NEW").await;
    clock.advance(Span::millis(41_250 * 2 + 1));
    assert_eq!(bot.closed().await, Some(4009));
}
