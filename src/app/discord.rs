//! Discord's commands, from the catalogue, of which the adapter knows nothing; registered at every start.

use crate::chat::discord::DiscordPlatform;
use crate::chat::discord::register::{ArgKind, ArgSpec, CommandSpec};
use crate::chat::discord::rest::RestError;
use crate::command::{Arg, Catalogue, Entry, How, Kind, Vocabulary};
use crate::limits;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Every command that people can type. Names of services and the like change with config, so they are offered while typing.
#[must_use]
pub fn commands(catalogue: &Catalogue) -> Vec<CommandSpec> {
    catalogue.entries().iter().map(command).collect()
}

/// Registers the commands as soon as Discord takes them, unless it refuses them for good. A right that is missing may be given.
pub(super) async fn register(platform: Arc<DiscordPlatform>, stop: CancellationToken) {
    let mut told = false;
    loop {
        let wait = match platform.register().await {
            Ok(_) => return,
            Err(RestError::Limited { after_ms }) => u64::try_from(after_ms).unwrap_or(0),
            Err(RestError::Lost(_)) => limits::RETRY_MAX_MS.unsigned_abs() / 2,
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(name: "discord.commands_refused", %error, "no commands: {error}; ask signalbox doctor");
                }
                match error {
                    RestError::Code { http: 403, .. } => limits::RETRY_MAX_MS.unsigned_abs(),
                    _ => return,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(wait)) => {}
        }
    }
}

fn command(entry: &Entry) -> CommandSpec {
    let typed = entry.args.iter().filter(|a| a.how.iter().any(|h| *h != How::Button));
    CommandSpec { name: entry.name.clone(), summary: entry.summary.clone(), args: typed.map(argument).collect() }
}

fn argument(arg: &Arg) -> ArgSpec {
    let kind = match arg.kind {
        Kind::Flag => ArgKind::Flag,
        Kind::Number => ArgKind::Number(arg.max),
        Kind::Mode | Kind::Duty | Kind::Phase => {
            ArgKind::Choice(arg.kind.words(&Vocabulary::default()).into_iter().map(str::to_owned).collect())
        }
        Kind::Text | Kind::Word | Kind::Items => ArgKind::Text,
        Kind::Version
        | Kind::Service
        | Kind::Environment
        | Kind::Strategy
        | Kind::Deployment
        | Kind::Duration
        | Kind::Role
        | Kind::Incident
        | Kind::Severity
        | Kind::Person
        | Kind::Roster
        | Kind::Whom
        | Kind::Digest
        | Kind::Maintenance
        | Kind::Runbook => ArgKind::Completed,
    };
    ArgSpec { name: arg.name.clone(), help: arg.help.clone(), kind, required: arg.required }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::discord::register::{action, commands as made};
    use crate::command::from_action;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn every_command_is_registered_and_comes_back_as_itself() {
        let catalogue = Catalogue::embedded().unwrap();
        let specs = commands(&catalogue);
        assert_eq!(made(&specs).len(), catalogue.entries().len());
        let vocabulary = Vocabulary { environments: ["production".into()].into(), ..Vocabulary::default() };
        let options = json!([
            {"name": "environment", "value": "production"},
            {"name": "span", "value": "2h"},
            {"name": "reason", "value": "database move"},
            {"name": "take-over", "value": true},
        ]);
        let lock = action(&specs, "lock", &options).unwrap();
        let typed = crate::command::read(&catalogue, &vocabulary, "/lock production for 2h database move --take-over");
        assert_eq!(from_action(&catalogue, &vocabulary, &lock, &BTreeMap::new()).unwrap(), typed.unwrap());
        let status = action(&specs, "deploy-status", &json!([])).unwrap();
        assert_eq!(status.command, "deploy status");
    }
}
