//! Forms and questions on Discord: chosen from menus, filled in late, asked after a restart.

use crate::both::house::{Ground, House};
use crate::support::discord::FakeDiscord;
use crate::support::discord::delivery::Modal;

const HERE: &str = "deployments";

/// Label and kind of each input of a form: 3 is a menu, 4 is typed.
fn inputs(modal: &Modal) -> Vec<(String, u64)> {
    let labels = modal.data["components"].as_array().unwrap().iter();
    labels.map(|l| (l["label"].as_str().unwrap().to_owned(), l["component"]["type"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_field_with_choices_is_a_menu() {
    let house = House::open().await;
    house.discord.until("its commands", |fake| (!fake.commands().is_empty()).then_some(())).await;
    let modal = house.discord.command("sara", HERE, "rollback", &[]).modal(&house.discord).await;
    let kinds = inputs(&modal);
    for (label, kind) in [("Environment", 3), ("Service", 3), ("Mode", 3), ("Reason", 4)] {
        assert!(kinds.contains(&(label.to_owned(), kind)), "{kinds:?}");
    }
    let refused = house.discord.submit("sara", &modal, &[("Environment", "mars")]);
    assert!(refused.blocked().is_some(), "nobody can choose what is not there");
    let sent = house.discord.submit("sara", &modal, &[("Environment", "staging"), ("Mode", "quick")]);
    let said = sent.answer(&house.discord).await;
    assert!(said.contains("staging"), "{said}");
    house.close().await;
}

/// A mention cannot open a form: it is offered, and filled in whenever the person gets to it.
#[tokio::test]
async fn a_form_is_filled_in_late() {
    let house = House::open().await;
    house.discord.mention("sara", HERE, "deploy");
    let offered = |fake: &FakeDiscord| fake.directs("sara").last().map(|m| (m.channel.to_string(), m.id));
    let (channel, offer) = house.discord.until("the form is offered", offered).await;
    let house = house.leave().await.build().await;
    let modal = house.discord.click("sara", &channel, offer, "Fill in").modal(&house.discord).await;
    assert!(inputs(&modal).contains(&("Environment".to_owned(), 3)));
    let values = [("Version", "v1.2.0"), ("Environment", "staging")];
    house.discord.submit("sara", &modal, &values).acknowledged(&house.discord).await;
    house.card_in_discord("D-1").await;
    house.close().await;
}

/// The question that only its asker sees, once it stands there.
async fn asked(discord: &FakeDiscord, words: &str) -> u64 {
    let found =
        |fake: &FakeDiscord| fake.visible(HERE, "sara").into_iter().find(|m| m.text.contains(words)).map(|m| m.id);
    discord.until(words, found).await
}

#[tokio::test]
async fn a_button_asks_its_own_question_after_a_restart_too() {
    let house = Ground::lay().await.build().await;
    house.discord.mention("sara", HERE, "deploy v1.2.0 to staging");
    let card = house.card_in_discord("D-1").await;
    let house = house.leave().await.build().await;
    house.discord.click("sara", HERE, card, "Cancel").acknowledged(&house.discord).await;
    let question = asked(&house.discord, "Take D-1 back?").await;
    house.discord_says("D-1", "waiting").await;
    house.discord.click("sara", HERE, question, "Yes, Cancel").acknowledged(&house.discord).await;
    house.discord_says("D-1", "cancelled").await;
    let ground = house.leave().await;
    let refused = ground.discord.take_refusals();
    assert!(refused.iter().all(|r| r.code == 160_004), "only the thread that is there already: {refused:#?}");
}
