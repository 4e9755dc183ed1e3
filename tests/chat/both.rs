//! One signalbox on Slack and Discord at once: asked for here, approved there, and one person is one person.

pub mod house;
mod paged;

use crate::support::discord;
use crate::support::slack::options::{self as slack, Options};
use house::{Ground, House};
use signalbox::clock::SystemClock;
use std::sync::Arc;

const ASK: &str = "v1.2.0 to staging";

#[tokio::test]
async fn asked_for_in_slack_and_approved_in_discord() {
    let house = House::open().await;
    house.slack.slash("USARA", house::C_DEPLOYMENTS, "/deploy", ASK).unwrap().settled().await.unwrap();
    let card = house.card_in_discord("D-1").await;
    house.card_in_slack("D-1").await;
    house.discord.click("omar", "deployments", card, "Approve").acknowledged(&house.discord).await;
    house.slack_says("D-1", "succeeded").await;
    house.discord_says("D-1", "succeeded").await;
    assert_eq!(house.cards_in_slack("D-1"), 1, "edited in place");
    assert_eq!(house.cards_in_discord("D-1"), 1, "edited in place");
    house.close().await;
}

/// Any server that speaks the documented API will do, however little it says beyond it.
#[tokio::test]
async fn servers_that_say_only_what_they_must_are_enough() {
    let slack = Options::default().noise(slack::Noise::Sparse);
    let sparse = discord::noise::Noise { sparse: true, ..Default::default() };
    let discord = discord::Options { noise: sparse, ..Default::default() };
    let house = Ground::lay_with(Arc::new(SystemClock::new()), slack, discord).await.build().await;
    house.slack.slash("USARA", house::C_DEPLOYMENTS, "/deploy", ASK).unwrap().settled().await.unwrap();
    let card = house.card_in_discord("D-1").await;
    let ts = house.card_in_slack("D-1").await;
    house.discord.until("its commands", |fake| (!fake.commands().is_empty()).then_some(())).await;
    let asked = house.discord.command("sara", "deployments", "deploy-status", &[("deployment", "D-1")]);
    assert!(asked.answer(&house.discord).await.contains("D-1"));
    house.discord.click("sara", "deployments", card, "Why?").acknowledged(&house.discord).await;
    house.slack.react("UOMAR", house::C_DEPLOYMENTS, &ts, "white_check_mark").unwrap().settled().await.unwrap();
    house.slack_says("D-1", "succeeded").await;
    house.discord_says("D-1", "succeeded").await;
    assert_eq!((house.cards_in_slack("D-1"), house.cards_in_discord("D-1")), (1, 1), "edited in place");
    house.close().await;
}

#[tokio::test]
async fn nobody_turns_two_keys_by_using_both() {
    let house = House::open().await;
    house.discord.mention("sara", "deployments", "deploy v1.2.0 to staging");
    let card = house.card_in_discord("D-1").await;
    let ts = house.card_in_slack("D-1").await;
    // She asked there; here she is the same person, and whoever asks turns no key.
    house.slack.react("USARA", house::C_DEPLOYMENTS, &ts, "white_check_mark").unwrap().settled().await.unwrap();
    house.slack_whispers("USARA", "You asked for D-1").await;
    house.discord.click("sara", "deployments", card, "Approve").acknowledged(&house.discord).await;
    house.discord_whispers("sara", "You asked for D-1").await;
    house.slack.react("UOMAR", house::C_DEPLOYMENTS, &ts, "white_check_mark").unwrap().settled().await.unwrap();
    house.discord_says("D-1", "succeeded").await;
    house.close().await;
}

#[tokio::test]
async fn one_platform_down_holds_up_nobody_and_the_gap_is_filled() {
    let house = House::open().await;
    house.slack.with(|world| {
        for method in ["chat.postMessage", "chat.update"] {
            world.faults.plan(method, 3, &crate::support::slack::faults::Fault::Status(500));
        }
    });
    house.discord.mention("sara", "deployments", "deploy v1.2.0 to staging");
    let card = house.card_in_discord("D-1").await;
    house.discord.click("omar", "deployments", card, "Approve").acknowledged(&house.discord).await;
    house.discord_says("D-1", "succeeded").await;
    house.slack_says("D-1", "succeeded").await;
    assert_eq!(house.cards_in_slack("D-1"), 1, "posted once");
    house.close().await;
}
