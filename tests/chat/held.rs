//! What a platform does not let us say is said once a person has mended it, and until then it is told what is to be mended.

use crate::both::house::{C_DEPLOYMENTS, Ground, House};
use crate::support::discord::permissions::VIEW_CHANNEL;
use crate::support::slack::world::Kind;
use signalbox::domain::time::Span;

const ASK: &str = "deploy v1.2.0 to staging";

/// Longer than any wait of the outbox.
const A_WHILE: Span = Span::mins(2);

async fn deployed_in_discord(house: &House) {
    house.discord.mention("sara", "deployments", ASK);
    let card = house.card_in_discord("D-1").await;
    house.discord.click("omar", "deployments", card, "Approve").acknowledged(&house.discord).await;
    house.discord_says("D-1", "succeeded").await;
}

/// Messages at the top of the channel in Slack, and in its threads.
fn in_slack(house: &House) -> (usize, usize) {
    house.slack.read(|world| {
        let said = world.channels[C_DEPLOYMENTS].messages.iter().filter(|m| m.only_for.is_none() && !m.deleted);
        let threaded = said.clone().filter(|m| m.thread_ts.is_some()).count();
        (said.count() - threaded, threaded)
    })
}

async fn slack_thread_has(house: &House, lines: usize) {
    let threaded = |world: &crate::support::slack::world::World| {
        let said = world.channels[C_DEPLOYMENTS].messages.iter().filter(|m| m.thread_ts.is_some()).count();
        (said >= lines).then_some(())
    };
    house.slack.until("the thread is told", threaded).await.unwrap();
}

#[tokio::test]
async fn a_refused_slack_token_loses_nothing_and_is_told() {
    let house = Ground::lay().await.build().await;
    let rotated = "another-bot-token";
    house.slack.with(|world| world.options.bot_token = rotated.into());
    deployed_in_discord(&house).await;
    let troubles = house.tells("slack: Slack refuses the bot's token (invalid_auth)", true).await;
    assert!(troubles.lines[0].ends_with("set a valid one as slack.bot_token and restart"), "{troubles:?}");
    assert!(!troubles.everywhere, "Discord works");
    assert_eq!(in_slack(&house), (0, 0));
    // The stand-in's new token is what the next start is given.
    let ground = house.leave().await;
    ground.clock.leap(A_WHILE);
    let house = ground.build().await;
    house.slack_says("D-1", "succeeded").await;
    let lines = house.discord.threads("deployments");
    assert_eq!((house.cards_in_slack("D-1"), house.cards_in_discord("D-1"), lines.len()), (1, 1, 1));
    slack_thread_has(&house, 1).await;
    house.tells("slack", false).await;
    house.leave().await;
}

#[tokio::test]
async fn a_token_that_is_given_back_its_rights_needs_no_restart() {
    let house = House::open().await;
    let token = house.slack.with(|world| std::mem::replace(&mut world.options.bot_token, "another".into()));
    deployed_in_discord(&house).await;
    house.tells("refuses the bot's token", true).await;
    house.slack.with(|world| world.options.bot_token = token);
    house.leap(A_WHILE);
    house.slack_says("D-1", "succeeded").await;
    house.tells("refuses the bot's token", false).await;
    let (top, _) = in_slack(&house);
    assert_eq!((house.cards_in_slack("D-1"), top), (1, 1), "nothing of its thread stands outside");
    house.leave().await;
}

#[tokio::test]
async fn a_wrong_discord_token_loses_nothing_and_is_told() {
    let house = Ground::lay().await.build_with("another-test-token").await;
    let troubles = house.tells("discord: Discord does not take the token", true).await;
    assert!(!troubles.everywhere && troubles.lines[0].contains("start signalbox again"), "{troubles:?}");
    house.slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
    house.slack.slash("USARA", C_DEPLOYMENTS, "/deploy", "v1.2.0 to staging").unwrap().settled().await.unwrap();
    let ts = house.card_in_slack("D-1").await;
    house.slack.react("UOMAR", C_DEPLOYMENTS, &ts, "white_check_mark").unwrap().settled().await.unwrap();
    house.slack_says("D-1", "succeeded").await;
    let asked = house.discord.invalid_requests();
    assert!((1..=3).contains(&asked), "a wrong token is not asked with again and again: {asked}");
    let ground = house.leave().await;
    ground.clock.leap(A_WHILE);
    let house = ground.build().await;
    house.discord_says("D-1", "succeeded").await;
    assert_eq!(house.cards_in_discord("D-1"), 1);
    house.tells("discord", false).await;
    house.leave().await;
}

#[tokio::test]
async fn both_tokens_wrong_is_nowhere() {
    let ground = Ground::lay().await;
    ground.slack.with(|world| {
        world.options.bot_token = "another".into();
    });
    let house = ground.build_with("another-test-token").await;
    house.slack.with(|world| world.options.bot_token = "yet-another".into());
    house.slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
    house.slack.slash("USARA", C_DEPLOYMENTS, "/deploy", "v1.2.0 to staging").unwrap().settled().await.unwrap();
    house.tells("slack: ", true).await;
    let troubles = house.tells("discord: ", true).await;
    assert!(troubles.everywhere, "{troubles:?}");
    house.leave().await;
}

#[tokio::test]
async fn a_bot_that_is_not_let_in_waits_at_the_door() {
    let ground = Ground::lay().await;
    ground.slack.room(C_DEPLOYMENTS, "deployments", Kind::Private, &["USARA", "UOMAR"], false);
    ground.discord.deny("deployments", VIEW_CHANNEL);
    let house = ground.build().await;
    house.slack.slash("USARA", C_DEPLOYMENTS, "/deploy", "v1.2.0 to staging").unwrap().settled().await.unwrap();
    let troubles = house.tells("slack: ", true).await;
    assert!(troubles.lines.iter().any(|l| l.contains("/invite")), "{troubles:?}");
    let troubles = house.tells("discord: ", true).await;
    assert!(troubles.lines.iter().any(|l| l.contains("#deployments")), "{troubles:?}");
    assert!(!troubles.everywhere, "the platforms work, one channel does not: {troubles:?}");
    house.slack.room(C_DEPLOYMENTS, "deployments", Kind::Public, &["USARA", "UOMAR"], true);
    house.discord.allow("deployments", VIEW_CHANNEL);
    house.leap(A_WHILE);
    house.card_in_slack("D-1").await;
    house.card_in_discord("D-1").await;
    house.tells("deployments", false).await;
    house.leave().await;
}
