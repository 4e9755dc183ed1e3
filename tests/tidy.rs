//! The habits of the house that no compiler holds: which room may import which, how long a file may be, what may be called
//! where, and that nothing lies about unlinked.
//!
//! Each rule is a function from files to findings. It runs over the repository, and over a planted violation that it must
//! find. Rules read text, not syntax trees: a rule that needs more than that is too clever to be obeyed.

use std::collections::BTreeSet;
use std::path::Path;

const MAX_FILE_LINES: usize = 600;
const MAX_MEDIAN_LINES: usize = 200;
const MAX_LINE_CHARS: usize = 140;

/// Who may import what: a room of `src/`, and the paths under `crate::` it may name.
///
/// `store` allows all of that room, `store::*` only what its `mod.rs` itself offers: the trait and its types, but no
/// concrete adapter. Adapters may be handed a clock (the trait) and may measure; which clock it is, the root decides.
const IMPORTS: &[(&str, &str)] = &[
    ("domain", ""),
    ("limits", ""),
    ("clock", "domain limits"),
    ("ids", "domain limits"),
    ("http", "limits"),
    ("command", "domain limits"),
    ("runbook", "domain limits"),
    ("config", "domain limits runbook"),
    ("store", "domain limits clock::Stopwatch chat::* jobs::* probes::*"),
    ("chat", "domain limits clock::Clock clock::Stopwatch store::* jobs::* probes::*"),
    ("jobs", "domain limits clock::Clock clock::Stopwatch http store::* chat::* probes::*"),
    ("probes", "domain limits clock::Clock clock::Stopwatch http store::* chat::* jobs::*"),
    ("paging", "domain limits clock::Clock clock::Stopwatch http store::* chat::* jobs::* probes::*"),
    ("web", "domain limits clock::Clock clock::Stopwatch chat store::* jobs::* probes::*"),
    ("engine", "domain limits clock ids command store::* chat::* jobs::* probes::* paging::*"),
    (
        "rehearsal",
        "domain limits clock ids command engine store::* store::memory chat::* chat::text jobs::* probes::* paging::*",
    ),
    ("demo", "domain limits clock::Clock clock::Stopwatch http jobs::* probes::*"),
];

/// The composition root: it may import everything.
const ROOTS: &[&str] = &["app", "lib", "main"];

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

struct File {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below `folder` whose name ends in one of `endings`; all of them when there are none.
fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(place) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&place) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                if !["target", ".git", "data", "node_modules"].contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else if (endings.is_empty() || endings.iter().any(|ending| name.ends_with(ending)))
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push(File { path: name, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn product() -> Vec<File> {
    let files = files("src", &[".rs"]);
    assert!(files.len() > 10, "only {} files in src/: is this run from elsewhere?", files.len());
    files
}

fn rust() -> Vec<File> {
    ["src", "tests", "benches", "examples", "build.rs"].iter().flat_map(|folder| files(folder, &[".rs"])).collect()
}

#[track_caller]
fn holds(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}\n", findings.len(), findings.join("\n"));
}

#[track_caller]
fn finds(expected: usize, findings: Vec<String>) {
    assert_eq!(findings.len(), expected, "findings:\n{}", findings.join("\n"));
}

// ---- Reading Rust as text ----------------------------------------------------------------------------------------------

/// The code with comments and the insides of literals blanked out; every line stays where it was.
fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
    while i < chars.len() {
        let rest = &chars[i..];
        let end = match rest {
            ['/', '/', ..] => i + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment_end(&chars, i),
            ['"', ..] => string_end(&chars, i),
            ['r', '"', ..] | ['r', '#', '"', ..] | ['r', '#', '#', ..] if !word_before(&chars, i) => raw_end(&chars, i),
            ['\'', '\\', ..] => i + 2 + rest[3..].iter().position(|c| *c == '\'').map_or(1, |n| n + 2),
            ['\'', _, '\'', ..] => i + 3,
            _ => i,
        };
        if end == i {
            out.push(chars[i]);
            i += 1;
        } else {
            out.extend(chars[i..end.min(chars.len())].iter().map(|c| blank(*c)));
            i = end;
        }
    }
    out
}

