//! From named values to the typed command that decisions match on.

use super::error::{CommandError, Problem};
use super::kind::{Kind, Value};
use super::parse::Invocation;
use crate::domain::alert::AlertCommand;
use crate::domain::command::{About, Command, DeployRequest, RollbackTarget};
use crate::domain::ids::{DeploymentId, EnvironmentName, IncidentId, PersonId, ServiceName};
use crate::domain::incident::{Duty, IncidentCommand};
use crate::domain::numbers::StatsQuery;
use crate::domain::rhythm::MaintenanceCommand;
use crate::domain::roster::OncallCommand;
use crate::domain::runbook::{RunbookCommand, Wish};
use crate::domain::status::Phase;
use std::collections::BTreeMap;

/// The values of an invocation by name and kind.
struct Args<'a>(&'a BTreeMap<String, Value>);

/// `args.$name("x")` gives the value of that kind, or nothing when it is absent.
macro_rules! optional {
    ($($name:ident: $variant:ident($kind:ident) -> $type:ty),* $(,)?) => {
        $(fn $name(&self, name: &str) -> Result<Option<$type>, CommandError> {
            match self.0.get(name) {
                None => Ok(None),
                Some(Value::$variant(value)) => Ok(Some(value.clone())),
                Some(_) => Err(Problem::BadValue { kind: Kind::$kind, word: name.to_owned() }.into()),
            }
        })*
    };
}

