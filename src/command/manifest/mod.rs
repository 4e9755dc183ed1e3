//! What the chat platforms must know of signalbox before it can work: the app's manifest, generated from the catalogue.
//!
//! Each right that is asked for says what it is for, and nothing is asked for that nothing uses.

mod discord;
mod slack;

pub use discord::{discord_commands, discord_manifest, discord_permissions};
pub use slack::{Extra, Scope, SlackManifest, slack_manifest, slack_scopes};

use super::catalogue::Catalogue;

/// The command under which all others can be given where a platform keeps a name for itself.
pub const UMBRELLA: &str = "signalbox";

/// The first words of all commands, each once, in the catalogue's order, with the summary of the command or of its group.
fn first_words(catalogue: &Catalogue) -> Vec<(&str, String, String)> {
    let mut out: Vec<(&str, String, String)> = Vec::new();
    for entry in catalogue.entries() {
        let first = entry.name.split(' ').next().unwrap_or(&entry.name);
        if out.iter().any(|(name, ..)| *name == first) {
            continue;
        }
        let own = catalogue.get(first);
        let subs: Vec<&str> =
            catalogue.subcommands(first).filter_map(|e| e.name.split_once(' ')).map(|(_, s)| s).collect();
        let usage = |e: &super::Entry| {
            e.usage.first().map_or("", |u| u.strip_prefix(&format!("/{first}")).unwrap_or(u)).trim().to_owned()
        };
        let (summary, hint) = match own {
            Some(entry) if subs.is_empty() => (entry.summary.clone(), usage(entry)),
            Some(entry) => (entry.summary.clone(), format!("{} or {}", usage(entry), subs.join(", "))),
            None => (entry.summary.clone(), subs.join(", ")),
        };
        out.push((first, summary, hint));
    }
    out
}
