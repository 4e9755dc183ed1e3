//! Calls of the Web API.

use super::{answer, call, get, posted, standing_still, workspace};
use crate::support::slack::faults::Fault;
use crate::support::slack::options::Options;
use crate::support::slack::world::Kind;
use serde_json::{Value, json};
use signalbox::domain::time::Span;

#[tokio::test]
async fn a_message_is_posted_edited_and_found_again() {
    let fake = workspace(Options::default()).await;
    let metadata = json!({"event_type": "signalbox", "event_payload": {"key": "k1"}});
    let ts = posted(&fake, json!({"channel": "C1", "text": "one", "metadata": metadata})).await;
    let reply = posted(&fake, json!({"channel": "C1", "text": "more", "thread_ts": ts})).await;
    let edited = call(&fake, "chat.update", json!({"channel": "C1", "ts": ts, "text": "two"})).await;
    assert_eq!(edited["text"], "two");
    let history = get(&fake, "conversations.history", &[("channel", "C1"), ("include_all_metadata", "true")]).await;
    let [only] = &history["messages"].as_array().unwrap()[..] else { panic!("{history}") };
    assert_eq!((&only["text"], &only["metadata"], &only["reply_count"]), (&json!("two"), &metadata, &json!(1)));
    let plain = get(&fake, "conversations.history", &[("channel", "C1")]).await;
    assert_eq!(plain["messages"][0]["metadata"], Value::Null, "metadata is shown only when asked for");
    let thread = get(&fake, "conversations.replies", &[("channel", "C1"), ("ts", &ts)]).await;
    assert_eq!(thread["messages"][1]["ts"], reply.as_str());
    assert_eq!(fake.refusals(), []);
}

#[tokio::test]
async fn tokens_scopes_and_membership_are_checked() {
    let fake = workspace(Options::default().without_scope("chat:write")).await;
    fake.room("C2", "elsewhere", Kind::Public, &["U1"], false);
    fake.room("G1", "hidden", Kind::Private, &["U1"], false);
    let client = signalbox::http::loopback().unwrap();
    let bare = client.post(format!("{}/auth.test", fake.api_url())).send().await.unwrap();
    assert_eq!(bare.json::<Value>().await.unwrap()["error"], "not_authed");
    let wrong = client.post(format!("{}/auth.test", fake.api_url())).bearer_auth("other").send().await.unwrap();
    assert_eq!(wrong.json::<Value>().await.unwrap()["error"], "invalid_auth");
    let bot = client.post(format!("{}/apps.connections.open", fake.api_url())).bearer_auth("test-bot-token");
    assert_eq!(bot.send().await.unwrap().json::<Value>().await.unwrap()["error"], "not_allowed_token_type");
    let refused = call(&fake, "chat.postMessage", json!({"channel": "C1", "text": "x"})).await;
    assert_eq!((&refused["error"], &refused["needed"]), (&json!("missing_scope"), &json!("chat:write")));
    fake.with(|world| world.options.bot_scopes.insert("chat:write".into()));
    for (channel, error) in [("C2", "not_in_channel"), ("G1", "channel_not_found"), ("C9", "channel_not_found")] {
        let refused = call(&fake, "chat.postMessage", json!({"channel": channel, "text": "x"})).await;
        assert_eq!(refused["error"], error, "{channel}");
    }
    let refused = call(&fake, "chat.postEphemeral", json!({"channel": "C1", "user": "U9", "text": "x"})).await;
    assert_eq!(refused["error"], "user_not_in_channel");
    let head = answer(&fake, "auth.test", json!({})).await;
    assert!(head.headers()["x-oauth-scopes"].to_str().unwrap().contains("reactions:read"));
    assert_eq!(fake.refusals().len(), 8);
}

#[tokio::test]
async fn what_cannot_be_posted_or_edited_is_refused() {
    let (fake, clock) = standing_still().await;
    let long = "x".repeat(40_001);
    let cut = call(&fake, "chat.postMessage", json!({"channel": "C1", "text": long})).await;
    assert_eq!(cut["warning"], "message_truncated");
    let ts = cut["ts"].as_str().unwrap().to_owned();
    let many = vec![json!({"text": "a"}); 101];
    for (body, error) in [
        (json!({}), "no_text"),
        (json!({"text": ""}), "no_text"),
        (json!({"text": "x", "blocks": "[{"}), "invalid_blocks_format"),
        (json!({"text": "x", "attachments": many}), "too_many_attachments"),
        (json!({"text": "x", "metadata": {"event_type": "a b", "event_payload": {}}}), "invalid_metadata_format"),
        (json!({"text": "x", "metadata": {"event_type": "a"}}), "invalid_metadata_format"),
        (json!({"text": "x", "thread_ts": "1.000001"}), "thread_not_found"),
        (json!({"text": "x", "markdown_text": "y"}), "markdown_text_conflict"),
    ] {
        clock.advance(Span::secs(10));
        let mut body = body;
        body["channel"] = json!("C1");
        assert_eq!(call(&fake, "chat.postMessage", body).await["error"], error);
    }
    let edit = |ts: &str, text: &str| json!({"channel": "C1", "ts": ts, "text": text});
    assert_eq!(call(&fake, "chat.update", edit(&ts, &"x".repeat(4000))).await["ok"], true);
    assert_eq!(call(&fake, "chat.update", edit(&ts, &"x".repeat(4001))).await["error"], "msg_too_long");
    assert_eq!(call(&fake, "chat.update", edit("1.000001", "x")).await["error"], "message_not_found");
    let theirs = fake.mention("U1", "C1", "hello").unwrap().ts.unwrap();
    assert_eq!(call(&fake, "chat.update", edit(&theirs, "x")).await["error"], "cant_update_message");
    fake.with(|world| world.options.edit_window_ms = Some(60_000));
    clock.advance(Span::mins(5));
    assert_eq!(call(&fake, "chat.update", edit(&ts, "x")).await["error"], "edit_window_closed");
    fake.with(|world| world.channels.get_mut("C1").unwrap().archived = true);
    assert_eq!(call(&fake, "chat.update", edit(&ts, "x")).await["error"], "is_inactive");
    let refused = call(&fake, "chat.postMessage", json!({"channel": "C1", "text": "x"})).await;
    assert_eq!(refused["error"], "is_archived");
}