impl Args<'_> {
    optional! {
        text: Text(Text) -> String,
        number: Number(Number) -> u32,
        span: Span(Duration) -> crate::domain::time::Span,
        deployment: Deployment(Deployment) -> DeploymentId,
        service: Service(Service) -> ServiceName,
        environment: Environment(Environment) -> EnvironmentName,
        mode: Mode(Mode) -> crate::domain::command::RollbackMode,
        items: Items(Items) -> Vec<u32>,
        incident: Incident(Incident) -> IncidentId,
        person: Person(Person) -> PersonId,
    }

    fn flag(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn id(&self) -> Result<DeploymentId, CommandError> {
        needed(self.deployment("deployment")?, "deployment")
    }

    fn place(&self) -> Result<EnvironmentName, CommandError> {
        needed(self.environment("environment")?, "environment")
    }

    fn reason(&self) -> Result<String, CommandError> {
        needed(self.text("reason")?, "reason")
    }

    fn said(&self, name: &str) -> Result<String, CommandError> {
        needed(self.text(name)?, name)
    }

    /// One of the commands that begin with `incident`; `None` when there is none of that name.
    fn of_incident(&self, name: &str) -> Result<Option<IncidentCommand>, CommandError> {
        use IncidentCommand as C;
        let incident = self.incident("incident")?;
        Ok(Some(match name {
            "incident" => C::Declare {
                severity: self.said("severity")?,
                title: self.said("title")?,
                service: self.service("service")?,
                anyway: self.flag("anyway"),
            },
            "incident join" => C::Join { incident },
            "incident ack" => C::Ack { incident, eta: self.span("eta")?, episode: self.number("episode")? },
            "incident update" => C::Update { incident, text: self.said("text")?, public: self.text("public")? },
            "incident mitigate" => C::Mitigate { incident, text: self.said("text")?, public: self.text("public")? },
            "incident resolve" => C::Resolve {
                incident,
                resolution: self.said("resolution")?,
                cause: self.text("cause")?.unwrap_or_default(),
                public: self.text("public")?,
            },
            "incident publish" => C::Publish {
                incident,
                text: self.said("text")?,
                title: self.text("title")?,
                phase: match self.text("as")? {
                    None => None,
                    Some(word) => Some(needed(Phase::parse(&word), "phase")?),
                },
            },
            "incident reopen" => C::Reopen { incident, reason: self.reason()? },
            "incident severity" => C::Severity { incident, severity: self.said("severity")? },
            "incident assign" => {
                let duty = needed(self.text("duty")?.as_deref().and_then(Duty::parse), "duty")?;
                C::Assign { incident, duty, person: needed(self.person("person")?, "person")? }
            }
            "incident escalate" => C::Escalate { incident, reason: self.text("reason")? },
            "escalate" => C::GoUp { incident, reason: self.text("reason")? },
            "page" => C::Page { whom: self.said("whom")?, text: self.said("text")?, incident },
            "drill" => C::Drill { severity: self.said("severity")? },
            "incident snooze" => C::Snooze { incident, span: needed(self.span("span")?, "span")? },
            "incident impact" => C::Impact { incident, text: self.said("text")? },
            "incident action" => {
                C::Action { incident, text: self.said("text")?, owner: self.person("owner")?, due: self.span("due")? }
            }
            "incident plan" => C::Plan {
                incident,
                action: needed(self.number("action")?, "action")?,
                owner: self.person("owner")?,
                due: self.span("due")?,
            },
            "incident done" => C::Done { incident, action: needed(self.number("action")?, "action")? },
            "incident lessons" => C::Lessons { incident, text: self.said("text")? },
            "incident review" => C::Review { incident },
            // Without an incident these are about a deployment.
            "checklist" if incident.is_some() => C::Checklist { incident },
            "checklist tick" if incident.is_some() => {
                C::Tick { incident, items: needed(self.items("items")?, "items")? }
            }
            "checklist untick" if incident.is_some() => {
                C::Untick { incident, items: needed(self.items("items")?, "items")? }
            }
            "checklist na" if incident.is_some() => {
                let item = needed(self.number("item")?, "item")?;
                C::NotApplicable { incident, item, reason: self.reason()? }
            }
            "incident postmortem" => C::PostMortem { incident },
            "incident status" => C::Status { incident },
            "incident timeline" => C::Timeline { incident },
            "incident list" => C::List,
            _ => return Ok(None),
        }))
    }

    /// One of the commands that begin with `oncall`; `None` when there is none of that name.
    fn of_oncall(&self, name: &str) -> Result<Option<OncallCommand>, CommandError> {
        use OncallCommand as C;
        let (roster, number) = (self.text("roster")?, self.number("number")?);
        let person = || needed(self.person("person")?, "person");
        Ok(Some(match name {
            "oncall" => C::Who { roster, at: self.text("at")? },
            "oncall week" => C::Week { roster },
            "oncall override" => C::Override { roster, person: person()?, when: self.said("when")? },
            "oncall cancel" => C::Cancel { roster, number: needed(number, "number")? },
            "oncall swap" => C::Swap { roster, person: person()?, at: self.text("at")? },
            "oncall take" => C::Take { roster, number },
            "oncall decline" => C::Decline { roster, number },
            "oncall handoff" => C::Handoff { roster },
            "oncall accept" => C::Accept { roster, handoff: self.number("handoff")? },
            "oncall simulate" => C::Simulate { severity: self.said("severity")?, at: self.text("at")? },
            _ => return Ok(None),
        }))
    }

    /// One of the commands that begin with `maintenance`; `None` when there is none of that name.
    fn of_maintenance(&self, command: &str) -> Result<Option<MaintenanceCommand>, CommandError> {
        use MaintenanceCommand as C;
        let (round, items) = (self.number("round")?, || needed(self.items("items")?, "items"));
        Ok(Some(match command {
            "maintenance" => C::Show { name: self.text("name")? },
            "maintenance tick" => C::Tick { name: self.said("name")?, items: items()?, round },
            "maintenance untick" => C::Untick { name: self.said("name")?, items: items()?, round },
            "maintenance na" => C::NotApplicable {
                name: self.said("name")?,
                item: needed(self.number("item")?, "item")?,
                reason: self.reason()?,
                round,
            },
            _ => return Ok(None),
        }))
    }

    /// One of the commands about alerts; `None` when there is none of that name.
    fn of_alerts(&self, name: &str) -> Result<Option<AlertCommand>, CommandError> {
        use AlertCommand as C;
        Ok(Some(match name {
            "alerts" => C::List,
            "silence" => C::Silence {
                matcher: self.said("matcher")?,
                span: needed(self.span("span")?, "span")?,
                reason: self.reason()?,
            },
            "silence list" => C::Silences,
            "silence cancel" => C::CancelSilence { number: needed(self.number("number")?, "number")? },
            _ => return Ok(None),
        }))
    }

    /// One of the commands that begin with `runbook`; `None` when there is none of that name.
    fn of_runbook(&self, command: &str) -> Result<Option<RunbookCommand>, CommandError> {
        use RunbookCommand as C;
        let incident = self.incident("incident")?;
        Ok(Some(match command {
            "runbook" => {
                C::Show { name: self.text("name")?, words: self.text("words")?, from: self.number("from")?, incident }
            }
            "runbook run" => C::Run(Wish {
                name: self.said("name")?,
                command: self.text("command")?,
                service: self.service("service")?,
                environment: self.environment("environment")?,
                incident,
            }),
            "runbook confirm" => C::Confirm { name: self.said("name")?, number: needed(self.number("run")?, "run")? },
            "runbook stop" => C::Stop { name: self.said("name")?, number: self.number("run")? },
            _ => return Ok(None),
        }))
    }

    fn request(&self) -> Result<DeployRequest, CommandError> {
        Ok(DeployRequest {
            service: self.service("service")?,
            version: needed(self.text("version")?, "version")?,
            environment: self.place()?,
            dry_run: self.flag("dry-run"),
            hotfix: self.text("hotfix")?,
            skip_ci: self.text("skip-ci")?,
            strategy: self.text("strategy")?,
        })
    }

    fn about(&self) -> Result<About, CommandError> {
        match self.deployment("deployment")? {
            Some(id) => Ok(About::Deployment(id)),
            None => Ok(About::Request(self.request()?)),
        }
    }

    fn target(&self) -> Result<RollbackTarget, CommandError> {
        match self.deployment("deployment")? {
            Some(id) => Ok(RollbackTarget::Deployment(id)),
            None => Ok(RollbackTarget::Place { service: self.service("service")?, environment: self.place()? }),
        }
    }
}

