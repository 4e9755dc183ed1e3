//! The revision behind a version, as a program prints it.

use super::brief;
use crate::domain::plan::Release;
use crate::domain::time::Span;
use crate::jobs::{ResolveError, Revisions};
use async_trait::async_trait;

/// How long the program may take.
const LIMIT: Span = Span::secs(10);
/// Lines of changes kept.
const CHANGES: usize = 50;

/// Runs the program without a shell.
pub struct CommandRevisions;

#[async_trait]
impl Revisions for CommandRevisions {
    async fn ask(&self, version: &str, argv: &[String]) -> Result<Release, ResolveError> {
        let answer = brief::ask(argv, &[], LIMIT).await.map_err(ResolveError::Unreachable)?;
        let mut lines = answer.text.lines().map(str::trim).filter(|l| !l.is_empty());
        match (answer.code, lines.next()) {
            (Some(0), Some(revision)) => Ok(Release {
                version: version.to_owned(),
                revision: revision.to_owned(),
                changes: lines.take(CHANGES).map(String::from).collect(),
            }),
            (Some(0), None) => Err(ResolveError::Unreachable(format!("the program for {version} printed no revision"))),
            (code, _) => {
                let code = code.map_or_else(|| "a signal".to_owned(), |c| format!("exit code {c}"));
                Err(ResolveError::Unreachable(format!("there is no version {version} ({code})")))
            }
        }
    }
}
