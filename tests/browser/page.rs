//! What the page shows: live changes, unread marks, dialogs, the clock, trouble, and nothing that anybody typed as markup.

use super::driver::{with_browser, with_page};
use super::fake::{button, id};
use serde_json::json;
use signalbox::chat::{MessageRef, Platform as _};
use signalbox::domain::message::{Block, ButtonStyle, Message, Piece, Tone, bold, mention, plain};
use signalbox::web::console_url;

#[tokio::test]
async fn the_key_leaves_the_address_and_a_wrong_one_is_asked_again() {
    with_browser(async |page| {
        let bare = page.url.split('#').next().unwrap().to_owned();
        page.client.goto(&bare).await.unwrap();
        page.sees("dialog", "its key is missing").await;
        page.types("wrong\n").await;
        page.sees("dialog", "not the console's").await;
        page.types(&format!("{}\n", page.url)).await;
        page.sees("#live", "Live").await;
        assert_eq!(page.client.current_url().await.unwrap().as_str(), bare);
        page.client.refresh().await.unwrap();
        page.sees("#live", "Live").await;
        assert!(!page.eval("document.cookie").await.as_str().unwrap().contains("signalbox"), "scripts cannot read it");
    })
    .await;
}

#[tokio::test]
async fn changes_of_others_appear_without_a_reload() {
    with_page(async |page| {
        let card = page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.sees("#messages .card.tone-waiting h3", "D-42 api").await;
        page.sees("#announce", "signalbox: D-42 api").await;
        let running = Message::new(Tone::Busy, vec![bold("D-42"), plain(" runs")]);
        page.fake.platform.edit(&card, &running).await.unwrap();
        page.sees("#messages .card.tone-busy", "D-42 runs").await;
        page.fake.reply("log", &card, Message::line(Tone::Neutral, "started")).await;
        page.sees("#messages .replies", "1 reply").await;
        assert_eq!(page.eval("document.querySelectorAll('#messages .entry').length").await, json!(1));

        let ping = Message::new(Tone::Bad, vec![mention(&id("lea")), plain(" please look")]);
        page.fake.post("inc", "incidents", ping).await;
        page.sees("[data-channel=incidents] .badge.for-me", "1").await;
        page.until("document.title.startsWith('(1) #deployments')").await;
        page.click("[data-channel=incidents]").await;
        page.sees("#messages .mention.to-me", "@Lea Winter").await;
        page.until("!document.querySelector('.badge:not([hidden])')").await;
    })
    .await;
}

#[tokio::test]
async fn an_edit_above_does_not_move_what_is_read() {
    with_page(async |page| {
        let first = page.fake.post("first", "deployments", Message::line(Tone::Neutral, "first")).await;
        for n in 0..40 {
            page.fake.post(&format!("m{n}"), "deployments", Message::line(Tone::Neutral, format!("message {n}"))).await;
        }
        page.sees("#messages", "message 39").await;
        page.eval("document.querySelector('[data-id=\"20\"]').scrollIntoView({block: 'start'})").await;
        let place = "Math.round(document.querySelector('[data-id=\"20\"]').getBoundingClientRect().top)";
        let before = page.eval(place).await;
        page.fake.platform.edit(&first, &Message::line(Tone::Good, "much longer\n".repeat(12))).await.unwrap();
        page.sees("#messages", "much longer").await;
        assert_eq!(page.eval(place).await, before);
        page.fake.post("last", "deployments", Message::line(Tone::Neutral, "the last")).await;
        page.until("!document.querySelector('#newest').hidden").await;
        assert_eq!(page.eval(place).await, before, "a new message does not pull the reader down");
        page.click("#newest").await;
        page.until("document.querySelector('#newest').hidden").await;
    })
    .await;
}

#[tokio::test]
async fn risky_buttons_ask_first_and_forms_open() {
    with_page(async |page| {
        page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.click("[data-focus$='-Abort']").await;
        page.sees("dialog", "This ends D-42 for everybody").await;
        page.click("dialog button[type=button]").await;
        page.until("!document.querySelector('dialog')").await;
        assert!(page.fake.envelopes.lock().unwrap().is_empty(), "cancelled");
        page.click("[data-focus$='-Abort']").await;
        page.click("dialog button[type=submit]").await;
        page.sees("#messages .only-me", "You pressed abort.").await;
        page.sees("#messages .only-me", "Only you see this").await;
        page.click("[data-focus$='-Reject']").await;
        page.sees("dialog", "Reject D-42").await;
        page.types("the backup is old").await;
        page.click("dialog button[type=submit]").await;
        page.sees("#messages", "You rejected D-42: the backup is old").await;
    })
    .await;
}

