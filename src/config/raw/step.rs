//! `[strategies.*]` and their steps.

use crate::config::place::At;
use crate::config::read::{Req, section, variants};
use crate::config::scalars::{Choice, Choices, Length};
use crate::domain::policy::Recovery;

section! {
    /// How a service is brought into an environment, and back.
    StrategyEntry {
        /// In the order run.
        steps: Req<Vec<At<StepEntry>>>,
        /// Run by `quick` rollbacks and by automatic ones.
        rollback: Option<Vec<At<StepEntry>>>,
        /// Run by `full` rollbacks. Default: not offered.
        full_rollback: Option<Vec<At<StepEntry>>>,
        /// Run by `emergency` rollbacks. Default: not offered.
        emergency_rollback: Option<Vec<At<StepEntry>>>,
    }
}

variants! {
    /// One step; `step` says what it does.
    StepEntry by "step" {
        /// Runs a program, without a shell.
        "command" => Command(CommandStep),
        /// Sends one request.
        "http" => Http(HttpStep),
        /// Waits for a person.
        "manual" => Manual(ManualStep),
        /// Starts the release beside the live one, without traffic.
        "deploy" => Deploy(DeployStep),
        /// Moves traffic to the release and watches.
        "traffic" => Traffic(TrafficStep),
        /// Waits for probes to be healthy, and reads back the live version.
        "verify" => Verify(VerifyStep),
        /// Puts the previous release back.
        "restore" => Restore(RestoreStep),
        /// Switches maintenance mode.
        "maintenance" => Maintenance(MaintenanceStep),
    }
}

section! {
    /// A program. Exit code 0 is success.
    CommandStep {
        /// Default: the program's name.
        name: Option<At<String>>,
        /// The program and its arguments; placeholders are replaced in each argument by itself.
        argv: Req<At<Vec<At<String>>>>,
        /// Environment variables passed on; all others are cleared.
        env: Option<Vec<At<String>>>,
        /// The folder it runs in.
        cwd: Option<At<String>>,
        /// What may be done when it is unknown whether it ran: `at-most-once` (default), `idempotent`, `recoverable`.
        recovery: Option<At<Choice<Recovery>>>,
        /// After this it has failed. Default 10m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// One request.
    HttpStep {
        /// Default: method and address.
        name: Option<At<String>>,
        /// Default POST.
        method: Option<At<String>>,
        /// Placeholders are replaced.
        url: Req<At<String>>,
        /// Placeholders are replaced.
        body: Option<At<String>>,
        /// Default 200.
        expect_status: Option<At<u16>>,
        /// As for commands.
        recovery: Option<At<Choice<Recovery>>>,
        /// After this it has failed. Default 1m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// A person's word.
    ManualStep {
        /// Default: `Confirm`.
        name: Option<At<String>>,
        /// Who may confirm.
        roles: Req<Vec<At<String>>>,
        /// What is asked.
        prompt: Req<At<String>>,
        /// After this it has failed. Default 1h.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// The service's executor starts the release.
    DeployStep {
        /// Default: `Deploy`.
        name: Option<At<String>>,
        /// After this it has failed. Default 10m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// A stage.
    TrafficStep {
        /// Default: the weight.
        name: Option<At<String>>,
        /// Per cent, 1 to 100; stages rise, and the last is 100.
        weight: Req<At<u8>>,
        /// How long it is watched. Default: not watched.
        bake: Option<At<Length>>,
        /// More errors than this during the bake roll back. Default 0.
        error_budget: Option<At<u64>>,
        /// Fewer requests than this at the bake's end are inconclusive. Default 1.
        min_requests: Option<At<u64>>,
        /// How often probes are read. Default 15s.
        every: Option<At<Length>>,
        /// The probe that counts the release's requests and errors.
        counters: Option<At<String>>,
        /// These must stay healthy as well.
        probes: Option<Vec<At<String>>>,
        /// So many unhealthy readings in a row roll back. Default 2.
        unhealthy_after: Option<At<u32>>,
        /// How long an inconclusive end waits for a person before it rolls back. Default 10m.
        hold_for: Option<At<Length>>,
        /// For moving the traffic; the bake is not counted. Default 2m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// Success is observed.
    VerifyStep {
        /// Default: `Verify`.
        name: Option<At<String>>,
        /// All must be healthy in the same try.
        probes: Option<Vec<At<String>>>,
        /// Default 10.
        tries: Option<At<u32>>,
        /// Between tries. Default 10s.
        every: Option<At<Length>>,
        /// Also read back the live version. Default true.
        live: Option<At<bool>>,
        /// After this it has failed. Default 10m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// The service's executor puts the previous release back; only in rollbacks.
    RestoreStep {
        /// Default: `Restore the previous release`.
        name: Option<At<String>>,
        /// After this it has failed. Default 5m.
        time_limit: Option<At<Length>>,
    }
}

section! {
    /// Maintenance mode.
    MaintenanceStep {
        /// Default: `Maintenance mode on` or `off`.
        name: Option<At<String>>,
        /// On or off.
        on: Req<At<bool>>,
        /// After this it has failed. Default 1m.
        time_limit: Option<At<Length>>,
    }
}

impl Choices for Recovery {
    const NAME: &'static str = "RecoveryKind";
    const ALL: &'static [(&'static str, Self)] =
        &[("idempotent", Self::Idempotent), ("recoverable", Self::Recoverable), ("at-most-once", Self::AtMostOnce)];
}
