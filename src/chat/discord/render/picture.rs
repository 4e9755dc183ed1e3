//! Pictures: files that go with the message, named so that an embed can show them.

use super::text::plain_line;
use crate::chat::discord::rest::File;
use crate::domain::message::Picture;
use serde_json::{Value, json};

/// Pictures of one message; Discord takes ten files.
pub const PICTURES: usize = 10;
/// Characters of a picture's description.
pub const DESCRIPTION: usize = 1024;
/// Characters of a file's name.
const NAME: usize = 60;

/// The file, and its entry in `attachments`. `None` when it is no picture.
pub fn file(picture: &Picture, nth: usize) -> Option<(File, Value)> {
    let bytes = decode(&picture.png).filter(|b| !b.is_empty())?;
    // Discord changes other characters, and then the embed would not find its file.
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let stem = picture.name.strip_suffix(".png").unwrap_or(&picture.name);
    let stem: String = stem.chars().take(NAME).map(safe).collect();
    let name = format!("{stem}-{nth}.png");
    let entry = json!({"id": nth, "filename": name, "description": plain_line(&picture.alt, DESCRIPTION)});
    Some((File { name, bytes }, entry))
}

/// Base64 with or without padding; `None` when it is none.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = ((held << 6) | u32::from(value)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.extend(u8::try_from((held >> bits) & 0xff));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_simple_and_what_is_no_picture_is_left_out() {
        let picture = |name: &str, png: &str| Picture { name: name.into(), alt: "errors".into(), png: png.into() };
        let (made, entry) = file(&picture("canary of ä.png", "iVBORw=="), 1).unwrap();
        assert_eq!((made.name.as_str(), made.bytes), ("canary_of__-1.png", b"\x89PNG".to_vec()));
        assert_eq!(entry, json!({"id": 1, "filename": "canary_of__-1.png", "description": "errors"}));
        assert!(file(&picture("a", "no base64!"), 0).is_none());
        assert!(file(&picture("a", ""), 0).is_none());
    }
}
