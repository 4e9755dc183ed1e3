//! The config file: typed sections, every problem at once with file, line, caret and hint, a JSON schema from the same
//! types, secrets by reference.
//!
//! The file is parsed to a tree that knows where everything stands ([`tree`]), read into raw types ([`raw`]), turned into
//! the policy that decisions read ([`build`]), and checked as a whole ([`check`]). None of these stops at a problem; all of
//! them add to one [`Report`]. Deliberately absent: reloading, and layers of files.

mod alerts;
mod build;
mod check;
mod checklists;
mod context;
pub mod embedded;
mod ics;
mod load;
mod markdown;
mod overrides;
mod paging;
pub mod place;
mod platforms;
pub mod problem;
mod raw;
mod read;
mod report;
mod runbooks;
mod scalars;
mod schema;
mod service;
mod status_page;
mod tree;

pub use load::{Folder, Given, Loaded, hash, load, load_embedded, load_embedded_for_demo, load_from, load_with};
pub use problem::{Code, Problem, Severity};
pub use report::Report;
pub use schema::schema;
pub use service::{
    AlertFormat, AlertProof, AlertSourceConfig, Console, DiscordConfig, EmailConfig, LogFormat, NtfyConfig,
    PagerdutyConfig, PagingConfig, Secret, SecretError, ServiceConfig, SlackConfig, SlackMode, SmtpTls, WebhookConfig,
};
pub use status_page::{StatusPageConfig, StatuspageConfig};
