//! Interactions from the person to the answer and back.

use super::client::{Bot, answer, call, clock, hook, server};
use crate::support::discord::FakeDiscord;
use serde_json::{Value, json};
use signalbox::domain::time::Span;

async fn register(fake: &FakeDiscord) {
    let commands = json!([{
        "name": "deploy", "description": "Deploys a version", "options": [
            { "type": 3, "name": "version", "description": "Which", "required": true, "autocomplete": true },
            { "type": 5, "name": "hotfix", "description": "Urgent" },
        ],
    }]);
    let path = format!("/applications/{}/guilds/{}/commands", fake.bot(), fake.guild());
    call(fake, "PUT", &path, commands).await.fine();
}

#[tokio::test]
async fn a_command_is_deferred_answered_and_followed_up() {
    let fake = server(&clock()).await;
    register(&fake).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    let sent = fake.command("maya", "deployments", "deploy", &[("version", "v1.2.0")]);
    let interaction = bot.event("INTERACTION_CREATE").await;
    assert_eq!(interaction["data"]["options"][0]["value"], "v1.2.0");
    assert_eq!(interaction["member"]["user"]["username"], "maya");

    answer(&fake, &interaction, json!({ "type": 5, "data": { "flags": 64 } })).await.fine();
    let ack = sent.acknowledged(&fake).await;
    assert!(ack.ephemeral && ack.kind == 5);
    let edit = hook(&fake, &interaction, "/messages/@original");
    call(&fake, "PATCH", &edit, json!({ "content": "D-42 waits for **one** key" })).await.fine();
    assert_eq!(sent.answer(&fake).await, "D-42 waits for one key");
    let more = json!({ "content": "More\\_here", "flags": 64 });
    call(&fake, "POST", &hook(&fake, &interaction, ""), more).await.fine();
    assert_eq!(sent.answers(&fake), ["D-42 waits for one key", "More_here"]);

    assert_eq!(fake.texts("deployments", "maya").len(), 2);
    assert!(fake.texts("deployments", "omar").is_empty(), "ephemeral answers are for one person");
    let again = answer(&fake, &interaction, json!({ "type": 4, "data": { "content": "Late" } })).await;
    assert_eq!((again.status, again.code()), (400, 40060));
}

#[tokio::test]
async fn an_answer_after_three_seconds_or_with_an_old_token_is_refused() {
    let clock = clock();
    let fake = server(&clock).await;
    register(&fake).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    let sent = fake.command("maya", "deployments", "deploy", &[("version", "v1")]);
    let late = bot.event("INTERACTION_CREATE").await;
    clock.advance(Span::millis(3001));
    let refused = answer(&fake, &late, json!({ "type": 5 })).await;
    assert_eq!((refused.status, refused.code()), (404, 10062));
    assert_eq!(sent.answer(&fake).await, "The application did not respond");

    fake.command("maya", "deployments", "deploy", &[("version", "v2")]);
    let interaction = bot.event("INTERACTION_CREATE").await;
    clock.advance(Span::secs(3));
    answer(&fake, &interaction, json!({ "type": 5 })).await.fine();
    let edit = hook(&fake, &interaction, "/messages/@original");
    clock.advance(Span::mins(15) + Span::millis(-3000));
    call(&fake, "PATCH", &edit, json!({ "content": "In time" })).await.fine();
    clock.advance(Span::millis(1));
    let refused = call(&fake, "PATCH", &edit, json!({ "content": "Too late" })).await;
    assert_eq!((refused.status, refused.code()), (401, 50027));
}

#[tokio::test]
async fn the_client_lets_nothing_through_that_is_not_registered() {
    let fake = server(&clock()).await;
    register(&fake).await;
    let (_bot, _) = Bot::ready(&fake).await;
    let refused = |command: &str, options: &[(&str, &str)]| {
        fake.command("maya", "deployments", command, options).blocked().unwrap_or_default().to_owned()
    };
    assert_eq!(refused("ship", &[]), "there is no command /ship");
    assert_eq!(refused("deploy", &[]), "\"version\" must be filled in");
    assert_eq!(refused("deploy", &[("version", "v1"), ("now", "yes")]), "/deploy has no option now");
    assert_eq!(refused("deploy", &[("version", "v1"), ("hotfix", "perhaps")]), "perhaps does not fit \"hotfix\"");
    assert_eq!(fake.command_writes(), 1);
}