#[tokio::test]
async fn what_people_type_is_never_markup() {
    with_page(async |page| {
        let evil = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";
        let bad = |url: &str| Piece::Link { text: evil.into(), url: url.into() };
        let message = Message::new(Tone::Neutral, vec![plain(evil)])
            .text(vec![
                bold(evil),
                Piece::Code(evil.into()),
                bad("javascript:window.hacked=1"),
                bad("https://example.invalid/"),
            ])
            .block(Block::Fields(vec![(evil.into(), vec![plain(evil)])]))
            .block(Block::Code(evil.into()))
            .block(Block::Quote(vec![plain(evil)]))
            .button(button(evil, ButtonStyle::Plain, "why", Some(evil), None));
        page.fake.post("evil", "deployments", message).await;
        page.types(evil).await;
        page.types("\n").await;
        page.until("document.querySelectorAll('#messages .entry').length === 2").await;
        page.sees("#messages .typed", evil).await;
        page.click("#messages .buttons button").await;
        page.sees("dialog", evil).await;
        assert_eq!(
            page.eval("document.querySelectorAll('#app img[src=x], #app script, dialog img').length").await,
            json!(0)
        );
        assert_eq!(
            page.eval("[...document.querySelectorAll('.card a')].map((a) => a.protocol)").await,
            json!(["https:"])
        );
        assert_eq!(page.eval("window.hacked").await, json!(null));
    })
    .await;
}

#[tokio::test]
async fn long_messages_are_folded() {
    with_page(async |page| {
        let said = signalbox::chat::console::Say {
            by: id("sara"),
            channel: "deployments".into(),
            thread: None,
            text: "lorem ".repeat(6_600),
            id: None,
        };
        page.fake.platform.say(&*page.fake, said).await.unwrap();
        page.sees(".fold-button", "Show all (39,600 characters)").await;
        let height = "document.querySelector('.typed').getBoundingClientRect().height";
        assert!(page.eval(height).await.as_f64().unwrap() < 400.0);
        page.click(".fold-button").await;
        page.sees(".fold-button", "Show less").await;
        assert!(page.eval(height).await.as_f64().unwrap() > 2_000.0);
    })
    .await;
}

#[tokio::test]
async fn the_clock_is_shown_in_the_zone_and_moved() {
    with_page(async |page| {
        page.sees("#clock", "10:05").await;
        page.sees("#clock", "Mon 4 Jan").await;
        page.click("[data-span='15m']").await;
        page.sees("#clock-time", "10:20").await;
        page.click("[data-opening]").await;
        page.sees("#clock-day", "Tue 5 Jan").await;
        page.click("[data-custom]").await;
        page.types("2h30m\n").await;
        page.sees("#clock-time", "12:50").await;
        page.click("[data-custom]").await;
        page.types("soon\n").await;
        page.sees("#toasts", "`soon` is not a length of time").await;
    })
    .await;
}

