//! Alerts: the sources of config made into an address that answers, examined by the doctor, and tried without doing anything.

use super::cli::ConfigArg;
use super::platforms::token;
use super::{logs, setup};
use crate::alerts::{Format, Proof, ProofKey, ReadAlerts, Source, read, router as alerts_router};
use crate::chat::Inbox;
use crate::chat::doctor::Finding;
use crate::clock::Clock;
use crate::config::{AlertFormat, AlertProof, AlertSourceConfig, Loaded};
use crate::domain::alert::{Alert, Over, Then, hash, short};
use crate::domain::policy::Policy;
use crate::engine::Engine;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// `POST /alerts/NAME` for every source. One whose secret is not there is closed, and everything else goes on: deployments and
/// the way back do not wait for a watching system.
pub(super) fn router(sources: &[AlertSourceConfig], clock: &Arc<dyn Clock>, engine: &Arc<Engine>) -> axum::Router {
    let opened = |config: &AlertSourceConfig| {
        source(config).unwrap_or_else(|error| {
            let source = config.name.as_str();
            tracing::error!(name: "alerts.closed", source, error = %error, "no alerts of {source} are taken: {error:#}");
            Source { name: source.to_owned(), format: format_of(config), proof: Proof::Closed }
        })
    };
    let inbox = Arc::clone(engine) as Arc<dyn Inbox>;
    alerts_router(sources.iter().map(opened).collect(), Arc::clone(clock), inbox)
}

const fn format_of(config: &AlertSourceConfig) -> Format {
    match config.format {
        AlertFormat::Alertmanager => Format::Alertmanager,
        AlertFormat::Grafana => Format::Grafana,
        AlertFormat::Google => Format::Google,
        AlertFormat::Pagerduty => Format::Pagerduty,
        AlertFormat::Github => Format::Github,
        AlertFormat::Json => Format::Json,
    }
}

fn source(config: &AlertSourceConfig) -> anyhow::Result<Source> {
    let format = format_of(config);
    let name = format!("alerts.sources.{}", config.name);
    let proof = match &config.proof {
        AlertProof::Token { token: secret, in_address } => {
            Proof::token(&token(&format!("{name}.token"), secret)?, *in_address)
        }
        AlertProof::Signature(secret) => {
            let key = ProofKey::new(&token(&format!("{name}.secret"), secret)?);
            match format {
                Format::Github => Proof::Github(key),
                Format::Pagerduty => Proof::Pagerduty(key),
                Format::Grafana => Proof::Grafana(key),
                Format::Alertmanager | Format::Google | Format::Json => Proof::Signed(key),
            }
        }
    };
    Ok(Source { name: config.name.clone(), format, proof })
}

/// Which sources are there, and which secret is not.
pub(super) fn findings(sources: &[AlertSourceConfig], policy: &Policy) -> Vec<Finding> {
    let one = |config: &AlertSourceConfig| match source(config) {
        Ok(source) => {
            let rules = policy.alerts.rules.iter();
            let rules = rules.filter(|r| r.sources.is_empty() || r.sources.iter().any(|g| g.matches(&source.name)));
            let (name, format, rules) = (&source.name, source.format.name(), rules.count());
            Finding::good(format!("{name} may post to /alerts/{name} as {format}; {rules} rules are about it"))
        }
        Err(error) => Finding::bad(format!("{error:#}"), "set it to the value that the sender has"),
    };
    sources.iter().map(one).collect()
}

#[derive(Subcommand)]
pub(super) enum AlertsSub {
    /// Read a body as a source would send it, and say what becomes of each alert.
    Test(TestArgs),
}

#[derive(Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The source of the config that it would come from.
    #[arg(long, value_name = "NAME")]
    source: String,
    /// A file with the body; `-` reads standard input.
    file: PathBuf,
}

pub(super) fn alerts(what: &AlertsSub) -> ExitCode {
    let AlertsSub::Test(args) = what;
    match test(args) {
        Ok(code) => code,
        Err(error) => logs::failed(&error),
    }
}

fn test(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let Loaded { policy, service, .. } = setup::loaded(&args.config.config)?;
    let known: Vec<&str> = service.alerts.iter().map(|s| s.name.as_str()).collect();
    let Some(source) = service.alerts.iter().find(|s| s.name == args.source) else {
        anyhow::bail!("{} is no source of the config; there is {}", args.source, known.join(", "));
    };
    let body = if args.file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        std::fs::read_to_string(&args.file).with_context(|| args.file.display().to_string())?
    };
    let ReadAlerts { alerts, damaged } = read(format_of(source).name(), &body);
    for alert in &alerts {
        print!("{}", explained(&policy, &source.name, alert));
    }
    for damage in &damaged {
        println!("{} cannot be read: {}", damage.count, damage.what);
    }
    if alerts.is_empty() && damaged.is_empty() {
        println!("there is no alert in it");
    }
    Ok(if damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What becomes of one alert, with the rule that says so.
fn explained(policy: &Policy, source: &str, alert: &Alert) -> String {
    let route = policy.alerts.route(policy, source, alert);
    let word = if alert.firing { "fires" } else { "is over" };
    let rule = route.rule.as_ref().map_or_else(|| "no rule matches".to_owned(), |at| format!("rule at {at}"));
    let becomes = match &route.then {
        Then::Drop => "nothing".to_owned(),
        Then::Line => format!("a line in #{}", policy.channels.alerts()),
        Then::Incident { severity, ladder: None } => format!("an incident of {severity}"),
        Then::Incident { severity, ladder: Some(ladder) } => {
            format!("an incident of {severity} on the ladder {ladder}")
        }
    };
    let mut out = format!("{} {word}\n  becomes {becomes} ({rule})\n", alert.title);
    let key = hash(&route.key);
    out.push_str(&format!("  key {}: {}\n", short(&key), route.key));
    if let Some(service) = &route.service {
        out.push_str(&format!("  service {service}\n"));
    }
    if let Some(environment) = &route.environment {
        out.push_str(&format!("  environment {environment}\n"));
    }
    let then = match route.over {
        Over::Tell => "people are told",
        Over::Mitigate => "its incident is mitigated",
        Over::Resolve => "its incident is resolved",
    };
    if matches!(route.then, Then::Incident { .. }) {
        out.push_str(&format!("  over after {}, and then {then}\n", route.settle));
    }
    out
}
