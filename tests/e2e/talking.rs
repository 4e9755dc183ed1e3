//! People and what they type, press and react with: the right answers, to the right person, and nothing lost.

use crate::support::journal::count;
use crate::support::{Console, Demo};
use serde_json::json;
use signalbox::limits::CONSOLE_TEXT_CHARS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_turned_in_three_ways_and_the_clock_moves_windows() {
    let mut demo = Demo::start().await;
    three_ways(&demo).await;
    past_closing(&demo).await;
    at_the_next_opening(&demo).await;
    demo.stop().await;
}

async fn three_ways(demo: &Demo) {
    let c = &demo.console;
    c.say("sara", "/deploy v1.2.0 to staging").await;
    let card = c.shows("D-1", &["Approve"]).await;
    let said = c.click("sara", &card, "Approve").await;
    assert!(said.contains("somebody else must turn"), "{said}");
    assert!(c.click("omar", &card, "Approve").await.contains("Your key for D-1 is turned"));
    c.shows("D-1", &["· succeeded"]).await;

    c.say("sara", "/deploy v1.2.0 to production").await;
    let card = c.shows("D-2", &["Khalid Nasser or Mona Saleh can turn it"]).await;
    let said = c.react("omar", &card.id(), "✅", true).await;
    assert!(said.contains("Tech Lead") && said.contains("Mona Saleh"), "names the role and who holds it: {said}");
    assert!(c.react("khalid", &card.id(), "✅", true).await.contains("Your key for D-2 is turned, as Tech Lead"));
    c.shows("D-2", &["Tech Lead: Khalid Nasser"]).await;
    assert!(c.react("khalid", &card.id(), "✅", false).await.contains("taken back"));
    c.shows("D-2", &["Khalid Nasser or Mona Saleh can turn it"]).await;
    assert!(c.say("khalid", "/approve D-2").await.contains("is turned"));
    assert!(c.say("khalid", "/approve D-2").await.contains("turned already"));

    // One key is left and two people press at once: each is told the truth.
    let (mona, yusuf) = tokio::join!(c.click("mona", &card, "Approve"), c.click("yusuf", &card, "Approve"));
    let both = [mona, yusuf];
    assert_eq!(both.iter().filter(|s| s.contains("Your key for D-2 is turned")).count(), 1, "{both:?}");
    assert_eq!(both.iter().filter(|s| s.contains("no further key")).count(), 1, "{both:?}");
    assert_eq!(count(&demo.events("D-2").await, "key_turned"), 3);
}

async fn past_closing(demo: &Demo) {
    let c = &demo.console;
    let stale = c.card("D-2").await.unwrap();
    c.advance(json!({"span": "4h"})).await;
    c.shows("D-2", &["· expired"]).await;
    for (who, button) in [("mona", "Approve"), ("sara", "Cancel")] {
        let said = c.click(who, &stale, button).await;
        assert!(said.contains("D-2") && said.contains("expired"), "{button} on a stale card: {said}");
    }
    let said = c.react("mona", &stale.id(), "✅", true).await;
    assert!(said.contains("expired"), "{said}");
    let said = c.say("sara", "/window production").await;
    assert!(said.contains("closed") && said.contains("Tue 24 Nov 10:00"), "{said}");
    let said = c.say("sara", "/when v1.2.0 to production").await;
    assert!(said.contains("Tue 24 Nov 10:00"), "{said}");
}

