//! What is said besides the cards: a line in the thread for detail, a post in a channel for what others must know.

use super::card::deployment_key;
use super::parts::{asking, button, called, confirmed, ending, says_nothing, step_text, what};
use crate::domain::approval::{assign, candidates};
use crate::domain::deployment::{Activity, Deployment, DeploymentEvent as E, HoldReason, Lane, Status, run_step};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::ids::{ChannelName, PersonId, PlatformName, Stream};
use crate::domain::message::{ButtonStyle, Message, Text, Tone, bold, code, mention, moment, person, plain};
use crate::domain::person::PersonEvent;
use crate::domain::policy::{Policy, StepKind};
use crate::domain::time::Span;
use crate::domain::world::{Event, State};

/// A message that is posted once.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub place: Place,
    pub message: Message,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the thread of the card with this key, which stands in this channel.
    Thread {
        card: String,
        channel: ChannelName,
    },
    /// The same, on this platform alone.
    ThreadOn {
        platform: PlatformName,
        card: String,
        channel: ChannelName,
    },
    Channel(ChannelName),
    /// To this person alone.
    Person(PersonId),
}

/// What to say about `event`, whose act it is, with the state after it.
#[must_use]
pub fn notices(
    policy: &Policy,
    stream: &Stream,
    event: &Event,
    actor: Option<&PersonId>,
    after: &State,
) -> Vec<Notice> {
    match (event, after) {
        (Event::Deployment(e), State::Deployment(d)) => deployment(policy, e, actor, d),
        (Event::Environment(e), State::Environment(_)) => environment(policy, stream.name(), e),
        (Event::Incident(e), State::Incident(i)) => super::incident::notices(policy, e, i),
        (Event::Roster(e), State::Roster(state)) => super::roster::notices(policy, stream.name(), e, state),
        (Event::Digest(e), State::Digest(_)) => super::rhythm::digest_notices(policy, stream.name(), e),
        (Event::Maintenance(e), State::Maintenance(m)) => {
            super::rhythm::maintenance_notices(policy, stream.name(), e, m)
        }
        (Event::AlertBoard(e), _) => super::alert::notices(policy, e),
        (Event::Runbook(e), State::Runbook(r)) => super::runbook::runbook_notices(stream.name(), e, r),
        (Event::Person(e), _) => debts(e, stream.name()).map(|m| here(policy, m)).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn here(policy: &Policy, message: Message) -> Notice {
    Notice { place: Place::Channel(policy.channels.deployments.clone()), message }
}

fn thread(policy: &Policy, d: &Deployment, tone: Tone, text: Text) -> Notice {
    let place = Place::Thread { card: deployment_key(d), channel: policy.channels.deployments.clone() };
    Notice { place, message: Message::new(tone, text) }
}

fn deployment(policy: &Policy, e: &E, actor: Option<&PersonId>, d: &Deployment) -> Vec<Notice> {
    let say = |tone, text| vec![thread(policy, d, tone, text)];
    match e {
        E::Requested { .. } => ask_for_keys(policy, d),
        E::KeyTurned { person: by } => say(Tone::Good, vec![person(by), plain(" turns a key.")]),
        E::KeyWithdrawn { person: by } => say(Tone::Neutral, vec![person(by), plain(" takes their key back.")]),
        E::KeysVoided { fields, .. } => {
            let mut text = vec![
                bold("The plan has changed: "),
                plain(fields.join(", ")),
                plain(". Every key is void; turn them again for the new plan. "),
            ];
            text.push(mention(&d.requester));
            let mut out = say(Tone::Warning, text);
            out.extend(ask_for_keys(policy, d));
            out
        }
        E::ItemUnticked { item, reason } => {
            say(Tone::Warning, vec![plain(format!("Item {item} is open again: {reason}."))])
        }
        E::Started { .. } => started(policy, d),
        E::StepBegun { activity } => step_begun(policy, d, activity).into_iter().collect(),
        E::StepEnded { ok, summary } => {
            let name = ended_step(d, *ok);
            let (tone, verb) = if *ok { (Tone::Good, "done") } else { (Tone::Bad, "failed") };
            let tail = if says_nothing(summary) { ".".to_owned() } else { format!(": {summary}.") };
            say(tone, vec![bold(name), plain(format!(" {verb}{tail}"))])
        }
        E::Held { hold } => {
            let mut text = vec![bold("Held: "), plain(hold.text.as_str()), plain(". ")];
            if hold.reason != HoldReason::Paused {
                text.push(mention(&d.requester));
                text.push(plain(" or an operator decides on the card: Promote, Resume or Abort."));
            }
            say(Tone::Warning, text)
        }
        E::Released { by } => match by {
            Some(p) => say(Tone::Neutral, vec![person(p), plain(" lets it go on.")]),
            None => say(Tone::Neutral, vec![plain("What held it has cleared: it goes on by itself.")]),
        },
        E::Promoted { person: by } => say(Tone::Neutral, vec![person(by), plain(" promotes it.")]),
        E::WentBack { why, .. } => went_back(policy, d, why),
        E::Ended { status, .. } => ended(policy, d, *status, actor),
        E::WatchAlarmed { text } => watch_alarm(policy, d, text),
        E::WatchEnded => say(Tone::Good, vec![plain("The watch ends.")]),
        E::FollowUpPosted { after, .. } => say(
            Tone::Neutral,
            vec![
                plain(format!("{after} after success: the follow-up checklist is in this thread. ")),
                mention(&d.requester),
            ],
        ),
        _ => Vec::new(),
    }
}

fn ask_for_keys(policy: &Policy, d: &Deployment) -> Vec<Notice> {
    let turned = d.turned();
    let missing = assign(&d.slots, &turned, policy, &d.requester).missing(&d.slots);
    let mut text: Text = Vec::new();
    for i in missing {
        let Some(slot) = d.slots.get(i) else { continue };
        let who = candidates(&d.slots, &turned, policy, &d.requester, i);
        text.push(plain(format!(
            "{}{}: ",
            if text.is_empty() { "Keys wanted. " } else { "; " },
            policy.titles(&slot.roles)
        )));
        text.extend(called(&who));
    }
    if text.is_empty() { Vec::new() } else { vec![thread(policy, d, Tone::Waiting, text)] }
}

fn started(policy: &Policy, d: &Deployment) -> Vec<Notice> {
    let mut text = vec![plain(format!("{} starts", d.id))];
    if let Some(previous) = &d.previous {
        text.push(plain(if d.is_rollback() {
            format!(": {} goes, {} comes back", previous.version, d.plan.release.version)
        } else {
            format!("; {} is what it goes back to if need be", previous.version)
        }));
    } else if !d.is_rollback() {
        text.push(plain("; nothing is known to be live, so there is nothing to go back to"));
    }
    text.push(plain("."));
    let mut out = vec![thread(policy, d, Tone::Busy, text)];
    if let Lane::Hotfix { reason } = &d.lane {
        let env = policy.environments.get(&d.plan.environment);
        let roles = env
            .map(|e| e.keys.iter().filter(|s| !s.optional).flat_map(|s| s.roles.clone()).collect())
            .unwrap_or_default();
        let skipped: Vec<_> = policy.holders(&roles).map(|p| p.id.clone()).filter(|p| p != &d.requester).collect();
        let mut text = vec![
            bold("Hotfix "),
            code(d.id.to_string()),
            plain(format!(" runs without your keys: {}. Reason: {}. ", what(&d.plan), reason.trim_end_matches('.'))),
        ];
        text.extend(called(&skipped));
        out.push(here(policy, Message::new(Tone::Warning, text)));
    }
    out
}

fn step_begun(policy: &Policy, d: &Deployment, activity: &Activity) -> Option<Notice> {
    let step = run_step(d)?;
    let text = match (&step.kind, activity) {
        (StepKind::Manual { roles, prompt }, _) => {
            let holders: Vec<_> = policy.holders(roles).map(|p| p.id.clone()).collect();
            let mut text = vec![
                bold(format!("{}: ", step.name)),
                plain(format!("{prompt} When it is done, press Done or say ")),
                code(format!("/confirm {}", d.id)),
                plain(". "),
            ];
            text.extend(called(&holders));
            text
        }
        (_, Activity::Doubt { .. }) => return None,
        // A bake takes its time. What else begins is on the card, and its end is said.
        (StepKind::Traffic(stage), _) if stage.bake > Span::ZERO => {
            vec![plain(format!("{}.", step_text(step, &d.plan)))]
        }
        _ => return None,
    };
    Some(thread(policy, d, Tone::Busy, text))
}

/// The step that has just ended (`ok` has moved on already).
fn ended_step(d: &Deployment, ok: bool) -> String {
    let Some(run) = &d.run else { return "The step".into() };
    let at = if ok { run.at.saturating_sub(1) } else { run.at };
    run.steps().get(at).map_or_else(|| "The step".to_owned(), |s| s.name.clone())
}

fn went_back(policy: &Policy, d: &Deployment, why: &str) -> Vec<Notice> {
    let touched = d.run.as_ref().is_some_and(|r| r.touched);
    let verb = if touched { "rolls back" } else { "stops" };
    let text = vec![
        code(d.id.to_string()),
        plain(" "),
        bold(what(&d.plan)),
        plain(format!(" {verb}: {why}. ")),
        mention(&d.requester),
    ];
    vec![
        here(policy, Message::new(Tone::Bad, text)),
        thread(policy, d, Tone::Bad, vec![plain(format!("It {verb}: {why}."))]),
    ]
}

fn ended(policy: &Policy, d: &Deployment, status: Status, actor: Option<&PersonId>) -> Vec<Notice> {
    let tone = match status {
        Status::Succeeded => Tone::Good,
        Status::Failed | Status::RolledBack => Tone::Bad,
        _ => Tone::Neutral,
    };
    let mut text = vec![bold(d.id.to_string()), plain(format!(" {}.", ending(d)))];
    if status != Status::Succeeded && actor != Some(&d.requester) {
        text.extend([plain(" "), mention(&d.requester)]);
    }
    let mut out = vec![thread(policy, d, tone, text.clone())];
    if matches!(status, Status::Superseded | Status::Expired | Status::Refused) {
        out.push(here(policy, Message::new(tone, text)));
    }
    let back = status == Status::RolledBack || (status == Status::Succeeded && d.is_rollback());
    if back {
        let mut text = vec![code(d.id.to_string())];
        let (gone, live) = if d.is_rollback() {
            (d.previous.as_ref(), Some(&d.plan.release))
        } else {
            (Some(&d.plan.release), d.previous.as_ref())
        };
        let gone = gone.map_or_else(String::new, |r| format!(" {}", r.version));
        text.push(plain(format!(" {}{gone} is rolled back in {}", d.plan.service, d.plan.environment)));
        if let Some(live) = live.map(|r| &r.version) {
            text.push(plain(format!("; {live} serves again")));
        }
        let why = match (&d.lane, &d.run) {
            (Lane::Rollback { reason, .. }, _) => reason.clone(),
            (_, Some(run)) => run.why_back.clone(),
            _ => String::new(),
        };
        text.push(plain(format!(". Why: {why}.")));
        let place = Place::Channel(policy.channels.engineering.clone());
        out.push(Notice { place, message: Message::new(Tone::Bad, text) });
    }
    if d.stuck {
        out.push(stuck(policy, d));
    }
    out
}

/// A rollback that failed needs somebody now.
fn stuck(policy: &Policy, d: &Deployment) -> Notice {
    let roles = policy.environments.get(&d.plan.environment).map(|e| e.operators.clone()).unwrap_or_default();
    let who: Vec<_> = policy.holders(&roles).map(|p| p.id.clone()).collect();
    let mut text = vec![
        bold(format!("{} in {} needs a person now. ", d.plan.service, d.plan.environment)),
        code(d.id.to_string()),
        plain(format!(" {}. Nothing more is started by itself. ", d.note)),
    ];
    text.extend(called(&who));
    Notice { place: Place::Channel(policy.channels.incidents.clone()), message: Message::new(Tone::Bad, text) }
}

fn watch_alarm(policy: &Policy, d: &Deployment, said: &str) -> Vec<Notice> {
    let text = vec![
        code(d.id.to_string()),
        plain(" "),
        bold(what(&d.plan)),
        plain(format!(" is unhealthy while it is watched: {said}. ")),
        mention(&d.requester),
    ];
    let id = d.id.to_string();
    let back = button("Roll back", ButtonStyle::Danger, "rollback", &[("deployment", &id)]);
    let ask = format!("Put {} back to the release before?", d.plan.service);
    vec![here(policy, Message::new(Tone::Bad, text).button(confirmed(back, &ask)))]
}

fn environment(policy: &Policy, name: &str, e: &EnvironmentEvent) -> Vec<Notice> {
    let label = |scope: &str| if scope.is_empty() { name.to_owned() } else { format!("{scope} in {name}") };
    let by = |p: &Option<PersonId>| p.as_ref().map_or_else(|| plain("signalbox"), person);
    let message = match e {
        EnvironmentEvent::Locked { scope, owner, reason, until, taken_from } => {
            let mut text = vec![bold(format!("{} is locked", label(scope))), plain(" by "), by(owner)];
            if let Some(from) = taken_from {
                text.extend([plain(", taken over from "), mention(from), plain(",")]);
            }
            if let Some(until) = until {
                text.extend([plain(" until "), moment(*until)]);
            }
            text.push(plain(format!(": {}. Rollbacks and aborts still work.", reason.trim_end_matches('.'))));
            let (service, env) = (scope.as_str(), name);
            let mut args = vec![("environment", env)];
            if !service.is_empty() {
                args.push(("service", service));
            }
            let unlock = button("Unlock", ButtonStyle::Plain, "unlock", &args);
            let ask = format!("Unlock {}, so that deployments may go again?", label(scope));
            Message::new(Tone::Warning, text).button(confirmed(unlock, &ask))
        }
        EnvironmentEvent::Unlocked { scope, by: Some(p) } => Message::new(
            Tone::Good,
            vec![bold(format!("{} is unlocked", label(scope))), plain(" by "), person(p), plain(".")],
        ),
        EnvironmentEvent::Unlocked { scope, by: None } => Message::new(
            Tone::Good,
            vec![bold(format!("{} is unlocked", label(scope))), plain(": the lock has expired.")],
        ),
        EnvironmentEvent::Quarantined { service, release, deployment, .. } => {
            let text = vec![
                bold(format!("{service} {} is quarantined in {name}", release.version)),
                plain(format!(" after {deployment}.")),
            ];
            let until = vec![plain("It cannot be deployed there until somebody releases it.")];
            let args = [("service", service.as_str()), ("version", release.version.as_str()), ("environment", name)];
            let release = button("Release it", ButtonStyle::Plain, "quarantine release", &args);
            let message = Message::new(Tone::Warning, text).text(until);
            let message = message.button(asking(release, "reason", "Why may it be deployed again?", true));
            let card = format!("card:{deployment}");
            let place = Place::Thread { card, channel: policy.channels.deployments.clone() };
            return vec![Notice { place, message }];
        }
        EnvironmentEvent::QuarantineReleased { service, version, by, reason, .. } => Message::new(
            Tone::Neutral,
            vec![person(by), plain(format!(" releases {service} {version} from its quarantine in {name}: {reason}."))],
        ),
        _ => return Vec::new(),
    };
    vec![here(policy, message)]
}

fn debts(e: &PersonEvent, name: &str) -> Option<Message> {
    let who = PersonId::new(name);
    match e {
        PersonEvent::DebtOpened { deployment } => {
            let text = vec![
                person(&who),
                plain(format!(" took the fast lane with {deployment}, and cannot take it again until ")),
                plain("somebody else has reviewed it: "),
                code(format!("/review {deployment} notes")),
                plain("."),
            ];
            let id = deployment.to_string();
            let review = button("Review", ButtonStyle::Plain, "review", &[("deployment", &id)]);
            let ask = "What happened, and what prevents it now?";
            Some(Message::new(Tone::Waiting, text).button(asking(review, "notes", ask, true)))
        }
        PersonEvent::DebtClosed { deployment, by, notes } => Some(Message::new(
            Tone::Good,
            vec![person(by), plain(format!(" closes the review of {deployment}: {notes}."))],
        )),
    }
}
