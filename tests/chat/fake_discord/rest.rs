//! REST: what is refused, with which code, and how limits are told.

use super::client::{call, clock, request, server};
use crate::support::discord::faults::Fault;
use crate::support::discord::{FakeDiscord, TOKEN, permissions};
use serde_json::{Value, json};
use signalbox::domain::time::Span;

fn path(fake: &FakeDiscord) -> String {
    format!("/channels/{}/messages", fake.id_of_channel("deployments"))
}

async fn refused(fake: &FakeDiscord, body: Value, at: &str) -> String {
    let clock_free = call(fake, "POST", &path(fake), body).await;
    assert_eq!((clock_free.status, clock_free.code()), (400, 50035), "{clock_free:#?}");
    clock_free.complaint(at).to_owned()
}

#[tokio::test]
async fn token_agent_and_route_must_be_right() {
    let fake = server(&clock()).await;
    let agent = "DiscordBot (https://example.org, 1)";
    let wrong = request(&fake, "GET", "/users/@me", "Bot another", agent, Value::Null).await.unwrap();
    assert_eq!(wrong.status, 401);
    let bare = request(&fake, "GET", "/users/@me", TOKEN, agent, Value::Null).await.unwrap();
    assert_eq!(bare.status, 401, "the token goes behind `Bot `");
    let rude = request(&fake, "GET", "/users/@me", &format!("Bot {TOKEN}"), "curl/8", Value::Null).await.unwrap();
    assert_eq!((rude.status, rude.code()), (403, 40333));
    assert_eq!(call(&fake, "GET", "/voice/regions", Value::Null).await.status, 404);
    assert_eq!(fake.invalid_requests(), 3);
    assert_eq!(fake.take_refusals().len(), 4);
    assert_eq!(call(&fake, "GET", "/users/@me", Value::Null).await.fine()["id"], fake.bot().to_string());
}

