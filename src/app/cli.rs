//! The command line.

use super::{
    alerts, ask, check, demo, doctor, healthcheck, journal, logs, manifest, preflight, rehearse, serve, window,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// ChatOps for deployments: windows, two keys, checklists, canaries and a journal.
#[derive(Parser)]
#[command(name = "signalbox", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Sub,
}

/// Which config is meant.
#[derive(Args, Clone)]
pub(super) struct ConfigArg {
    /// The config file, or its folder.
    #[arg(long, env = "SIGNALBOX_CONFIG", default_value = "signalbox.toml", value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Subcommand)]
enum Sub {
    /// Try everything: a stand-in fleet, the example setup and the console, on this machine alone.
    Demo(demo::DemoArgs),
    /// Run the service.
    Serve(serve::ServeArgs),
    /// Report every problem of a config at once; exit code 1 when there is an error.
    Check(check::CheckArgs),
    /// Print the JSON schema of the config file.
    Schema,
    /// Play scripts in virtual time against a config and check what is said and done.
    Rehearse(rehearse::RehearseArgs),
    /// Is an environment open, why, and until when?
    Window(window::WindowArgs),
    /// Every rule's verdict on a deployment, with the config line behind it.
    Why(ask::AskArgs),
    /// When a deployment would pass the gate.
    When(ask::AskArgs),
    /// What becomes of alerts, without doing it.
    Alerts {
        #[command(subcommand)]
        what: alerts::AlertsSub,
    },
    /// Verify the journal's hash chain, or export it.
    Audit {
        #[command(subcommand)]
        what: journal::AuditSub,
    },
    /// Copy the embedded database while it runs.
    Backup(journal::BackupArgs),
    /// Copy everything from one store to an empty other one, and compare the journals.
    MigrateStore(journal::MigrateArgs),
    /// Ask a running service whether it is ready; for containers.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print what a chat platform must know of signalbox, with every right explained.
    Manifest(manifest::ManifestArgs),
    /// Find out what is wrong with the connections to chat, and what to do.
    Doctor(doctor::DoctorArgs),
    /// Who would be woken by an incident, in which order and by what; exit code 1 when a level would page nobody.
    Preflight(preflight::PreflightArgs),
    /// Print the commands people type in chat, as Markdown.
    Commands,
    #[command(hide = true)]
    JobSupervisor { folder: PathBuf },
    #[command(hide = true)]
    FleetInstance {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// Parses the command line and runs it.
#[must_use]
pub fn run() -> ExitCode {
    // Two providers may be compiled in; the first use of TLS must not have to guess.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    match cli.command {
        Sub::JobSupervisor { folder } => crate::jobs::command::supervise(&folder),
        Sub::FleetInstance { args } => crate::demo::run_instance(&args),
        Sub::Schema => check::schema(),
        Sub::Check(args) => check::check(&args),
        Sub::Rehearse(args) => rehearse::rehearse(&args),
        Sub::Window(args) => window::window(&args),
        Sub::Alerts { what } => alerts::alerts(&what),
        Sub::Commands => check::commands(),
        Sub::Manifest(args) => manifest::manifest(&args),
        Sub::Demo(args) => within(demo::demo(args)),
        Sub::Doctor(args) => within(doctor::doctor(args)),
        Sub::Preflight(args) => within(preflight::preflight(args)),
        Sub::Serve(args) => within(serve::serve(args)),
        Sub::Why(args) => within(ask::ask(args, ask::Question::Why)),
        Sub::When(args) => within(ask::ask(args, ask::Question::When)),
        Sub::Audit { what } => within(journal::audit(what)),
        Sub::Backup(args) => within(journal::backup(args)),
        Sub::MigrateStore(args) => within(journal::migrate(args)),
        Sub::Healthcheck(args) => within(healthcheck::healthcheck(args)),
    }
}

/// Runs a future on a small runtime; its error becomes one line and exit code 1.
fn within(work: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    // More than a machine may have processors: what draws a card or waits for the disk holds up no other.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(work).unwrap_or_else(|error| logs::failed(&error));
            // Blocking tasks that hang must not keep a stopped process alive.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            code
        }
        Err(error) => logs::failed(&error.into()),
    }
}
