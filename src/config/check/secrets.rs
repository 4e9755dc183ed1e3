//! Secrets do not stand in a file that people review, copy and post.

use crate::config::context::Context;
use crate::config::problem::Code;
use crate::config::tree::{Node, Value};

/// Beginnings by which the tokens of well-known services are recognised.
const TOKENS: &[&str] =
    &["xoxb-", "xoxp-", "xapp-", "ghp_", "github_pat_", "glpat-", "AKIA", "AIza", "sk_live_", "-----BEGIN"];
/// Key names whose value is a secret.
const KEYS: &[&str] = &["password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "credential"];

/// Looks at every string of the tree, whether or not its key is known.
pub fn secrets(node: &Node, cx: &mut Context) {
    walk(node, "", cx);
}

fn walk(node: &Node, key: &str, cx: &mut Context) {
    match &node.value {
        Value::Text(text) => {
            if let Some(why) = reason(key, text) {
                cx.error(Code::SecretInPlain, &node.place, why).hint(
                    "change the secret, then name it by reference: `{ env = \"NAME\" }`, or pass it on with `env = [\"NAME\"]`",
                );
            }
        }
        Value::List(list) => list.iter().for_each(|n| walk(n, key, cx)),
        Value::Table(entries) => {
            // `{ env = "X" }` and its like are the references themselves.
            let reference =
                matches!(entries.as_slice(), [one] if ["env", "file", "credential"].contains(&one.key.as_str()));
            if !reference {
                entries.iter().for_each(|e| walk(&e.node, &e.key, cx));
            }
        }
        _ => {}
    }
}

fn reason(key: &str, text: &str) -> Option<&'static str> {
    let lower_key = key.to_ascii_lowercase().replace('-', "_");
    if !text.is_empty() && KEYS.iter().any(|k| lower_key == *k || lower_key.ends_with(&format!("_{k}"))) {
        return Some("a secret stands here in plain");
    }
    if text.split(|c: char| c.is_whitespace() || "=:,\"'".contains(c)).any(|word| {
        TOKENS.iter().any(|t| word.strip_prefix(t).is_some_and(|rest| t.starts_with('-') || rest.len() >= 8))
    }) {
        return Some("this looks like a token or a private key");
    }
    if url_password(text) {
        return Some("this address contains a password");
    }
    let option = text.trim_start_matches('-').split_once('=').filter(|_| text.starts_with('-'));
    if let Some((name, value)) = option
        && !value.is_empty()
        && KEYS.contains(&name.to_ascii_lowercase().replace('-', "_").as_str())
    {
        return Some("a secret stands here in plain");
    }
    None
}

/// `scheme://user:password@host`.
fn url_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(_, p)| !p.is_empty())
    })
}
