//! Custom ids: what a button or a form carries, within the hundred characters that Discord allows.

use crate::chat::wire;
use crate::domain::message::Button;

/// What a custom id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// As [`crate::chat::wire`] made it; goes into [`crate::chat::Body::Click`].
    pub action: String,
    /// The clicker is asked first, see [`crate::chat::discord::DiscordPlatform::question`].
    pub ask_first: bool,
}

/// The custom id of a button: `!` in front when it asks first. `None` when it cannot be carried.
#[must_use]
pub fn pack(button: &Button) -> Option<String> {
    let first = if button.confirm.is_some() { "!" } else { "" };
    Some(format!("{first}{}", wire(button)))
}

/// Reads a custom id back. `None` when it is none of ours.
#[must_use]
pub fn unpack(custom_id: &str) -> Option<Carried> {
    let (ask_first, rest) = match custom_id.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, custom_id),
    };
    Some(Carried { action: rest.to_owned(), ask_first })
}
