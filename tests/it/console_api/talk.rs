//! Posting, reacting, clicking, forms: what reaches signalbox, what comes back, who sees it, and that a retry is one act.

use super::fake::{deployments, id};
use super::world::world;
use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox::chat::{Body, Platform as _};
use signalbox::domain::message::{Message, Tone};
use std::collections::BTreeMap;

#[tokio::test]
async fn talk_is_stored_and_commands_are_handed_in() {
    let world = world().await;
    world.says("sara", "good morning").await;
    assert!(world.fake.envelopes.lock().unwrap().is_empty(), "talk is nothing to signalbox");
    world.says("omar", "@signalbox why D-42").await;
    world.says("sara", "/deploy v1.2.0 to production").await;
    let envelopes = world.fake.envelopes.lock().unwrap().clone();
    let said: Vec<_> = envelopes.iter().map(|e| (e.account.as_str(), e.platform.as_str(), &e.body)).collect();
    let command = |text: &str| Body::Command { text: text.into(), thread: None };
    let (why, deploy) = (command("why D-42"), command("/deploy v1.2.0 to production"));
    assert_eq!(said, [("omar", "console", &why), ("sara", "console", &deploy)]);
    assert_eq!(envelopes[0].channel, deployments());
}

#[tokio::test]
async fn answers_and_slash_commands_are_seen_only_by_whoever_asked() {
    let world = world().await;
    let done = world.says("sara", "/frobnicate").await;
    assert_eq!(done["answers"][0]["only_for"], "sara");
    assert_eq!(done["answers"][0]["text"], "I do not know `/frobnicate`. Type /help to see what I can do.");
    assert_eq!(done["answers"][0]["message"]["tone"], "warning");
    assert_eq!(world.reads("sara").await.len(), 2);
    assert_eq!(world.reads("omar").await, Vec::<String>::new());
    let private = done["answers"][0]["id"].as_str().unwrap();
    let (status, _) = world.try_post("/api/react", json!({ "as": "omar", "message": private, "emoji": "👀" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) =
        world.try_post("/api/click", json!({ "as": "omar", "message": private, "action": "abort" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/unread?as=omar").await, json!({}));
}

#[tokio::test]
async fn a_retry_is_the_same_act() {
    let world = world().await;
    let post = json!({ "as": "sara", "channel": "deployments", "text": "/deploy v1.2.0 to production", "id": "once" });
    let first = world.post("/api/post", post.clone()).await;
    let again = world.post("/api/post", post).await;
    assert_eq!(first["id"], "once");
    assert_eq!(first["posted"]["id"], again["posted"]["id"]);
    assert_eq!(ids(&first["answers"]), ids(&again["answers"]), "the answer is shown again, not made again");
    assert_eq!(first["answers"].as_array().unwrap().len(), 1);
    assert_eq!(world.reads("sara").await.len(), 3, "command, card, answer");
    let envelopes: Vec<_> = world.fake.envelopes.lock().unwrap().iter().map(|e| e.id.clone()).collect();
    assert_eq!(envelopes, ["once", "once"], "signalbox is told again, under the same id");

    let other = json!({ "as": "sara", "channel": "deployments", "text": "/lock production", "id": "once" });
    let (status, answer) = world.try_post("/api/post", other).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].as_str().unwrap().contains("once"), "{answer}");
}

fn ids(messages: &Value) -> Vec<String> {
    messages.as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn reactions_are_handed_in_shown_and_taken_back() {
    let world = world().await;
    let card = world.fake.post("card/42", "deployments", world.fake.card()).await;
    let react = async |who: &str, added: bool| {
        world.post("/api/react", json!({ "as": who, "message": card.id, "emoji": "✅", "added": added })).await
    };
    react("omar", true).await;
    react("lea", true).await;
    react("omar", true).await;
    let path = format!("/api/messages/{}?as=sara", card.id);
    let shown = world.get(&path).await;
    assert_eq!(shown["reactions"], json!([{ "emoji": "✅", "people": ["omar", "lea"] }]));
    assert!(shown["text"].as_str().unwrap().starts_with("D-42 api `v1.2.0` to production runs"), "edited in place");
    assert!(shown["edited"].is_string());
    react("omar", false).await;
    assert_eq!(world.get(&path).await["reactions"], json!([{ "emoji": "✅", "people": ["lea"] }]));
    let last = world.fake.envelopes.lock().unwrap().last().unwrap().body.clone();
    assert_eq!(last, Body::Reaction { message: card.id.clone(), emoji: "✅".into(), added: false });
}

#[tokio::test]
async fn buttons_are_pressed_by_their_action_or_their_label() {
    let world = world().await;
    let card = world.fake.post("card/42", "deployments", world.fake.card()).await;
    let shown = world.get(&format!("/api/messages/{}?as=omar", card.id)).await;
    assert_eq!(shown["actions"][0], "approve?deployment=D-42");
    world.post("/api/click", json!({ "as": "omar", "message": card.id, "action": shown["actions"][0] })).await;
    let why = world.post("/api/click", json!({ "as": "omar", "message": card.id, "button": "Why?" })).await;
    assert_eq!(why["answers"][0]["text"], "You pressed why.");

    // A button with a form gives the form first.
    let asked = world.post("/api/click", json!({ "as": "omar", "message": card.id, "button": "Reject" })).await;
    assert_eq!(asked["form"]["form"]["fields"][0]["name"], "reason");
    assert_eq!(asked["answers"], json!([]));
    let fields = json!({ "reason": "not today" });
    let (message, action) = (&asked["form"]["message"], &asked["form"]["action"]);
    let filled = json!({ "as": "omar", "message": message, "action": action, "fields": fields });
    let done = world.post("/api/submit", filled).await;
    assert_eq!(done["answers"][0]["text"], "You rejected D-42: not today");
    let last = world.fake.envelopes.lock().unwrap().last().unwrap().body.clone();
    let fields = BTreeMap::from([("reason".to_owned(), "not today".to_owned())]);
    assert_eq!(last, Body::Click { message: card.id.clone(), action: "reject?deployment=D-42".into(), fields });
    assert_eq!(world.fake.envelopes.lock().unwrap().len(), 3, "asking for the form is no act");
}

#[tokio::test]
async fn a_form_in_an_answer_is_opened() {
    let world = world().await;
    let asked = world.says("sara", "/lock production").await;
    assert_eq!(asked["form"]["form"]["title"], "Lock production");
    assert_eq!(asked["form"]["message"], asked["posted"]["id"]);
    let fields = json!({ "reason": "database move", "span": "2h" });
    let filled = json!({ "as": "sara", "message": asked["form"]["message"], "action": asked["form"]["action"], "fields": fields });
    let done = world.post("/api/submit", filled).await;
    assert_eq!(done["answers"][0]["text"], "production is locked for 2h: database move");
}

#[tokio::test]
async fn threads_hang_on_their_message() {
    let world = world().await;
    let card = world.fake.post("card/42", "deployments", world.fake.card()).await;
    let log = world.fake.reply("log/42", &card, Message::line(Tone::Neutral, "started")).await;
    // A reply to a reply is a reply to the message the thread hangs on.
    let say = json!({ "as": "sara", "channel": "deployments", "thread": log.id, "text": "/why D-42" });
    let done = world.post("/api/post", say).await;
    assert_eq!(done["posted"]["thread"], card.id);
    assert_eq!(done["answers"][0]["thread"], card.id, "answered where it was asked");
    let body = world.fake.envelopes.lock().unwrap()[0].body.clone();
    assert_eq!(body, Body::Command { text: "/why D-42".into(), thread: Some(card.id.clone()) });

    let thread = async |who: &str| world.get(&format!("/api/channels/deployments/threads/{}?as={who}", card.id)).await;
    assert_eq!(thread("sara").await["replies"].as_array().unwrap().len(), 3);
    assert_eq!(thread("omar").await["replies"].as_array().unwrap().len(), 1);
    let page = world.get("/api/channels/deployments?as=omar&threads=true").await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 1, "replies are not in the channel");
    assert_eq!(page["messages"][0]["replies"], 1);
    assert_eq!(page["messages"][0]["replies_in_full"][0]["text"], "started");
}

#[tokio::test]
async fn unread_counts_what_others_said_and_who_is_meant() {
    let world = world().await;
    let unread = async |who: &str| world.get(&format!("/api/unread?as={who}")).await;
    world.says("sara", "hello").await;
    let card = world.fake.post("card/42", "deployments", world.fake.card()).await;
    world.fake.reply("log/42", &card, Message::line(Tone::Neutral, "started")).await;
    assert_eq!(unread("omar").await, json!({ "deployments": { "messages": 2, "mentions": 1 } }));
    assert_eq!(unread("sara").await, json!({ "deployments": { "messages": 1, "mentions": 0 } }));
    let left = world.post("/api/read", json!({ "as": "omar", "channel": "deployments", "upto": card.id })).await;
    assert_eq!(left, json!({}));
    world.post("/api/read", json!({ "as": "omar", "channel": "deployments", "upto": "1" })).await;
    assert_eq!(unread("omar").await, json!({}), "reading never goes back");
    let state = world.get("/api/state?as=sara").await;
    assert_eq!(state["channels"][0], json!({ "name": "deployments", "messages": 1, "mentions": 0 }));
    assert_eq!(state["channels"].as_array().unwrap().len(), 3);
    let omar = state["people"].as_array().unwrap().iter().find(|p| p["id"] == "omar").unwrap().clone();
    assert_eq!(omar, json!({ "id": "omar", "name": "Omar Haddad", "roles": ["Engineer", "Tech Lead"] }));
}

#[tokio::test]
async fn older_messages_come_page_by_page() {
    let world = world().await;
    for n in 1..=7 {
        world.says("sara", &format!("message {n}")).await;
    }
    let page = world.get("/api/channels/deployments?as=omar&limit=3").await;
    assert_eq!(page["messages"][0]["text"], "message 5");
    assert_eq!(page["more"], true);
    let page = world.get("/api/channels/deployments?as=omar&limit=4&before=5").await;
    assert_eq!(page["messages"][0]["text"], "message 1");
    assert_eq!(page["more"], false);
}

#[tokio::test]
async fn the_platform_posts_once_per_key_and_finds_it() {
    let world = world().await;
    let first = world.fake.post("card/42", "deployments", world.fake.card()).await;
    let again = world.fake.post("card/42", "deployments", Message::line(Tone::Bad, "other")).await;
    assert_eq!(first, again);
    assert_eq!(world.reads("sara").await.len(), 1);
    let platform = &world.fake.platform;
    assert_eq!(platform.find(&deployments(), None, "card/42").await.unwrap(), Some(first.clone()));
    assert_eq!(platform.find(&deployments(), None, "card/43").await.unwrap(), None);
    assert_eq!(platform.find(&"incidents".into(), None, "card/42").await.unwrap(), None);

    let rev = platform.latest();
    platform.edit(&first, &world.fake.card()).await.unwrap();
    assert_eq!(platform.latest(), rev, "an edit that changes nothing is none");
    assert!(platform.entry(&id("sara"), &first.id).await.unwrap().edited.is_none());
}
