//! A signalbox of cardboard: enough of an [`Intake`] to try the console without the engine.

use async_trait::async_trait;
use jiff::Timestamp;
use signalbox::chat::console::{ConsolePlatform, NewId};
use signalbox::chat::{Answer, Body, Envelope, Intake, IntakeError, MessageRef, Platform, Post};
use signalbox::clock::{Clock, VirtualClock};
use signalbox::domain::ids::{ChannelName, PersonId, Role};
use signalbox::domain::message::{
    Action, Block, Button, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Progress, Tone, bold, clock,
    code, mention, moment, person, plain,
};
use signalbox::domain::policy::{Channels, Person, Policy, RoleInfo, Source};
use signalbox::domain::time::Span;
use signalbox::domain::window::Calendar;
use signalbox::ids::Ids;
use signalbox::web::{Advance, ClockView, CommandHint, ConsoleDeps, ConsoleInfo, Suggestion};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Monday 10:05 in the policy's zone.
pub fn monday() -> Timestamp {
    "2027-01-04T07:05:00Z".parse().unwrap()
}

pub fn id(name: &str) -> PersonId {
    PersonId::new(name)
}

pub fn deployments() -> ChannelName {
    ChannelName::new("deployments")
}

pub struct Fake {
    pub platform: Arc<ConsolePlatform>,
    pub clock: Arc<VirtualClock>,
    /// Every envelope that arrived, repeated ones too.
    pub envelopes: Mutex<Vec<Envelope>>,
    /// The ids of those that were stored.
    stored: Mutex<BTreeSet<String>>,
    keys: Mutex<Vec<PersonId>>,
    ticked: Mutex<u32>,
}

impl Fake {
    pub async fn new(file: Option<&Path>) -> Arc<Self> {
        let clock = Arc::new(VirtualClock::starting_at(monday()));
        let (ids, time) = (Ids::seeded(1), clock.clone());
        let ids: NewId = Arc::new(move || ids.next(time.now()));
        let platform = match file {
            Some(file) => ConsolePlatform::open(file, clock.clone(), ids).await.unwrap(),
            None => ConsolePlatform::in_memory(clock.clone(), ids).await.unwrap(),
        };
        let (envelopes, stored, keys, ticked) = (Mutex::default(), Mutex::default(), Mutex::default(), Mutex::new(2));
        Arc::new(Self { platform: Arc::new(platform), clock, envelopes, stored, keys, ticked })
    }

    pub fn deps(self: &Arc<Self>) -> ConsoleDeps {
        ConsoleDeps { platform: self.platform.clone(), intake: self.clone(), info: self.clone(), hosts: vec![] }
    }

    pub async fn post(&self, key: &str, channel: &str, message: Message) -> MessageRef {
        let post = Post { key: key.into(), channel: channel.into(), thread: None, only_for: None, message };
        self.platform.post(&post).await.unwrap()
    }

    pub async fn reply(&self, key: &str, to: &MessageRef, message: Message) -> MessageRef {
        let (channel, thread) = (to.channel.clone(), Some(to.clone()));
        let post = Post { key: key.into(), channel, thread, only_for: None, message };
        self.platform.post(&post).await.unwrap()
    }

    /// A deployment's card as it stands now.
    pub fn card(&self) -> Message {
        let keys = self.keys.lock().unwrap().clone();
        let at = monday();
        let key = |role: &str, who: Option<&PersonId>, can: &str| match who {
            Some(who) => Line { mark: Mark::Done, text: vec![plain(format!("{role}: ")), person(who)] },
            None => Line {
                mark: Mark::Key,
                text: vec![plain(format!("{role}: missing. ")), mention(&id(can)), plain(" can turn it")],
            },
        };
        let done = keys.len() >= 2;
        let tone = if done { Tone::Busy } else { Tone::Waiting };
        let state = if done { " runs" } else { " waits for its keys" };
        Message::new(tone, vec![bold("D-42"), plain(" api "), code("v1.2.0"), plain(" to production"), plain(state)])
            .block(Block::Fields(vec![
                ("Asked by".into(), vec![person(&id("sara")), plain(" at "), clock(at)]),
                ("Revision".into(), vec![code("sha256:9f2c…41ab")]),
                ("Window".into(), vec![plain("open until "), moment("2027-01-04T11:00:00Z".parse().unwrap())]),
                ("Strategy".into(), vec![plain("canary 10 % → 50 % → 100 %")]),
            ]))
            .block(Block::List(vec![
                key("Tech Lead", keys.first(), "omar"),
                key("Product Manager", keys.get(1), "lea"),
                Line { mark: Mark::Done, text: vec![plain("Succeeded in staging at "), clock(at)] },
                Line { mark: Mark::Warning, text: vec![plain("Window closes 14:00; the run needs 20 min")] },
            ]))
            .block(Block::Divider)
            .block(Block::Progress(Progress {
                label: "Code quality".into(),
                done: 6,
                of: 6,
                note: "all done".into(),
                budget: false,
            }))
            .block(Block::Progress(Progress {
                label: "Database".into(),
                done: *self.ticked.lock().unwrap(),
                of: 5,
                note: "backup, dry run and index still open".into(),
                budget: false,
            }))
            .context(vec![plain("Plan 1a2b3c4d. React with ✅ to turn your key, ❌ to reject. /why D-42 explains.")])
            .button(button("Approve", ButtonStyle::Primary, "approve", None, None))
            .button(button("Reject", ButtonStyle::Danger, "reject", None, Some(reject_form())))
            .button(button(
                "Abort",
                ButtonStyle::Danger,
                "abort",
                Some("This ends D-42 for everybody. It cannot be resumed."),
                None,
            ))
            .button(button("Why?", ButtonStyle::Plain, "why", None, None))
    }

