//! What the tests drive the real program with: its process, its console, its journal.

pub mod console;
pub mod demo;
pub mod folder;
pub mod journal;
pub mod process;
pub mod tree;
pub mod wait;
pub mod yard;

pub use console::Console;
pub use demo::Demo;
pub use folder::Folder;
pub use process::{Program, run};
pub use wait::until;

/// The program under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_signalbox");

/// A file of the repository.
pub fn repository(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The example setup copied into `folder` and changed; the path of its config.
pub fn example(folder: &std::path::Path, change: impl FnOnce(String) -> String) -> String {
    copy(&repository("examples/barq"), &folder.join("barq"));
    let file = folder.join("barq/signalbox.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the change changes nothing");
    std::fs::write(&file, changed).unwrap();
    file.to_str().unwrap().to_owned()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}
