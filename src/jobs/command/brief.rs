//! A command that is run for its answer: a probe, a version's revision. It belongs to the caller and ends with it.

use super::spec;
use crate::domain::time::Span;
use crate::limits;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What a command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    /// The start of its standard output, at most [`limits::ANSWER_BYTES`]; what is not UTF-8 is shown as `�`.
    pub text: String,
}

/// Runs a program without a shell and waits for its answer. Only the variables named in `env` are passed on.
///
/// # Errors
/// In words, when it cannot be started or does not end within the time limit; its whole process group is then killed.
pub async fn ask(argv: &[String], env: &[String], limit: Span) -> Result<Answer, String> {
    let (program, args) = argv.split_first().ok_or("no program is named")?;
    let mut child = tokio::process::Command::new(program)
        .args(args)
        .env_clear()
        .envs(spec::environment(env))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| spec::why_not(program, &e))?;
    let _group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let out = child.stdout.take().ok_or("its output cannot be read")?;
    let both = async {
        let mut text = Vec::new();
        let status = {
            let mut out = std::pin::pin!(keep(out, &mut text));
            tokio::select! {
                _ = &mut out => child.wait().await,
                status = child.wait() => {
                    // What it printed is in the pipe; what it left running may hold that open.
                    let _ = tokio::time::timeout(Duration::from_millis(200), &mut out).await;
                    status
                }
            }
        };
        status.map(|status| (status, text))
    };
    match tokio::time::timeout(limit.to_std(), both).await {
        Ok(Ok((status, text))) => Ok(Answer { code: status.code(), text: String::from_utf8_lossy(&text).into_owned() }),
        Ok(Err(e)) => Err(format!("cannot wait for `{program}`: {e}")),
        Err(_) => Err(format!("`{program}` did not answer within {limit}")),
    }
}

/// Reads to the end and keeps the start.
async fn keep(mut from: impl AsyncRead + Unpin, into: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0_u8; 8192];
    loop {
        let n = from.read(&mut chunk).await?;
        if n == 0 {
            return Ok(());
        }
        let room = usize::try_from(limits::ANSWER_BYTES).unwrap_or(usize::MAX) - into.len();
        into.extend_from_slice(&chunk[..n.min(room)]);
    }
}

/// Kills the group when the asking is over, however it is over.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask_sh(script: &str, ms: i64) -> Result<Answer, String> {
        ask(&["sh".into(), "-c".into(), script.into()], &[], Span::millis(ms)).await
    }

    #[tokio::test]
    async fn answers_are_code_and_text() {
        let answer = ask_sh("echo 41; echo 42; exit 3", 10_000).await.unwrap();
        assert_eq!(answer, Answer { code: Some(3), text: "41\n42\n".into() });
        assert_eq!(ask_sh("kill -9 $$", 10_000).await.unwrap().code, None);
        assert_eq!(ask_sh("sleep 1000 & echo left", 10_000).await.unwrap().text, "left\n");
    }

    #[tokio::test]
    async fn floods_and_hangs_are_bounded() {
        let flood = ask_sh("head -c 70000 /dev/zero", 20_000).await.unwrap();
        assert_eq!(flood.text.len() as u64, limits::ANSWER_BYTES);
        let hang = ask_sh("trap '' TERM; echo begun; sleep 1000", 100).await.unwrap_err();
        assert_eq!(hang, "`sh` did not answer within 100 ms");
        let none = ask(&["no-such-program-here".into()], &[], Span::secs(1)).await.unwrap_err();
        assert_eq!(none, "there is no program `no-such-program-here`");
        assert_eq!(ask(&[], &[], Span::secs(1)).await.unwrap_err(), "no program is named");
    }
}