    async fn turn(&self, card: &str, who: PersonId) {
        let first = {
            let mut keys = self.keys.lock().unwrap();
            let first = !keys.contains(&who);
            if first {
                keys.push(who.clone());
            }
            first
        };
        if first {
            let at = MessageRef { channel: deployments(), id: card.into() };
            self.platform.edit(&at, &self.card()).await.unwrap();
            let said = Message::new(Tone::Neutral, vec![person(&who), plain(" turned a key.")]);
            self.reply(&format!("turned/{who}"), &at, said).await;
        }
    }

    async fn answer(&self, envelope: &Envelope) -> Result<Answer, IntakeError> {
        let who = id(&envelope.account);
        let tell = |tone, text: &str| Ok(Answer { messages: vec![Message::line(tone, text)], form: None });
        match &envelope.body {
            Body::Command { text, .. } if text.starts_with("/deploy") => {
                let at = self.post("card/42", envelope.channel.as_str(), self.card()).await;
                let log = "$ deploy api v1.2.0\npulling image\nstarting revision 17\nready after 1.8 s".to_owned();
                let said = Message::line(Tone::Neutral, "Started the new revision next to the live one")
                    .block(Block::Code(log));
                self.reply("log/42", &at, said).await;
                tell(Tone::Good, "D-42 is requested. It waits for two keys; Omar and Lea can turn them.")
            }
            Body::Command { text, .. } if text.starts_with("/lock") => {
                Ok(Answer { messages: vec![], form: Some(("lock?environment=production".into(), lock_form())) })
            }
            Body::Command { text, .. } if text.starts_with("/down") => Err(IntakeError { reason: "disk full".into() }),
            Body::Command { text, .. } => {
                tell(Tone::Warning, &format!("I do not know `{text}`. Type /help to see what I can do."))
            }
            Body::Reaction { message, emoji, added: true } if emoji == "✅" => {
                self.turn(message, who).await;
                Ok(Answer::default())
            }
            Body::Reaction { .. } => Ok(Answer::default()),
            Body::Click { message, action, fields } => match Action::decode(action).unwrap().command.as_str() {
                "approve" => {
                    self.turn(message, who).await;
                    Ok(Answer::default())
                }
                "lock" => {
                    tell(Tone::Good, &format!("production is locked for {}: {}", fields["span"], fields["reason"]))
                }
                "reject" => tell(Tone::Neutral, &format!("You rejected D-42: {}", fields["reason"])),
                other => tell(Tone::Neutral, &format!("You pressed {other}.")),
            },
        }
    }
}

pub fn button(label: &str, style: ButtonStyle, command: &str, confirm: Option<&str>, form: Option<Form>) -> Button {
    let action = Action::new(command, &[("deployment", "D-42")]);
    Button { label: label.into(), style, action, confirm: confirm.map(str::to_owned), form }
}

fn field(name: &str, label: &str, kind: FieldKind, help: &str) -> FormField {
    FormField { name: name.into(), label: label.into(), kind, required: true, help: help.into() }
}

fn reject_form() -> Form {
    let fields = vec![field("reason", "Reason", FieldKind::Paragraph, "Everybody sees it on the card.")];
    Form { title: "Reject D-42".into(), submit: "Reject".into(), fields }
}

