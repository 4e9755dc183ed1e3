//! What can go wrong with Slack, and what the outbox is told of it.

use crate::chat::ChatError;
use crate::limits;

/// The adapter cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    #[error("the base URL of Slack's API is not an address")]
    Address,
    #[error("the machine's certificates cannot be used: {0}")]
    Certificates(String),
}

/// A call of the Web API did not do it. It holds neither tokens nor addresses nor bodies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Asked too often; in milliseconds, bounded by [`limits::RETRY_MAX_MS`].
    #[error("asked too often, again in {after_ms} ms")]
    RateLimited { after_ms: i64 },
    /// Slack's own word for why not: `channel_not_found`.
    #[error("Slack says {0}")]
    Code(String),
    /// The token lacks this scope.
    #[error("the token lacks the scope {0}")]
    Scope(String),
    /// No connection, so it certainly did not happen.
    #[error("Slack cannot be reached")]
    Unreachable,
    /// It may or may not have happened.
    #[error("no answer from Slack: {0}")]
    Lost(String),
    /// The address is not one of this workspace's.
    #[error("the address is not Slack's")]
    Foreign,
}

impl ApiError {
    /// Slack's word, where it said one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Code(code) => Some(code),
            Self::Scope(_) => Some("missing_scope"),
            _ => None,
        }
    }

    /// What the outbox makes of it, `what` being the method or act. Codes that deserve their own handling were handled before.
    pub fn to_chat(&self, what: &str) -> ChatError {
        match self {
            Self::RateLimited { after_ms } => ChatError::Later { what: format!("{what}: {self}"), after_ms: *after_ms },
            Self::Unreachable => ChatError::Later { what: format!("{what}: {self}"), after_ms: limits::SLACK_REACH_MS },
            Self::Lost(_) => ChatError::Unknown(format!("{what}: {self}")),
            Self::Scope(scope) => ChatError::Refused(format!(
                "{what}: the bot's token lacks the scope `{scope}`; add it to the app and install it again"
            )),
            Self::Foreign => ChatError::Refused(format!("{what}: {self}")),
            Self::Code(code) => match code.as_str() {
                "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
                    ChatError::Unknown(format!("{what}: {self}"))
                }
                "team_added_to_org" | "org_login_required" => {
                    ChatError::Later { what: format!("{what}: {self}"), after_ms: limits::RETRY_MAX_MS }
                }
                "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed" => {
                    tracing::error!(
                        name: "slack.token_refused", method = %what, code,
                        "Slack refuses the bot's token ({code}); put a valid one in place and restart"
                    );
                    ChatError::Refused(format!("{what}: Slack refuses the bot's token ({code})"))
                }
                "message_not_found" => ChatError::Gone(format!("{what}: {self}")),
                _ => ChatError::Refused(format!("{what}: {self}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_says_what_the_outbox_does_next() {
        let code = |c: &str| ApiError::Code(c.into()).to_chat("chat.postMessage");
        assert!(matches!(ApiError::RateLimited { after_ms: 7 }.to_chat("m"), ChatError::Later { after_ms: 7, .. }));
        assert!(matches!(ApiError::Unreachable.to_chat("m"), ChatError::Later { .. }));
        assert!(matches!(ApiError::Lost("no answer in time".into()).to_chat("m"), ChatError::Unknown(_)));
        assert!(matches!(code("internal_error"), ChatError::Unknown(_)));
        assert!(matches!(code("message_not_found"), ChatError::Gone(_)));
        for refused in ["invalid_auth", "token_revoked", "something_new"] {
            assert!(matches!(code(refused), ChatError::Refused(_)), "{refused}");
        }
        let ChatError::Refused(what) = ApiError::Scope("chat:write".into()).to_chat("chat.postMessage") else {
            panic!("a missing scope is refused");
        };
        assert!(what.contains("`chat:write`"), "{what}");
    }
}