#[tokio::test]
async fn a_message_is_taken_at_its_limits_and_refused_one_past_them() {
    let clock = clock();
    let fake = server(&clock).await;
    let long = |n: usize| "ä".repeat(n);
    for (body, at) in [
        (json!({ "content": long(2001) }), "content"),
        (json!({ "embeds": [{ "title": long(257) }] }), "embeds.0.title"),
        (json!({ "embeds": [{ "fields": [{ "name": "a", "value": " " }] }] }), "embeds.0.fields.0.value"),
        (json!({ "embeds": [{ "description": long(4000) }, { "description": long(2001) }] }), "embeds"),
        (json!({ "content": "a", "nonce": long(26) }), "nonce"),
        (json!({ "content": "a", "components": [{ "type": 2, "style": 1, "label": "a" }] }), "components.0.type"),
    ] {
        assert!(!refused(&fake, body, at).await.is_empty(), "nothing was said of {at}");
        clock.advance(Span::secs(5));
    }
    let button = |id: &str| json!({ "type": 2, "style": 1, "label": long(80), "custom_id": id });
    let row = |buttons: Value| json!({ "content": "a", "components": [{ "type": 1, "components": buttons }] });
    let twice = refused(&fake, row(json!([button("a"), button("a")])), "components.0.components.1.custom_id").await;
    assert_eq!(twice, "COMPONENT_CUSTOM_ID_DUPLICATED");
    let six: Vec<Value> = ["a", "b", "c", "d", "e", "f"].map(button).into();
    assert_eq!(refused(&fake, row(json!(six)), "components.0.components").await, "BASE_TYPE_BAD_LENGTH");
    let both = json!({ "content": "a", "allowed_mentions": { "parse": ["users"], "users": ["1"] } });
    assert_eq!(refused(&fake, both, "allowed_mentions").await, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE");
    clock.advance(Span::secs(5));
    let empty = call(&fake, "POST", &path(&fake), json!({ "content": "  " })).await;
    assert_eq!((empty.status, empty.code()), (400, 50006));
    let most = json!({
        "content": long(2000), "nonce": long(25), "embeds": [{ "description": long(4096) }, { "title": long(256),
        "footer": { "text": long(1648) } }],
        "components": [{ "type": 1, "components": six[..5] }],
    });
    call(&fake, "POST", &path(&fake), most).await.fine();
    assert_eq!(fake.messages("deployments").len(), 1);
}

#[tokio::test]
async fn what_the_bot_may_not_do_is_refused() {
    let clock = clock();
    let fake = server(&clock).await;
    let card = call(&fake, "POST", &path(&fake), json!({ "content": "D-42" })).await.fine();
    let post = async |body: Value| {
        clock.advance(Span::secs(5));
        let got = call(&fake, "POST", &path(&fake), body).await;
        (got.status, got.code())
    };
    fake.deny("deployments", permissions::EMBED_LINKS);
    assert_eq!(post(json!({ "embeds": [{ "title": "a" }] })).await, (403, 50013));
    fake.deny("deployments", permissions::SEND_MESSAGES);
    assert_eq!(post(json!({ "content": "a" })).await, (403, 50013));
    fake.deny("deployments", permissions::VIEW_CHANNEL);
    assert_eq!(post(json!({ "content": "a" })).await, (403, 50001));
    fake.allow("deployments", u64::MAX);

    let of = |rest: &str| format!("{}/{}{rest}", path(&fake), card["id"].as_str().unwrap());
    let thread = json!({ "name": "D-42" });
    let made = call(&fake, "POST", &of("/threads"), thread.clone()).await.fine();
    assert_eq!(made["id"], card["id"], "a message's thread has the message's id");
    assert_eq!(call(&fake, "POST", &of("/threads"), thread).await.code(), 160_004);
    let said = fake.say("maya", "deployments", "mine").id();
    let foreign = format!("{}/{said}", path(&fake));
    assert_eq!(call(&fake, "PATCH", &foreign, json!({ "content": "b" })).await.code(), 50005);
    assert_eq!(call(&fake, "PATCH", &format!("{}/1", path(&fake)), json!({ "content": "b" })).await.code(), 10008);
    assert_eq!(call(&fake, "GET", "/channels/1", Value::Null).await.code(), 10003);
    assert_eq!(call(&fake, "PUT", &of("/reactions/ok/@me"), Value::Null).await.code(), 10014);
    fake.close_directs("omar");
    let omar = json!({ "recipient_id": fake.id_of_user("omar").to_string() });
    let direct = call(&fake, "POST", "/users/@me/channels", omar).await.fine();
    let to = format!("/channels/{}/messages", direct["id"].as_str().unwrap());
    assert_eq!(call(&fake, "POST", &to, json!({ "content": "a" })).await.code(), 50007);
    let members = format!("/guilds/{}/members?limit=10", fake.guild());
    assert_eq!(call(&fake, "GET", &members, Value::Null).await.code(), 50001, "the list needs a privileged intent");
}

#[tokio::test]
async fn the_sixth_message_in_five_seconds_waits_as_the_headers_said() {
    let clock = clock();
    let fake = server(&clock).await;
    fake.add_channel("incidents");
    for left in (0..5).rev() {
        let got = call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await;
        assert_eq!(got.headers["x-ratelimit-remaining"], left.to_string());
        clock.advance(Span::millis(100));
    }
    let limited = call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await;
    assert_eq!((limited.status, &limited.body["retry_after"]), (429, &json!(4.5)));
    assert_eq!(limited.headers["x-ratelimit-scope"], "user");
    let other = format!("/channels/{}/messages", fake.id_of_channel("incidents"));
    call(&fake, "POST", &other, json!({ "content": "another channel, another bucket" })).await.fine();
    clock.advance(Span::millis(4500));
    call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await.fine();
    assert_eq!(fake.take_refusals().len(), 1);
}

#[tokio::test]
async fn an_enforced_nonce_finds_the_first_message() {
    let clock = clock();
    let fake = server(&clock).await;
    fake.faults().next("POST /channels/{id}/messages", 1, &Fault::DropAnswer);
    let body = json!({ "content": "D-42", "nonce": "n-1", "enforce_nonce": true });
    let agent = "DiscordBot (https://example.org, 1)";
    let lost = request(&fake, "POST", &path(&fake), &format!("Bot {TOKEN}"), agent, body.clone()).await;
    assert!(lost.is_err(), "done, and the answer lost: {lost:?}");
    let again = call(&fake, "POST", &path(&fake), body.clone()).await.fine();
    assert_eq!(again["id"], fake.messages("deployments")[0].id.to_string());
    assert_eq!(fake.messages("deployments").len(), 1);
    clock.advance(Span::mins(10));
    call(&fake, "POST", &path(&fake), body).await.fine();
    assert_eq!(fake.messages("deployments").len(), 2, "a nonce is remembered for a few minutes only");
}

#[tokio::test]
async fn faults_come_once_and_are_not_refusals() {
    let fake = server(&clock()).await;
    let route = "POST /channels/{id}/messages";
    fake.faults().next(route, 1, &Fault::Limited { after_ms: 1500, global: true, shared: false });
    fake.faults().next(route, 1, &Fault::Status(502));
    fake.faults().next(route, 1, &Fault::Empty);
    let limited = call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await;
    assert_eq!((limited.status, &limited.body["retry_after"]), (429, &json!(1.5)));
    assert_eq!(limited.headers["x-ratelimit-scope"], "global");
    assert_eq!(call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await.status, 502);
    assert_eq!(call(&fake, "POST", &path(&fake), json!({ "content": "a" })).await.status, 204);
    assert_eq!(fake.messages("deployments").len(), 1);
    assert_eq!(fake.requests_of(route), 3);
    fake.nothing_refused();
}

#[tokio::test]
async fn commands_are_checked_and_creates_are_counted() {
    let clock = clock();
    let fake = server(&clock).await;
    let at = format!("/applications/{}/guilds/{}/commands", fake.bot(), fake.guild());
    let option =
        |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "a", "required": required });
    let wrong = json!([
        { "name": "Deploy", "description": "a" },
        { "name": "why", "description": "", "options": [option("a", false), option("b", true)] },
    ]);
    let got = call(&fake, "PUT", &at, wrong).await;
    assert_eq!(got.complaint("0.name"), "APPLICATION_COMMAND_INVALID_NAME");
    assert_eq!(got.complaint("1.description"), "BASE_TYPE_REQUIRED");
    assert_eq!(got.complaint("1.options.1"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
    let many = |from: usize| -> Value {
        (from..from + 100).map(|n| json!({ "name": format!("c{n}"), "description": "a" })).collect()
    };
    call(&fake, "PUT", &at, many(0)).await.fine();
    call(&fake, "PUT", &at, many(0)).await.fine();
    call(&fake, "PUT", &at, many(100)).await.fine();
    let over = call(&fake, "PUT", &at, json!([{ "name": "over", "description": "a" }])).await;
    assert_eq!(over.code(), 30034);
    clock.advance(Span::hours(24));
    call(&fake, "PUT", &at, json!([{ "name": "over", "description": "a" }])).await.fine();
    assert_eq!((fake.commands().len(), fake.command_writes()), (1, 6));
}

#[tokio::test]
async fn a_person_reads_text_and_no_markup() {
    let fake = server(&clock()).await;
    let maya = fake.id_of_user("maya");
    let body = json!({
        "content": format!("<@{maya}> \\*not bold\\* **bold** snake_case_name `a*b*` 2 * 3 * 4"),
        "allowed_mentions": { "parse": [] },
        "embeds": [{ "title": "D-42", "fields": [{ "name": "Since", "value": "<t:1798884000:t>" }] }],
    });
    call(&fake, "POST", &path(&fake), body).await.fine();
    let shown = "@maya *not bold* bold snake_case_name a*b* 2 * 3 * 4\nD-42\nSince: 10:00";
    assert_eq!(fake.texts("deployments", "omar"), [shown]);
    let message = &fake.messages("deployments")[0];
    assert!(message.notified.is_empty(), "a name that is not allowed to notify does not");
}
