//! Command lines as people type them, and the commands they mean.

use proptest::prelude::*;
use signalbox::command::{Catalogue, CommandError, Problem, Vocabulary, from_action, read};
use signalbox::domain::alert::AlertCommand as A;
use signalbox::domain::command::{About, Command, DeployRequest, RollbackMode, RollbackTarget};
use signalbox::domain::ids::{DeploymentId, IncidentId};
use signalbox::domain::incident::{Duty, IncidentCommand};
use signalbox::domain::message::Action;
use signalbox::domain::numbers::StatsQuery;
use signalbox::domain::rhythm::MaintenanceCommand as M;
use signalbox::domain::roster::OncallCommand as C;
use signalbox::domain::runbook::{RunbookCommand, Wish};
use signalbox::domain::status::Phase;
use signalbox::domain::time::Span;

/// What the lines below are read with; completion is tested with the same.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        services: ["api".into(), "frontend".into()].into(),
        environments: ["development".into(), "production".into(), "staging".into()].into(),
        strategies: ["canary".into(), "all-at-once".into()].into(),
        roles: ["cto".into(), "dba".into()].into(),
        severities: ["P0", "P1", "P2"].map(String::from).into(),
        rosters: ["primary".into()].into(),
        digests: ["morning".into()].into(),
        maintenance: ["weekly".into()].into(),
        runbooks: ["memory".into()].into(),
        people: [("omar".into(), "Omar Farouk".into()), ("sara".into(), "Sara Haddad".into())].into(),
        said_in: None,
    }
}

fn show(name: Option<String>, words: Option<String>, incident: Option<IncidentId>) -> Command {
    Command::Runbook(RunbookCommand::Show { name, words, from: None, incident })
}

fn on_call(command: C) -> Command {
    Command::Oncall(command)
}

fn primary() -> Option<String> {
    text("primary")
}

fn text(words: &str) -> Option<String> {
    Some(words.to_owned())
}

const SEVEN: Option<IncidentId> = Some(IncidentId(7));

fn incident(command: IncidentCommand) -> Command {
    Command::Incident(command)
}

fn declared(severity: &str, title: &str, service: Option<&str>, anyway: bool) -> IncidentCommand {
    let (severity, title) = (severity.to_owned(), title.to_owned());
    IncidentCommand::Declare { severity, title, service: service.map(Into::into), anyway }
}

fn says(text: &str) -> Result<Command, CommandError> {
    read(&Catalogue::embedded().unwrap(), &vocabulary(), text)
}

fn request(service: Option<&str>, version: &str, environment: &str) -> DeployRequest {
    DeployRequest {
        service: service.map(Into::into),
        version: version.into(),
        environment: environment.into(),
        dry_run: false,
        hotfix: None,
        skip_ci: None,
        strategy: None,
    }
}

const D: DeploymentId = DeploymentId(42);

