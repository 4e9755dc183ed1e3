//! Pictures as the bytes that a platform takes.

use crate::domain::message::Picture;

/// The file; `None` when what the message carries is no base64.
pub fn bytes(picture: &Picture) -> Option<Vec<u8>> {
    let text = picture.png.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for four in text.chunks(4) {
        let mut group = 0_u32;
        for n in 0..4 {
            group = group << 6 | u32::from(four.get(n).map_or(Some(0), |c| value(*c))?);
        }
        let kept = match four.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        out.extend_from_slice(&group.to_be_bytes()[1..=kept]);
    }
    Some(out)
}

const fn value(c: u8) -> Option<u8> {
    match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_and_nothing_else() {
        let of = |png: &str| bytes(&Picture { name: String::new(), alt: String::new(), png: png.into() });
        for (text, plain) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmE", "fooba")] {
            assert_eq!(of(text).as_deref(), Some(plain.as_bytes()), "{text}");
        }
        assert_eq!(of("iVBORw0KGgo="), Some(b"\x89PNG\r\n\x1a\n".to_vec()));
        for bad in ["Z", "Zm9v!", "Zm 9", "💥"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
