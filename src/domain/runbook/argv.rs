//! One line of a runbook to the words of a command, without a shell.
//!
//! What a person reads is what runs: everything that a shell would make something else of is refused, so the words are the same
//! as a shell would read. A line that is accepted here has blanks, quotes around what holds blanks, placeholders, and nothing more.
//! Deliberately absent: escapes, variables, patterns, pipes, redirections, several commands.

/// Characters of a line, and its words.
pub const LINE_CHARS: usize = 500;
pub const WORDS: usize = 40;

/// What can stand between braces. Its value is a name of the config, so it holds no sign that would mean anything.
pub const PLACEHOLDERS: [&str; 2] = ["service", "environment"];

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgvError {
    #[error("there is no command")]
    Empty,
    #[error("a command has at most {} characters and {} words", LINE_CHARS, WORDS)]
    TooLong,
    #[error("the quote {0} is not closed")]
    Unclosed(char),
    #[error("`{0}` means something to a shell, and there is none")]
    Shell(char),
    #[error("`{0}` means something to a shell inside double quotes, and there is none")]
    Quoted(char),
    #[error("U+{:04X} cannot be told from something else by whoever reads it", *.0 as u32)]
    Unseen(char),
    #[error("`{{{0}}}` is not a placeholder here; there are {{service}} and {{environment}}")]
    Placeholder(String),
    #[error("the program is not named")]
    Program,
    #[error("`{0}` would read a whole script from one word")]
    Script(String),
}

/// Signs that a shell acts on outside quotes.
const ACTS: &[char] =
    &['|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '*', '?', '[', ']', '#', '~', '!', '^', '\n', '\r'];
/// The same inside double quotes.
const ACTS_QUOTED: &[char] = &['$', '`', '\\', '!'];
/// Programs that read a script from a word behind `-c`.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"];

/// The words of a line, in which placeholders still stand.
///
/// # Errors
/// What in it is no plain command.
pub fn split(line: &str) -> Result<Vec<String>, ArgvError> {
    if line.chars().count() > LINE_CHARS {
        return Err(ArgvError::TooLong);
    }
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' => {
                words.extend(word.take());
                rest = &rest[1..];
            }
            '\'' | '"' => {
                let inside = &rest[1..];
                let end = inside.find(c).ok_or(ArgvError::Unclosed(c))?;
                let text = &inside[..end];
                if let Some(sign) = text.chars().find(|s| c == '"' && ACTS_QUOTED.contains(s)) {
                    return Err(ArgvError::Quoted(sign));
                }
                seen(text)?;
                word.get_or_insert_default().push_str(text);
                rest = &inside[end + 1..];
            }
            '{' => {
                let name = placeholder(rest).ok_or(ArgvError::Shell('{'))?;
                word.get_or_insert_default().push_str(&rest[..name.len() + 2]);
                rest = &rest[name.len() + 2..];
            }
            '}' => return Err(ArgvError::Shell('}')),
            _ if ACTS.contains(&c) => return Err(ArgvError::Shell(c)),
            _ => {
                let sign = &rest[..c.len_utf8()];
                seen(sign)?;
                word.get_or_insert_default().push_str(sign);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    words.extend(word);
    checked(words)
}

/// What holds for the words together.
fn checked(words: Vec<String>) -> Result<Vec<String>, ArgvError> {
    let program = words.first().ok_or(ArgvError::Empty)?;
    if words.len() > WORDS {
        return Err(ArgvError::TooLong);
    }
    // `NAME=value` in front would set a variable, a blank in it would be another program.
    if program.trim().is_empty() || program.contains(['{', '=', ' ']) || program.starts_with('-') {
        return Err(ArgvError::Program);
    }
    for word in &words {
        if let Some(unknown) = named(word).find(|name| !PLACEHOLDERS.contains(name)) {
            return Err(ArgvError::Placeholder(unknown.to_owned()));
        }
    }
    let name = program.rsplit('/').next().unwrap_or(program);
    let script = |word: &String| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    if SHELLS.contains(&name) && words.iter().skip(1).any(script) {
        return Err(ArgvError::Script(format!("{name} -c")));
    }
    Ok(words)
}

/// Words that can be read as they are: nothing hidden, nothing that looks like something else.
fn seen(text: &str) -> Result<(), ArgvError> {
    let hidden = |c: char| {
        let formats = ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
            || ('\u{fe00}'..='\u{fe0f}').contains(&c)
            || ('\u{e0000}'..='\u{e0fff}').contains(&c)
            || ['\u{ad}', '\u{feff}', '\u{180e}', '\u{fffd}'].contains(&c);
        // Quotes and dashes as word processors write them.
        let lookalikes = "‘’‚‛“”„‟‐‑‒–—―−";
        // A back quote ends what chat shows as code.
        c.is_control() || (c.is_whitespace() && c != ' ') || formats || lookalikes.contains(c) || c == '`'
    };
    text.chars().find(|c| hidden(*c)).map_or(Ok(()), |c| Err(ArgvError::Unseen(c)))
}

/// The name of the placeholder that `text` begins with.
fn placeholder(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).then_some(name)
}

/// The names in braces that a word holds.
pub fn named(word: &str) -> impl Iterator<Item = &str> {
    word.match_indices('{').filter_map(|(at, _)| placeholder(&word[at..]))
}

/// Whether a command names a placeholder.
#[must_use]
pub fn names(words: &[String], placeholder: &str) -> bool {
    words.iter().any(|word| named(word).any(|name| name == placeholder))
}

