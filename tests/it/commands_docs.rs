//! `docs/COMMANDS.md` is what the catalogue says today. `BLESS=1 cargo test commands_docs` writes it anew.

use signalbox::command::{Catalogue, docs};

#[test]
fn the_page_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/COMMANDS.md");
    let page = docs(&Catalogue::embedded().unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/COMMANDS.md is old; run `BLESS=1 cargo test commands_docs`");
}
