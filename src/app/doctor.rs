//! `signalbox doctor`: what is wrong with the connections to chat, and what to do.

use super::cli::ConfigArg;
use super::{platforms, setup};
use crate::chat::doctor::{Finding, Level};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Loaded, ServiceConfig};
use crate::domain::ids::ChannelName;
use crate::domain::policy::Policy;
use anyhow::Context as _;
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArg,
}

/// Asks every platform of the config.
///
/// # Errors
/// When the config has problems or a secret is not there.
pub(super) async fn doctor(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let Loaded { policy, service, .. } = setup::loaded(&args.config.config)?;
    let mut worst = Level::Good;
    for (title, findings) in examine(&service, &policy).await? {
        println!("{title}");
        for finding in findings {
            worst = worst.max(finding.level);
            print!("{}", line(&finding));
        }
    }
    println!(
        "{}",
        match worst {
            Level::Good => "all is well",
            Level::Warning => "it works; see what is marked with !",
            Level::Bad => "something will not work; see what is marked with x",
        }
    );
    Ok(if worst == Level::Bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn line(finding: &Finding) -> String {
    let mark = match finding.level {
        Level::Good => "ok",
        Level::Warning => "! ",
        Level::Bad => "x ",
    };
    let todo = if finding.todo.is_empty() { String::new() } else { format!("      {}\n", finding.todo) };
    format!("  {mark}  {}\n{todo}", finding.what)
}

async fn examine(service: &ServiceConfig, policy: &Policy) -> anyhow::Result<Vec<(&'static str, Vec<Finding>)>> {
    let client = crate::http::client().context("cannot make an HTTP client")?;
    let now = SystemClock::new().now().wall;
    let channels: Vec<ChannelName> = policy.channels.all().into_iter().cloned().collect();
    let people = |platform: &str| {
        let here = policy.people.values().filter(|p| p.accounts.contains_key(platform)).count();
        (policy.people.len(), here)
    };
    let rooms = policy.response.has_rooms();
    let mut out = Vec::new();
    #[cfg(feature = "slack")]
    if let Some(config) = &service.slack {
        use crate::command::{Extra, slack_scopes};
        let settings = platforms::slack_settings(config)?;
        let groups = (!settings.groups.is_empty()).then_some(Extra::Groups);
        let extras: Vec<Extra> = groups.into_iter().chain(rooms.then_some(Extra::Rooms)).collect();
        let scopes: Vec<&str> = slack_scopes(&extras).map(|s| s.name).collect();
        let (channels, people) = (channels.as_slice(), people("slack"));
        let examination = crate::chat::slack::Examination {
            settings: &settings,
            client: &client,
            now,
            scopes: &scopes,
            channels,
            people,
        };
        out.push(("Slack", examination.run().await));
    }
    #[cfg(feature = "discord")]
    if let Some(config) = &service.discord {
        let permissions: Vec<(u32, &str)> =
            crate::command::discord_permissions(rooms).map(|(b, n, _)| (*b, *n)).collect();
        let settings = platforms::discord_settings(config)?;
        let (channels, people) = (channels.as_slice(), people("discord"));
        let examination = crate::chat::discord::Examination {
            settings: &settings,
            client: &client,
            now,
            permissions: &permissions,
            channels,
            people,
        };
        out.push(("Discord", examination.run().await));
    }
    let nobody_to_talk_to = out.is_empty();
    let paging = super::paging::findings(&service.paging, policy);
    if !paging.is_empty() {
        out.push(("Paging", paging));
    }
    let status = super::outlets::findings(service, policy).await;
    if !status.is_empty() {
        out.push(("Status posts", status));
    }
    let alerts = super::alerts::findings(&service.alerts, policy);
    if !alerts.is_empty() {
        out.push(("Alerts", alerts));
    }
    if nobody_to_talk_to {
        let todo = "add [slack] or [discord]; docs/SLACK.md and docs/DISCORD.md show how";
        out.push(("Chat", vec![Finding::warning("no platform is configured", todo)]));
    }
    Ok(out)
}