#[test]
fn a_deploy_is_asked_for_in_many_ways() {
    let bare = Command::Deploy(request(None, "v1.2.0", "production"));
    for text in [
        "/deploy v1.2.0 to production",
        "deploy v1.2.0 to production",
        "  /DEPLOY  v1.2.0  TO  Production ",
        "/deploy to production v1.2.0",
        "/deploy v1.2.0 production",
        "/deploy production v1.2.0",
        "/deploy `v1.2.0` to `production`",
        "`/deploy v1.2.0 to production`",
        "/deploy “v1.2.0” to 'production'",
        "/deploy v1.2.0\nto\tproduction",
        "/deploy v1.2.0 in production",
    ] {
        assert_eq!(says(text), Ok(bare.clone()), "{text}");
    }
    let api = Command::Deploy(request(Some("api"), "v1.2.0", "production"));
    for text in [
        "/deploy api v1.2.0 to production",
        "/deploy v1.2.0 api to production",
        "/deploy v1.2.0 of api to production",
        "/deploy v1.2.0 to production of API",
        "/deploy api to production v1.2.0",
        "/deploy production api v1.2.0",
    ] {
        assert_eq!(says(text), Ok(api.clone()), "{text}");
    }
    let dry = Command::Deploy(DeployRequest { dry_run: true, ..request(None, "v1.2.0", "production") });
    for text in [
        "/deploy v1.2.0 to production --dry-run",
        "/deploy --dry-run v1.2.0 to production",
        "/deploy v1.2.0 to production —dry-run",
        "/deploy v1.2.0 to production --DRY_RUN",
    ] {
        assert_eq!(says(text), Ok(dry.clone()), "{text}");
    }
    let hotfix = DeployRequest {
        hotfix: Some("checkout is \"down\"".into()),
        skip_ci: Some("slow".into()),
        strategy: Some("canary".into()),
        ..request(None, "main", "staging")
    };
    assert_eq!(
        says(r#"/deploy main to staging --hotfix "checkout is \"down\"" --skip-ci=slow --strategy Canary"#),
        Ok(Command::Deploy(hotfix))
    );
}

#[test]
fn every_other_command_is_read() {
    let place = |service: Option<&str>| RollbackTarget::Place {
        service: service.map(Into::into),
        environment: "production".into(),
    };
    let back = |target, mode, reason: Option<&str>| Command::Rollback { target, mode, reason: reason.map(Into::into) };
    let lock = |service: Option<&str>, hours: Option<i64>, reason: &str, take_over| Command::Lock {
        service: service.map(Into::into),
        environment: "production".into(),
        span: hours.map(Span::hours),
        reason: reason.into(),
        take_over,
    };
    let reject = |reason: &str| Command::Reject { deployment: D, reason: reason.into() };
    let window = |service: Option<&str>, environment: Option<&str>| Command::Window {
        service: service.map(Into::into),
        environment: environment.map(Into::into),
    };
    let tick = |items: &[u32]| Command::ChecklistTick { deployment: D, items: items.to_vec() };
    let rows = [
        ("/deploy status", Command::DeployStatus { deployment: None }),
        ("/deploy Status d-42", Command::DeployStatus { deployment: Some(D) }),
        ("/deploy-status 42", Command::DeployStatus { deployment: Some(D) }),
        (
            "/deploy history --limit 50 staging frontend",
            Command::DeployHistory {
                service: Some("frontend".into()),
                environment: Some("staging".into()),
                limit: Some(50),
            },
        ),
        ("/approve D-42", Command::Approve { deployment: D, plan: None }),
        ("/reject D-42 \"not reviewed\"", reject("not reviewed")),
        ("/reject d42 don't – it's  5\" too  `wide`", reject("don't – it's  5\" too  `wide`")),
        ("/reject D-42 \"a\" and \"b\" --now", reject("\"a\" and \"b\" --now")),
        ("/withdraw D-42", Command::Withdraw { deployment: D }),
        ("/cancel D–42", Command::Cancel { deployment: D }),
        ("/rollback in production", back(place(None), None, None)),
        ("/rollback production", back(place(None), None, None)),
        ("/rollback api in production", back(place(Some("api")), None, None)),
        ("/rollback of api in production", back(place(Some("api")), None, None)),
        ("/rollback in production Quick", back(place(None), Some(RollbackMode::Quick), None)),
        (
            "/rollback api in production full the migration broke",
            back(place(Some("api")), Some(RollbackMode::Full), Some("the migration broke")),
        ),
        ("/rollback in production \"full disk\"", back(place(None), None, Some("full disk"))),
        ("/rollback in production \"D-41 broke it\"", back(place(None), None, Some("D-41 broke it"))),
        ("/rollback in production \"full\"", back(place(None), None, Some("full"))),
        ("/rollback in production api is slow", back(place(None), None, Some("api is slow"))),
        ("/rollback D-42", back(RollbackTarget::Deployment(D), None, None)),
        (
            "/rollback D-42 emergency api in trouble",
            back(RollbackTarget::Deployment(D), Some(RollbackMode::Emergency), Some("api in trouble")),
        ),
        ("/abort D-42", Command::Abort { deployment: D, reason: None }),
        ("/abort D-42 no logins", Command::Abort { deployment: D, reason: Some("no logins".into()) }),
        ("/pause D-42", Command::Pause { deployment: D }),
        ("/resume D-42", Command::Resume { deployment: D }),
        ("/promote D-42", Command::Promote { deployment: D }),
        ("/confirm D-42", Command::Confirm { deployment: D, step: None }),
        ("/confirm D-42 smoke test", Command::Confirm { deployment: D, step: Some("smoke test".into()) }),
        ("/lock production for 2h database move", lock(None, Some(2), "database move", false)),
        ("/lock api in production for 2h database move", lock(Some("api"), Some(2), "database move", false)),
        ("/lock production api is moving", lock(None, None, "api is moving", false)),
        ("/lock production for maintenance", lock(None, None, "for maintenance", false)),
        ("/lock production for the database move", lock(None, None, "for the database move", false)),
        ("/lock production \"for a while\"", lock(None, None, "for a while", false)),
        ("/lock production --take-over for 1h mine now", lock(None, Some(1), "mine now", true)),
        ("/lock production mine --take-over now", lock(None, None, "mine now", true)),
        ("/lock production don't touch", lock(None, None, "don't touch", false)),
        ("/unlock production", Command::Unlock { service: None, environment: "production".into() }),
        (
            "/unlock api in production",
            Command::Unlock { service: Some("api".into()), environment: "production".into() },
        ),
        ("/window", window(None, None)),
        ("/window production", window(None, Some("production"))),
        ("/window api in production", window(Some("api"), Some("production"))),
        ("/checklist D-42", Command::Checklist { deployment: D }),
        ("/checklist INC-7", Command::Incident(IncidentCommand::Checklist { incident: Some(IncidentId(7)) })),
        (
            "/checklist tick INC-7 2 4-5",
            Command::Incident(IncidentCommand::Tick { incident: Some(IncidentId(7)), items: vec![2, 4, 5] }),
        ),
        (
            "/checklist untick INC-7 2",
            Command::Incident(IncidentCommand::Untick { incident: Some(IncidentId(7)), items: vec![2] }),
        ),
        (
            "/checklist na INC-7 6 nothing was released",
            Command::Incident(IncidentCommand::NotApplicable {
                incident: Some(IncidentId(7)),
                item: 6,
                reason: "nothing was released".into(),
            }),
        ),
        ("/checklist tick D-42 3", tick(&[3])),
        ("/checklist tick D-42 3 4 3 7-9", tick(&[3, 4, 7, 8, 9])),
        ("/checklist tick 42 3, 4", tick(&[3, 4])),
        ("/checklist untick D-42 3", Command::ChecklistUntick { deployment: D, items: vec![3] }),
        (
            "/checklist na D-42 3 4 is done by hand",
            Command::ChecklistNa { deployment: D, item: 3, reason: "4 is done by hand".into() },
        ),
        ("/why D-42", Command::Why(About::Deployment(D))),
        ("/why v1.2.0 to production", Command::Why(About::Request(request(None, "v1.2.0", "production")))),
        ("/when v1 of api to staging", Command::When(About::Request(request(Some("api"), "v1", "staging")))),
        (
            "/quarantine release api v1.3.0 in production it was the network",
            Command::QuarantineRelease {
                service: "api".into(),
                version: "v1.3.0".into(),
                environment: Some("production".into()),
                reason: "it was the network".into(),
            },
        ),
        ("/quarantine list", Command::QuarantineList),
        ("/review D-42 test added", Command::Review { deployment: D, notes: "test added".into() }),
        ("/help", Command::Help { topic: None }),
        (
            "/incident p1 checkout is slow --service api",
            incident(declared("P1", "checkout is slow", Some("api"), false)),
        ),
        ("/incident P0 the API is down --anyway", incident(declared("P0", "the API is down", None, true))),
        ("/incident join", incident(IncidentCommand::Join { incident: None })),
        (
            "/incident ack INC-7 for 15m",
            incident(IncidentCommand::Ack { incident: SEVEN, eta: Some(Span::mins(15)), episode: None }),
        ),
        (
            "/incident update 5 users are affected",
            incident(IncidentCommand::Update { incident: None, text: "5 users are affected".into(), public: None }),
        ),
        (
            "/incident mitigate inc7 rolled back",
            incident(IncidentCommand::Mitigate { incident: SEVEN, text: "rolled back".into(), public: None }),
        ),
        (
            "/incident resolve rolled back --cause \"a missing index\"",
            incident(IncidentCommand::Resolve {
                incident: None,
                resolution: "rolled back".into(),
                cause: "a missing index".into(),
                public: None,
            }),
        ),
        (
            "/incident resolve rolled back --cause \"a missing index\" --public \"It is over.\"",
            incident(IncidentCommand::Resolve {
                incident: None,
                resolution: "rolled back".into(),
                cause: "a missing index".into(),
                public: Some("It is over.".into()),
            }),
        ),
        (
            "/incident publish INC-7 Some payments fail. --title \"Payments\" --as identified",
            incident(IncidentCommand::Publish {
                incident: SEVEN,
                text: "Some payments fail.".into(),
                title: Some("Payments".into()),
                phase: Some(Phase::Identified),
            }),
        ),
        (
            "/incident reopen INC-7 slow again",
            incident(IncidentCommand::Reopen { incident: SEVEN, reason: "slow again".into() }),
        ),
        ("/incident severity INC-7 p2", incident(IncidentCommand::Severity { incident: SEVEN, severity: "P2".into() })),
        (
            "/incident assign commander @Sara",
            incident(IncidentCommand::Assign { incident: None, duty: Duty::Commander, person: "sara".into() }),
        ),
        ("/incident escalate", incident(IncidentCommand::Escalate { incident: None, reason: None })),
        ("/incident snooze 15m", incident(IncidentCommand::Snooze { incident: None, span: Span::mins(15) })),
        (
            "/incident impact every third payment fails",
            incident(IncidentCommand::Impact { incident: None, text: "every third payment fails".into() }),
        ),
        (
            "/incident action INC-7 alert on the pool --owner @Sara --due 7d",
            incident(IncidentCommand::Action {
                incident: SEVEN,
                text: "alert on the pool".into(),
                owner: Some("sara".into()),
                due: Some(Span::hours(7 * 24)),
            }),
        ),
        (
            "/incident plan 2 --due 30h",
            incident(IncidentCommand::Plan { incident: None, action: 2, owner: None, due: Some(Span::hours(30)) }),
        ),
        ("/incident done INC-7 2", incident(IncidentCommand::Done { incident: SEVEN, action: 2 })),
        (
            "/incident lessons no alert on the pool",
            incident(IncidentCommand::Lessons { incident: None, text: "no alert on the pool".into() }),
        ),
        ("/incident review", incident(IncidentCommand::Review { incident: None })),
        ("/incident postmortem INC-7", incident(IncidentCommand::PostMortem { incident: SEVEN })),
        ("/incident status INC-7", incident(IncidentCommand::Status { incident: SEVEN })),
        ("/incident timeline", incident(IncidentCommand::Timeline { incident: None })),
        ("/incident list", incident(IncidentCommand::List)),
        (
            "/page DBA database on fire",
            incident(IncidentCommand::Page { whom: "dba".into(), text: "database on fire".into(), incident: None }),
        ),
        (
            "/page @omar look at the queue --incident inc-7",
            incident(IncidentCommand::Page { whom: "omar".into(), text: "look at the queue".into(), incident: SEVEN }),
        ),
        (
            "/escalate INC-7 we need more hands",
            incident(IncidentCommand::GoUp { incident: SEVEN, reason: text("we need more hands") }),
        ),
        ("/drill p1", incident(IncidentCommand::Drill { severity: "P1".into() })),
        ("/oncall Primary at sunday 03:10", on_call(C::Who { roster: primary(), at: text("at sunday 03:10") })),
        ("/oncall week", on_call(C::Week { roster: None })),
        (
            "/oncall override primary sara for 4h",
            on_call(C::Override { roster: primary(), person: "sara".into(), when: "for 4h".into() }),
        ),
        ("/oncall cancel 3", on_call(C::Cancel { roster: None, number: 3 })),
        ("/oncall swap @omar", on_call(C::Swap { roster: None, person: "omar".into(), at: None })),
        ("/oncall take primary 3", on_call(C::Take { roster: primary(), number: Some(3) })),
        ("/oncall decline", on_call(C::Decline { roster: None, number: None })),
        ("/oncall handoff", on_call(C::Handoff { roster: None })),
        ("/oncall simulate p0 sunday 03:10", on_call(C::Simulate { severity: "P0".into(), at: text("sunday 03:10") })),
        ("/oncall accept primary", on_call(C::Accept { roster: primary(), handoff: None })),
        ("/digest", Command::Digest { name: None }),
        ("/digest Morning", Command::Digest { name: text("morning") }),
        ("/stats month api", Command::Stats(StatsQuery { words: vec!["month".into(), "api".into()] })),
        ("/runbook", show(None, None, None)),
        ("/runbook Memory", show(text("memory"), None, None)),
        ("/runbook pages are slow", show(None, text("pages are slow"), None)),
        ("/runbook memory leak --incident INC-7", show(text("memory"), text("leak"), SEVEN)),
        (
            "/runbook run memory restart production api",
            Command::Runbook(RunbookCommand::Run(Wish {
                name: "memory".into(),
                command: text("restart"),
                service: Some("api".into()),
                environment: Some("production".into()),
                incident: None,
            })),
        ),
        ("/runbook confirm memory 3", Command::Runbook(RunbookCommand::Confirm { name: "memory".into(), number: 3 })),
        ("/runbook stop memory", Command::Runbook(RunbookCommand::Stop { name: "memory".into(), number: None })),
        ("/maintenance", Command::Maintenance(M::Show { name: None })),
        (
            "/maintenance tick weekly 1 3-4",
            Command::Maintenance(M::Tick { name: "weekly".into(), items: vec![1, 3, 4], round: None }),
        ),
        (
            "/maintenance untick weekly 2",
            Command::Maintenance(M::Untick { name: "weekly".into(), items: vec![2], round: None }),
        ),
        (
            "/maintenance na weekly 2 nothing to close",
            Command::Maintenance(M::NotApplicable {
                name: "weekly".into(),
                item: 2,
                reason: "nothing to close".into(),
                round: None,
            }),
        ),
        ("/alerts", Command::Alert(A::List)),
        (
            "/silence service=api,severity=warn* for 2h we move it",
            Command::Alert(A::Silence {
                matcher: "service=api,severity=warn*".into(),
                span: Span::hours(2),
                reason: "we move it".into(),
            }),
        ),
        ("/silence list", Command::Alert(A::Silences)),
        ("/silence cancel 3", Command::Alert(A::CancelSilence { number: 3 })),
        ("/help /checklist tick", Command::Help { topic: Some("checklist tick".into()) }),
    ];
    let mut seen = std::collections::BTreeSet::from(["deploy"]);
    for (text, command) in rows {
        seen.insert(command.name());
        assert_eq!(says(text), Ok(command), "{text}");
    }
    let catalogue = Catalogue::embedded().unwrap();
    let all = catalogue.entries().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(seen, all, "each file has a typed command, and the other way round");
}

#[test]
fn every_example_is_read_as_its_command() {
    let catalogue = Catalogue::embedded().unwrap();
    for entry in catalogue.entries() {
        for example in &entry.examples {
            assert_eq!(says(example).map(|c| c.name()), Ok(entry.name.as_str()), "{example}");
        }
    }
}

#[test]
fn mistakes_are_answered_with_what_to_type() {
    for (text, said) in [
        ("", "There is no command here. Type /help to see what there is."),
        ("/", "There is no command here. Type /help to see what there is."),
        ("/depoly v1 to production", "I do not know the command /depoly. Did you mean /deploy?"),
        ("/depoly status", "I do not know the command /depoly. Did you mean /deploy status or /deploy?"),
        ("/elephant", "I do not know the command /elephant. Type /help to see what there is."),
        ("/quarantine", "/quarantine needs one more word. I know /quarantine list and /quarantine release."),
        ("/quarantine relaese api", "/quarantine does not know relaese. Did you mean /quarantine release?"),
        ("/deploy statsu", "/deploy does not know statsu. Did you mean /deploy status?"),
        ("/checklist tik D-42 3", "/checklist does not know tik. Did you mean /checklist tick?"),
        ("/deploy", "VERSION is missing. The version as it is tagged, such as v1.2.0."),
        ("/deploy v1.2.0", "ENVIRONMENT is missing. Where it goes."),
        ("/deploy api to production", "VERSION is missing. The version as it is tagged, such as v1.2.0."),
        ("/deploy v1.2.0 to", "Nothing stands behind to. Where it goes."),
        ("/deploy v1.2.0 to prod", "prod is not an environment that I know. Did you mean production?"),
        ("/deploy v1.2.0 prod", "prod is not an environment that I know. Did you mean production?"),
        (
            "/deploy v1.2.0 to moon",
            "moon is not an environment that I know. I know development, production and staging.",
        ),
        (
            "/deploy v1.2.0 to api",
            "api is a service, and an environment is wanted here. I know development, production and staging.",
        ),
        ("/deploy appi v1.2.0 to production", "appi is not a service that I know. Did you mean api?"),
        ("/deploy web2 v1.2.0 to production", "web2 is not a service that I know. I know api and frontend."),
        (
            "/deploy v1.2.0 v1.3.0 to production",
            "VERSION is there twice: v1.3.0 is one too many. Leave it out, or check the order.",
        ),
        (
            "/deploy v1.2.0 to production in staging",
            "ENVIRONMENT is there twice: staging is one too many. Leave it out, or check the order.",
        ),
        (
            "/deploy v1.2.0 to production of api now",
            "I do not know what to do with now. Leave it out, or check the order.",
        ),
        ("/deploy v1.2.0 to production --dryrun", "I do not know the option --dryrun. Did you mean --dry-run?"),
        (
            "/deploy v1.2.0 to production --hotfix",
            "Nothing stands behind --hotfix. Use the hotfix lane; the reason goes into the journal.",
        ),
        (
            "/deploy v1.2.0 --hotfix --dry-run to production",
            "Nothing stands behind --hotfix. Use the hotfix lane; the reason goes into the journal.",
        ),
        (
            "/deploy v1.2.0 to production --hotfix checkout is down",
            "The text behind --hotfix has no quotes. Type --hotfix \"all of the words\".",
        ),
        (
            "/deploy v1.2.0 to production --hotfix \"down",
            "The quote that begins at \"down is not closed. Close it with the same quote, or leave both out.",
        ),
        (
            "/deploy v1.2.0;ls to production",
            "v1.2.0;ls is not a version. A version has letters, digits and . - _ + / only, at most 100 of them, like v1.2.0.",
        ),
        ("/deploy history --limit 51", "LIMIT goes up to 50."),
        ("/deploy history --limit x", "x is not a number. Write a whole number above zero, like 3."),
        ("/approve D-4x", "D-4x is not a deployment. Write its number as the card shows it, like D-42."),
        ("/approve the release", "the is not a deployment. Write its number as the card shows it, like D-42."),
        ("/approve D-42 please", "I do not know what to do with please. Leave it out, or check the order."),
        ("/reject D-42", "REASON is missing. Why it must not go; shown on the card."),
        ("/reject D-42 \"  \"", "REASON is missing. Why it must not go; shown on the card."),
        ("/lock production for 2 hours move", "2 is not a length of time. Write it like 90s, 30m, 1h30m or 2d."),
        ("/lock production for a while", "a while is not a length of time. Write it like 90s, 30m, 1h30m or 2d."),
        (
            "/lock api in production for the weekend off",
            "the weekend is not a length of time. Write it like 90s, 30m, 1h30m or 2d.",
        ),
        ("/lock prodution for 2h move", "prodution is not an environment that I know. Did you mean production?"),
        ("/rollback", "ENVIRONMENT is missing. Where it goes back."),
        ("/rollback in production emergncy", "emergncy is not a way back that I know. Did you mean emergency?"),
        ("/rollback api D-42", "I do not know what to do with D-42. Leave it out, or check the order."),
        ("/why", "VERSION is missing. The version as it is tagged, such as v1.2.0."),
        ("/why D-42 to production", "I do not know what to do with to production. Leave it out, or check the order."),
        (
            "/checklist tick D-42 3 x",
            "x is not a list of item numbers. Write the numbers that the checklist shows, like 3 or 3 4 7-9, at most 100 at once.",
        ),
    ] {
        let error = says(text).expect_err(text);
        assert_eq!(error.sentence(), said, "{text}");
        assert!(!error.message().title.is_empty());
    }
}

#[test]
fn buttons_and_forms_make_the_same_commands() {
    let catalogue = Catalogue::embedded().unwrap();
    let click = |action: Action, fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        from_action(&catalogue, &vocabulary(), &action, &fields)
    };
    let approve = Action::new("approve", &[("deployment", "D-42"), ("plan", "1a2b3c4d")]);
    assert_eq!(click(approve, &[]), Ok(Command::Approve { deployment: D, plan: Some("1a2b3c4d".into()) }));
    let reject = Action::new("reject", &[("deployment", "D-42")]);
    let why = Command::Reject { deployment: D, reason: "say \"no\"\nto --this".into() };
    assert_eq!(click(reject.clone(), &[("reason", " say \"no\"\nto --this ")]), Ok(why));
    assert!(matches!(*click(reject.clone(), &[("reason", " ")]).unwrap_err().problem, Problem::Missing { .. }));
    let odd = click(reject.clone(), &[("colour", "red")]).unwrap_err().problem;
    assert_eq!(*odd, Problem::UnknownArgument { arg: "colour".into() });
    let long = click(reject, &[("reason", &"x".repeat(5_000))]).unwrap_err().problem;
    assert!(matches!(*long, Problem::TooLong { .. }));
    let form = [("version", "v1"), ("environment", "staging"), ("dry-run", "true"), ("hotfix", ""), ("service", "")];
    let dry = DeployRequest { dry_run: true, ..request(None, "v1", "staging") };
    assert_eq!(click(Action::new("deploy", &[]), &form), Ok(Command::Deploy(dry)));
    let items = Action::new("checklist tick", &[("deployment", "D-42"), ("items", "3 4,5")]);
    assert_eq!(click(items, &[]), Ok(Command::ChecklistTick { deployment: D, items: vec![3, 4, 5] }));
    assert!(click(Action::new("explode", &[]), &[]).is_err());
}

/// Letters and everything that the tokenizer treats in its own way.
const TAIL: &str = r#"[a-z0-9"'\\ \n—–=.,-]{0,40}"#;

proptest! {
    #[test]
    fn any_text_is_a_command_or_a_mistake(text in any::<String>(), tail in TAIL, pick in 0..26_usize) {
        let catalogue = Catalogue::embedded().unwrap();
        let name = &catalogue.entries()[pick].name;
        let named = [&text, &format!("D-42 {tail}"), &format!("v1 to staging {tail}")].map(|t| format!("/{name} {t}"));
        for line in named.iter().chain([&text, &tail]) {
            if let Err(error) = says(line) {
                prop_assert!(!error.sentence().is_empty());
                prop_assert!(!error.message().title.is_empty());
            }
        }
    }
}
