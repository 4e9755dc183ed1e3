//! One probe for all: fills the placeholders, asks the right adapter, and turns what it brings into a reading.

use super::asked::Asked;
use super::{Probe, command, http};
use crate::clock::Stopwatch;
use crate::domain::ids::ServiceName;
use crate::domain::policy::{Ask, ProbeSpec};
use crate::domain::probe::Reading;
use crate::domain::time::Now;
use crate::jobs::fill::{fill, fill_url};
use crate::jobs::{Executor, Target};
use async_trait::async_trait;
use std::sync::Arc;

/// The executor that a service is deployed by; `None` when there is no such service or executor.
pub type ExecutorOf = Arc<dyn Fn(&ServiceName) -> Option<Arc<dyn Executor>> + Send + Sync>;

/// Asks whatever a probe asks.
#[derive(Clone)]
pub struct Probes {
    client: reqwest::Client,
    executor_of: ExecutorOf,
}

impl Probes {
    /// `executor_of` is asked each time, so that a changed config counts at once.
    #[must_use]
    pub fn new(client: reqwest::Client, executor_of: ExecutorOf) -> Self {
        Self { client, executor_of }
    }

    async fn ask(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Asked {
        match &spec.ask {
            Ask::Http { url, expect_status, json, expect_text } => {
                let expected =
                    http::Expected { status: *expect_status, json: json.as_deref(), text: expect_text.as_deref() };
                match fill_url(url, target) {
                    Ok(url) => http::ask(&self.client, &url, expected, spec.timeout).await,
                    Err(why) => Asked::inconclusive(format!("the URL cannot be filled in: {why}")),
                }
            }
            Ask::Command { argv, env } => {
                match argv.iter().map(|arg| fill(arg, target)).collect::<Result<Vec<_>, _>>() {
                    Ok(argv) => command::ask(&argv, env, spec.timeout).await,
                    Err(why) => Asked::inconclusive(format!("the command cannot be filled in: {why}")),
                }
            }
            Ask::Executor { what } => {
                let Some(executor) = (self.executor_of)(&target.service) else {
                    return Asked::inconclusive(format!("nothing here deploys {}", target.service));
                };
                let reading = tokio::time::timeout(spec.timeout.to_std(), executor.read(target, what, now)).await;
                match reading {
                    Ok(Ok(Reading { verdict, values, text, .. })) => Asked { base: verdict, values, text },
                    Ok(Err(why)) => Asked::inconclusive(why.to_string()),
                    Err(_) => {
                        Asked::inconclusive(format!("{} did not answer within {}", executor.name(), spec.timeout))
                    }
                }
            }
        }
    }
}

#[async_trait]
impl Probe for Probes {
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading {
        let watch = Stopwatch::start();
        let asked = self.ask(spec, target, now).await;
        asked.read(spec, watch.elapsed(), now)
    }
}
