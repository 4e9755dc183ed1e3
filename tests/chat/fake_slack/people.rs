//! What people do and see: clicks, forms, response URLs, and a channel as text.

use super::{ack, call, frame, posted, socket, standing_still, workspace};
use crate::support::slack::options::Options;
use serde_json::{Value, json};
use signalbox::domain::time::Span;

fn card() -> Value {
    json!([
        {"type": "header", "text": {"type": "plain_text", "text": "api v1.2.0"}},
        {"type": "section", "text": {"type": "mrkdwn",
            "text": "*Asked* by <@U1> at <!date^1772434800^{time}|07:00> &lt;now&gt; in `code`, <https://example.org|log>"}},
        {"type": "divider"},
        {"type": "actions", "elements": [
            {"type": "button", "action_id": "go", "value": "approve D-1", "style": "primary",
             "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "no", "value": "reject D-1", "text": {"type": "plain_text", "text": "Reject"},
             "confirm": {"title": {"type": "plain_text", "text": "Sure?"}, "text": {"type": "plain_text", "text": "D-1"},
                "confirm": {"type": "plain_text", "text": "Yes"}, "deny": {"type": "plain_text", "text": "No"}}},
        ]},
    ])
}

#[tokio::test]
async fn a_person_sees_the_channel_in_their_own_zone() {
    let fake = workspace(Options::default()).await;
    let ts = posted(&fake, json!({"channel": "C1", "text": "fallback", "blocks": card()})).await;
    posted(&fake, json!({"channel": "C1", "text": "in a thread", "thread_ts": ts})).await;
    let quiet = json!({"channel": "C1", "user": "U1", "text": "only you"});
    assert_eq!(call(&fake, "chat.postEphemeral", quiet).await["ok"], true);
    let body = |time: &str| {
        format!(
            "api v1.2.0\nAsked by @Ann Lee at {time} <now> in `code`, log (https://example.org)\n---\n\
             ( Approve ) ( Reject )\n\n  in a thread"
        )
    };
    assert_eq!(fake.visible("C1", "U1"), format!("{}\n\nonly you", body("08:00")));
    assert_eq!(fake.visible("C1", "U2"), body("11:00"));
    assert!(fake.moderate("C1", &ts));
    assert_eq!(fake.visible("C1", "U2"), "  in a thread");
}

#[tokio::test]
async fn only_a_button_that_is_there_is_clicked() {
    let fake = workspace(Options::default()).await;
    let mut app = socket(&fake).await;
    let ts = posted(&fake, json!({"channel": "C1", "text": "card", "blocks": card()})).await;
    let missing = fake.click("U2", "C1", &ts, "Abort").err().unwrap();
    assert_eq!(missing, "0 of \"Abort\"; there is: Approve, Reject");
    let clicked = fake.click("U2", "C1", &ts, "Reject").unwrap();
    assert_eq!(clicked.confirm.as_deref(), Some("Sure?\nD-1\n( Yes ) ( No )"));
    let envelope = frame(&mut app).await;
    let payload = &envelope["payload"];
    assert_eq!((&envelope["type"], &payload["actions"][0]["value"]), (&json!("interactive"), &json!("reject D-1")));
    assert_eq!((&payload["message"]["ts"], &payload["user"]["id"]), (&json!(ts), &json!("U2")));
    ack(&mut app, &envelope, json!({})).await;
    clicked.acked().await.unwrap();
    let gone = json!({"channel": "C1", "ts": ts, "text": "done", "blocks": []});
    assert_eq!(call(&fake, "chat.update", gone).await["ok"], true);
    assert!(fake.click("U2", "C1", &ts, "Reject").is_err(), "the buttons were taken away");
}

fn form() -> Value {
    let input = json!({"type": "plain_text_input", "action_id": "value", "max_length": 10});
    let note = json!({"type": "plain_text_input", "action_id": "value", "multiline": true});
    json!({"type": "modal", "callback_id": "f", "private_metadata": "reject D-1",
    "title": {"type": "plain_text", "text": "Reject"}, "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {"type": "input", "block_id": "reason", "label": {"type": "plain_text", "text": "Reason"}, "element": input},
        {"type": "input", "block_id": "note", "optional": true, "label": {"type": "plain_text", "text": "Note"},
         "element": note},
    ]})
}

