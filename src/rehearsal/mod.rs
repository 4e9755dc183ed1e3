//! Rehearsals: unit tests for an operations policy. A script of chat acts and clock moves is played against the real engine
//! in virtual time, and what is posted, run and refused is compared with what the script expects.
//!
//! It promises that a script plays the same way every time and touches nothing outside. Deliberately absent: real jobs,
//! real probes and real chat. The language is described in `docs/REHEARSALS.md`.

mod outcome;
mod play;
mod script;
mod transcript;
pub mod world;

pub use outcome::{Failure, Outcome, SceneOutcome, render_report};
pub use script::named_config;
pub use world::World;

use crate::domain::policy::Policy;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use transcript::Transcript;

/// How scripts are played.
#[derive(Clone)]
pub struct Options {
    /// Write the whole conversation down.
    pub transcript: bool,
    /// Play only scenes whose name holds this, in any case.
    pub only: Option<String>,
    /// What the chat platform is called. On `console`, people are known by their id.
    pub platform: String,
    /// What stands behind the scripted chat; such scripts are played by [`run_over_wire`].
    pub wire: Option<world::NewWire>,
}

impl Default for Options {
    fn default() -> Self {
        Self { transcript: false, only: None, platform: "console".into(), wire: None }
    }
}

/// Plays a script against a policy. `file` names it in the report.
#[must_use]
pub fn run(script: &str, file: &str, policy: Arc<Policy>, options: Options) -> Outcome {
    // Each scene is taken to its end by itself, so this waits for nothing.
    to_the_end(play_all(script, file, policy, options, true)).unwrap_or_default()
}

/// As [`run`], on a runtime, so that [`Options::wire`] can reach its other side.
pub async fn run_over_wire(script: &str, file: &str, policy: Arc<Policy>, options: Options) -> Outcome {
    play_all(script, file, policy, options, false).await
}

async fn play_all(script: &str, file: &str, policy: Arc<Policy>, options: Options, without_waiting: bool) -> Outcome {
    let mut outcome = Outcome { file: file.to_owned(), ..Outcome::default() };
    let script = match script::parse(script, &policy) {
        Ok(script) => script,
        Err(failures) => return Outcome { failures, ..outcome },
    };
    let wanted = options.only.as_deref().map(str::to_lowercase);
    let mut transcript = Transcript::new(options.transcript);
    for scene in &script.scenes {
        if wanted.as_ref().is_some_and(|w| !scene.name.to_lowercase().contains(w)) {
            continue;
        }
        let playing = play::scene(&script, scene, &policy, &options, &mut transcript);
        let played = if without_waiting { to_the_end(playing) } else { Some(playing.await) };
        let Some((scene, failures)) = played else {
            let message = "it waits for something outside, which a rehearsal never does".to_owned();
            let (line, length, source) = (scene.line, 5, format!("scene {}", scene.name));
            let scene = scene.name.clone();
            outcome.failures.push(Failure { line, column: 0, length, source, scene, message, detail: Vec::new() });
            continue;
        };
        outcome.scenes.push(scene);
        outcome.failures.extend(failures);
    }
    if options.transcript {
        outcome.transcript = transcript.finish();
    }
    outcome
}

/// Times a future may say that it waits before it is taken at its word. Large groups of futures say so in passing.
const WAITS: usize = 100_000;

/// Runs a future that never waits for anything outside: no runtime, so that a rehearsal can be run from anywhere.
fn to_the_end<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(tokio::task::unconstrained(future));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..WAITS {
        if let Poll::Ready(out) = future.as_mut().poll(&mut cx) {
            return Some(out);
        }
    }
    None
}
