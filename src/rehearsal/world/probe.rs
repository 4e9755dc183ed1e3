//! Answers probes: as scripted, else as the outside really is, else healthy.

use super::executor::ScriptExecutor;
use super::outside::Outside;
use crate::domain::policy::{Ask, Comparison, Condition, ProbeSpec};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Now, Span};
use crate::jobs::{Executor as _, Target};
use crate::probes::Probe;
use crate::probes::asked::Asked;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long every probe takes.
const TAKES: Span = Span::millis(12);

/// The one probe of a world.
#[derive(Debug)]
pub struct ScriptProbe(Arc<Outside>);

impl ScriptProbe {
    #[must_use]
    pub fn new(outside: Arc<Outside>) -> Self {
        Self(outside)
    }

    async fn ask(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Asked {
        match &spec.ask {
            Ask::Executor { what } => match ScriptExecutor::new(Arc::clone(&self.0)).read(target, what, now).await {
                Ok(Reading { verdict, values, text, .. }) => Asked { base: verdict, values, text },
                Err(why) => Asked::inconclusive(why.to_string()),
            },
            Ask::Http { expect_status, .. } => fine(spec, format!("HTTP {expect_status}")),
            Ask::Command { .. } => fine(spec, "exit code 0".into()),
        }
    }
}

#[async_trait]
impl Probe for ScriptProbe {
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading {
        let asked = match self.0.probe(&spec.name, &target.environment) {
            Some(script) => {
                let base = script.verdict.unwrap_or(Verdict::Healthy);
                let mut reading = Asked { base, values: script.values, text: script.text }.read(spec, TAKES, now);
                if let Some(verdict) = script.verdict {
                    reading.verdict = verdict;
                }
                return reading;
            }
            None => self.ask(spec, target, now).await,
        };
        asked.read(spec, TAKES, now)
    }
}

/// An answer that every condition is content with.
fn fine(spec: &ProbeSpec, text: String) -> Asked {
    let value = |c: &Condition| match c.op {
        Comparison::Less => c.limit - 1.0,
        Comparison::More => c.limit + 1.0,
        Comparison::AtMost | Comparison::AtLeast | Comparison::Equal => c.limit,
    };
    let values: BTreeMap<String, f64> = spec.conditions.iter().map(|c| (c.value.clone(), value(c))).collect();
    Asked { base: Verdict::Healthy, values, text }
}
