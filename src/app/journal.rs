//! `audit`, `backup` and `migrate-store`: the journal as evidence, and its safe places.

use super::cli::ConfigArg;
use super::serve::store_url;
use super::setup;
use crate::store::audit::{Format, export, verify_as_of};
use crate::store::{migrate_store, open_read_only, open_whole};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Which store is meant: the config's, or one named outright.
#[derive(Args)]
pub(super) struct StoreArg {
    #[command(flatten)]
    config: ConfigArg,
    /// `sqlite:PATH` or `postgres://…`, instead of the config's store.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StoreArg {
    fn url(&self) -> anyhow::Result<String> {
        if let Some(url) = &self.store {
            return Ok(url.clone());
        }
        let loaded = setup::loaded(&self.config.config)?;
        store_url(&loaded.service)
    }
}

#[derive(Subcommand)]
pub(super) enum AuditSub {
    /// Walk every stream's chain: finds an edit, a gap and a cut tail. Exit code 1 when it does.
    Verify {
        #[command(flatten)]
        store: StoreArg,
        /// The head that chat, as an outside witness, remembers.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// The instant that a digest names beside its head: the journal is held against it as it was then.
        #[arg(long, value_name = "INSTANT", requires = "head")]
        at: Option<jiff::Timestamp>,
    },
    /// Write the journal to standard output.
    Export {
        #[command(flatten)]
        store: StoreArg,
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Kind,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Kind {
    /// One JSON object a line.
    Jsonl,
    Csv,
}

pub(super) async fn audit(what: AuditSub) -> anyhow::Result<ExitCode> {
    match what {
        AuditSub::Verify { store, head, at } => {
            let store = open_read_only(&store.url()?).await?;
            let report =
                verify_as_of(store.as_ref(), head.as_deref(), at.map_or(i64::MAX, |at| at.as_millisecond())).await?;
            println!("{report}");
            Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        AuditSub::Export { store, format } => {
            let store = open_read_only(&store.url()?).await?;
            let format = match format {
                Kind::Jsonl => Format::JsonLines,
                Kind::Csv => Format::Csv,
            };
            let mut out = std::io::BufWriter::new(std::io::stdout());
            let rows = export(store.as_ref(), format, &mut out).await?;
            std::io::Write::flush(&mut out)?;
            eprintln!("signalbox: {rows} events");
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[derive(Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    store: StoreArg,
    /// The copy; it must not exist.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(super) async fn backup(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let url = args.store.url()?;
    let file = url
        .strip_prefix("sqlite:")
        .context("backup copies the embedded database; use pg_dump for PostgreSQL")?
        .trim_start_matches("//");
    let report = crate::store::backup(std::path::Path::new(file), &args.to).await?;
    println!("{} holds a verified copy", args.to.display());
    println!("{report}");
    Ok(ExitCode::SUCCESS)
}

#[derive(Args)]
pub(super) struct MigrateArgs {
    /// `sqlite:PATH` or `postgres://…`; stop its signalbox first.
    #[arg(long, value_name = "URL")]
    from: String,
    /// An empty store.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_MIGRATE_TO", hide_env_values = true)]
    to: String,
}

pub(super) async fn migrate(args: MigrateArgs) -> anyhow::Result<ExitCode> {
    let from = open_whole(&args.from).await.context("the store to copy from")?;
    let to = open_whole(&args.to).await.context("the store to copy to")?;
    let report = migrate_store(from.as_ref(), to.as_ref()).await?;
    println!("copied; both journals have the same head");
    println!("{report}");
    Ok(ExitCode::SUCCESS)
}
