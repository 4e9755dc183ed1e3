//! Texts cut to what a platform takes.

/// At most `most` characters; what is cut ends in `…`.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    if most > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut() {
        assert_eq!([clip("abc", 4), clip("abc", 3), clip("abc", 2), clip("abc", 0)], ["abc", "abc", "a…", ""]);
        assert_eq!(clip("äöü🚀", 3), "äö…");
    }
}