fn word_before(chars: &[char], i: usize) -> bool {
    i > 0 && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '_') && chars[i - 1] != 'b'
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i < chars.len() {
        match &chars[i..] {
            ['/', '*', ..] => (depth, i) = (depth + 1, i + 2),
            ['*', '/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn raw_end(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return start; // a raw identifier
    }
    let mut i = start + 2 + hashes;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    i
}

/// The code before `#[cfg(test)]`; that nothing of the product follows the tests is a rule of its own.
fn product_code(file: &File) -> String {
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return String::new();
    }
    let code = code(&file.text);
    match code.find("#[cfg(test)]") {
        Some(at) => code[..at].to_owned(),
        None => code,
    }
}

/// `src/chat/slack/mod.rs` is the module `chat::slack`.
fn module(path: &str) -> Vec<&str> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 && parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// Every path of this crate that the code names, from the crate's root, with the line it stands on.
fn paths(file: &File) -> Vec<(usize, Vec<String>)> {
    let code = product_code(file);
    let here = module(&file.path);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
            || code[..at].ends_with("super::")
        {
            continue;
        }
        let line = code[..at].matches('\n').count();
        let mut rest = &code[at..];
        let mut base: Vec<String> = Vec::new();
        if let Some(after) = rest.strip_prefix("crate::") {
            rest = after;
        } else {
            base = here.iter().map(|part| (*part).to_owned()).collect();
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
        }
        let mut tree = Vec::new();
        read_tree(rest, base, &mut tree);
        found.extend(tree.into_iter().map(|path| (line, path)));
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` and so on into whole paths; returns what follows.
fn read_tree<'a>(text: &'a str, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let before = rest.len();
                rest = read_tree(rest, base.clone(), found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
                if rest.len() == before {
                    rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
                }
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 {
            base.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) if after.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => rest = after,
            _ => break,
        }
    }
    found.push(base);
    match rest.strip_prefix(" as ") {
        Some(alias) => &alias[alias.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(alias.len())..],
        None => rest,
    }
}

// ---- Imports run one way ------------------------------------------------------------------------------------------------

/// Whether `path` is among what a room may name. `submodules` has the likes of `store::sqlite`.
fn may_name(path: &[String], allowed: &str, submodules: &BTreeSet<String>) -> bool {
    allowed.split(' ').any(|allow| match allow.strip_suffix("::*") {
        // What the room's own mod.rs offers: `store::Store`, but not `store::sqlite::…`.
        Some(room) => path[0] == room && !submodules.contains(&path[..path.len().min(2)].join("::")),
        None => {
            let wanted: Vec<&str> = allow.split("::").collect();
            path.len() >= wanted.len() && wanted.iter().zip(path).all(|(a, b)| a == b)
        }
    })
}

fn imports(files: &[File]) -> Vec<String> {
    let rooms: BTreeSet<&str> = IMPORTS.iter().map(|(room, _)| *room).chain(ROOTS.iter().copied()).collect();
    let parted: Vec<Vec<&str>> = files.iter().map(|file| module(&file.path)).filter(|parts| parts.len() > 1).collect();
    let submodules: BTreeSet<String> = parted.iter().map(|parts| parts[..2].join("::")).collect();
    let mut findings = Vec::new();
    for file in files {
        let room = module(&file.path)[0];
        if ROOTS.contains(&room) {
            continue;
        }
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            findings.push(file.at(0, format!("`{room}` is a new room: say in tests/tidy.rs what it may import")));
            continue;
        };
        for (line, path) in paths(file) {
            let Some(target) = path.first() else { continue };
            if target != room && rooms.contains(target.as_str()) && !may_name(&path, allowed, &submodules) {
                findings.push(file.at(line, format!("`{room}` may not import `{}`", path.join("::"))));
            }
        }
    }
    findings
}

#[test]
fn imports_run_one_way() {
    holds(imports(&product()));
}

#[test]
fn a_wrong_import_is_found() {
    let planted = |path: &str, text: &str| {
        imports(&[
            File::new(path, text),
            File::new("src/store/sqlite/mod.rs", ""),
            File::new("src/store/memory.rs", ""),
        ])
    };
    finds(1, planted("src/domain/gate.rs", "use crate::store::Store;"));
    finds(1, planted("src/domain/window/mod.rs", "use super::super::config::File;"));
    finds(2, planted("src/config/mod.rs", "use crate::{\n    domain::ids::Role,\n    engine::{self, Engine},\n};"));
    finds(1, planted("src/engine/mod.rs", "fn f() { let s = crate::store::sqlite::Sqlite::open(); }"));
    finds(1, planted("src/rehearsal/mod.rs", "use crate::store::sqlite::Sqlite;"));
    finds(1, planted("src/web/mod.rs", "use crate::engine::Engine;"));
    finds(1, planted("src/attic/mod.rs", ""));
    finds(
        0,
        planted(
            "src/engine/mod.rs",
            "use crate::store::{self, Batch, open};\nuse crate::{clock::Clock, domain::time::Now};",
        ),
    );
    finds(0, planted("src/rehearsal/mod.rs", "use crate::store::memory::Memory;"));
    finds(
        0,
        planted(
            "src/domain/gate.rs",
            "//! See crate::engine.\n// crate::store::Store\nconst A: &str = \"crate::store::B\";",
        ),
    );
    finds(0, planted("src/domain/gate.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::config::X;\n}\n"));
    finds(0, planted("src/domain/window/tests.rs", "use crate::config::X;"));
    finds(1, planted("src/probes/http.rs", "use crate::clock::{Stopwatch, SystemClock};"));
    finds(0, planted("src/app/mod.rs", "use crate::store::sqlite::Sqlite;"));
}

// ---- Sizes --------------------------------------------------------------------------------------------------------------

fn median(files: &[File]) -> usize {
    let mut lines: Vec<usize> = files.iter().map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or_default()
}

fn sizes(files: &[File]) -> Vec<String> {
    let mut findings: Vec<String> = files
        .iter()
        .filter(|file| file.text.lines().count() > MAX_FILE_LINES)
        .map(|file| file.at(file.text.lines().count() - 1, format!("longer than {MAX_FILE_LINES} lines: part it")))
        .collect();
    if median(files) > MAX_MEDIAN_LINES {
        findings.push(format!("the median file has {} lines; the most is {MAX_MEDIAN_LINES}", median(files)));
    }
    findings
}

#[test]
fn files_are_short() {
    let files = product();
    println!("{} files in src/, median {} lines", files.len(), median(&files));
    holds(sizes(&files));
}

#[test]
fn a_long_file_is_found() {
    let of = |lines: usize| File::new("src/a.rs", &"//! a\n".repeat(lines));
    finds(0, sizes(&[of(1), of(1), of(MAX_FILE_LINES)]));
    finds(1, sizes(&[of(1), of(1), of(MAX_FILE_LINES + 1)]));
    finds(0, sizes(&[of(1), of(MAX_MEDIAN_LINES), of(MAX_FILE_LINES)]));
    finds(1, sizes(&[of(1), of(MAX_MEDIAN_LINES + 1), of(MAX_FILE_LINES)]));
}

// ---- Calls outside their home -------------------------------------------------------------------------------------------

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

fn sql(files: &[File]) -> Vec<String> {
    let banned = ["now()", "current_timestamp", "random()", "gen_random_uuid", "datetime('now"];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
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

// ---- How a file is written ----------------------------------------------------------------------------------------------

fn heads(files: &[File]) -> Vec<String> {
    let silent = files.iter().filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| file.at(0, "begins without `//! ` and what it is for")).collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    holds(heads(&product()));
}