#[tokio::test]
async fn when_signalbox_cannot_store_it_the_text_comes_back() {
    with_page(async |page| {
        page.types("/down\n").await;
        page.sees("#toasts", "disk full").await;
        page.until("document.querySelector('#composer-text').value === '/down'").await;
        let ids: Vec<_> = page.fake.envelopes.lock().unwrap().iter().map(|e| e.id.clone()).collect();
        assert_eq!(ids.len(), 2, "tried twice");
        assert_eq!(ids[0], ids[1], "as the same act");
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_the_rail_is_a_drawer_and_nothing_sticks_out() {
    with_page(async |page| {
        page.client.set_window_size(500, 800).await.unwrap();
        page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.sees("#messages", "D-42").await;
        page.until("getComputedStyle(document.querySelector('#rail')).visibility === 'hidden'").await;
        assert_eq!(page.eval("document.documentElement.scrollWidth <= innerWidth").await, json!(true));
        page.click("#menu").await;
        page.until("document.activeElement.dataset.channel === 'deployments'").await;
        page.until("document.querySelector('#rail').getBoundingClientRect().left === 0").await;
        page.click("[data-channel=engineering]").await;
        page.sees("#channel-title", "#engineering").await;
        page.until("!document.querySelector('#rail').classList.contains('open')").await;
    })
    .await;
}

#[tokio::test]
async fn themes_follow_the_system_until_one_is_chosen() {
    with_page(async |page| {
        let ground = "getComputedStyle(document.body).backgroundColor";
        assert_eq!(page.eval(ground).await, json!("rgb(255, 255, 255)"));
        page.click("#theme").await;
        page.until(&format!("{ground} === 'rgb(21, 27, 34)'")).await;
        page.client.refresh().await.unwrap();
        page.sees("#live", "Live").await;
        assert_eq!(page.eval(ground).await, json!("rgb(21, 27, 34)"));
    })
    .await;
}

#[tokio::test]
async fn two_consoles_on_one_machine_keep_their_own_keys() {
    with_page(async |page| {
        let listener = signalbox::web::bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
        let other = console_url(listener.local_addr().unwrap(), "another");
        let router = signalbox::web::console_router(page.fake.deps(), "another");
        let server = tokio::spawn(axum::serve(listener, router).into_future());
        page.client.goto(&other).await.unwrap();
        page.sees("#live", "Live").await;
        page.client.goto(page.url.split('#').next().unwrap()).await.unwrap();
        page.sees("#live", "Live").await;
        server.abort();
    })
    .await;
}

#[tokio::test]
async fn a_stale_card_that_is_gone_says_so() {
    with_page(async |page| {
        let at = page.fake.post("card/42", "deployments", page.fake.card()).await;
        page.sees("#messages", "D-42").await;
        let calm = Message::line(Tone::Good, "D-42 is over");
        page.fake.platform.edit(&MessageRef { channel: at.channel.clone(), id: at.id.clone() }, &calm).await.unwrap();
        page.sees("#messages .tone-good", "D-42 is over").await;
        assert_eq!(page.eval("document.querySelectorAll('#messages .buttons').length").await, json!(0));
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_told_and_what_was_missed_comes() {
    with_page(async |page| {
        // A server of its own runtime, so that ending it cuts its connections too.
        let serve = |port: u16| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let router = signalbox::web::console_router(page.fake.deps(), "cut");
            let (said, heard) = std::sync::mpsc::channel();
            runtime.spawn(async move {
                let listener = signalbox::web::bind(([127, 0, 0, 1], port).into(), false).await.unwrap();
                said.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
            (runtime, heard.recv().unwrap())
        };
        let (runtime, address) = serve(0);
        page.client.goto(&console_url(address, "cut")).await.unwrap();
        page.sees("#live", "Live").await;
        page.until("document.activeElement.id === 'composer-text'").await;
        page.types("kept while away").await;
        runtime.shutdown_background();
        page.sees("#lost", "The connection to signalbox is lost").await;
        page.fake.post("missed", "deployments", Message::line(Tone::Good, "said meanwhile")).await;
        let (runtime, _) = serve(address.port());
        page.sees("#messages", "said meanwhile").await;
        page.until("document.querySelector('#lost').hidden").await;
        assert_eq!(page.eval("document.querySelector('#composer-text').value").await, json!("kept while away"));
        runtime.shutdown_background();
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_kept_short_and_older_ones_come_back() {
    with_page(async |page| {
        for n in 0..700 {
            page.fake
                .post(&format!("m{n}"), "deployments", Message::line(Tone::Neutral, format!("message {n}.")))
                .await;
        }
        page.sees("#messages", "message 699.").await;
        assert!(page.eval("document.querySelectorAll('#messages .entry').length").await.as_u64().unwrap() <= 600);
        let first = page.eval("Number(document.querySelector('#messages .entry').dataset.id)").await.as_u64().unwrap();
        page.click("#older").await;
        page.sees("#messages", &format!("message {}.", first - 2)).await;
        let ids = "[...document.querySelectorAll('#messages .entry')].map((e) => Number(e.dataset.id))";
        let ordered = format!("{ids}.every((id, n, all) => n === 0 || id === all[n - 1] + 1)");
        assert_eq!(page.eval(&ordered).await, json!(true), "in order and without a gap");
    })
    .await;
}

#[tokio::test]
async fn the_address_may_say_who_acts_at_first() {
    with_browser(async |page| {
        page.client.goto(&format!("{}&as=tariq", page.url)).await.unwrap();
        page.sees("#me", "Tariq Nasser").await;
    })
    .await;
}
