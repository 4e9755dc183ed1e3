//! The subcommands that scripts and operators call, beside a running program and after it.

use crate::support::process::run_with;
use crate::support::yard::Yard;
use crate::support::{Folder, journal, repository, run};
use serde_json::Value;
use sqlx::ConnectOptions as _;
use std::path::Path;

#[tokio::test]
async fn check_reports_every_problem_and_its_exit_code_says_so() {
    let folder = Folder::new();
    let example = repository("examples/barq/signalbox.toml");
    let example = example.to_str().unwrap();
    let said = run(folder.path(), &["check", "--config", example]).await.good();
    assert!(said.contains("no problems") || said.contains("0 errors") || said.contains("no errors"), "{said}");
    let json = run(folder.path(), &["check", "--config", example, "--json"]).await.json();
    assert_eq!(json["errors"], 0, "{json}");

    let broken = crate::support::example(folder.path(), |text| {
        text.replace("keys = [\"cto\"]", "keys = [\"ceo\"]")
            .replace("live_probe = \"live-version\"", "live_prob = \"live-version\"")
    });
    let said = run(folder.path(), &["check", "--config", &broken]).await.bad();
    for part in ["signalbox.toml:", "ceo", "live_prob", "live_probe", "^"] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
    let answer = run(folder.path(), &["check", "--config", &broken, "--json"]).await;
    assert_eq!(answer.code, Some(1));
    let json = answer.json();
    let problems = json["problems"].as_array().unwrap();
    assert!(problems.len() >= 4, "one role and three keys: {json}");
    for problem in problems {
        assert!(problem["code"].is_string() && problem["file"].is_string() && problem["line"].is_u64(), "{problem}");
    }

    let said = run(folder.path(), &["check", "--config", "nowhere.toml"]).await.bad();
    assert!(said.contains("nowhere.toml"), "{said}");
    let said = run(folder.path(), &["serve", "--config", &broken]).await.bad();
    assert!(said.contains("ceo") && said.contains("signalbox.toml:"), "serve refuses it too: {said}");
}

#[tokio::test]
async fn the_schema_is_the_one_beside_the_example() {
    let folder = Folder::new();
    let printed = run(folder.path(), &["schema"]).await.good();
    assert_eq!(printed, std::fs::read_to_string(repository("examples/barq/signalbox.schema.json")).unwrap());
}

#[tokio::test]
async fn windows_are_told_to_scripts_one_line_each() {
    let folder = Folder::new();
    let example = repository("examples/barq/signalbox.toml");
    let ask = ["window", "--config", example.to_str().unwrap(), "--service", "api", "--env", "production", "--json"];
    // A Monday at 10:00 and 14:00, a Friday at noon and a Saturday, in +03:00.
    let lines = "2026-11-23T07:00:00Z\n2026-11-23T11:00:00Z\n2026-11-27T08:59:59Z\n2026-11-28T08:00:00+03:00\n";
    let said = run_with(folder.path(), &[&ask[..], &["--at", "-"]].concat(), &[], lines).await.good();
    let answers: Vec<Value> = said.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.iter().map(|a| a["open"].as_bool().unwrap()).collect::<Vec<_>>(), [true, false, true, false]);
    assert_eq!(answers[0]["closes_at"], "2026-11-23T11:00:00Z");
    assert_eq!(answers[1]["opens_at"], "2026-11-24T07:00:00Z");
    assert_eq!(answers[2]["closes_at"], "2026-11-27T09:00:00Z");
    assert_eq!(answers[3]["opens_at"], "2026-11-30T07:00:00Z");
    for answer in &answers {
        let mut keys: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        assert_eq!(keys, ["closes_at", "open", "opens_at", "reason"]);
        assert!(answer["reason"].is_string());
    }
    let one = run(folder.path(), &[&ask[..], &["--at", "2026-11-23T07:00:00Z"]].concat()).await.json();
    assert_eq!(one, answers[0]);
    let said = run(folder.path(), &[&ask[..], &["--at", "tomorrow"]].concat()).await.bad();
    assert!(said.contains("`tomorrow`"), "{said}");
    let bad = run_with(folder.path(), &[&ask[..], &["--at", "-"]].concat(), &[], "2026-11-23T07:00:00Z\nnoon\n").await;
    assert!(bad.out.lines().count() == 1 && bad.err.contains("line 2"), "{bad:?}");
    let said = run(folder.path(), &["window", "--config", example.to_str().unwrap(), "--env", "moon"]).await.bad();
    assert!(said.contains("moon") && said.contains("production"), "{said}");
}

