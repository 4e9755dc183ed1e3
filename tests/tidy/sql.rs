//! The database reads no clock and makes no randomness, and both databases have the same migrations.

use crate::files::{File, files, finds, holds};

fn sql(files: &[File]) -> Vec<String> {
    let banned = ["now()", "current_timestamp", "random()", "gen_random_uuid", "datetime('now"];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            // A task that steps aside asks for no time.
            let lower = line.to_lowercase().replace("yield_now()", "");
            let comment = ["//", "--"].iter().any(|mark| lower.trim_start().starts_with(mark));
            if !comment && banned.iter().any(|call| lower.contains(call)) {
                findings.push(file.at(number, "the database reads no clock and makes no randomness: pass it in"));
            }
        }
    }
    findings
}

#[test]
fn sql_reads_no_clock_and_no_randomness() {
    holds(sql(&[files("migrations", &[".sql"]), files("src/store", &[".rs"])]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()));
}

#[test]
fn sql_with_a_clock_is_found() {
    finds(1, sql(&[File::new("migrations/1.sql", "-- not now()\ncreate table a (at bigint default NOW());")]));
}

/// Both databases have the same steps, under the same names.
fn twin_migrations(files: &[File]) -> Vec<String> {
    let other = |path: &str| match path.strip_prefix("migrations/sqlite/") {
        Some(name) => Some(format!("migrations/postgres/{name}")),
        None => path.strip_prefix("migrations/postgres/").map(|name| format!("migrations/sqlite/{name}")),
    };
    let lonely = |file: &&File| !other(&file.path).is_some_and(|twin| files.iter().any(|other| other.path == twin));
    files.iter().filter(lonely).map(|file| file.at(0, "has no twin of the same name for the other database")).collect()
}

#[test]
fn migrations_come_in_pairs() {
    holds(twin_migrations(&files("migrations", &[".sql"])));
}

#[test]
fn a_lonely_migration_is_found() {
    let planted = |names: &[&str]| twin_migrations(&names.iter().map(|name| File::new(name, "")).collect::<Vec<_>>());
    finds(0, planted(&["migrations/sqlite/0001_a.sql", "migrations/postgres/0001_a.sql"]));
    finds(2, planted(&["migrations/sqlite/0001_a.sql", "migrations/postgres/0001_b.sql"]));
    finds(1, planted(&["migrations/0001_a.sql"]));
}
