//! What only the embedded database has: its file, its settings, its lock, its disk.

use crate::kit::{Tip, event, everything, file, input, outbox};
use signalbox::store::{Batch, SqliteStore, Store, StoreError, backup, open_read_only, open_sqlite};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn refusal(path: &Path) -> String {
    match open_sqlite(path).await {
        Err(StoreError::Refused(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = file().await;
    assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_second_opening_names_the_process_that_has_it() {
    let folder = file().await;
    let said = refusal(&folder.path()).await;
    assert!(said.contains(&format!("process {}", std::process::id())) && said.contains("stop it first"), "{said}");
    folder.store.close().await.unwrap();
    open_sqlite(&folder.path()).await.unwrap();
}

/// Not a test by itself: the other process of the tests below, which tell it where by a variable.
#[tokio::test]
async fn another_process() {
    let Ok(path) = std::env::var("STORE_TEST_PATH") else { return };
    let store = open_sqlite(Path::new(&path)).await.unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "ready").unwrap();
    let mut tip = Tip::new("deployment/D-1");
    loop {
        let mut batch = event(&mut tip);
        batch.inbox.push(input(&tip.seq.to_string(), tip.seq));
        store.commit(&batch).await.unwrap();
        writeln!(out, "stored {}", tip.seq).unwrap();
        out.flush().unwrap();
    }
}

fn child(path: &Path) -> (std::process::Child, impl Iterator<Item = String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "embedded::another_process", "--nocapture"])
        .env("STORE_TEST_PATH", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    (child, lines)
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_at_any_instant() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4_i64 {
        let path = dir.path().join(format!("{round}.db"));
        let (mut child, mut lines) = child(&path);
        let stored = |line: String| line.split_once("stored ").and_then(|(_, n)| n.parse::<i64>().ok());
        let mut answered = lines.by_ref().filter_map(stored).find(|n| *n > round * 13).unwrap();
        let said = refusal(&path).await;
        assert!(said.contains(&format!("process {}", child.id())), "{said}");
        child.kill().unwrap();
        child.wait().unwrap();
        answered = lines.filter_map(stored).last().unwrap_or(answered);
        let store = open_sqlite(&path).await.unwrap();
        let (_, seq, _) = store.heads("", 1).await.unwrap().remove(0);
        assert!(seq >= answered, "{seq} of {answered}");
        assert_eq!(store.inbox_page_len().await as i64, seq);
        let report = signalbox::store::audit::verify(&store, None).await.unwrap();
        assert!(report.is_sound() && report.events as i64 == seq, "{report}");
    }
}

trait InboxLen {
    async fn inbox_page_len(&self) -> usize;
}

impl InboxLen for SqliteStore {
    async fn inbox_page_len(&self) -> usize {
        signalbox::store::Dump::inbox_page(self, "", 1_000_000).await.unwrap().len()
    }
}

#[tokio::test]
async fn what_a_dead_process_had_claimed_is_claimed_again_at_once() {
    crate::contract::leases_of_the_dead_are_broken_where_nobody_else_lives(crate::kit::memory(), true).await;
    crate::contract::leases_of_the_dead_are_broken_where_nobody_else_lives(file().await.store(), true).await;
    let folder = file().await;
    let path = folder.path();
    folder.store.commit(&Batch { outbox: vec![outbox("1", "a", "x", 0)], ..Batch::default() }).await.unwrap();
    assert_eq!(folder.store.claim(0, "dead", 60_000, 9).await.unwrap().len(), 1);
    // As a kill leaves it: the lock goes with the process, the lease does not.
    let crate::kit::Folder { dir, store } = folder;
    drop(store);
    let store = loop {
        match open_sqlite(&path).await {
            Ok(store) => break store,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(store.claim(1, "new", 60_000, 9).await.unwrap().is_empty(), "opening alone breaks nothing");
    assert_eq!(store.break_leases().await.unwrap(), 1);
    assert_eq!(store.claim(1, "new", 60_000, 9).await.unwrap().len(), 1);
    drop(dir);
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::bounded(&dir.path().join("box.db"), 60).await.unwrap();
    let big = "x".repeat(9_000);
    let mut kept = 0;
    let full = loop {
        let mut row = input(&format!("{kept:03}"), kept);
        row.body = big.clone();
        let batch = Batch {
            inbox: vec![row],
            outbox: vec![outbox(&kept.to_string(), &kept.to_string(), "x", 0)],
            ..Batch::default()
        };
        match store.commit(&batch).await {
            Ok(()) => kept += 1,
            Err(e) => break e,
        }
    };
    assert!(matches!(full, StoreError::Full), "{full:?}");
    assert!(kept > 3);
    assert_eq!(store.outbox(1_000).await.unwrap().len() as i64, kept, "nothing of the failed batch stays");
    // With room again the same store goes on.
    assert_eq!(store.prune_inbox(3, 10).await.unwrap(), 3);
    store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    assert_eq!(store.heads("", 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_file_is_left_as_it_is() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    folder.store.close().await.unwrap();
    let good = std::fs::read(folder.path()).unwrap();
    let mut head = good.clone();
    head[..64].fill(0xa5);
    let mut middle = good.clone();
    middle[4096 * 2..4096 * 6].fill(0x5a);
    for bad in
        [head, middle, b"not a database at all, but long enough to be looked at ".repeat(40), good[..5000].to_vec()]
    {
        std::fs::write(folder.path(), &bad).unwrap();
        let said = refusal(&folder.path()).await;
        assert!(said.contains("damaged") && said.contains("backup"), "{said}");
        assert!(std::fs::read(folder.path()).unwrap() == bad, "the file was changed");
    }
    std::fs::write(folder.path(), &good).unwrap();
    open_sqlite(&folder.path()).await.unwrap();
}

#[tokio::test]
async fn somebody_elses_or_a_newer_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.db");
    let mut conn =
        sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    conn.execute("CREATE TABLE recipes (name TEXT)").await.unwrap();
    conn.close().await.unwrap();
    assert!(refusal(&path).await.contains("another program's"));

    let folder = file().await;
    folder.store.close().await.unwrap();
    let mut conn = raw(&folder.path()).await;
    conn.execute("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)")
        .await
        .unwrap();
    conn.close().await.unwrap();
    assert!(refusal(&folder.path()).await.contains("newer signalbox"));
    assert!(refusal(&dir.path().join("none/box.db")).await.contains("folder does not exist"));
    std::fs::write(dir.path().join("lost.db-wal"), "x").unwrap();
    assert!(refusal(&dir.path().join("lost.db")).await.contains("put the database back"));
}

#[tokio::test]
async fn a_backup_is_whole_and_made_while_the_service_works() {
    let folder = file().await;
    let mut tip = Tip::new("deployment/D-1");
    for n in 0..300 {
        let mut batch = event(&mut tip);
        batch.inbox.push(input(&n.to_string(), n));
        folder.store.commit(&batch).await.unwrap();
    }
    let before = everything(&*folder.store).await;
    let to = folder.dir.path().join("copy.db");
    let writing = tokio::spawn({
        let (store, mut other) = (folder.store.clone(), Tip::new("environment/staging"));
        async move {
            for _ in 0..50 {
                store.commit(&event(&mut other)).await.unwrap();
            }
        }
    });
    let report = backup(&folder.path(), &to).await.unwrap();
    writing.await.unwrap();
    assert!(report.events >= 300 && report.is_sound());
    let again = backup(&folder.path(), &to).await;
    assert!(matches!(&again, Err(StoreError::Refused(said)) if said.contains("exists already")), "{again:?}");
    // It opens as a store, with what was there.
    let copy = open_sqlite(&to).await.unwrap();
    assert_eq!(copy.events(&tip.stream, 0, 1_000).await.unwrap().len(), 300);
    assert!(everything(&copy).await.contains(before.lines().find(|l| l.contains("deployment/D-1")).unwrap()));
    let none = backup(&folder.dir.path().join("none.db"), &folder.dir.path().join("x.db")).await;
    assert!(matches!(&none, Err(StoreError::Refused(said)) if said.contains("no such database")), "{none:?}");
    let left: Vec<_> = std::fs::read_dir(folder.dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|f| f.to_string_lossy().contains("partial")), "{left:?}");
}

#[tokio::test]
async fn a_backup_of_a_journal_that_is_not_sound_is_not_made() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    raw(&folder.path()).await.execute("UPDATE events SET actor = 'mallory'").await.unwrap();
    let to = folder.dir.path().join("copy.db");
    let said = backup(&folder.path(), &to).await;
    assert!(
        matches!(&said, Err(StoreError::Refused(said)) if said.contains("deployment/D-1 event 1 was edited")),
        "{said:?}"
    );
    assert!(!to.exists());
}

#[tokio::test]
async fn a_reader_beside_the_service_cannot_write() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    let reader = open_read_only(&format!("sqlite:{}", folder.path().display())).await.unwrap();
    assert_eq!(everything(&*reader).await, everything(&*folder.store).await);
    assert!(matches!(reader.set_setting("a", "b").await, Err(StoreError::Unavailable(_))));
    assert!(reader.commit(&event(&mut Tip::new("deployment/D-2"))).await.is_err());
    folder.store.commit(&event(&mut Tip::new("deployment/D-2"))).await.unwrap();
    assert_eq!(reader.heads("", 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn reading_a_backup_changes_no_byte_of_it() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    let shelf = tempfile::tempdir().unwrap();
    let copy = shelf.path().join("copy.db");
    backup(&folder.path(), &copy).await.unwrap();
    let (bytes, made) = (std::fs::read(&copy).unwrap(), copy.metadata().unwrap().modified().unwrap());
    let reader = open_read_only(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert_eq!(everything(&*reader).await, everything(&*folder.store).await);
    assert!(reader.set_setting("a", "b").await.is_err());
    reader.close().await.unwrap();
    // A backup of a backup reads it as well.
    backup(&copy, &folder.dir.path().join("again.db")).await.unwrap();
    assert!(std::fs::read(&copy).unwrap() == bytes, "the backup was changed");
    assert_eq!(copy.metadata().unwrap().modified().unwrap(), made);
    let names: Vec<_> = std::fs::read_dir(shelf.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names, ["copy.db"], "nothing is made beside it");
}

#[tokio::test]
async fn a_stopped_service_s_database_is_read_without_it() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    let all = everything(&*folder.store).await;
    folder.store.close().await.unwrap();
    let bytes = std::fs::read(folder.path()).unwrap();
    let reader = open_read_only(&format!("sqlite:{}", folder.path().display())).await.unwrap();
    assert_eq!(everything(&*reader).await, all);
    reader.close().await.unwrap();
    assert!(std::fs::read(folder.path()).unwrap() == bytes);
    open_sqlite(&folder.path()).await.unwrap();
}

#[tokio::test]
async fn closing_empties_the_write_ahead_log() {
    let folder = file().await;
    folder.store.commit(&event(&mut Tip::new("deployment/D-1"))).await.unwrap();
    folder.store.close().await.unwrap();
    folder.store.close().await.unwrap();
    let wal = folder.dir.path().join("box.db-wal");
    assert!(wal.metadata().map_or(0, |m| m.len()) == 0);
    assert!(folder.store.commit(&Batch { inbox: vec![input("a", 1)], ..Batch::default() }).await.is_err());
}
