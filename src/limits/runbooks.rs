//! Bounds of runbooks and of the commands in them.

/// Runbooks of a config, and bytes of one.
pub const RUNBOOKS: usize = 200;
pub const RUNBOOK_BYTES: usize = 64 << 10;

/// Sections of a runbook, and what stands in one: paragraphs, lists, commands.
pub const RUNBOOK_PARTS: usize = 24;
pub const RUNBOOK_BLOCKS: usize = 40;

/// Commands of a runbook that may be run; each has a button.
pub const RUNBOOK_COMMANDS: usize = 8;

/// Longest time limit of a command, in milliseconds: an hour. What takes longer is no remedy but a project.
pub const RUN_LIMIT_MS: i64 = 3_600_000;

/// Pieces of a command's output that its digest is made of, each [`super::JOB_OUTPUT_PIECE`]; that is all that is kept of a job.
pub const RUN_OUTPUT_PIECES: usize = 1_100;