#[tokio::test]
async fn a_completion_a_click_a_form_and_its_submission() {
    let fake = server(&clock()).await;
    register(&fake).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    let typing = fake.autocomplete("maya", "deployments", "deploy", &[], "version", "v1");
    let interaction = bot.event("INTERACTION_CREATE").await;
    assert_eq!(interaction["data"]["options"][0]["focused"], true);
    let choices = json!([{ "name": "v1.2.0 (built today)", "value": "v1.2.0" }]);
    answer(&fake, &interaction, json!({ "type": 8, "data": { "choices": choices } })).await.fine();
    assert_eq!(typing.choices(&fake).await, [("v1.2.0 (built today)".to_owned(), "v1.2.0".to_owned())]);

    let channel = fake.id_of_channel("deployments");
    let button = json!({ "type": 2, "style": 1, "label": "Approve", "custom_id": "approve:D-42" });
    let card = json!({ "content": "D-42", "components": [{ "type": 1, "components": [button] }] });
    let card = call(&fake, "POST", &format!("/channels/{channel}/messages"), card).await.fine();
    bot.event("MESSAGE_CREATE").await;
    let id: u64 = card["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(fake.texts("deployments", "omar"), ["D-42\n( Approve )"]);

    let click = fake.click("omar", "deployments", id, "Approve");
    let interaction = bot.event("INTERACTION_CREATE").await;
    assert_eq!(interaction["data"]["custom_id"], "approve:D-42");
    assert_eq!(interaction["message"]["id"], card["id"]);
    let input = json!({ "type": 4, "custom_id": "reason", "style": 1, "label": "Reason", "max_length": 5 });
    let modal = json!({
        "custom_id": "form", "title": "Approve", "components": [{ "type": 1, "components": [input] }],
    });
    answer(&fake, &interaction, json!({ "type": 9, "data": modal })).await.fine();
    let modal = click.modal(&fake).await;
    assert!(fake.submit("omar", &modal, &[]).blocked().is_some(), "the input is required");
    assert!(fake.submit("omar", &modal, &[("Reason", "too long")]).blocked().is_some());
    let submit = fake.submit("omar", &modal, &[("Reason", "ready")]);
    let interaction = bot.event("INTERACTION_CREATE").await;
    assert_eq!(interaction["data"]["components"][0]["components"][0]["value"], "ready");
    let done = json!({ "type": 7, "data": { "content": "D-42 approved", "components": [] } });
    answer(&fake, &interaction, done).await.fine();
    assert_eq!(submit.answer(&fake).await, "D-42 approved");
    fake.nothing_refused();
}

#[tokio::test]
async fn content_comes_with_mentions_and_direct_messages_only() {
    let fake = server(&clock()).await;
    let (mut bot, _) = Bot::ready(&fake).await;
    fake.say("maya", "deployments", "nothing for the bot");
    assert_eq!(bot.event("MESSAGE_CREATE").await["content"], "");
    let asked = fake.mention("maya", "deployments", "status");
    let event = bot.event("MESSAGE_CREATE").await;
    assert_eq!(event["content"], format!("<@{}> status", fake.bot()));
    let body = json!({ "content": "All **quiet**", "message_reference": { "message_id": event["id"] } });
    let path = format!("/channels/{}/messages", event["channel_id"].as_str().unwrap());
    call(&fake, "POST", &path, body).await.fine();
    assert_eq!(asked.answer(&fake).await, "All quiet");
    bot.event("MESSAGE_CREATE").await;
    fake.direct("omar", "status");
    let event = bot.event("MESSAGE_CREATE").await;
    assert_eq!((&event["content"], event.get("guild_id")), (&json!("status"), None));
    let listed = call(&fake, "GET", &path, Value::Null).await.fine();
    assert_eq!(listed[2]["content"], "", "the history hides what events hide");
}
