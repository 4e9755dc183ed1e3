//! Placeholders in commands, URLs and prompts: what may stand between braces, and how it is replaced.
//!
//! `{{` and `}}` stand for braces. An unknown name is an error, never left standing: a command that was meant otherwise is
//! not run. A value is put in as it is and never looked at again, so it cannot name another placeholder.

/// What can stand between braces.
pub const NAMES: [&str; 7] =
    ["service", "environment", "version", "revision", "previous_version", "previous_revision", "deployment"];

/// Why a template has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    #[error("`{{{name}}}` is not known; there are {{{}}}", NAMES.join("} {"))]
    Unknown { name: String },
    #[error("`{{{0}}}` has no value here")]
    NoValue(&'static str),
    #[error("a brace stands alone; write `{{{{` or `}}}}` for the character itself")]
    Stray,
}

/// Whether a template can be filled at all, whatever the target.
///
/// # Errors
/// When a name is unknown or a brace stands alone.
pub fn check(template: &str) -> Result<(), FillError> {
    expand(template, |_| Ok(String::new())).map(|_| ())
}

/// Replaces each placeholder by what `value` gives for its name.
///
/// # Errors
/// When a name is unknown, a brace stands alone, or `value` fails.
pub fn expand(template: &str, value: impl Fn(&'static str) -> Result<String, FillError>) -> Result<String, FillError> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..];
        rest = if brace.starts_with("{{") || brace.starts_with("}}") {
            out.push_str(&brace[..1]);
            &brace[2..]
        } else {
            let inner = brace.strip_prefix('{').ok_or(FillError::Stray)?;
            let (name, after) = inner.split_once('}').ok_or(FillError::Stray)?;
            let known = NAMES.into_iter().find(|n| *n == name);
            out.push_str(&value(known.ok_or_else(|| FillError::Unknown { name: name.chars().take(40).collect() })?)?);
            after
        };
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_braces_can_be_written() {
        let value = |name: &'static str| {
            if name == "revision" { Err(FillError::NoValue(name)) } else { Ok(format!("<{name}>")) }
        };
        for (template, text) in [
            ("", ""),
            ("plain ü", "plain ü"),
            ("{service}@{version}", "<service>@<version>"),
            ("{{service}} {{{service}}}", "{service} {<service>}"),
        ] {
            assert_eq!(expand(template, value).as_deref(), Ok(text));
        }
        assert_eq!(expand("{revision}", value), Err(FillError::NoValue("revision")));
        assert_eq!(check("{revision}"), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(check("{nope}").unwrap_err().to_string().starts_with("`{nope}` is not known; there are {service} "));
        assert_eq!(check("{}"), Err(FillError::Unknown { name: String::new() }));
        for stray in ["{", "}", "{service", "a } b", "{service}}"] {
            assert_eq!(check(stray), Err(FillError::Stray), "{stray}");
        }
    }
}
