//! GitHub's webhooks `workflow_run` and `deployment_status`: a failure fires, the next success ends it.
//!
//! What is under way, cancelled or skipped says nothing either way. The branch or the environment is part of what it is about.

use super::ReadAlerts;
use super::text::{at, instant, link, scalar, text};
use crate::domain::alert::Alert;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn read(body: &Value, out: &mut ReadAlerts) {
    if body.get("workflow_run").is_some() {
        let done = text(body, "action") == Some("completed");
        let conclusion = at(body, "/workflow_run/conclusion").unwrap_or_default();
        let firing = match conclusion {
            "failure" | "timed_out" | "startup_failure" => true,
            "success" => false,
            _ => return,
        };
        if done {
            out.each(std::slice::from_ref(body), |body| run(body, firing, conclusion));
        }
    } else if body.get("deployment_status").is_some() {
        let state = at(body, "/deployment_status/state").unwrap_or_default();
        let firing = match state {
            "failure" | "error" => true,
            "success" => false,
            _ => return,
        };
        out.each(std::slice::from_ref(body), |body| status(body, firing, state));
    } else if body.get("zen").is_none() {
        out.damage("another event", 1);
    }
}

fn run(body: &Value, firing: bool, conclusion: &str) -> Result<Alert, &'static str> {
    let repository = at(body, "/repository/full_name").ok_or("no repository")?;
    let run = body.get("workflow_run").ok_or("no run")?;
    let name = text(run, "name").or_else(|| at(body, "/workflow/name")).unwrap_or("a workflow");
    let branch = text(run, "head_branch").unwrap_or_default();
    let number = run.get("workflow_id").and_then(scalar).unwrap_or_else(|| name.to_owned());
    let title = format!("{name} fails in {repository}{}", on(branch));
    let pairs = [
        ("alertname", name),
        ("event", "workflow_run"),
        ("repository", repository),
        ("workflow", name),
        ("branch", branch),
        ("conclusion", conclusion),
    ];
    let attempt = run.get("run_attempt").and_then(Value::as_u64).filter(|n| *n > 1);
    let text_of = attempt.map_or_else(String::new, |n| format!("attempt {n}"));
    Ok(Alert {
        id: format!("{repository}/run/{number}@{branch}"),
        firing,
        title,
        labels: labels(&pairs, repository),
        text: text_of,
        start: None,
        said: instant(run.get("updated_at")).or_else(|| instant(run.get("created_at"))),
        link: link(text(run, "html_url")),
        came: None,
    })
}

fn status(body: &Value, firing: bool, state: &str) -> Result<Alert, &'static str> {
    let repository = at(body, "/repository/full_name").ok_or("no repository")?;
    let status = body.get("deployment_status").ok_or("no status")?;
    let environment = text(status, "environment").or_else(|| at(body, "/deployment/environment")).unwrap_or_default();
    let branch = at(body, "/deployment/ref").unwrap_or_default();
    let title = format!("A deployment of {repository} to {environment} fails");
    let pairs = [
        ("alertname", "deployment_status"),
        ("event", "deployment_status"),
        ("repository", repository),
        ("environment", environment),
        ("branch", branch),
        ("conclusion", state),
    ];
    let place = ["log_url", "target_url"].into_iter().find_map(|key| link(text(status, key)));
    Ok(Alert {
        id: format!("{repository}/deployment@{environment}"),
        firing,
        title,
        labels: labels(&pairs, repository),
        text: text(status, "description").unwrap_or_default().to_owned(),
        start: None,
        said: instant(status.get("updated_at")).or_else(|| instant(status.get("created_at"))),
        link: place,
        came: None,
    })
}

/// With the repository's own name as its service, which is most often what it is called.
fn labels(pairs: &[(&str, &str)], repository: &str) -> BTreeMap<String, String> {
    let there = pairs.iter().filter(|(_, value)| !value.is_empty());
    let mut out: BTreeMap<String, String> = there.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let name = repository.rsplit('/').next().unwrap_or(repository);
    out.insert("service".into(), name.to_owned());
    out
}

fn on(branch: &str) -> String {
    if branch.is_empty() { String::new() } else { format!(" on {branch}") }
}