#[tokio::test]
async fn a_channel_takes_a_short_burst_and_then_one_message_a_second() {
    let (fake, clock) = standing_still().await;
    fake.channel("C2", "incidents", &["U1"]);
    let post = |channel: &'static str| json!({"channel": channel, "text": "x"});
    for _ in 0..4 {
        posted(&fake, post("C1")).await;
    }
    let refused = answer(&fake, "chat.postMessage", post("C1")).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "ratelimited");
    posted(&fake, post("C2")).await;
    clock.advance(Span::secs(1));
    posted(&fake, post("C1")).await;
    assert_eq!(answer(&fake, "chat.postMessage", post("C1")).await.status(), 429);
    assert_eq!(fake.refusals().len(), 2);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_message_and_a_hang_does_not() {
    let fake = workspace(Options::default()).await;
    fake.with(|world| world.faults.plan("chat.postMessage", 1, &Fault::DoneThenBroken));
    fake.with(|world| world.faults.plan("chat.postMessage", 1, &Fault::TooMany(7)));
    let client = signalbox::http::loopback().unwrap();
    let post = || client.post(format!("{}/chat.postMessage", fake.api_url())).bearer_auth("test-bot-token");
    let lost = post().json(&json!({"channel": "C1", "text": "one"})).send().await;
    assert!(match lost {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    });
    let limited = post().json(&json!({"channel": "C1", "text": "two"})).send().await.unwrap();
    assert_eq!(limited.headers()["retry-after"], "7");
    assert_eq!(fake.visible("C1", "U1"), "one");
    assert_eq!(fake.calls("chat.postMessage"), 2);
}

#[tokio::test]
async fn a_picture_goes_up_in_three_steps() {
    let fake = workspace(Options::default()).await;
    let query = [("filename", "plan.png"), ("length", "4"), ("alt_txt", "the plan")];
    let place = get(&fake, "files.getUploadURLExternal", &query).await;
    let (url, id) = (place["upload_url"].as_str().unwrap(), place["file_id"].as_str().unwrap());
    let early = call(&fake, "files.completeUploadExternal", json!({"files": [{"id": id}], "channel_id": "C1"})).await;
    assert_eq!(early["error"], "file_not_found");
    let client = signalbox::http::loopback().unwrap();
    let short = client.post(url).body("abc").send().await.unwrap();
    assert_eq!(short.status(), 400, "the length is as announced");
    assert_eq!(client.post(url).body("abcd").send().await.unwrap().status(), 200);
    let done = call(&fake, "files.completeUploadExternal", json!({"files": [{"id": id}], "channel_id": "C1"})).await;
    assert_eq!(done["ok"], true, "{done}");
    assert_eq!(fake.visible("C1", "U2"), "[picture: the plan]");
}

#[tokio::test]
async fn channels_and_groups_are_listed_in_pages() {
    let fake = workspace(Options::default()).await;
    fake.channel("C2", "incidents", &[]);
    fake.room("G1", "hidden", Kind::Private, &["U1"], false);
    fake.group("S1", "engineers", &["U1", "U2"]);
    let first = get(&fake, "conversations.list", &[("limit", "1"), ("types", "public_channel,private_channel")]).await;
    let next = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let query = [("limit", "5"), ("types", "public_channel,private_channel"), ("cursor", next)];
    let rest = get(&fake, "conversations.list", &query).await;
    assert_eq!(
        (&first["channels"][0]["name"], &rest["channels"][0]["name"]),
        (&json!("deployments"), &json!("incidents"))
    );
    assert_eq!(rest["channels"].as_array().unwrap().len(), 1, "nobody told the app of the hidden one");
    let body = call(&fake, "conversations.list", json!({"limit": 1})).await;
    assert_eq!(body["channels"].as_array().unwrap().len(), 2, "a reading method does not read JSON");
    let users = get(&fake, "usergroups.users.list", &[("usergroup", "S1")]).await;
    assert_eq!(users["users"], json!(["U1", "U2"]));
    assert_eq!(get(&fake, "usergroups.users.list", &[("usergroup", "S9")]).await["error"], "no_such_subteam");
}
