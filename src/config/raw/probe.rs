//! `[probes.*]`.

use crate::config::place::At;
use crate::config::read::{Req, section, variants};
use crate::config::scalars::{Choice, Choices, Length, Rule};

variants! {
    /// A probe; `ask` says whom it asks.
    ProbeEntry by "ask" {
        /// Sends a GET request.
        "http" => Http(HttpProbe),
        /// Runs a program.
        "command" => Command(CommandProbe),
        /// Asks the service's executor.
        "executor" => Executor(ExecutorProbe),
    }
}

section! {
    /// Values: `status`, `latency_ms`, and `value` when `json` names a number.
    HttpProbe {
        /// Placeholders are replaced.
        url: Req<At<String>>,
        /// Default 200.
        expect_status: Option<At<u16>>,
        /// A path into the answer: `status` or `checks.db.latency_ms`.
        json: Option<At<String>>,
        /// What `json` names, or the body, must contain this.
        expect_text: Option<At<String>>,
        /// All must hold: `latency_ms < 300`.
        healthy: Option<Vec<At<Rule>>>,
        /// Default 5s.
        timeout: Option<At<Length>>,
        /// After this its reading is stale and unticks what it ticked. Default: never.
        fresh_for: Option<At<Length>>,
    }
}

section! {
    /// Exit code 0 is healthy, 1 unhealthy, others inconclusive; a number on the last line is `value`.
    CommandProbe {
        /// The program and its arguments; placeholders are replaced in each argument by itself.
        argv: Req<At<Vec<At<String>>>>,
        /// Environment variables passed on; all others are cleared.
        env: Option<Vec<At<String>>>,
        /// All must hold: `value < 3600`.
        healthy: Option<Vec<At<Rule>>>,
        /// Default 30s.
        timeout: Option<At<Length>>,
        /// After this its reading is stale and unticks what it ticked. Default: never.
        fresh_for: Option<At<Length>>,
    }
}

section! {
    /// What the executor knows of the release.
    ExecutorProbe {
        /// `health` of the release, its `counters` (values `requests`, `errors`, and `p95_ms` where it is measured), or the live `version`.
        what: Req<At<Choice<What>>>,
        /// All must hold: `errors < 5`.
        healthy: Option<Vec<At<Rule>>>,
        /// Default 5s.
        timeout: Option<At<Length>>,
        /// After this its reading is stale and unticks what it ticked. Default: never.
        fresh_for: Option<At<Length>>,
    }
}

/// What an executor can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Counters,
    Health,
    Version,
}

impl What {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Health => "health",
            Self::Version => "version",
        }
    }
}

impl Choices for What {
    const NAME: &'static str = "What";
    const ALL: &'static [(&'static str, Self)] =
        &[("counters", Self::Counters), ("health", Self::Health), ("version", Self::Version)];
}