fn lock_form() -> Form {
    let spans = [("1h", "1 hour"), ("2h", "2 hours"), ("1d", "1 day")].map(|(v, l)| (v.to_owned(), l.to_owned()));
    let fields = vec![
        field("reason", "Reason", FieldKind::Line, "Shown to whoever wants to deploy."),
        field("span", "For how long", FieldKind::Choice(spans.into()), ""),
    ];
    Form { title: "Lock production".into(), submit: "Lock".into(), fields }
}

#[async_trait]
impl Intake for Fake {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        self.envelopes.lock().unwrap().push(envelope.clone());
        if self.stored.lock().unwrap().contains(&envelope.id) {
            return Ok(Answer::default());
        }
        let answer = self.answer(&envelope).await?;
        self.stored.lock().unwrap().insert(envelope.id);
        Ok(answer)
    }
}

#[async_trait]
impl ConsoleInfo for Fake {
    fn policy(&self) -> Arc<Policy> {
        Arc::new(policy())
    }

    fn complete(&self, _: &PersonId, text: &str) -> Vec<Suggestion> {
        let lines = [
            ("/deploy v1.2.0 to staging", "the version that is live in development"),
            ("/deploy v1.2.0 to production", "needs two keys and an open window"),
            ("/deploy status", "what runs and what waits"),
            ("/lock production", "holds an environment"),
            ("/rollback api in production", "puts the previous release back"),
            ("/why D-42", "every rule and its verdict"),
            ("/window production", "when it opens and closes"),
        ];
        let fits = lines.iter().filter(|(line, _)| line.starts_with(text) && *line != text);
        fits.map(|(line, help)| Suggestion { insert: (*line).into(), label: (*line).into(), help: (*help).into() })
            .collect()
    }

    fn commands(&self) -> Vec<CommandHint> {
        vec![CommandHint {
            name: "deploy".into(),
            usage: "/deploy VERSION to ENVIRONMENT".into(),
            summary: "Asks for a deployment".into(),
        }]
    }

    fn clock(&self) -> ClockView {
        ClockView { now: self.clock.now().wall, zone: "+03:00".into(), can_advance: true, pace: 60 }
    }

    async fn advance(&self, by: Advance) -> Result<ClockView, String> {
        match by {
            Advance::Span(span) if span > Span::hours(24 * 31) => return Err("At most 31 days at once.".into()),
            Advance::Span(span) => self.clock.advance(span),
            Advance::NextOpening { .. } => self.clock.advance(Span::hours(24)),
        }
        Ok(self.clock())
    }
}

/// Five people of no real company.
pub fn policy() -> Policy {
    let role = |name: &str, title: &str| {
        (Role::new(name), RoleInfo { role: Role::new(name), title: title.into(), source: Source::default() })
    };
    let person = |key: &str, name: &str, roles: &[&str]| {
        let roles: BTreeSet<_> = roles.iter().map(|r| Role::new(r)).collect();
        (
            id(key),
            Person {
                id: id(key),
                name: name.into(),
                roles,
                accounts: BTreeMap::new(),
                contact: BTreeMap::new(),
                ways: Default::default(),
                source: Source::default(),
            },
        )
    };
    Policy {
        runbooks: Default::default(),
        name: "Barq Fleet".into(),
        zone: "+03:00".into(),
        pace: 60,
        channels: Channels {
            deployments: deployments(),
            incidents: ChannelName::new("incidents"),
            engineering: ChannelName::new("engineering"),
            alerts: None,
        },
        people: BTreeMap::from([
            person("sara", "Sara Lind", &["engineer"]),
            person("omar", "Omar Haddad", &["tech-lead", "engineer"]),
            person("lea", "Lea Winter", &["product-manager"]),
            person("tariq", "Tariq Nasser", &["cto"]),
            person("mina", "Mina Okafor", &["engineer", "on-call"]),
        ]),
        roles: BTreeMap::from([
            role("engineer", "Engineer"),
            role("tech-lead", "Tech Lead"),
            role("product-manager", "Product Manager"),
            role("cto", "CTO"),
            role("on-call", "On-call engineer"),
        ]),
        services: BTreeMap::new(),
        environments: BTreeMap::new(),
        strategies: BTreeMap::new(),
        probes: BTreeMap::new(),
        checklists: vec![],
        calendar: Calendar::default(),
        response: Default::default(),
        rhythm: Default::default(),
        alerts: Default::default(),
        hash: String::new(),
    }
}
