//! `signalbox manifest`: what people paste into a chat platform before the first start.

use super::logs;
use crate::command::{Catalogue, Extra, SlackManifest, discord_manifest, slack_manifest};
use clap::{Args, Subcommand, ValueEnum};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct ManifestArgs {
    #[command(subcommand)]
    platform: Which,
}

#[derive(Subcommand)]
enum Which {
    /// The Slack app, as YAML to be pasted.
    Slack {
        /// How Slack reaches signalbox.
        #[arg(long, value_enum, default_value_t = Mode::Socket)]
        mode: Mode,
        /// The public address of signed requests, such as <https://bot.example/slack>.
        #[arg(long, required_if_eq("mode", "http"), value_name = "URL")]
        url: Option<String>,
        /// Ask for the right to read user groups, for roles from [slack.groups].
        #[arg(long)]
        groups: bool,
        /// Ask for the right to make channels, for severities with `own_channel`.
        #[arg(long)]
        rooms: bool,
    },
    /// The Discord application: the invitation, its rights and the commands.
    Discord {
        /// The application's id; it completes the invitation.
        #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64))]
        application: Option<u64>,
        /// Ask for the right to make channels, for severities with `own_channel`.
        #[arg(long)]
        rooms: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Socket,
    Http,
}

pub(super) fn manifest(args: &ManifestArgs) -> ExitCode {
    let catalogue = match Catalogue::embedded() {
        Ok(catalogue) => catalogue,
        Err(error) => return logs::failed(&error.into()),
    };
    match &args.platform {
        Which::Slack { mode, url, groups, rooms } => {
            let url = if *mode == Mode::Http { url.clone() } else { None };
            if url.as_deref().is_some_and(|u| !u.starts_with("https://")) {
                return logs::failed(&anyhow::anyhow!(
                    "Slack sends only to https; give an address like https://bot.example/slack"
                ));
            }
            let extras = groups.then_some(Extra::Groups).into_iter().chain(rooms.then_some(Extra::Rooms)).collect();
            print!("{}", slack_manifest(&catalogue, &SlackManifest { url, extras }));
        }
        Which::Discord { application, rooms } => {
            let application = application.map(|id| id.to_string());
            print!("{}", discord_manifest(&catalogue, application.as_deref(), *rooms));
        }
    }
    ExitCode::SUCCESS
}
