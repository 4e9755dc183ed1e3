//! `signalbox window`: open or closed, why, and until when; for people and for scripts.

use super::cli::ConfigArg;
use super::logs;
use super::setup;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::Policy;
use crate::domain::window::{Opening, opening};
use anyhow::{Context as _, anyhow};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct WindowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Absent: the config's default service.
    #[arg(long)]
    service: Option<String>,
    #[arg(long)]
    env: String,
    /// An RFC 3339 instant; `-` reads one a line and answers each with a line. Absent: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// The machine's answer.
#[derive(Serialize)]
struct Answer {
    open: bool,
    reason: &'static str,
    opens_at: Option<String>,
    closes_at: Option<String>,
}

pub(super) fn window(args: &WindowArgs) -> ExitCode {
    match answer(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => logs::failed(&error),
    }
}

fn answer(args: &WindowArgs) -> anyhow::Result<()> {
    let loaded = setup::loaded(&args.config.config)?;
    let policy = loaded.policy;
    let environment = policy.environments.get(args.env.as_str()).map(|e| e.name.clone()).ok_or_else(|| {
        anyhow!("there is no environment {}; there are {}", args.env, names(policy.environments.keys()))
    })?;
    let service = match &args.service {
        Some(name) => policy
            .services
            .get(name.as_str())
            .map(|s| s.name.clone())
            .ok_or_else(|| anyhow!("there is no service {name}; there are {}", names(policy.services.keys())))?,
        None => policy.default_service().map(|s| s.name.clone()).context("which service? say --service NAME")?,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.at.as_deref() {
        Some("-") => {
            for (n, line) in std::io::stdin().lock().lines().enumerate() {
                let line = line?;
                let text = line.trim();
                let at: Timestamp =
                    text.parse().map_err(|e| anyhow!("line {}: `{text}` is no RFC 3339 instant: {e}", n + 1))?;
                say(&mut out, args.json, &policy, &service, &environment, at)?;
                // A script that asks line by line waits for each answer.
                out.flush()?;
            }
        }
        Some(text) => {
            let at: Timestamp = text.parse().map_err(|e| anyhow!("`{text}` is no RFC 3339 instant: {e}"))?;
            say(&mut out, args.json, &policy, &service, &environment, at)?;
        }
        None => say(&mut out, args.json, &policy, &service, &environment, SystemClock::new().now().wall)?,
    }
    out.flush()?;
    Ok(())
}

fn say(
    out: &mut impl std::io::Write,
    json: bool,
    policy: &Policy,
    service: &ServiceName,
    environment: &EnvironmentName,
    at: Timestamp,
) -> anyhow::Result<()> {
    let windows = policy.environments.get(environment).map(|e| e.windows.as_slice()).unwrap_or_default();
    let o = opening(windows, &policy.calendar, service, environment, &BTreeSet::new(), at);
    if json {
        let text = |t: Option<Timestamp>| t.map(|t| t.to_string());
        let (open, reason) = (o.open, o.reason.code());
        let answer = Answer { open, reason, opens_at: text(o.opens_at), closes_at: text(o.closes_at) };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    } else {
        writeln!(out, "{}", words(policy, environment, &o))?;
    }
    Ok(())
}

fn words(policy: &Policy, environment: &EnvironmentName, o: &Opening) -> String {
    let zone = crate::domain::window::zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let time = |t: Timestamp| t.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string();
    let why = o.name.as_ref().map_or_else(String::new, |n| format!(" ({n})"));
    let rule = o.source.as_ref().map_or_else(String::new, |s| format!("  [{s}]"));
    match (o.open, o.opens_at, o.closes_at) {
        (true, _, Some(at)) => format!("{environment} is open until {}{rule}", time(at)),
        (true, _, None) => format!("{environment} is open{rule}"),
        (false, Some(at), _) => format!("{environment} is closed{why}; it opens {}{rule}", time(at)),
        (false, None, _) => format!("{environment} is closed{why}; it does not open within a year{rule}"),
    }
}

fn names<'a, T: std::fmt::Display + 'a>(all: impl Iterator<Item = &'a T>) -> String {
    all.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
