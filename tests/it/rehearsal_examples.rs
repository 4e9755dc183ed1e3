//! Every rehearsal of the example setup holds.

use signalbox::config::load_embedded;
use signalbox::rehearsal::{Options, render_report, run};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/barq/rehearsals");
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "rehearsal")).collect();
    files.sort();
    files
}

/// A breach from the request to the way back, as people read it.
#[test]
fn a_canary_that_breaches_reads_well() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/barq/rehearsals/canary.rehearsal");
    let text = std::fs::read_to_string(path).unwrap();
    let only = Some("A breach rolls back by itself".to_owned());
    let options = Options { transcript: true, only, ..Options::default() };
    let outcome = run(&text, "canary.rehearsal", Arc::new(load_embedded().policy), options);
    assert!(outcome.passed() && outcome.scenes.len() == 1, "{}", render_report(&outcome));
    insta::assert_snapshot!(outcome.transcript);
}

#[test]
fn every_rehearsal_of_the_example_holds() {
    let policy = Arc::new(load_embedded().policy);
    let mut failed = String::new();
    let scripts = scripts();
    assert!(!scripts.is_empty());
    let play = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name.clone(), run(&text, &name, Arc::clone(&policy), Options::default()))
    };
    let played: Vec<_> = std::thread::scope(|s| {
        let all: Vec<_> = scripts.iter().map(|path| s.spawn(|| play(path))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (name, outcome) in played {
        if !outcome.passed() {
            failed.push_str(&render_report(&outcome));
        }
        assert!(outcome.scenes.iter().all(|s| s.expectations > 0), "{name}: every scene expects something");
    }
    assert!(failed.is_empty(), "\n{failed}");
}