/// The words with values in the places of placeholders. A value stays part of its word, and is never looked at again. `None` when
/// one has no value.
#[must_use]
pub fn fill<'v>(words: &[String], value: impl Fn(&str) -> Option<&'v str>) -> Option<Vec<String>> {
    let one = |word: &String| {
        let (mut out, mut rest) = (String::with_capacity(word.len()), word.as_str());
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            match placeholder(&rest[at..]).filter(|name| PLACEHOLDERS.contains(name)) {
                Some(name) => {
                    out.push_str(value(name)?);
                    rest = &rest[at + name.len() + 2..];
                }
                None => {
                    out.push('{');
                    rest = &rest[at + 1..];
                }
            }
        }
        out.push_str(rest);
        Some(out)
    };
    words.iter().map(one).collect()
}

/// The words as one line that [`split`] reads back, and a shell as well.
#[must_use]
pub fn quote(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    if !word.is_empty() && bare(word) {
        return word.to_owned();
    }
    if !word.contains('\'') {
        return format!("'{word}'");
    }
    if !word.contains('"') && !word.contains(ACTS_QUOTED) {
        return format!("\"{word}\"");
    }
    // Pieces side by side are one word.
    let parts: Vec<String> = word.split('\'').map(|part| format!("'{part}'")).collect();
    parts.join("\"'\"")
}

/// Whether a word needs no quotes.
fn bare(word: &str) -> bool {
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some(name) = placeholder(rest).filter(|name| PLACEHOLDERS.contains(name)) {
            rest = &rest[name.len() + 2..];
        } else if c.is_alphanumeric() || "-_./:=,+@%".contains(c) {
            rest = &rest[c.len_utf8()..];
        } else {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        assert_eq!(words("df -h"), ["df", "-h"]);
        assert_eq!(
            words("  kubectl  rollout restart deployment/{service} "),
            ["kubectl", "rollout", "restart", "deployment/{service}"]
        );
        assert_eq!(
            words(r#"psql -c 'select 1; -- "x"' --set="a b"c"#),
            ["psql", "-c", r#"select 1; -- "x""#, "--set=a bc"]
        );
        assert_eq!(words("call '' \"\""), ["call", "", ""]);
        assert_eq!(words(r#"call '{"a": 1}'"#), ["call", r#"{"a": 1}"#]);
    }

    #[test]
    fn what_a_shell_would_act_on_is_refused() {
        for sign in ACTS {
            assert_eq!(split(&format!("echo a{sign}b")), Err(ArgvError::Shell(*sign)));
        }
        for sign in ACTS_QUOTED {
            assert_eq!(split(&format!("echo \"a{sign}b\"")), Err(ArgvError::Quoted(*sign)));
        }
        for (line, error) in [
            ("", ArgvError::Empty),
            ("   ", ArgvError::Empty),
            ("echo 'a", ArgvError::Unclosed('\'')),
            ("echo \"a'", ArgvError::Unclosed('"')),
            ("echo {a,b}", ArgvError::Shell('{')),
            ("echo a}", ArgvError::Shell('}')),
            ("echo {version}", ArgvError::Placeholder("version".into())),
            ("echo '{version}'", ArgvError::Placeholder("version".into())),
            ("{service} x", ArgvError::Program),
            ("PATH=/tmp ls", ArgvError::Program),
            ("'two words' x", ArgvError::Program),
            ("-x", ArgvError::Program),
            ("/bin/sh -c 'rm -r x'", ArgvError::Script("sh -c".into())),
            ("bash -ec ls", ArgvError::Script("bash -c".into())),
            ("echo a\u{a0}b", ArgvError::Unseen('\u{a0}')),
            ("echo 'a\u{202e}b'", ArgvError::Unseen('\u{202e}')),
            ("echo –force", ArgvError::Unseen('–')),
            ("echo a\tb", ArgvError::Unseen('\t')),
            ("echo 'a`b'", ArgvError::Unseen('`')),
        ] {
            assert_eq!(split(line), Err(error), "{line}");
        }
        assert_eq!(split(&"x".repeat(LINE_CHARS + 1)), Err(ArgvError::TooLong));
        assert!(split(&"x ".repeat(WORDS)).is_ok());
        assert_eq!(split(&"x ".repeat(WORDS + 1)), Err(ArgvError::TooLong));
        assert!(split("sh restart.sh --clean").is_ok(), "a script of its own");
    }

    #[test]
    fn a_value_stays_in_its_word() {
        let filled = fill(&words("scale '{service} in' {environment}x '{' a"), |name| match name {
            "service" => Some("api"),
            _ => Some("{service}"),
        });
        assert_eq!(filled.unwrap(), ["scale", "api in", "{service}x", "{", "a"]);
        assert_eq!(fill(&words("scale {service}"), |_| None), None);
        assert!(names(&words("scale x-{service}"), "service") && !names(&words("scale"), "service"));
    }

    #[test]
    fn words_are_shown_so_that_they_are_read_back() {
        for list in [&["a", "b c", ""][..], &["it's", "a\"b", "'\"$"], &["x", "--x={service}", "{\"a\":1}", "ü"]] {
            let list: Vec<String> = list.iter().map(|w| (*w).to_owned()).collect();
            assert_eq!(words(&quote(&list)), list, "{}", quote(&list));
        }
        assert_eq!(quote(&words("gcloud run --tag='a b' {service}")), "gcloud run '--tag=a b' {service}");
    }
}