#[tokio::test]
async fn a_trigger_opens_one_form_and_only_soon() {
    let (fake, clock) = standing_still().await;
    let mut app = socket(&fake).await;
    fake.slash("U1", "C1", "/reject", "D-1").unwrap();
    let envelope = frame(&mut app).await;
    let trigger = &envelope["payload"]["trigger_id"];
    clock.advance(Span::secs(3));
    let opened = call(&fake, "views.open", json!({"trigger_id": trigger, "view": form()})).await;
    assert_eq!(opened["ok"], true, "{opened}");
    let again = call(&fake, "views.open", json!({"trigger_id": trigger, "view": form()})).await;
    assert_eq!(again["error"], "exchanged_trigger_id");
    fake.slash("U1", "C1", "/reject", "D-1").unwrap();
    let late = frame(&mut app).await["payload"]["trigger_id"].clone();
    clock.advance(Span::millis(3001));
    let refused = call(&fake, "views.open", json!({"trigger_id": late, "view": form()})).await;
    assert_eq!(refused["error"], "expired_trigger_id");
    let refused = call(&fake, "views.open", json!({"trigger_id": "1.2.3", "view": form()})).await;
    assert_eq!(refused["error"], "invalid_trigger_id");

    let view = fake.view_of("U1").unwrap();
    assert!(fake.submit("U1", &view, &[("Note", "x")]).err().unwrap().contains("required"));
    assert!(fake.submit("U1", &view, &[("Reason", "eleven chars")]).err().unwrap().contains("do not fit"));
    assert!(fake.submit("U2", &view, &[("Reason", "no")]).is_err());
    let sent = fake.submit("U1", &view, &[("Reason", "no")]).unwrap();
    let envelope = frame(&mut app).await;
    assert_eq!(envelope["payload"]["view"]["state"]["values"]["reason"]["value"]["value"], "no");
    assert_eq!(envelope["payload"]["view"]["private_metadata"], "reject D-1");
    ack(&mut app, &envelope, json!({"response_action": "errors", "errors": {"reason": "say more"}})).await;
    sent.acked().await.unwrap();
    assert_eq!(fake.read(|world| world.views[&view].errors["reason"].clone()), "say more");
    let sent = fake.submit("U1", &view, &[("Reason", "broken")]).unwrap();
    let envelope = frame(&mut app).await;
    ack(&mut app, &envelope, json!({})).await;
    sent.acked().await.unwrap();
    assert_eq!(fake.view_of("U1"), None, "a bare acknowledgement closes it");
}

#[tokio::test]
async fn a_response_url_takes_five_answers_in_half_an_hour() {
    let (fake, clock) = standing_still().await;
    let mut app = socket(&fake).await;
    let client = signalbox::http::loopback().unwrap();
    let mut url = async || {
        fake.slash("U1", "C1", "/why", "D-1").unwrap();
        frame(&mut app).await["payload"]["response_url"].as_str().unwrap().to_owned()
    };
    let first = url().await;
    for _ in 0..5 {
        let answer = client.post(&first).json(&json!({"text": "because"})).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(client.post(&first).json(&json!({"text": "more"})).send().await.unwrap().status(), 404);
    let second = url().await;
    clock.advance(Span::mins(31));
    assert_eq!(client.post(&second).json(&json!({"text": "late"})).send().await.unwrap().status(), 404);
    let errors: Vec<_> = fake.refusals().into_iter().map(|refusal| refusal.error).collect();
    assert_eq!(errors, ["used_url", "expired_url"]);
    assert_eq!(fake.visible("C1", "U2"), "", "they are for the sender alone");
}

#[tokio::test]
async fn a_manifest_says_what_the_app_may_do() {
    let yaml = "  slash_commands:\n    - command: /deploy\n      description: \"x\"\noauth_config:\n  scopes:\n    bot:\n      \
                - commands # why\n      - chat:write # why\nsettings:\n  event_subscriptions:\n    bot_events:\n      \
                - app_mention # why\n";
    let fake = workspace(Options::default().manifest(yaml)).await;
    assert!(fake.slash("U1", "C1", "/approve", "D-1").err().unwrap().contains("not a valid command"));
    assert!(fake.slash("U1", "C1", "/deploy", "v1").is_ok());
    assert!(fake.mention("U1", "C1", "help").err().unwrap().contains("app_mentions:read"));
    let ts = posted(&fake, json!({"channel": "C1", "text": "x"})).await;
    assert!(fake.react("U1", "C1", &ts, "eyes").err().unwrap().contains("not subscribed"));
}
