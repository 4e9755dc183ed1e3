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
    /// Not asked, since the token was refused a moment ago, for this reason.
    #[error("{0}")]
    Resting(String),
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

/// Slack's words for a token that it does not take.
const TOKEN: [&str; 6] =
    ["invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed", "not_allowed_token_type"];

/// Slack's words for what somebody has to allow first.
const RIGHTS: [&str; 9] = [
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "no_permission",
    "access_denied",
    "ekm_access_denied",
    "team_access_not_granted",
    "restricted_action",
    "posting_to_general_channel_denied",
];

fn bad_token(code: &str) -> String {
    format!("Slack refuses the bot's token ({code}); set a valid one as slack.bot_token and restart")
}

impl ApiError {
    /// Why the token itself is refused, and what to do.
    pub fn bad_token(&self) -> Option<String> {
        match self {
            Self::Code(code) if TOKEN.contains(&code.as_str()) => Some(bad_token(code)),
            _ => None,
        }
    }

    /// Slack's word, where it said one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Code(code) => Some(code),
            Self::Scope(_) => Some("missing_scope"),
            Self::Resting(_) => Some("invalid_auth"),
            _ => None,
        }
    }

    /// What the outbox makes of it, `what` being the method or act. Codes that deserve their own handling were handled before.
    pub fn to_chat(&self, what: &str) -> ChatError {
        match self {
            Self::RateLimited { after_ms } => ChatError::Later { what: format!("{what}: {self}"), after_ms: *after_ms },
            Self::Unreachable => ChatError::Later { what: format!("{what}: {self}"), after_ms: limits::SLACK_REACH_MS },
            Self::Lost(_) => ChatError::Unknown(format!("{what}: {self}")),
            Self::Scope(scope) => ChatError::Barred(format!(
                "{what}: the bot's token lacks the scope `{scope}`; add it to the app and install it again"
            )),
            Self::Resting(why) => ChatError::Barred(why.clone()),
            Self::Foreign => ChatError::Refused(format!("{what}: {self}")),
            Self::Code(code) => match code.as_str() {
                "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
                    ChatError::Unknown(format!("{what}: {self}"))
                }
                "team_added_to_org" | "org_login_required" => {
                    ChatError::Later { what: format!("{what}: {self}"), after_ms: limits::RETRY_MAX_MS }
                }
                code if TOKEN.contains(&code) => ChatError::Barred(bad_token(code)),
                code if RIGHTS.contains(&code) => ChatError::Barred(format!("{what}: {self}; see `signalbox doctor`")),
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
        for barred in ["invalid_auth", "token_revoked", "is_archived", "channel_not_found"] {
            assert!(matches!(code(barred), ChatError::Barred(_)), "{barred}");
        }
        assert!(matches!(code("something_new"), ChatError::Refused(_)));
        let ChatError::Barred(what) = ApiError::Scope("chat:write".into()).to_chat("chat.postMessage") else {
            panic!("a missing scope waits for a person");
        };
        assert!(what.contains("`chat:write`"), "{what}");
    }
}
