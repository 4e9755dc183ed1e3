//! Text as scripts quote it: case, backticks, the @ of a mention and line breaks do not matter, and `…` stands for anything.

/// What a message must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As written.
    pub text: String,
    parts: Vec<String>,
}

impl Pattern {
    #[must_use]
    pub fn new(text: &str) -> Self {
        let plain = text.replace("...", "…");
        let parts = plain.split('…').map(|p| normal(p).trim().to_owned()).filter(|p| !p.is_empty()).collect();
        Self { text: text.to_owned(), parts }
    }

    /// Whether `text` holds all parts, in order.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let text = normal(text);
        let mut rest = text.as_str();
        for part in &self.parts {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

/// Lower case, without backticks and @, each run of white space one space.
fn normal(text: &str) -> String {
    text.replace(['`', '@'], "").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_forgiving_where_people_are() {
        let text = "`D-1` api v1.2.0 → production · awaiting\nRequested by: Sara";
        for fits in ["awaiting", "D-1 api", "AWAITING requested BY", "d-1 … awaiting", "api ... Sara", "…", ""] {
            assert!(Pattern::new(fits).fits(text), "{fits}");
        }
        for not in ["awaiting … api", "D-2", "v1.2.0 production", "sara … sara"] {
            assert!(!Pattern::new(not).fits(text), "{not}");
        }
    }
}
