//! `signalbox why` and `when`: the gate's answer for scripts and terminals, read from the store without touching it.

use super::cli::ConfigArg;
use super::runtime;
use super::serve::store_url;
use super::setup;
use crate::chat::text::{Reader, render};
use crate::clock::SystemClock;
use crate::domain::command::{About, Command};
use crate::domain::ids::PersonId;
use crate::domain::render;
use crate::ids::Ids;
use crate::store::{Store, open_read_only};
use anyhow::{Context as _, anyhow};
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Args)]
pub(super) struct AskArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// D-42, or the words of a request: v1.2.0 to production.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Who asks, by their id in the config; for requests that do not exist yet.
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Answer in JSON: verdict, and every rule with code, text, instants and config line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Question {
    Why,
    When,
}

pub(super) async fn ask(args: AskArgs, question: Question) -> anyhow::Result<ExitCode> {
    let loaded = setup::loaded(&args.config.config)?;
    let whole = open_read_only(&store_url(&loaded.service)?).await?;
    let store: Arc<dyn Store> = whole;
    let policy = Arc::new(loaded.policy);
    let parts = runtime::Parts {
        store,
        policy: Arc::clone(&policy),
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(Ids::system().context("no randomness")?),
        platforms: Vec::new(),
        pagers: std::collections::BTreeMap::new(),
        outlets: crate::paging::Outlets::default(),
        executors: Vec::new(),
        owner: "ask".into(),
    };
    let engine = runtime::engine(&loaded.service.data, parts)?;
    let about = about(&engine, &policy, &args.words.join(" "))?;
    let person = args.person.as_deref().map(PersonId::new);
    let found = engine.explain(person.as_ref(), &about).await?;
    if args.json {
        println!("{}", json(&found)?);
    } else {
        let names = policy.people.values().map(|p| (p.id.clone(), p.name.clone())).collect();
        let zone = crate::domain::window::zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let message = match (&found.answer, question) {
            (Err(message), _) => message.clone(),
            (Ok(a), Question::Why) => render::explain(&found.title, found.deployment.as_ref(), a),
            (Ok(a), Question::When) => render::when(&found.title, found.deployment.as_ref(), a),
        };
        println!("{}", render(&message, &Reader { zone, names }));
    }
    Ok(if found.answer.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn about(engine: &crate::engine::Engine, policy: &crate::domain::policy::Policy, words: &str) -> anyhow::Result<About> {
    let vocabulary = crate::command::Vocabulary::of(policy);
    let line = format!("/why {words}");
    match crate::command::read(engine.catalogue(), &vocabulary, &line) {
        Ok(Command::Why(about)) => Ok(about),
        Ok(_) => Err(anyhow!("say D-42 or the words of a request")),
        Err(error) => Err(anyhow!("{}", error.sentence())),
    }
}

fn json(found: &crate::engine::Explained) -> anyhow::Result<String> {
    let status = found.deployment.as_ref().map(|d| d.status);
    let value = match &found.answer {
        Ok(answer) => {
            let rules: Vec<_> = answer
                .findings
                .iter()
                .map(|f| {
                    serde_json::json!({
                        "rule": f.rule, "code": f.code, "verdict": f.says, "text": render::words(&f.text),
                        "until": f.until.map(|t| t.to_string()), "source": f.source.as_ref().map(ToString::to_string),
                    })
                })
                .collect();
            let (verdict, until) = match answer.verdict {
                crate::domain::gate::Verdict::Allow => ("allow", None),
                crate::domain::gate::Verdict::Hold { until } => ("hold", until),
                crate::domain::gate::Verdict::Deny => ("deny", None),
            };
            serde_json::json!({
                "about": found.title, "status": status, "verdict": verdict,
                "until": until.map(|t| t.to_string()), "rules": rules,
            })
        }
        Err(message) => serde_json::json!({
            "about": found.title, "status": status, "verdict": "refused", "until": null,
            "rules": [], "text": render::words(&message.title),
        }),
    };
    Ok(serde_json::to_string(&value)?)
}
