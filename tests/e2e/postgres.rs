//! PostgreSQL: the move from the embedded store, and replicas that share the work.

use crate::support::process::run_with;
use crate::support::until;
use crate::support::yard::Yard;
use sqlx::{ConnectOptions as _, Executor as _};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// A schema of the test's own in the cluster that `SIGNALBOX_TEST_POSTGRES` names; none only when left out on purpose.
async fn url() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Ok(url) = std::env::var("SIGNALBOX_TEST_POSTGRES") else {
        assert!(
            std::env::var("SIGNALBOX_SKIP_POSTGRES").as_deref() == Ok("1"),
            "these tests need PostgreSQL: run ./scripts/test, which starts one (or set SIGNALBOX_TEST_POSTGRES to a URL)"
        );
        return None;
    };
    let name = format!("e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let options = sqlx::postgres::PgConnectOptions::from_str(&url).unwrap();
    let mut conn = options.connect().await.unwrap();
    let sql = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    conn.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    let and = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{and}options[search_path]={name}"))
}

fn on_postgres(text: String) -> String {
    text + "\n[store]\nurl = { env = \"YARD_DATABASE\" }\n"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_with_equal_heads_and_the_service_goes_on() {
    let Some(url) = url().await else { return };
    let yard = Yard::new();
    let serving = yard.serve(&["--console"], &[]).await;
    serving.console().say("ada", "/deploy v1 to depot").await;
    yard.go("v1");
    serving.console().say("bob", "/approve D-1").await;
    serving.console().shows("D-1", &["· succeeded"]).await;
    serving.console().say("ada", "/deploy v2 to depot").await;
    let from = format!("sqlite:{}", yard.file("data/signalbox.db").display());
    let said = yard.run(&["migrate-store", "--from", &from, "--to", &url]).await.bad();
    assert!(said.contains("in use by process"), "not under a running service: {said}");
    serving.stop().await;

    let said = yard.run(&["migrate-store", "--from", &from, "--to", &url]).await.good();
    assert!(said.contains("same head"), "{said}");
    let head = |said: &str| said.lines().find(|l| l.contains("head")).map(str::to_owned);
    let ours = yard.run(&["audit", "verify", "--store", &from]).await.good();
    let theirs = yard.run(&["audit", "verify", "--store", &url]).await.good();
    assert_eq!(head(&ours), head(&theirs));
    assert!(head(&ours).is_some(), "{ours}");
    let said = yard.run(&["migrate-store", "--from", &from, "--to", &url]).await.bad();
    assert!(said.contains("empty"), "never over something: {said}");
    let password = url.split(':').nth(2).and_then(|s| s.split('@').next()).unwrap_or_default().to_owned();
    assert!(password.is_empty() || !said.contains(&password), "{said}");

    yard.configure(on_postgres);
    let serving = yard.serve(&["--console"], &[("YARD_DATABASE", &url)]).await;
    yard.go("v2");
    assert!(serving.console().say("bob", "/approve D-2").await.contains("is turned"));
    serving.console().shows("D-2", &["· succeeded"]).await;
    assert_eq!(yard.text("begun"), "v1\nv2\n");
    serving.stop().await;
    let env = [("YARD_DATABASE", url.as_str())];
    let said = run_with(yard.file("").as_path(), &["audit", "verify"], &env, "").await.good();
    assert!(said.contains("sound"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_began_another_finishes() {
    let Some(url) = url().await else { return };
    let yard = Yard::new();
    yard.configure(on_postgres);
    let env = [("YARD_DATABASE", url.as_str())];
    let mut first = yard.serve(&["--console"], &env).await;
    let second = yard.serve(&[], &env).await;
    first.console().say("ada", "/deploy v1 to depot").await;
    assert!(first.console().say("bob", "/approve D-1").await.contains("is turned"));
    until("the job to begin", async || if yard.text("begun") == "v1\n" { Ok(()) } else { Err(second.program.log()) })
        .await;
    first.program.kill().await;
    yard.go("v1");
    until("the other replica to finish it", async || {
        let said = run_with(yard.file("").as_path(), &["audit", "export"], &env, "").await.good();
        let ours = said.lines().filter(|l| l.contains("deployment/D-1"));
        let ended = ours.filter(|l| l.contains("\"ended\"")).any(|l| l.contains("succeeded"));
        if ended { Ok(()) } else { Err(said.lines().last().map(str::to_owned)) }
    })
    .await;
    assert_eq!((yard.text("begun"), yard.text("live")), ("v1\n".into(), "v1\n".into()), "it ran once");
    assert!(!second.program.log().contains("sqlx"), "the database's small talk is no news: {}", second.program.log());
    second.stop().await;
    let said = run_with(yard.file("").as_path(), &["audit", "verify"], &env, "").await.good();
    assert!(said.contains("sound"), "{said}");
}
