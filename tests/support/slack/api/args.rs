//! Arguments of a call: from the query, a form or JSON, as the method accepts them.

use super::methods;
use axum::http::HeaderMap;
use serde_json::{Map, Value};

pub struct Args {
    fields: Map<String, Value>,
    /// The body cannot be read; what Slack says then.
    pub problem: Option<String>,
}

impl Args {
    pub fn of(fields: Map<String, Value>) -> Self {
        Self { fields, problem: None }
    }

    pub fn read(method: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut args = Self { fields: pairs(query.as_bytes()), problem: None };
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if body.is_empty() {
            return args;
        }
        if kind.starts_with("application/x-www-form-urlencoded") {
            args.fields.extend(pairs(body));
        } else if kind.starts_with("application/json") {
            // Reading methods take no JSON: the real ones do as if nothing had been sent.
            if !methods::takes_json(method) {
                return args;
            }
            match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => args.fields.extend(fields),
                Ok(_) => args.problem = Some("json_not_object".into()),
                Err(_) => args.problem = Some("invalid_json".into()),
            }
        } else if kind.is_empty() {
            args.problem = Some("missing_post_type".into());
        } else {
            args.problem = Some("invalid_post_type".into());
        }
        args
    }

    /// The token from the header, or from a form field.
    pub fn token(&self, headers: &HeaderMap) -> Option<String> {
        let header = headers.get("authorization").and_then(|value| value.to_str().ok());
        let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).map(|token| token.trim().to_owned());
        bearer.or_else(|| self.text("token")).filter(|token| !token.is_empty())
    }

    pub fn value(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.remove("token");
        Value::Object(fields)
    }

    pub fn has(&self, key: &str) -> bool {
        self.fields.get(key).is_some_and(|value| !value.is_null())
    }

    /// A word or number; empty counts as absent.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.fields.get(key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            _ => None,
        }
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.text(key).as_deref(), Some("true" | "1"))
    }

    pub fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// JSON, as such or as a string in a form.
    pub fn json(&self, key: &str) -> Option<Result<Value, ()>> {
        match self.fields.get(key)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).map_err(|_| ())),
            value => Some(Ok(value.clone())),
        }
    }
}

/// `a=1&b=x+y` with percent signs undone.
pub fn pairs(text: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let key = plain(halves.next().unwrap_or_default());
        fields.insert(key, Value::String(plain(halves.next().unwrap_or_default())));
    }
    fields
}

fn plain(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (text[at], digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