async fn at_the_next_opening(demo: &Demo) {
    let c = &demo.console;
    demo.produce("D-3", "v1.2.0").await;
    let card = c.shows("D-3", &["It runs Tue 24 Nov 10:00"]).await;
    assert!(card.title().contains("awaiting"), "{}", card.text());
    assert_eq!(count(&demo.events("D-3").await, "started"), 0);
    c.advance(json!({"next_opening": {"environment": "production"}})).await;
    // Its start is spread over half a minute of the clock.
    c.advance(json!({"span": "1m"})).await;
    let card = c.shows("D-3", &["Now: 10 % of the traffic bakes"]).await;
    let said = c.click("lina", &card, "Abort").await;
    assert!(said.contains("D-3"), "{said}");
    c.shows("D-3", &["· rolled back"]).await;
    assert_eq!(demo.live("production").await, "v1.1.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_answered_in_private_and_changes_nothing() {
    let demo = Demo::start().await;
    let c = &demo.console;
    let before = c.channel("deployments", "watcher").await.len();
    for (who, typed, parts) in [
        ("sara", "/deploy v9.9.9 to staging", &["v9.9.9", "v1.2.0"][..]),
        ("sara", "/deploy nope v1.2.0 to staging", &["nope", "api"]),
        ("sara", "/deploy v1.2.0 to prodction", &["prodction", "production"]),
        ("sara", "/deploy", &["/deploy"]),
        ("sara", "/depoy v1.2.0 to staging", &["/deploy"]),
        ("sara", "/approve D-999", &["There is no D-999", "/deploy status"]),
        ("sara", "/approve 7up", &["7up"]),
        ("sara", "/lock production for 2parsecs moving", &["2parsecs"]),
        ("mallory", "/deploy v1.2.0 to staging", &["does not know you", "/help"]),
        ("mallory", "/deploy status", &["Nothing is open"]),
    ] {
        let said = c.say(who, typed).await;
        for part in parts {
            assert!(said.contains(part), "{who} types {typed:?}: no {part:?} in\n{said}");
        }
        assert!(said.chars().count() < 1_500, "{typed:?} is answered at length:\n{said}");
    }
    assert_eq!(c.channel("deployments", "watcher").await.len(), before, "nobody else sees any of it");
    assert!(c.say("sara", "/deploy history").await.contains("No "), "nothing was deployed");

    typed_text_stays_text(c).await;
    size_has_a_bound(c).await;
}

async fn typed_text_stays_text(c: &Console) {
    let said = c.say("lina", "/lock staging for 1h red \u{1b}[31m bell \u{7}").await;
    assert!(said.contains("control character"), "{said}");
    let nasty = "<!channel> @everyone <@sara> **b** `c` <script>alert(1)</script> “q” 'r' &amp; \u{202e}rtl";
    let said = c.say("lina", &format!("/lock staging for 1h {nasty}")).await;
    assert!(said.contains("locked"), "{said}");
    let status = c.say("sara", "/deploy v1.2.0 to staging").await + &c.say("sara", "/deploy status").await;
    for part in ["<!channel> @everyone <@sara>", "<script>alert(1)</script>", "&amp;"] {
        assert!(status.contains(part), "{part:?} is shown as typed in\n{status}");
    }
    assert!(!status.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{status:?}");
    let all = c.channel("deployments", "sara").await;
    for message in all.iter().filter(|m| m.0.get("message").is_some()) {
        let pieces = message.0["message"].to_string();
        assert!(
            !pieces.contains("\"mention\":true,\"id\":\"sara\"") && !pieces.contains("\"piece\":\"link\""),
            "{pieces}"
        );
    }
    assert!(!c.say("lina", "/unlock staging").await.is_empty());
}

async fn size_has_a_bound(c: &Console) {
    let long = "ü".repeat(CONSOLE_TEXT_CHARS);
    let post = |text: String| json!({"as": "sara", "channel": "deployments", "text": text});
    let (status, answer) = c.ask("/api/post", Some(post(long.clone()))).await;
    assert_eq!(status, 200);
    assert_eq!(answer["posted"]["typed"], json!(long), "nothing of it is lost");
    let (status, answer) = c.ask("/api/post", Some(post(format!("{long}x")))).await;
    assert_eq!(status, 400, "{answer}");
    assert!(
        answer["error"].as_str().unwrap().contains("40000") || answer["error"].as_str().unwrap().contains("40 000"),
        "{answer}"
    );
    let said = c.say("sara", &format!("/lock staging for 1h {}", "x".repeat(39_000))).await;
    assert!(said.contains("4000") || said.contains("4 000"), "a command has a bound too, and it is named: {said}");
    assert!(said.len() < 600, "{said}");
}