#[test]
fn a_file_without_a_head_is_found() {
    finds(1, heads(&[File::new("src/a.rs", "use std::fmt;\n"), File::new("src/b.rs", "//! B.\n")]));
}

/// Words in pieces, so that this file does not hold what it looks for.
fn unfinished(files: &[File]) -> Vec<String> {
    let words = [
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("#[ig", "nore"),
    ];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            // A template of mktemp is made of the second word.
            let line = line.replace(&format!(".{}", "X".repeat(8)), "");
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                findings.push(file.at(number, format!("`{word}`: finish it, or write down in docs/ why not")));
            }
        }
    }
    findings
}

#[test]
fn nothing_is_left_unfinished() {
    holds(unfinished(
        &[rust(), files("scripts", &[]), files("migrations", &[])].into_iter().flatten().collect::<Vec<_>>(),
    ));
}

#[test]
fn unfinished_work_is_found() {
    let lines = format!("// {}: later\nlet a = {}\"b\");\n// fine", concat!("FIX", "ME"), concat!("to", "do!("));
    finds(2, unfinished(&[File::new("src/a.rs", &lines)]));
}

/// The first part of paths that exist on one machine only.
fn machine_paths(files: &[File]) -> Vec<String> {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/tm", "p/"),
    ];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for place in places {
                let named = line.match_indices(place).any(|(at, _)| {
                    let inside = line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}$*".contains(c));
                    !inside && line[at + place.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
                });
                if named {
                    findings.push(file.at(number, format!("`{place}…` is a path of one machine")));
                }
            }
        }
    }
    findings
}

