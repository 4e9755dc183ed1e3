//! Chat commands: from the words a person types to a [`crate::domain::command::Command`], and back to help.
//!
//! One Markdown file per command in `commands/` feeds the parser, help, completion and the written documentation. All of it
//! is pure: text in, data out. Who may do something and whether it is wise is decided elsewhere.

mod catalogue;
mod complete;
mod docs;
mod error;
mod files;
mod form;
mod help;
mod kind;
mod manifest;
mod markdown;
mod matcher;
mod near;
mod parse;
mod token;
mod typed;
mod vocabulary;

pub use catalogue::{Arg, Catalogue, CatalogueError, Entry, How, Risk, Who};
pub use complete::{Suggestion, complete};
pub use docs::docs;
pub use error::{CommandError, Problem};
pub use form::{asked_form, form};
pub use help::help;
pub use kind::{Kind, Value};
pub use manifest::{
    Extra, Scope, SlackManifest, UMBRELLA, discord_commands, discord_manifest, discord_permissions, slack_manifest,
    slack_scopes,
};
pub use matcher::INCIDENT;
pub use parse::{Invocation, from_action, named, parse, read};
pub use token::{Line, Token, quote, tokenize};
pub use vocabulary::Vocabulary;
