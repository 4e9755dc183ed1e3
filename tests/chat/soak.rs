//! An hour of steady traffic on both platforms, in virtual time: nothing grows but what is kept for ever or pruned later.
//!
//! The whole house stands on a paused clock: the engine with its loops, both adapters over real sockets on loopback, both
//! stand-ins. What a real hour of minutes does to memory and descriptors is asked by `examples/soak.rs`.

mod counted;
mod traffic;

use crate::both::house::{C_DEPLOYMENTS, Ground};
use counted::{Count, FOR_EVER, count, grows};
use signalbox::clock::Clock;
use signalbox::domain::time::{Now, Span, after};
use signalbox::limits;
use signalbox::store::{Dump as _, Store as _};
use std::sync::Arc;
use std::time::Duration;
use traffic::Traffic;

/// Follows the runtime's own time.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Now {
        let passed = i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX);
        // A Monday morning, when every window of the example is open.
        let start = "2026-01-05T10:05:00+03:00".parse().unwrap();
        Now::at(after(start, Span::millis(passed)))
    }
}

const MINUTE: Duration = Duration::from_secs(60);
/// Long enough for whatever is under way to end, and for reconnects.
const REST: Duration = Duration::from_secs(45);

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "paused: it is the runtime's clock that the house goes by")]
async fn an_hour_of_traffic_on_both_leaves_nothing_behind() {
    let since = tokio::time::Instant::now();
    let house = Ground::lay_on(Arc::new(Paused(since))).await.build().await;
    let mut traffic = Traffic::new(&house);
    let mut counts: Vec<Count> = Vec::new();
    while since.elapsed() < 60 * MINUTE {
        let until = since.elapsed() + 5 * MINUTE - REST;
        while since.elapsed() < until {
            traffic.round().await;
        }
        tokio::time::sleep(REST).await;
        counts.push(count(&house).await);
    }
    for (n, count) in counts.iter().enumerate() {
        println!("after {} min: {count:?}", (n + 1) * 5);
    }
    assert!(traffic.acts() > 500, "{} acts are no traffic", traffic.acts());
    let steady = &counts[3..];
    assert_eq!(grows(steady), FOR_EVER, "only what is kept for ever or pruned by age grows");
    let before = &counts[counts.len() - 1];
    assert!(before["rows: inbox"] > 100 && before["rows: messages"] > 50, "{before:?}");

    // Nobody says anything for half a year, and the pruner comes by.
    house.leap(Span::hours(24 * (limits::MESSAGE_DAYS + 1)));
    tokio::time::sleep(11 * MINUTE).await;
    let after = count(&house).await;
    assert_eq!([after["rows: inbox"], after["rows: reactions"], after["rows: outbox"]], [0, 0, 0], "{after:?}");
    let old = house.store.messages_page((&"".into(), ""), 10_000).await.unwrap();
    let young = house.now().work.as_millisecond() - limits::MESSAGE_DAYS * 86_400_000;
    assert!(old.iter().all(|m| m.at >= young), "messages that nobody edits are forgotten");
    house.store.ping().await.unwrap();
    house.close().await;
}

/// By the clock of the house, with every pace and limit of the adapters in it.
#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "paused: it is the runtime's clock that the house goes by")]
async fn over_the_wire_both_cards_are_in_step_within_a_second() {
    let second = Duration::from_secs(1);
    let house = Ground::lay_on(Arc::new(Paused(tokio::time::Instant::now()))).await.build().await;
    for n in 1..=8 {
        let (id, text) = (format!("D-{n}"), format!("v1.2.{} to staging", n % 2));
        if n % 3 == 0 {
            house.discord.mention("sara", "deployments", &format!("deploy {text}"));
        } else {
            house.slack.slash("USARA", C_DEPLOYMENTS, "/deploy", &text).unwrap();
        }
        let both = async { tokio::join!(house.card_in_slack(&id), house.card_in_discord(&id)) };
        let (ts, card) = tokio::time::timeout(second, both).await.unwrap_or_else(|_| panic!("{id} is not asked for"));
        tokio::time::sleep(3 * second).await;
        // It starts at once, and its first step begins a moment later: two edits, each within a second.
        let words: &[&str] = if n % 4 < 2 { &["starting", "Start the release"] } else { &["rejected"] };
        match (n % 2, n % 4 < 2) {
            (0, true) => drop(house.slack.react("UOMAR", C_DEPLOYMENTS, &ts, "white_check_mark").unwrap()),
            (0, false) => drop(house.slack.react("UOMAR", C_DEPLOYMENTS, &ts, "x").unwrap()),
            (_, true) => drop(house.discord.react("omar", "deployments", card, "✅")),
            (_, false) => drop(house.discord.react("omar", "deployments", card, "❌")),
        }
        for words in words {
            let both = async { tokio::join!(house.slack_says(&id, words), house.discord_says(&id, words)) };
            let shown = tokio::time::timeout(second, both).await;
            shown.unwrap_or_else(|_| {
                let (slack, discord) =
                    (house.slack.visible(C_DEPLOYMENTS, "UOMAR"), house.discord.texts("deployments", "omar"));
                panic!("{id}: {words:?} is not shown on both:\n{slack}\n{}", discord.join("\n"))
            });
        }
        tokio::time::sleep(30 * second).await;
    }
    house.close().await;
}
