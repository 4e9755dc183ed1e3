//! The real engine in virtual time, on which scenes are played; what it says is picked up by name, as it was meant for people.

use signalbox::chat::text::{Reader, render};
use signalbox::chat::{Answer, Body, Envelope, Intake as _};
use signalbox::config::load_embedded;
use signalbox::domain::deployment::{Deployment, HoldReason, Status};
use signalbox::domain::ids::{ChannelName, DeploymentId, PlatformName};
use signalbox::domain::message::{Form, Message};
use signalbox::domain::policy::Policy;
use signalbox::domain::render::cards;
use signalbox::domain::time::Span;
use signalbox::rehearsal::World;
use signalbox::rehearsal::world::{Behaviour, Ends, JobRule, ProbeScript, Said};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a message is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Channel,
    Thread,
    /// To the person who typed something, and nobody else.
    Alone(&'static str),
    /// In front of the person who pressed or typed something.
    Form {
        action: String,
        form: Form,
    },
    Home,
}

/// A message that was picked up, and how the deployment stood that it is the card of.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The snapshot it is in.
    pub sheet: &'static str,
    /// Among others in the same snapshot.
    pub name: &'static str,
    pub place: Place,
    pub message: Message,
    pub status: Option<Status>,
    pub hold: Option<HoldReason>,
}

/// One world and what was picked up in it.
pub struct Stage {
    pub world: World,
    pub shots: Vec<Shot>,
    reader: Reader,
    /// What was said last, for whoever looks into a failure.
    last: String,
}

/// The example's policy. Everybody has an account on both platforms but Lina, who has none.
pub fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    for (n, person) in policy.people.values_mut().enumerate().filter(|(_, p)| p.id.as_str() != "lina") {
        person.accounts.insert("slack".into(), format!("U0{}", person.id.as_str().to_uppercase()));
        person.accounts.insert("discord".into(), (500_000_000_000_000_001 + n).to_string());
    }
    policy
}

impl Stage {
    /// At a time of the example's zone; v1.1.0 is live, v1.0.0 was before it, and v1.2.0 succeeded in staging.
    pub async fn at(time: &str) -> Self {
        Self::with(time, policy()).await
    }

    pub async fn with(time: &str, policy: Policy) -> Self {
        let reader = Reader::of(&policy);
        let world = World::new(Arc::new(policy), format!("{time}:00+03:00").parse().unwrap(), "console").unwrap();
        for version in ["v1.0.0", "v1.1.0"] {
            world.was_deployed("api", version, "staging").await.unwrap();
            world.was_deployed("api", version, "production").await.unwrap();
        }
        let stage = Self { world, shots: Vec::new(), reader, last: String::new() };
        stage.in_staging("v1.2.0").await;
        stage
    }

    pub async fn in_staging(&self, version: &str) {
        self.world.was_deployed("api", version, "staging").await.unwrap();
    }

    pub async fn says(&mut self, who: &str, text: &str) -> Answer {
        let answer = self.world.says(who, "deployments", text).await.unwrap();
        let told: Vec<_> = answer.messages.iter().map(|m| render(m, &self.reader)).collect();
        self.last = format!("{who}: {text}\n{}", told.join("\n"));
        answer
    }

    /// A press of a button on the newest message that says so.
    pub async fn presses(&mut self, who: &str, label: &str, on: &str, fields: &[(&str, &str)]) -> Answer {
        let said = self.newest(|s, words| s.key == on || words.contains(on), on);
        let message = said.message();
        let button = message.buttons.iter().find(|b| b.label == label).unwrap();
        let fields: BTreeMap<String, String> = fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        self.world.clicks(who, &said.id, &button.action.encode(), fields).await.unwrap()
    }

    /// Everything that production wants: the required items, and both keys.
    pub async fn complete(&mut self, id: &str) {
        self.says("sara", &format!("/checklist tick {id} 1 13 22")).await;
        self.says("khalid", &format!("/approve {id}")).await;
        self.says("yusuf", &format!("/approve {id}")).await;
    }

    pub async fn wait(&self, span: Span) {
        self.world.advance(span).await.unwrap();
        self.world.settle().await.unwrap();
    }

    /// Until the deployment stands so, an hour at most.
    pub async fn until(&self, id: &str, status: Status) {
        for _ in 0..3_600 {
            if self.deployment(id).await.status == status {
                return self.world.settle().await.unwrap();
            }
            self.world.advance(Span::secs(1)).await.unwrap();
        }
        panic!("{id} never is {status:?} but {:?}; last was said: {}", self.deployment(id).await.status, self.last);
    }

