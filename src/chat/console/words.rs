//! What a typed line means, and which names, ids and emoji the console takes.

use super::error::ConsoleError;
use crate::limits::{CONSOLE_EMOJI_BYTES, CONSOLE_ENVELOPE_ID, CONSOLE_NAME, CONSOLE_TEXT_CHARS};

const MENTION: &str = "@signalbox";

/// The command in a typed line: the whole of it when it begins with `/`, what follows `@signalbox` when that is mentioned
/// (`help` when nothing follows), `None` when it is only talk.
pub(super) fn command(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('/') {
        return Some(text.to_owned());
    }
    let after = after_mention(text)?.trim();
    Some(if after.is_empty() { "help".to_owned() } else { after.to_owned() })
}

fn after_mention(text: &str) -> Option<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '@' || c == '.';
    // Lower-casing ASCII only keeps every byte in its place.
    let lower = text.to_ascii_lowercase();
    lower.match_indices(MENTION).find_map(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + MENTION.len()..]);
        (!before.ends_with(word) && !after.starts_with(|c| word(c) && c != '.'))
            .then_some(after.trim_start_matches([',', ':', '.']))
    })
}

/// Refuses what nobody can have meant to say.
pub(super) fn check_text(text: &str) -> Result<(), ConsoleError> {
    if text.trim().is_empty() {
        return Err(ConsoleError::Refused("There is nothing in this message; type something first.".into()));
    }
    let chars = text.chars().count();
    if chars > CONSOLE_TEXT_CHARS {
        return Err(ConsoleError::Refused(format!(
            "This message has {chars} characters and at most {CONSOLE_TEXT_CHARS} fit; send it in parts."
        )));
    }
    Ok(())
}

/// A person's or channel's name as it may stand in a request.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), ConsoleError> {
    let fits =
        !name.is_empty() && name.len() <= CONSOLE_NAME && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits { Ok(()) } else { Err(ConsoleError::Refused(format!("This is not the name of a {what}."))) }
}

pub(super) fn check_envelope_id(id: &str) -> Result<(), ConsoleError> {
    let fits =
        !id.is_empty() && id.len() <= CONSOLE_ENVELOPE_ID && id.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
    if fits {
        Ok(())
    } else {
        Err(ConsoleError::Refused(format!(
            "An id is 1 to {CONSOLE_ENVELOPE_ID} printable ASCII characters without spaces and slashes."
        )))
    }
}

/// One emoji in one spelling: the sign that only asks for colour is dropped.
pub(super) fn emoji(text: &str) -> Result<String, ConsoleError> {
    let emoji: String = text.chars().filter(|c| *c != '\u{fe0f}').collect();
    let fits = !emoji.is_empty()
        && emoji.len() <= CONSOLE_EMOJI_BYTES
        && !emoji.chars().any(|c| c.is_control() || c.is_whitespace() || "<>&\"'`\\".contains(c));
    if fits { Ok(emoji) } else { Err(ConsoleError::Refused("This is not an emoji.".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_begin_with_a_slash_or_follow_the_mention() {
        for (text, means) in [
            ("/deploy v1.2.0 to production", Some("/deploy v1.2.0 to production")),
            ("  /help ", Some("/help")),
            ("@signalbox deploy v1", Some("deploy v1")),
            ("hey @SignalBox: why D-42", Some("why D-42")),
            ("thanks @signalbox", Some("help")),
            ("thanks @signalbox.", Some("help")),
            ("mail ops@signalbox now", None),
            ("@signalboxes unite", None),
            ("a / b", None),
            ("İ@signalbox x", None),
            ("İ @signalbox x", Some("x")),
        ] {
            assert_eq!(command(text).as_deref(), means, "{text}");
        }
    }

    #[test]
    fn texts_are_bounded() {
        assert!(check_text(&"é".repeat(CONSOLE_TEXT_CHARS)).is_ok());
        assert!(check_text(&"é".repeat(CONSOLE_TEXT_CHARS + 1)).is_err());
        assert!(check_text(" \n\t").is_err());
    }

    #[test]
    fn names_ids_and_emoji_are_bounded() {
        assert!(check_name("person", &"a".repeat(CONSOLE_NAME)).is_ok());
        for wrong in ["", "a b", "a\u{0}", &"a".repeat(CONSOLE_NAME + 1)] {
            assert!(check_name("person", wrong).is_err(), "{wrong}");
        }
        assert!(check_envelope_id(&"a".repeat(CONSOLE_ENVELOPE_ID)).is_ok());
        for wrong in ["", "a b", "a/b", "é", &"a".repeat(CONSOLE_ENVELOPE_ID + 1)] {
            assert!(check_envelope_id(wrong).is_err(), "{wrong}");
        }
        assert_eq!(emoji("✔\u{fe0f}").unwrap(), "✔");
        assert!(emoji(&"a".repeat(CONSOLE_EMOJI_BYTES)).is_ok());
        for wrong in ["", "\u{fe0f}", "<b>", "a b", &"a".repeat(CONSOLE_EMOJI_BYTES + 1)] {
            assert!(emoji(wrong).is_err(), "{wrong}");
        }
    }
}