#[test]
fn no_path_of_one_machine_is_kept() {
    let kept = files(
        "",
        &[".rs", ".toml", ".md", ".sql", ".sh", ".yaml", ".yml", ".service", ".rehearsal", "Dockerfile", "test", "run"],
    );
    holds(machine_paths(&kept));
}

#[test]
fn a_machine_path_is_found() {
    let line = |path: &str| machine_paths(&[File::new("docs/a.md", path)]);
    finds(1, line(concat!("look at /ho", "me/someone/notes")));
    finds(1, line(concat!("`/wo", "rk/main`")));
    finds(0, line(concat!("GET /api/wo", "rk/items and https://example.org/ho", "me/a")));
}

fn layout(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains('\t') {
                findings.push(file.at(number, "a tab: indent with spaces, write `\\t` in text"));
            }
            if line.chars().count() > MAX_LINE_CHARS {
                findings.push(
                    file.at(number, format!("{} characters; the most is {MAX_LINE_CHARS}", line.chars().count())),
                );
            }
        }
    }
    findings
}

#[test]
fn lines_are_short_and_without_tabs() {
    holds(layout(&rust()));
}

#[test]
fn a_long_line_and_a_tab_are_found() {
    finds(0, layout(&[File::new("src/a.rs", &"é".repeat(MAX_LINE_CHARS))]));
    finds(1, layout(&[File::new("src/a.rs", &"é".repeat(MAX_LINE_CHARS + 1))]));
    finds(1, layout(&[File::new("src/a.rs", "\tlet a = 1;")]));
}

fn allowed_lints(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = code(&file.text);
        for (number, line) in code.lines().enumerate() {
            if line.contains("#[allow") || line.contains("#![allow") {
                findings.push(
                    file.at(number, "use `#[expect(lint, reason = \"...\")]`: it says so when it is no longer needed"),
                );
            }
        }
        for (at, _) in code.match_indices("[expect(") {
            let end = code[at..].find(")]").map_or(code.len(), |n| at + n);
            if !code[at..end].contains("reason") {
                findings.push(file.at(code[..at].matches('\n').count(), "an expected lint without a reason"));
            }
        }
    }
    findings
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    holds(allowed_lints(&rust()));
}

#[test]
fn an_allowed_lint_is_found() {
    let planted = |text: &str| allowed_lints(&[File::new("src/a.rs", text)]);
    finds(1, planted("#[allow(dead_code)]\nfn f() {}"));
    finds(1, planted("#![allow(dead_code)]"));
    finds(1, planted("#[expect(dead_code)]"));
    finds(0, planted("#[expect(\n    dead_code,\n    reason = \"why\"\n)] // #[allow"));
}

