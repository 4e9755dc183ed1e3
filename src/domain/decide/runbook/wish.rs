//! What is wished made whole: the command, the place, the words with their values; or why not.

use super::super::refuse::{refusal, role_missing};
use super::super::{Stop, Tx};
use super::{open_already, state};
use crate::domain::ids::{ChannelName, EnvironmentName, PersonId, ServiceName};
use crate::domain::message::{Message, Text, bold, code, plain};
use crate::domain::policy::Policy;
use crate::domain::render::{run_choices, run_command};
use crate::domain::runbook::{Asked, Runbook, Runnable, Wish, argv};
use std::collections::BTreeSet;

/// A stable code, and what the person is told.
pub(super) type Refused = (&'static str, Message);

type Answer<T> = Result<T, Refused>;

fn no<T>(code: &'static str, text: Text) -> Answer<T> {
    Err((code, refusal(text)))
}

/// The wish that led to what was asked for.
pub(super) fn of(name: &str, asked: &Asked) -> Wish {
    Wish {
        name: name.to_owned(),
        command: Some(asked.command.clone()),
        service: asked.service.clone(),
        environment: asked.environment.clone(),
        incident: asked.incident,
    }
}

/// What would be asked for now.
pub(super) fn wanted(tx: &mut Tx<'_>, by: &PersonId, wish: &Wish, channel: ChannelName) -> Result<Answer<Asked>, Stop> {
    if let Some(id) = wish.incident
        && tx.incident(id)?.is_none_or(|i| i.status.ended())
    {
        let text = vec![plain(format!("{id} is not open. ")), code("/incident list"), plain(" lists what is.")];
        return Ok(no("unknown_incident", text));
    }
    let asked = match whole(tx.ctx.policy, by, wish, channel) {
        Ok(asked) => asked,
        Err(refused) => return Ok(Err(refused)),
    };
    let state = state(tx, &wish.name)?;
    if let Some(open) = state.open_at(&asked.command, asked.service.as_ref(), asked.environment.as_ref()) {
        return Ok(no("already_open", open_already(&wish.name, open)));
    }
    Ok(Ok(Asked { number: state.last + 1, ..asked }))
}

/// The same wish by the runbook as it is now, for one that was asked for; whose it is and what it is about stay.
pub(super) fn same(tx: &mut Tx<'_>, by: &PersonId, wish: &Wish, asked: &Asked) -> Result<Answer<Asked>, Stop> {
    let now = whole(tx.ctx.policy, by, wish, asked.channel.clone());
    Ok(now.map(|now| Asked { number: asked.number, by: asked.by.clone(), ..now }))
}

fn whole(policy: &Policy, by: &PersonId, wish: &Wish, channel: ChannelName) -> Answer<Asked> {
    let Some(book) = policy.runbooks.get(&wish.name) else {
        let text = vec![plain(format!("There is no runbook {}. ", wish.name)), code("/runbook"), plain(" lists them.")];
        return no("unknown_runbook", text);
    };
    let command = command(policy, by, book, wish)?;
    let what = format!("run {}", command.title);
    if policy.people.get(by).is_none_or(|p| p.roles.is_disjoint(&command.roles)) {
        return no("role_missing", role_missing(policy, &command.roles, &what));
    }
    let (services, environments) = places(policy, book, command);
    let environment = one("environment", wish.environment.as_ref(), &environments, &command.title)?;
    let service = one("service", wish.service.as_ref(), &services, &command.title)?;
    let missing = |chosen: bool, among: usize| !chosen && among > 1;
    if missing(environment.is_some(), environments.len()) || missing(service.is_some(), services.len()) {
        let at = |found: &Option<EnvironmentName>, all: &BTreeSet<EnvironmentName>| match found {
            Some(one) => vec![one.clone()],
            None => all.iter().cloned().collect(),
        };
        let of = |found: &Option<ServiceName>, all: &BTreeSet<ServiceName>| match found {
            Some(one) => vec![one.clone()],
            None => all.iter().cloned().collect(),
        };
        let (services, environments) = (of(&service, &services), at(&environment, &environments));
        return Err(("which_place", run_choices(book, command, &services, &environments, wish.incident)));
    }
    let value = |name: &str| match name {
        "service" => service.as_ref().map(ServiceName::as_str),
        _ => environment.as_ref().map(EnvironmentName::as_str),
    };
    let Some(argv) = argv::fill(&command.words, value) else {
        return no("no_place", vec![plain(format!("There is no place to {what} for: the config has none."))]);
    };
    Ok(Asked {
        number: 0,
        command: command.name.clone(),
        title: command.title.clone(),
        argv,
        env: command.env.clone(),
        service,
        environment,
        limit: command.limit,
        recovery: command.recovery,
        second_key: command.second_key,
        by: by.clone(),
        incident: wish.incident,
        channel,
    })
}

/// The command that is meant.
fn command<'p>(policy: &Policy, by: &PersonId, book: &'p Runbook, wish: &Wish) -> Answer<&'p Runnable> {
    let named = wish.command.as_ref();
    let found = named.and_then(|name| book.commands.iter().find(|c| c.name.eq_ignore_ascii_case(name)));
    match (found, named, book.commands.as_slice()) {
        (Some(found), _, _) | (None, None, [found]) => Ok(found),
        (_, _, []) => {
            let text = vec![
                plain(format!("Nothing in {} may be run from chat: its front matter allows none. ", book.name)),
                code(format!("/runbook {}", book.name)),
                plain(" shows it."),
            ];
            no("no_command", text)
        }
        (_, None, _) => Err(("which_command", run_command(policy, by, book, None, wish.incident))),
        (_, Some(name), _) => Err(("unknown_command", run_command(policy, by, book, Some(name), wish.incident))),
    }
}

/// Where a command may be run. Nothing: it belongs to no place.
fn places(policy: &Policy, book: &Runbook, command: &Runnable) -> (BTreeSet<ServiceName>, BTreeSet<EnvironmentName>) {
    let services = match () {
        () if !book.services.is_empty() => book.services.clone(),
        () if argv::names(&command.words, "service") => policy.services.keys().cloned().collect(),
        () => BTreeSet::new(),
    };
    let environments = match () {
        () if !command.environments.is_empty() => command.environments.clone(),
        () if argv::names(&command.words, "environment") => policy.environments.keys().cloned().collect(),
        () => BTreeSet::new(),
    };
    // A runbook for several services whose command names none is run once for all of them.
    let several = services.len() > 1 && !argv::names(&command.words, "service");
    (if several { BTreeSet::new() } else { services }, environments)
}

/// The one that is named, or the only one; `None` when there is none or there are several.
fn one<N: Ord + Clone + std::fmt::Display>(
    what: &str,
    named: Option<&N>,
    known: &BTreeSet<N>,
    title: &str,
) -> Answer<Option<N>> {
    match named {
        Some(name) if known.contains(name) => Ok(Some(name.clone())),
        Some(name) => {
            let all: Vec<String> = known.iter().map(ToString::to_string).collect();
            let only = match all.as_slice() {
                [] => format!("It has no {what}: leave it out."),
                all => format!("It may be run for {}.", all.join(", ")),
            };
            no("wrong_place", vec![bold(title), plain(format!(" is not run for {name}. {only}"))])
        }
        None => Ok(known.first().filter(|_| known.len() == 1).cloned()),
    }
}
