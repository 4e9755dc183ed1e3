//! Whatever happens to the example's bytes, checking it ends, with places that lie inside the files.

use super::config_problems::Files;
use signalbox::config::{self, Given, embedded};
use std::collections::BTreeMap;

/// Changes some bytes of one file, so that most results are still nearly a config.
fn mutate(text: &str, rng: &mut fastrand::Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let scraps: [&[u8]; 14] = [
        b"\"",
        b"[",
        b"]",
        b"{",
        b"}",
        b"=",
        b"\n",
        b"#",
        b"'''",
        b"- [ ] ",
        b"---\n",
        "\u{e9}".as_bytes(),
        b"99999999999",
        b"{check: ",
    ];
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(0..bytes.len().max(1));
        let end = (at + rng.usize(0..20)).min(bytes.len());
        match rng.u8(0..5) {
            0 => bytes.insert(at.min(bytes.len()), rng.u8(..)),
            1 => drop(bytes.drain(at.min(end)..end)),
            2 => {
                let scrap = scraps[rng.usize(0..scraps.len())];
                bytes.splice(at.min(bytes.len())..at.min(bytes.len()), scrap.iter().copied());
            }
            3 => {
                let copy = bytes[at.min(end)..end].to_vec();
                let to = rng.usize(0..=bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => bytes.truncate(rng.usize(0..=bytes.len())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Some hundreds; `MUTATIONS=100000` for a night.
fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
}

#[test]
fn mutated_examples_never_panic() {
    for seed in seeds() {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut files: BTreeMap<String, String> =
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        // Mostly the config itself, sometimes another file.
        let index = if rng.bool() { rng.usize(0..files.len()) } else { 0 };
        let name = if index == 0 { "signalbox.toml".to_owned() } else { files.keys().nth(index).unwrap().clone() };
        let changed = mutate(&files[&name], &mut rng);
        files.insert(name.clone(), changed);
        let report = match config::load_from(&Files(files.clone()), "signalbox.toml", "setup", &Given::default()) {
            Ok(loaded) => {
                assert!(!loaded.report.has_errors(), "seed {seed}");
                loaded.report
            }
            Err(report) => {
                assert!(report.has_errors(), "seed {seed}");
                report
            }
        };
        assert!(!report.render(false).is_empty() && !report.render(true).is_empty(), "seed {seed}");
        for problem in report.to_json()["problems"].as_array().unwrap() {
            let Some(file) = problem["file"].as_str() else { continue };
            let lines = files[file.strip_prefix("setup/").unwrap()].split('\n').count() as u64;
            assert!((1..=lines).contains(&problem["line"].as_u64().unwrap()), "seed {seed}: {problem}");
        }
    }
}