fn needed<T>(value: Option<T>, name: &str) -> Result<T, CommandError> {
    let missing = || Problem::Missing { arg: name.to_uppercase(), help: "Type it behind the command".into() };
    value.ok_or_else(|| missing().into())
}

impl TryFrom<&Invocation> for Command {
    type Error = CommandError;

    fn try_from(invocation: &Invocation) -> Result<Self, CommandError> {
        let args = Args(&invocation.args);
        if let Some(command) = args.of_incident(&invocation.command)? {
            return Ok(Self::Incident(command));
        }
        if let Some(command) = args.of_oncall(&invocation.command)? {
            return Ok(Self::Oncall(command));
        }
        if let Some(command) = args.of_maintenance(&invocation.command)? {
            return Ok(Self::Maintenance(command));
        }
        if let Some(command) = args.of_runbook(&invocation.command)? {
            return Ok(Self::Runbook(command));
        }
        if let Some(command) = args.of_alerts(&invocation.command)? {
            return Ok(Self::Alert(command));
        }
        Ok(match invocation.command.as_str() {
            "deploy" => Self::Deploy(args.request()?),
            "deploy status" => Self::DeployStatus { deployment: args.deployment("deployment")? },
            "deploy history" => Self::DeployHistory {
                service: args.service("service")?,
                environment: args.environment("environment")?,
                limit: args.number("limit")?,
            },
            "approve" => Self::Approve { deployment: args.id()?, plan: args.text("plan")? },
            "reject" => Self::Reject { deployment: args.id()?, reason: args.reason()? },
            "withdraw" => Self::Withdraw { deployment: args.id()? },
            "cancel" => Self::Cancel { deployment: args.id()? },
            "rollback" => {
                Self::Rollback { target: args.target()?, mode: args.mode("mode")?, reason: args.text("reason")? }
            }
            "abort" => Self::Abort { deployment: args.id()?, reason: args.text("reason")? },
            "pause" => Self::Pause { deployment: args.id()? },
            "resume" => Self::Resume { deployment: args.id()? },
            "promote" => Self::Promote { deployment: args.id()? },
            "confirm" => Self::Confirm { deployment: args.id()?, step: args.text("step")? },
            "lock" => Self::Lock {
                service: args.service("service")?,
                environment: args.place()?,
                span: args.span("span")?,
                reason: args.reason()?,
                take_over: args.flag("take-over"),
            },
            "unlock" => Self::Unlock { service: args.service("service")?, environment: args.place()? },
            "window" => {
                Self::Window { service: args.service("service")?, environment: args.environment("environment")? }
            }
            "checklist" => Self::Checklist { deployment: args.id()? },
            "checklist tick" => {
                Self::ChecklistTick { deployment: args.id()?, items: needed(args.items("items")?, "items")? }
            }
            "checklist untick" => {
                Self::ChecklistUntick { deployment: args.id()?, items: needed(args.items("items")?, "items")? }
            }
            "checklist na" => Self::ChecklistNa {
                deployment: args.id()?,
                item: needed(args.number("item")?, "item")?,
                reason: args.reason()?,
            },
            "why" => Self::Why(args.about()?),
            "when" => Self::When(args.about()?),
            "quarantine release" => Self::QuarantineRelease {
                service: needed(args.service("service")?, "service")?,
                version: needed(args.text("version")?, "version")?,
                environment: args.environment("environment")?,
                reason: args.reason()?,
            },
            "quarantine list" => Self::QuarantineList,
            "digest" => Self::Digest { name: args.text("name")? },
            "stats" => {
                let words = args.text("of")?.unwrap_or_default();
                Self::Stats(StatsQuery { words: words.split_whitespace().map(str::to_owned).collect() })
            }
            "review" => Self::Review { deployment: args.id()?, notes: needed(args.text("notes")?, "notes")? },
            "help" => {
                let topic = args.text("topic")?.map(|t| t.trim_start_matches('/').trim().to_owned());
                Self::Help { topic: topic.filter(|t| !t.is_empty()) }
            }
            other => return Err(Problem::UnknownCommand { word: other.to_owned(), near: Vec::new() }.into()),
        })
    }
}
