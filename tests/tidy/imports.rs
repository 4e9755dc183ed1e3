//! Imports run one way.

use crate::files::{File, finds, holds, product};
use crate::source::{module, paths};
use std::collections::BTreeSet;

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
    ("alerts", "domain limits clock::Clock clock::Stopwatch chat::*"),
    ("jobs", "domain limits clock::Clock clock::Stopwatch http store::* chat::* probes::*"),
    ("probes", "domain limits clock::Clock clock::Stopwatch http store::* chat::* jobs::* jobs::command jobs::fill"),
    ("paging", "domain limits clock::Clock clock::Stopwatch http store::* chat::* jobs::* probes::*"),
    ("web", "domain limits clock::Clock clock::Stopwatch chat store::* jobs::* probes::*"),
    ("engine", "domain limits clock ids command store::* chat::* jobs::* jobs::fill probes::* paging::* alerts::*"),
    (
        "rehearsal",
        "domain limits clock ids command engine store::* store::memory chat::* chat::text jobs::* probes::* probes::asked \
         paging::* alerts::*",
    ),
    ("demo", "domain limits clock::Clock clock::Stopwatch http jobs::* probes::*"),
];

/// The composition root: it may import everything.
const ROOTS: &[&str] = &["app", "lib", "main"];

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
            findings
                .push(file.at(0, format!("`{room}` is a new room: say in tests/tidy/imports.rs what it may import")));
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
