//! The audit finds what was done to the journal behind the store's back.

use crate::kit::{Any, Folder, Tip, event, file, memory};
use signalbox::store::audit::{Fault, Format, Report, export, head, verify, verify_as_of};
use signalbox::store::{Batch, Store};
use sqlx::{ConnectOptions as _, Executor as _};

async fn filled(store: &dyn Store) {
    for name in ["deployment/D-1", "deployment/D-2", "environment/staging"] {
        let mut tip = Tip::new(name);
        for _ in 0..6 {
            store.commit(&event(&mut tip)).await.unwrap();
        }
    }
}

async fn tampered(sql: &'static str) -> (Folder, Report) {
    let folder = file().await;
    filled(&*folder.store).await;
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path()).connect().await.unwrap();
    conn.execute(sql).await.unwrap();
    let report = verify(&*folder.store, None).await.unwrap();
    (folder, report)
}

#[tokio::test]
async fn a_sound_journal_has_one_head_everywhere() {
    let folder = file().await;
    let stores: [Any; 2] = [memory(), folder.store()];
    let mut heads = Vec::new();
    for store in stores {
        let empty = verify(&*store, None).await.unwrap();
        assert!(empty.is_sound() && empty.events == 0);
        filled(&*store).await;
        let report = verify(&*store, None).await.unwrap();
        assert!(report.is_sound(), "{report}");
        assert_eq!((report.streams, report.events), (3, 18));
        assert_eq!(head(&*store).await.unwrap(), report.head);
        assert!(verify(&*store, Some(&format!(" {}\n", report.head.to_uppercase()))).await.unwrap().is_sound());
        assert!(!verify(&*store, Some(&empty.head)).await.unwrap().is_sound());
        heads.push(report.head);
    }
    assert_eq!(heads[0], heads[1]);
}

#[tokio::test]
async fn every_kind_of_damage_is_named_with_its_place() {
    let cases: [(&str, i64, Fault); 9] = [
        ("UPDATE events SET body = '{\"n\":2}' WHERE stream = 'deployment/D-2' AND seq = 3", 3, Fault::Edited),
        ("UPDATE events SET at = at + 1 WHERE stream = 'deployment/D-2' AND seq = 6", 6, Fault::Edited),
        ("DELETE FROM events WHERE stream = 'deployment/D-2' AND seq = 3", 3, Fault::Gap { next: 4 }),
        ("DELETE FROM events WHERE stream = 'deployment/D-2' AND seq > 3", 4, Fault::Cut { state: 6 }),
        ("DELETE FROM events WHERE stream = 'deployment/D-2'", 1, Fault::Cut { state: 6 }),
        ("DELETE FROM states WHERE stream = 'deployment/D-2'", 6, Fault::NoState),
        ("UPDATE states SET seq = 5 WHERE stream = 'deployment/D-2'", 6, Fault::StateBehind { state: 5 }),
        ("UPDATE states SET hash = 'ab' WHERE stream = 'deployment/D-2'", 6, Fault::StateDiffers),
        ("UPDATE events SET previous = 'ab' WHERE stream = 'deployment/D-2' AND seq = 2", 2, Fault::Edited),
    ];
    for (sql, seq, fault) in cases {
        let (_folder, report) = tampered(sql).await;
        assert!(!report.is_sound() && report.found == 1, "{sql}: {report}");
        let problem = &report.problems[0];
        assert_eq!((problem.stream.as_str(), problem.seq, &problem.fault), ("deployment/D-2", seq, &fault), "{sql}");
        assert!(report.to_string().contains(&format!("deployment/D-2 event {seq} ")), "{report}");
    }
    let (_folder, report) = tampered("UPDATE events SET body = CAST(x'ff22' AS TEXT) WHERE seq = 4").await;
    assert!(report.found == 3 && matches!(report.problems[0].fault, Fault::Unreadable(_)), "{report}");
}

