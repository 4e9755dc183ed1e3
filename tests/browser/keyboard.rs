//! Everything without a mouse.

use super::driver::with_page;
use fantoccini::key::Key;
use serde_json::json;

#[tokio::test]
async fn a_command_is_completed_and_sent() {
    with_page(async |page| {
        page.types("/de").await;
        page.until("document.querySelectorAll('.suggestions [role=option]').length === 3").await;
        page.press(Key::Down).await;
        page.press(Key::Down).await;
        page.until("document.querySelector('[aria-selected=true]')?.innerText.includes('to production')").await;
        let active = page.eval("document.activeElement.getAttribute('aria-activedescendant')").await;
        assert_eq!(active, page.eval("document.querySelector('[aria-selected=true]').id").await);
        page.press(Key::Enter).await;
        page.until("document.activeElement.value === '/deploy v1.2.0 to production'").await;
        assert!(page.fake.envelopes.lock().unwrap().is_empty(), "taking a completion sends nothing");
        page.press(Key::Enter).await;
        page.sees("#messages .card.tone-waiting", "D-42 api v1.2.0 to production waits for its keys").await;
        page.sees("#messages .only-me .tone-good", "D-42 is requested").await;
        assert_eq!(page.eval("document.activeElement.id").await, json!("composer-text"));
        assert_eq!(page.eval("document.activeElement.value").await, json!(""));
        // What was sent comes back with the arrow.
        page.press(Key::Up).await;
        page.until("document.activeElement.value === '/deploy v1.2.0 to production'").await;
    })
    .await;
}

#[tokio::test]
async fn tab_takes_and_escape_leaves_a_completion() {
    with_page(async |page| {
        page.types("/lo").await;
        page.until("!document.querySelector('.suggestions').hidden").await;
        page.press(Key::Tab).await;
        page.until("document.activeElement.value === '/lock production'").await;
        page.types(&char::from(Key::Backspace).to_string().repeat(3)).await;
        page.until("!document.querySelector('.suggestions').hidden").await;
        page.press(Key::Escape).await;
        page.until("document.querySelector('.suggestions').hidden").await;
        assert_eq!(page.eval("document.activeElement.value").await, json!("/lock product"));
    })
    .await;
}

#[tokio::test]
async fn a_form_is_filled_and_sent() {
    with_page(async |page| {
        page.types("/lock production").await;
        page.press(Key::Escape).await;
        page.press(Key::Enter).await;
        page.sees("dialog", "Lock production").await;
        page.press(Key::Enter).await;
        page.sees("dialog .form-error", "Reason").await;
        page.types("database move").await;
        page.press(Key::Tab).await;
        page.types("2").await;
        page.press(Key::Enter).await;
        // Enter on a choice opens it in some browsers; the button sends it in all.
        if page.eval("document.querySelector('dialog') !== null").await == json!(true) {
            page.tab_to("dialog button[type=submit]", false).await;
            page.press(Key::Enter).await;
        }
        page.sees("#messages .only-me .tone-good", "production is locked for 2h: database move").await;
        page.until("document.activeElement.id === 'composer-text'").await;
    })
    .await;
}

#[tokio::test]
async fn a_key_is_turned_and_a_reaction_added() {
    with_page(async |page| {
        let card = page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.sees("#messages", "waits for its keys").await;
        page.tab_to(".entry .buttons button.primary", true).await;
        page.press(Key::Enter).await;
        page.sees("#messages .card", "Tech Lead: Lea Winter").await;
        page.sees("#messages .entry .edited", "edited").await;
        page.until("document.activeElement.textContent === 'Approve'").await;
        page.tab_to("[data-react='👀']", false).await;
        page.press(Key::Space).await;
        page.until("document.querySelector('.chip')?.getAttribute('aria-pressed') === 'true'").await;
        page.until("document.activeElement.dataset.react === '👀'").await;
        let entry = page.fake.platform.entry(&"sara".into(), &card.id).await.unwrap();
        assert_eq!(entry.reactions[0].people, ["lea".into()]);
    })
    .await;
}

#[tokio::test]
async fn a_thread_is_opened_answered_and_left() {
    with_page(async |page| {
        page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.sees("#messages", "waits for its keys").await;
        page.tab_to("[data-reply]", true).await;
        page.press(Key::Enter).await;
        page.until("document.activeElement.id === 'thread-text'").await;
        page.types("I look at the backup").await;
        page.press(Key::Enter).await;
        page.sees("#thread-messages", "I look at the backup").await;
        page.sees("#messages .replies", "1 reply").await;
        page.press(Key::Escape).await;
        page.until("document.querySelector('#thread').hidden").await;
        page.until("document.activeElement.matches('#messages .entry')").await;
    })
    .await;
}

#[tokio::test]
async fn another_person_is_chosen() {
    with_page(async |page| {
        page.sees("#me", "Lea Winter").await;
        page.tab_to("#me", true).await;
        page.press(Key::Enter).await;
        page.until("document.activeElement.dataset.person === 'lea'").await;
        page.press(Key::Down).await;
        page.press(Key::Down).await;
        page.press(Key::Enter).await;
        page.sees("#me", "Omar Haddad").await;
        page.until("document.activeElement.id === 'composer-text' || document.activeElement.id === 'me'").await;
        page.client.refresh().await.unwrap();
        page.sees("#me", "Omar Haddad").await;
    })
    .await;
}
