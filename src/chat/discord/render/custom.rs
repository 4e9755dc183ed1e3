//! Custom ids: what a button or a form carries, within the hundred characters that Discord allows, each once in a message.
//!
//! A custom id is the wire form of the action, which Discord gives back as it was. Three signs stand for what that cannot say;
//! none of them occurs in a wire form:
//!
//! * `!` in front: the clicker is asked before it counts. The question goes with it, packed, behind the action and a line's end;
//!   one that is too long does not, and the button's label asks.
//! * `~` in front: what follows is packed, because it is longer than a hundred characters or holds a question: fourteen bits to
//!   a character of the CJK range, which no normalisation touches. Up to 171 bytes fit; what is longer has no button, and the
//!   message says so.
//! * `#2` behind: the second button of the message that does the same.

use crate::chat::wire;
use crate::domain::message::Button;

/// Characters of a custom id.
pub const CUSTOM_ID: usize = 100;
/// The first of the 16 384 characters that hold fourteen bits.
const FIRST: u32 = 0x4e00;
const BITS: u32 = 14;
/// Between an action and its question; wire forms have one line.
const END: char = '\n';

/// What a custom id says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// As [`crate::chat::wire()`] made it; goes into [`crate::chat::Body::Click`].
    pub action: String,
    /// The clicker is asked first, see [`crate::chat::discord::DiscordPlatform::question`].
    pub ask_first: bool,
    /// What they are asked; nothing where it had no room.
    pub ask: Option<String>,
}

/// The custom id of a button that is the `nth` of its message to do the same, from one. `None` when it cannot be carried.
#[must_use]
pub fn pack(button: &Button, nth: usize) -> Option<String> {
    let again = if nth > 1 { format!("#{nth}") } else { String::new() };
    let wire = wire(button);
    let Some(ask) = &button.confirm else { return carry("", &wire, &again) };
    let both = format!("!~{}{again}", squeeze(format!("{wire}{END}{ask}").as_bytes()));
    if fits(&both) { Some(both) } else { carry("!", &wire, &again) }
}

/// The custom id of a form or a button that does `action`, a wire form.
#[must_use]
pub fn of(action: &str) -> Option<String> {
    carry("", action, "")
}

fn carry(before: &str, wire: &str, behind: &str) -> Option<String> {
    Some(format!("{before}{wire}{behind}"))
        .filter(|text| fits(text))
        .or_else(|| Some(format!("{before}~{}{behind}", squeeze(wire.as_bytes()))).filter(|text| fits(text)))
}

fn fits(text: &str) -> bool {
    text.chars().count() <= CUSTOM_ID
}

/// Reads a custom id back. `None` when it is none of ours.
#[must_use]
pub fn unpack(custom_id: &str) -> Option<Carried> {
    let rest = custom_id.strip_prefix('!');
    let ask_first = rest.is_some();
    let rest = rest.unwrap_or(custom_id);
    let rest = rest.split('#').next().unwrap_or_default();
    let action = match rest.strip_prefix('~') {
        Some(packed) => String::from_utf8(widen(packed)?).ok()?,
        None => rest.to_owned(),
    };
    let (action, ask) = match action.split_once(END) {
        Some((action, ask)) => (action.to_owned(), Some(ask.to_owned()).filter(|ask| !ask.trim().is_empty())),
        None => (action, None),
    };
    (!action.is_empty()).then_some(Carried { action, ask_first, ask })
}

/// Fourteen bits to a character, filled up with zeros. No wire form holds a zero byte, so those behind it are dropped again.
fn squeeze(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        count += 8;
        if count >= BITS {
            count -= BITS;
            out.extend(char::from_u32(FIRST + (held >> count)));
            held &= (1 << count) - 1;
        }
    }
    if count > 0 {
        out.extend(char::from_u32(FIRST + (held << (BITS - count))));
    }
    out
}

fn widen(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut held, mut count) = (0_u32, 0_u32);
    for c in text.chars() {
        let value = u32::from(c).checked_sub(FIRST).filter(|v| *v < 1 << BITS)?;
        held = (held << BITS) | value;
        count += BITS;
        while count >= 8 {
            count -= 8;
            out.push(u8::try_from(held >> count).ok()?);
            held &= (1 << count) - 1;
        }
    }
    while out.last() == Some(&0) {
        out.pop();
    }
    Some(out)
}