#[tokio::test]
async fn a_whole_chain_that_was_written_anew_is_found_by_the_witness() {
    let folder = file().await;
    filled(&*folder.store).await;
    let witness = head(&*folder.store).await.unwrap();
    let forged = file().await;
    for name in ["deployment/D-1", "deployment/D-2", "environment/staging"] {
        let mut tip = Tip::new(name);
        for n in 0..6 {
            let mut batch = Batch::default();
            tip.append(&mut batch, if n == 4 { r#"{"n":9}"# } else { r#"{"n":1}"# });
            forged.store.commit(&batch).await.unwrap();
        }
    }
    assert!(verify(&*forged.store, None).await.unwrap().is_sound());
    let report = verify(&*forged.store, Some(&witness)).await.unwrap();
    assert!(!report.is_sound() && report.to_string().contains("the head should be"), "{report}");
    assert!(verify(&*folder.store, Some(&witness)).await.unwrap().is_sound());
}

#[tokio::test]
async fn an_old_head_still_witnesses_the_past() {
    let store = memory();
    let mut tip = Tip::new("deployment/D-1");
    for _ in 0..3 {
        store.commit(&event(&mut tip)).await.unwrap();
    }
    let old = head(&*store).await.unwrap();
    let then = store.events(&tip.stream, 2, 1).await.unwrap()[0].at;
    store.commit(&event(&mut tip)).await.unwrap();
    assert!(!verify(&*store, Some(&old)).await.unwrap().is_sound());
    assert!(verify_as_of(&*store, Some(&old), then).await.unwrap().is_sound());
    assert!(!verify_as_of(&*store, Some(&old), then - 1).await.unwrap().is_sound());
}

#[tokio::test]
async fn the_list_of_problems_is_bounded() {
    let folder = file().await;
    let mut tip = Tip::new("deployment/D-1");
    let mut batch = Batch::default();
    let limit = signalbox::limits::AUDIT_PROBLEMS;
    for _ in 0..=limit {
        tip.append(&mut batch, "{}");
    }
    folder.store.commit(&batch).await.unwrap();
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path()).connect().await.unwrap();
    conn.execute("UPDATE events SET kind = 'x' WHERE seq > 1").await.unwrap();
    let report = verify(&*folder.store, None).await.unwrap();
    assert!(report.problems.len() == limit && report.found == limit as u64 && !report.to_string().contains("more"));
    conn.execute("UPDATE events SET kind = 'x'").await.unwrap();
    let report = verify(&*folder.store, None).await.unwrap();
    assert!(report.problems.len() == limit && report.to_string().contains("and 1 more"), "{report}");
}

#[tokio::test]
async fn an_audit_beside_a_working_service_raises_no_false_alarm() {
    let folder = file().await;
    let writing = tokio::spawn({
        let store = folder.store.clone();
        async move {
            for round in 0..20 {
                let mut tip = Tip::new(&format!("deployment/D-{}", 100 - round));
                for _ in 0..10 {
                    store.commit(&event(&mut tip)).await.unwrap();
                }
            }
        }
    });
    while !writing.is_finished() {
        let report = verify(&*folder.store, None).await.unwrap();
        assert!(report.is_sound(), "{report}");
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn exports_hold_every_event() {
    let store = memory();
    filled(&*store).await;
    let mut out = Vec::new();
    assert_eq!(export(&*store, Format::JsonLines, &mut out).await.unwrap(), 18);
    let text = String::from_utf8(out).unwrap();
    let mut rows = Vec::new();
    for line in text.lines() {
        rows.push(serde_json::from_str::<signalbox::store::EventRow>(line).unwrap());
    }
    assert_eq!(rows[..6], store.events(&Tip::new("deployment/D-1").stream, 0, 9).await.unwrap());
    let mut out = Vec::new();
    assert_eq!(export(&*store, Format::Csv, &mut out).await.unwrap(), 18);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 19);
    assert!(text.starts_with("stream,seq,time,") && text.contains("\"{\"\"n\"\":1}\""), "{text}");
}
