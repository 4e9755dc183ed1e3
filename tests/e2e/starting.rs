//! How the demo begins, ends and goes on.

use crate::support::journal::count;
use crate::support::{Console, Demo, run, tree, until};
use rustix::process::Signal;
use signalbox::demo::catalogue;
use signalbox::domain::time::Span;

#[tokio::test]
async fn the_first_line_is_the_address_and_five_things_to_try_follow() {
    let mut demo = Demo::start().await;
    let said = until("five things to try", async || {
        let said = demo.program.said();
        if said.iter().any(|l| l.trim_start().starts_with("5.")) { Ok(said) } else { Err(said) }
    })
    .await;
    assert!(said[0].starts_with("console: http://127.0.0.1:"), "{said:?}");
    assert!(!said[0].contains(":0/"), "port 0 picks one: {said:?}");
    for n in 1..=5 {
        assert!(said.iter().any(|l| l.trim_start().starts_with(&format!("{n}. "))), "{n} of {said:?}");
    }
    let now = demo.console.now().await;
    assert!(now.contains("T07:05:"), "10:05 in the example's zone: {now}");

    // Without the secret nobody gets in.
    let stranger = Console { key: "wrong".into(), ..demo.console.clone() };
    assert_eq!(stranger.ask("/api/state?as=sara", None).await.0, 401);

    let family = tree::descendants(demo.program.pid);
    let fleet = family.iter().filter(|p| p.command.contains("fleet-instance")).count();
    let places = catalogue::SERVICES.len() * catalogue::ENVIRONMENTS.len();
    assert_eq!(fleet, places, "one for each service and environment: {family:?}");
    demo.stop().await;
    assert!(demo.console.is_gone().await);
    assert!(demo.program.log().contains("stopping"), "{}", demo.program.log());
}

#[tokio::test]
async fn a_second_start_goes_on_and_a_fresh_one_begins_anew() {
    let mut demo = Demo::start().await;
    demo.stage("D-1", "v1.2.0").await;
    demo.console.say("sara", "/deploy v1.2.0 to production").await;
    demo.console.advance(serde_json::json!({"span": "40m"})).await;
    let before = demo.console.now().await;
    let status = demo.program.stop(Signal::TERM).await;
    assert_eq!(status.code(), Some(0));

    demo.again(&[]).await;
    let after = demo.console.now().await;
    assert!(after >= before, "the clock went back from {before} to {after}");
    assert_eq!(&after[..15], &before[..15], "the clock goes on where it was: {before}, {after}");
    assert_eq!(demo.live("staging").await, "v1.2.0");
    assert_eq!(demo.live("production").await, "v1.1.0");
    demo.keys("D-2").await;
    demo.console.shows("D-1", &["· succeeded"]).await;
    let card = demo.console.shows("D-2", &["Khalid Nasser", "Yusuf Rahman"]).await;
    assert!(card.title().contains("awaiting"), "{}", card.text());
    demo.stop().await;

    demo.again(&["--fresh"]).await;
    assert!(demo.console.now().await.contains("T07:05:"));
    assert_eq!(demo.live("staging").await, "v1.1.0");
    let left = demo.console.channel("deployments", "sara").await;
    assert!(left.iter().all(|m| !m.text().contains("D-1 ") && !m.text().contains("D-2 ")), "{left:?}");
    assert!(demo.console.card("D-1").await.is_none());
    assert!(demo.console.say("sara", "/deploy v1.2.0 to staging").await.contains("D-1 is asked for"));
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_told_who_has_it() {
    let demo = Demo::start().await;
    for more in [&[][..], &["--fresh"][..]] {
        let mut args = vec!["demo", "--port", "0", "--data", "data"];
        args.extend(more);
        let said = run(&demo.folder(), &args).await.bad();
        assert!(said.contains(&format!("is in use by process {}", demo.program.pid)), "{more:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    // The first one has lost nothing by it.
    assert!(demo.console.say("sara", "/deploy v1.2.0 to staging").await.contains("D-1 is asked for"));
    assert_eq!(count(&demo.events("D-1").await, "requested"), 1);
}

#[tokio::test]
async fn a_corrupt_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let file = data.join("signalbox.db");
    let bytes: Vec<u8> =
        b"SQLite format 3\0".iter().copied().chain((0..9000_u32).map(|n| (n * 7 % 251) as u8)).collect();
    std::fs::write(&file, &bytes).unwrap();
    let said = run(folder.path(), &["demo", "--port", "0", "--data", "data"]).await.bad();
    assert!(said.contains("signalbox.db") && (said.contains("damaged") || said.contains("corrupt")), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "the file is as it was");
}

#[tokio::test]
async fn ctrl_c_ends_running_jobs_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::support::example(folder.path(), |toml| {
        toml.replacen("argv = [\"/bin/echo\", \"image\"", "argv = [\"/bin/sleep\", \"1000\"", 1)
            .replacen("\"{service}:{version}\", \"built\"]", "]", 1)
            .replacen(", ]", "]", 1)
    });
    let mut demo = Demo::with(Some(&config)).await;
    demo.stage("D-1", "v1.2.0").await;
    demo.produce("D-2", "v1.2.0").await;
    demo.console.shows("D-2", &["Now: Build the image"]).await;
    let here = demo.data().to_str().unwrap().to_owned();
    let supervisor = until("a supervisor", async || {
        let found: Vec<_> = tree::naming(&here).into_iter().filter(|p| p.command.contains("job-supervisor")).collect();
        if found.len() == 1 { Ok(found[0].clone()) } else { Err(found) }
    })
    .await;
    let jobs = until("the job", async || {
        let jobs = tree::descendants(supervisor.pid);
        if jobs.iter().any(|j| j.command.contains("sleep 1000")) { Ok(jobs) } else { Err(jobs) }
    })
    .await;
    demo.program.signal(Signal::INT);
    let status = demo.program.ended(Span::secs(20)).await;
    assert_eq!(status.code(), Some(0));
    let mut all = jobs;
    all.push(supervisor);
    assert_eq!(tree::survivors(&all), [], "Ctrl-C ends every child process");

    // The next start finds it lost, and begins the step again because it says that it may be repeated.
    demo.again(&[]).await;
    until("the second attempt", async || {
        let names = demo.jobs();
        if names == ["D-2.s0.a1", "D-2.s0.a2"] { Ok(()) } else { Err(names) }
    })
    .await;
    let card = demo.console.shows("D-2", &["Now: Build the image"]).await;
    assert!(card.buttons().contains(&"Abort"), "{}", card.text());
}
