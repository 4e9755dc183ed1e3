//! What a command job runs, as its supervisor reads it, and the words for what went wrong with it.

use crate::domain::time::Span;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;

/// Where programs are looked for when `PATH` is not passed on.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Without the environment: its values never touch the disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    pub argv: Vec<String>,
    pub cwd: Option<String>,
    pub time_limit: Span,
}

/// The environment that a program is given: the named variables that exist, a `PATH` in any case, and nothing else.
#[must_use]
pub fn environment(names: &[String]) -> Vec<(OsString, OsString)> {
    let mut out: Vec<_> = names
        .iter()
        .filter(|name| !name.is_empty() && !name.contains(['=', '\0']))
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
        .collect();
    if !out.iter().any(|(name, _)| name == "PATH") {
        out.push(("PATH".into(), DEFAULT_PATH.into()));
    }
    out
}

/// Why a program could not be started.
#[must_use]
pub fn why_not(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no program `{program}`"),
        io::ErrorKind::PermissionDenied => format!("`{program}` may not be run; is it executable?"),
        _ => format!("cannot run `{program}`: {error}"),
    }
}

/// `SIGKILL` for 9.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_variables_are_passed_on() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(environment(&names(&[])), [("PATH".into(), DEFAULT_PATH.into())]);
        let (there, _) = std::env::vars_os().find(|(name, _)| name != "PATH").unwrap();
        let there = there.to_str().unwrap();
        let given = environment(&names(&[there, "", "A=B", "NO_SUCH_VARIABLE_HERE"]));
        let given: Vec<_> = given.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        assert_eq!(given, [there, "PATH"]);
        assert_ne!(environment(&names(&["PATH"])), [("PATH".into(), DEFAULT_PATH.into())]);
    }
}