/// Product code is the same in tests: `#[cfg(test)]` stands only before the one `mod tests` that ends a file.
fn test_code(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = code(&file.text);
        let lines: Vec<&str> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if !line.contains("cfg(test")
                && !line.contains("cfg(any(test")
                && !line.contains("cfg(not(test")
                && !line.contains("cfg!(test")
            {
                continue;
            }
            let next = lines.get(number + 1).copied().unwrap_or_default();
            if *line != "#[cfg(test)]" || !["mod tests {", "mod tests;"].contains(&next) {
                findings.push(file.at(number, "`cfg(test)` may stand only before `mod tests`"));
                continue;
            }
            let end = if next.ends_with(';') {
                Some(number + 1)
            } else {
                (number + 2..lines.len()).find(|n| lines[*n] == "}")
            };
            if let Some(end) = end
                && lines[end + 1..].iter().any(|line| !line.trim().is_empty())
            {
                findings.push(file.at(end + 1, "`mod tests` ends the file"));
            }
        }
    }
    findings
}

#[test]
fn product_code_does_not_know_that_it_is_tested() {
    holds(test_code(&product()));
}

#[test]
fn test_code_in_the_product_is_found() {
    let planted = |text: &str| test_code(&[File::new("src/a.rs", text)]);
    finds(1, planted("#[cfg(test)]\npub fn only_for_tests() {}\n"));
    finds(1, planted("fn f() {\n    if cfg!(test) {}\n}\n"));
    finds(1, planted("#[cfg(not(test))]\nfn f() {}\n"));
    finds(1, planted("#[cfg(test)]\nmod tests {\n}\n\nfn more() {}\n"));
    finds(0, planted("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n"));
    finds(0, planted("//! About #[cfg(test)].\n"));
}

// ---- Nothing lies about unlinked ----------------------------------------------------------------------------------------

/// Where a Markdown file points to: the targets of `[text](target)` outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// `docs/adr/` and `../a.md` make `docs/a.md`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn local(target: &str) -> Option<&str> {
    let path = target.split('#').next().unwrap_or_default();
    (!path.is_empty() && !path.contains("://") && !path.starts_with("mailto:")).then_some(path)
}

fn dead_links(markdown: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in markdown {
        for (line, target) in links(&file.text) {
            if let Some(path) = local(&target)
                && !exists(&resolve(&file.path, path))
            {
                findings.push(file.at(line, format!("links to {path}, which does not exist")));
            }
        }
    }
    findings
}

fn unlinked(markdown: &[File]) -> Vec<String> {
    let mut linked = BTreeSet::new();
    for file in markdown {
        for (_, target) in links(&file.text) {
            let to = local(&target).map(|path| resolve(&file.path, path)).unwrap_or_default();
            if to != file.path {
                linked.insert(to);
            }
        }
    }
    let docs = markdown.iter().filter(|file| file.path.starts_with("docs/") && !linked.contains(&file.path));
    docs.map(|file| file.at(0, "no other page links to it")).collect()
}

#[test]
fn every_page_is_linked_and_every_link_leads_somewhere() {
    let markdown = files("", &[".md"]);
    holds(unlinked(&markdown));
    holds(dead_links(&markdown, |path| root().join(path).exists()));
}

#[test]
fn an_unlinked_page_and_a_dead_link_are_found() {
    let pages = [
        File::new("README.md", "[a](docs/A.md) `x` [out](https://example.org/no.md)\n```\n[not](a link)\n```\n"),
        File::new("docs/A.md", "[self](A.md#top) [up](../README.md) [gone](adr/0009.md)"),
        File::new("docs/B.md", "[me](B.md)"),
    ];
    let there = |path: &str| pages.iter().any(|page| page.path == path);
    finds(1, unlinked(&pages));
    finds(1, dead_links(&pages, there));
}