    pub async fn deployment(&self, id: &str) -> Deployment {
        let number = id.trim_start_matches("D-").parse().unwrap();
        let found = self.world.engine().deployment(DeploymentId(number)).await.unwrap();
        found.unwrap_or_else(|| panic!("there is no {id}; last was said: {}", self.last))
    }

    pub fn behaves(&self, version: &str, fails: f64, red: &str) {
        let behaviour = Behaviour { fails, red: red.into(), ..Behaviour::default() };
        self.world.outside().behave("api", version, behaviour, self.world.now().work);
    }

    pub fn job(&self, job: &str, ends: Option<Ends>, takes: Option<Span>, prints: &str) {
        let prints = (!prints.is_empty()).then(|| prints.to_owned());
        self.world.outside().add_rule(JobRule { job: job.into(), takes, ends, prints, once: false });
    }

    pub fn probe(&self, probe: &str, script: Option<ProbeScript>) {
        self.world.outside().set_probe(probe, Some("production"), script);
    }

    /// The card as it stands.
    pub async fn card(&mut self, sheet: &'static str, id: &str) {
        let deployment = self.deployment(id).await;
        let said = self.newest(|s, _| s.key == format!("card:{id}"), id);
        let hold = deployment.run.as_ref().and_then(|r| r.hold.as_ref()).map(|h| h.reason);
        let (status, message) = (Some(deployment.status), said.message());
        self.shots.push(Shot { sheet, name: "", place: Place::Channel, message, status, hold });
    }

    /// What somebody says is decided, and nothing that follows from it is done yet: the card of that instant.
    pub async fn begins(&mut self, who: &str, text: &str, sheet: &'static str, id: &str) {
        let body = Body::Command { text: text.into(), thread: None };
        let (platform, channel) = (PlatformName::new("console"), ChannelName::new("deployments"));
        let envelope = Envelope { platform, id: format!("at once {text}"), account: who.into(), channel, body };
        self.world.engine().receive(envelope).await.unwrap();
        let deployment = self.deployment(id).await;
        let message = cards(self.world.policy(), &deployment).swap_remove(0).message;
        let status = Some(deployment.status);
        self.shots.push(Shot { sheet, name: "", place: Place::Channel, message, status, hold: None });
        self.world.settle().await.unwrap();
    }

    /// The newest message that says so, wherever it was posted.
    pub fn said(&mut self, sheet: &'static str, name: &'static str, words: &str) {
        let said = self.newest(|s, text| !s.key.starts_with("card:") && text.contains(words), words);
        let place = if said.thread.is_some() { Place::Thread } else { Place::Channel };
        self.pick(sheet, name, place, said.message());
    }

    /// What somebody was answered.
    pub fn told(&mut self, sheet: &'static str, name: &'static str, who: &'static str, answer: Answer) {
        for message in answer.messages {
            self.pick(sheet, name, Place::Alone(who), message);
        }
    }

    /// The form that somebody was given.
    pub fn given(&mut self, sheet: &'static str, answer: Answer) {
        let (action, form) = answer.form.unwrap();
        self.pick(sheet, "", Place::Form { action, form }, Message::default());
    }

    /// The form of a button on the newest message that says so.
    pub fn form_of(&mut self, sheet: &'static str, label: &str, on: &str) {
        let message = self.newest(|s, words| s.key == on || words.contains(on), on).message();
        let button = message.buttons.into_iter().find(|b| b.label == label).unwrap();
        let (action, form) = (button.action.encode(), button.form.unwrap());
        self.pick(sheet, "", Place::Form { action, form }, Message::default());
    }

    pub async fn asks(&mut self, sheet: &'static str, name: &'static str, who: &'static str, text: &str) {
        let answer = self.says(who, text).await;
        self.told(sheet, name, who, answer);
    }

    pub fn pick(&mut self, sheet: &'static str, name: &'static str, place: Place, message: Message) {
        self.shots.push(Shot { sheet, name, place, message, status: None, hold: None });
    }

    pub fn newest(&self, fits: impl Fn(&Said, &str) -> bool, what: &str) -> Said {
        let all = self.world.chat().said();
        let found = all.iter().rev().find(|s| fits(s, &render(&s.message(), &self.reader)));
        found.cloned().unwrap_or_else(|| {
            let all: Vec<_> = all.iter().map(|s| render(&s.message(), &self.reader)).collect();
            panic!("nothing says {what}:\n{}", all.join("\n\n"))
        })
    }
}