/// `why`, `when`, `audit` and `backup` beside a service that works, then after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_asked_verified_exported_copied_and_restored() {
    let yard = Yard::new();
    let serving = yard.serve(&["--console"], &[]).await;
    let c = serving.console();
    c.say("ada", "/deploy v1 to depot").await;

    let why = yard.run(&["why", "D-1", "--json"]).await.json();
    assert_eq!(why["verdict"], "hold", "{why}");
    let rules = why["rules"].as_array().unwrap();
    let keys = rules.iter().find(|r| r["verdict"] == "hold").unwrap();
    assert_eq!(keys["rule"], "keys", "{why}");
    assert!(keys["source"].as_str().unwrap().contains("signalbox.toml:"), "the config line behind it: {keys}");
    let said = yard.run(&["why", "D-1"]).await.good();
    assert!(said.contains("Keys") && said.contains("signalbox.toml:"), "{said}");
    let said = yard.run(&["when", "v1", "to", "depot", "--person", "ada"]).await.good();
    assert!(said.contains("key"), "{said}");
    let said = yard.run(&["why", "D-77", "--json"]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.json()["verdict"], "refused");

    yard.go("v1");
    c.say("bob", "/approve D-1").await;
    c.shows("D-1", &["· succeeded"]).await;

    // A copy while it runs, then what happens after it.
    let copied = yard.run(&["backup", "--to", "copy.db"]).await.good();
    assert!(copied.contains("copy.db holds a verified copy"), "{copied}");
    let said = yard.run(&["backup", "--to", "copy.db"]).await.bad();
    assert!(said.contains("exists already"), "{said}");
    c.say("ada", "/deploy v2 to depot").await;
    yard.sound().await;
    exports(&yard).await;
    serving.stop().await;

    restores(&yard).await;
    edits_are_found(&yard).await;
}

async fn exports(yard: &Yard) {
    let written = journal::events(&yard.file("data"), "deployment/D-1").await;
    let said = yard.run(&["audit", "export"]).await.good();
    let lines: Vec<Value> = said.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let ours: Vec<_> = lines.iter().filter(|l| l["stream"] == "deployment/D-1").collect();
    assert_eq!(ours.len(), written.len());
    for (line, event) in ours.iter().zip(&written) {
        assert_eq!((line["kind"].as_str().unwrap(), line["hash"].as_str().unwrap()), (&*event.kind, &*event.hash));
    }
    let csv = yard.run(&["audit", "export", "--format", "csv"]).await.good();
    let head = csv.lines().next().unwrap();
    for column in ["stream", "seq", "kind", "actor", "at", "hash"] {
        assert!(head.split(',').any(|c| c == column), "{column} of {head}");
    }
    assert!(csv.lines().count() > lines.len());
}

async fn restores(yard: &Yard) {
    let (data, aside) = (yard.file("data"), yard.file("aside"));
    std::fs::create_dir(&aside).unwrap();
    for entry in std::fs::read_dir(&data).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("signalbox.db") {
            std::fs::rename(entry.path(), aside.join(name)).unwrap();
        }
    }
    std::fs::copy(yard.file("copy.db"), data.join("signalbox.db")).unwrap();
    yard.sound().await;
    let serving = yard.serve(&["--console"], &[]).await;
    let c = serving.console();
    let said = c.say("ada", "/deploy status D-1").await;
    assert!(said.contains("succeeded"), "{said}");
    assert!(c.say("ada", "/deploy status D-2").await.contains("There is no D-2"), "it came after the copy");
    assert!(c.say("ada", "/deploy v2 to depot").await.contains("D-2 is asked for"));
    serving.stop().await;
    yard.sound().await;
}

async fn edits_are_found(yard: &Yard) {
    let before = std::fs::read(yard.file("data/signalbox.db")).unwrap();
    for (sql, what) in [
        ("UPDATE events SET actor = 'mallory' WHERE stream = 'deployment/D-1' AND seq = 2", "an edit"),
        ("DELETE FROM events WHERE stream = 'deployment/D-1' AND seq = 2", "a gap"),
        ("DELETE FROM events WHERE stream = 'deployment/D-1' AND seq > 3", "a cut tail"),
    ] {
        edit(&yard.file("data/signalbox.db"), sql).await;
        let said = yard.run(&["audit", "verify"]).await.bad();
        assert!(said.contains("deployment/D-1"), "{what} is named: {said}");
        let said = yard.run(&["backup", "--to", "bad.db"]).await.bad();
        assert!(said.contains("not sound") && !yard.file("bad.db").exists(), "{what} is not backed up: {said}");
        std::fs::write(yard.file("data/signalbox.db"), &before).unwrap();
    }
    yard.sound().await;
}

async fn edit(file: &Path, sql: &'static str) {
    use sqlx::{Connection as _, Executor as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut conn = options.connect().await.unwrap();
    assert!(conn.execute(sql).await.unwrap().rows_affected() > 0, "{sql}");
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    conn.close().await.unwrap();
}
