//! A secret in memory. It has no text of its own, so no log line, error or panic can hold it.

/// A token of a platform.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// What another machine said, without the secret: servers and proxies repeat what they were sent.
    #[must_use]
    pub fn hidden_in(&self, said: &str) -> String {
        if self.0.is_empty() { said.to_owned() } else { said.replace(&self.0, "…") }
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_no_text_and_is_hidden_in_others() {
        let token = Token::new("test-bot-token".into());
        assert_eq!(format!("{token:?} {:#?}", Some(&token)), "Token(..) Some(\n    Token(..),\n)");
        assert_eq!(token.hidden_in("who is test-bot-token? test-bot-token!"), "who is …? …!");
        assert_eq!(Token::new(String::new()).hidden_in("as it is"), "as it is");
    }
}
