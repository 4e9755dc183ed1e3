//! Banned calls stay at home.

use crate::files::{File, finds, holds, product};
use crate::source::product_code;

/// A call and the only files or folders it may stand in.
const HOMES: &[(&str, &[&str])] = &[
    ("Timestamp::now(", &["src/clock.rs"]),
    ("Zoned::now(", &["src/clock.rs"]),
    ("SystemTime::now(", &["src/clock.rs"]),
    ("Instant::now(", &["src/clock.rs"]),
    ("TimeZone::system(", &[]),
    ("getrandom::", &["src/ids.rs"]),
    ("fastrand::", &["src/ids.rs"]),
    ("Client::new(", &["src/http.rs"]),
    ("Client::builder(", &["src/http.rs"]),
    ("thread::sleep(", &[]),
    ("process::exit(", &["src/main.rs"]),
];

fn homes(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = product_code(file);
        for (number, line) in code.lines().enumerate() {
            for (call, homes) in HOMES {
                // A seeded generator can be replayed, wherever it is made.
                let line = line.replace("fastrand::Rng::with_seed(", "").replace("fastrand::Rng", "");
                if line.contains(call) && !homes.iter().any(|home| file.path.starts_with(home)) {
                    findings
                        .push(file.at(number, format!("`{call}` belongs in {}", homes.first().unwrap_or(&"no file"))));
                }
            }
        }
    }
    findings
}

#[test]
fn banned_calls_stay_at_home() {
    holds(homes(&product()));
}

#[test]
fn a_banned_call_is_found() {
    let planted = |path: &str, text: &str| homes(&[File::new(path, text)]);
    finds(1, planted("src/engine/mod.rs", "let now = jiff::Timestamp::now();"));
    finds(1, planted("src/engine/mod.rs", "let id = fastrand::u64(..);"));
    finds(1, planted("src/jobs/http.rs", "let client = reqwest::Client::new();"));
    finds(0, planted("src/clock.rs", "let now = jiff::Timestamp::now();"));
    finds(0, planted("src/demo/traffic.rs", "let dice = fastrand::Rng::with_seed(7); // not Timestamp::now()"));
}
