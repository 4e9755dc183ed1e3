//! Who a request is from: a token it brings, or a signature over its body.
//!
//! Whatever is compared takes as long whatever the difference is. A secret that is empty believes nobody.

use crate::chat::Token;
use crate::domain::plan::hex;
use crate::limits;
use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The headers of our own signature, the same as those of pages that go out by webhook.
pub const TIMESTAMP: &str = "signalbox-timestamp";
/// See [`TIMESTAMP`].
pub const SIGNATURE: &str = "signalbox-signature";

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// What proves it is not there.
    Missing,
    /// Its time is too far from ours.
    Age,
    Wrong,
}

impl Unproven {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Age => "age",
            Self::Wrong => "wrong",
        }
    }
}

/// What a source proves itself with.
#[derive(Clone)]
pub enum Proof {
    /// Its secret is not there, so nobody is believed; senders are told to come again.
    Closed,
    /// `Authorization: Bearer TOKEN`, or the password of `Basic`; in the address only where config says so.
    Token { digest: Option<[u8; 32]>, in_address: bool },
    /// `X-Hub-Signature-256`, as GitHub signs.
    Github(Key),
    /// `X-PagerDuty-Signature`, of which one of several must be right.
    Pagerduty(Key),
    /// `X-Grafana-Alerting-Signature`, as Grafana signs.
    Grafana(Key),
    /// Our own, which binds a time as well.
    Signed(Key),
}

/// The secret of a signature.
#[derive(Clone)]
pub struct Key(Option<Hmac<Sha256>>);

impl Key {
    #[must_use]
    pub fn new(secret: &Token) -> Self {
        let secret = secret.expose().as_bytes();
        Self(if secret.is_empty() { None } else { Hmac::new_from_slice(secret).ok() })
    }

    fn signed(&self, parts: &[&[u8]], signature: &str) -> bool {
        let (Some(mac), Some(given)) = (&self.0, unhex(signature.trim())) else { return false };
        let mut mac = mac.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.verify_slice(&given).is_ok()
    }
}

/// Our own signature of a body sent at `timestamp` (seconds since 1970): `v1=` and the hexadecimal HMAC-SHA256 of
/// `v1:TIMESTAMP:BODY`.
#[must_use]
pub fn signature(secret: &Token, timestamp: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return String::new() };
    mac.update(format!("v1:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v1={}", hex(&mac.finalize().into_bytes()))
}

impl Proof {
    #[must_use]
    pub fn token(secret: &Token, in_address: bool) -> Self {
        let secret = secret.expose();
        Self::Token { digest: (!secret.is_empty()).then(|| Sha256::digest(secret.as_bytes()).into()), in_address }
    }

    /// What can be said before the body is read.
    ///
    /// # Errors
    /// When its token is not there or wrong, or a header that its signature needs is not there.
    pub fn first(&self, headers: &HeaderMap, query: &str, now_s: i64) -> Result<(), Unproven> {
        let name = match self {
            Self::Token { digest, in_address } => {
                let given = brought(headers).or_else(|| queried(query).filter(|_| *in_address));
                let given = given.ok_or(Unproven::Missing)?;
                let right = digest.is_some_and(|digest| same(&digest, &Sha256::digest(given.as_bytes()).into()));
                return if right { Ok(()) } else { Err(Unproven::Wrong) };
            }
            Self::Closed => return Err(Unproven::Missing),
            Self::Github(_) => "x-hub-signature-256",
            Self::Pagerduty(_) => "x-pagerduty-signature",
            Self::Grafana(_) => "x-grafana-alerting-signature",
            Self::Signed(_) => {
                let sent: i64 =
                    text(headers, TIMESTAMP).ok_or(Unproven::Missing)?.parse().map_err(|_| Unproven::Age)?;
                if now_s.saturating_sub(sent).saturating_abs() > limits::ALERT_AGE_S {
                    return Err(Unproven::Age);
                }
                SIGNATURE
            }
        };
        text(headers, name).map(|_| ()).ok_or(Unproven::Missing)
    }

    /// The rest, over the very bytes that came. The signature, where there is one.
    ///
    /// # Errors
    /// When somebody without the secret made it.
    pub fn whole(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, Unproven> {
        let header = |name: &str| text(headers, name).unwrap_or_default();
        let signed = match self {
            Self::Token { .. } => return Ok(String::new()),
            Self::Closed => None,
            Self::Github(key) => {
                let given = header("x-hub-signature-256");
                let right = given.strip_prefix("sha256=").is_some_and(|s| key.signed(&[body], s));
                right.then(|| given.to_owned())
            }
            Self::Pagerduty(key) => {
                let given = header("x-pagerduty-signature").split(',').take(limits::ALERT_SIGNATURES);
                let mut given = given.filter_map(|s| s.trim().strip_prefix("v1="));
                given.find(|s| key.signed(&[body], s)).map(str::to_owned)
            }
            Self::Grafana(key) => {
                let given = header("x-grafana-alerting-signature");
                key.signed(&[body], given).then(|| given.to_owned())
            }
            Self::Signed(key) => {
                let (time, given) = (header(TIMESTAMP), header(SIGNATURE));
                let parts: [&[u8]; 4] = [b"v1:", time.as_bytes(), b":", body];
                given.strip_prefix("v1=").filter(|s| key.signed(&parts, s)).map(str::to_owned)
            }
        };
        signed.ok_or(Unproven::Wrong)
    }

    /// Its sender signs each request anew, so the same signature is the same request.
    #[must_use]
    pub const fn is_signature(&self) -> bool {
        !matches!(self, Self::Token { .. } | Self::Closed)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim).filter(|v| !v.is_empty())
}

/// The token of `Authorization`: behind `Bearer`, or the password of `Basic`.
fn brought(headers: &HeaderMap) -> Option<String> {
    let (scheme, given) = text(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(given.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(unbase64(given.trim())?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// `?token=…`, or `auth_token`, as Google calls it. Tokens have no characters that addresses must hide.
fn queried(query: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut tokens = pairs.filter(|(name, _)| ["token", "auth_token"].contains(name));
    tokens.next().map(|(_, value)| value.to_owned())
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y))) == 0
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(out)
}

/// RFC 4648, with or without padding.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::with_capacity(text.len()), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_token_comes_as_bearer_or_password_and_in_the_address_only_where_it_may() {
        let secret = Token::new("test-alerts-token".into());
        let proof = Proof::token(&secret, false);
        let with = |value: &str| proof.first(&headers(&[("authorization", value)]), "token=test-alerts-token", 0);
        assert_eq!(with("Bearer test-alerts-token"), Ok(()));
        // `prometheus:test-alerts-token`
        assert_eq!(with("Basic cHJvbWV0aGV1czp0ZXN0LWFsZXJ0cy10b2tlbg=="), Ok(()));
        for wrong in ["Bearer test-alerts-toke", "Bearer x", "Basic cHJvbWV0aGV1czp0ZXN0", "Bearer test-alerts-token2"]
        {
            assert_eq!(with(wrong), Err(Unproven::Wrong), "{wrong}");
        }
        for missing in ["Basic !!", "Digest x", "test-alerts-token"] {
            assert_eq!(with(missing), Err(Unproven::Missing), "{missing}");
        }
        let none = HeaderMap::new();
        assert_eq!(proof.first(&none, "token=test-alerts-token", 0), Err(Unproven::Missing));
        let open = Proof::token(&secret, true);
        assert_eq!(open.first(&none, "a=b&auth_token=test-alerts-token", 0), Ok(()));
        assert_eq!(open.first(&none, "token=x", 0), Err(Unproven::Wrong));
        let empty = Proof::token(&Token::new(String::new()), true);
        assert_eq!(empty.first(&headers(&[("authorization", "Bearer ")]), "token=", 0), Err(Unproven::Wrong));
    }

    /// The figure is that of GitHub's documentation.
    #[test]
    fn a_signature_as_github_makes_it() {
        let proof = Proof::Github(Key::new(&Token::new("It's a Secret to Everybody".into())));
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let given = headers(&[("x-hub-signature-256", right)]);
        assert_eq!(proof.first(&given, "", 0), Ok(()));
        assert!(proof.whole(&given, b"Hello, World!").is_ok());
        assert_eq!(proof.whole(&given, b"Hello, World"), Err(Unproven::Wrong));
        assert_eq!(proof.first(&HeaderMap::new(), "", 0), Err(Unproven::Missing));
        let nobody = Proof::Github(Key::new(&Token::new(String::new())));
        assert_eq!(nobody.whole(&given, b"Hello, World!"), Err(Unproven::Wrong));
    }

    #[test]
    fn one_of_several_signatures_is_enough_and_a_time_goes_stale() {
        let secret = Token::new("a-shared-test-key".into());
        let own = signature(&secret, 1_767_600_000, b"{}");
        let key = Key::new(&secret);
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a-shared-test-key").unwrap();
        mac.update(b"{}");
        let bare = hex(&mac.finalize().into_bytes());
        let several = format!("v1={},v1={bare}", "0".repeat(64));
        let pagerduty = Proof::Pagerduty(key.clone());
        assert!(pagerduty.whole(&headers(&[("x-pagerduty-signature", &several)]), b"{}").is_ok());
        assert!(pagerduty.whole(&headers(&[("x-pagerduty-signature", &format!("v0={bare}"))]), b"{}").is_err());
        assert!(Proof::Grafana(key.clone()).whole(&headers(&[("x-grafana-alerting-signature", &bare)]), b"{}").is_ok());
        let signed = Proof::Signed(key);
        let given = headers(&[(TIMESTAMP, "1767600000"), (SIGNATURE, &own)]);
        assert_eq!(signed.first(&given, "", 1_767_600_000 + limits::ALERT_AGE_S), Ok(()));
        assert_eq!(signed.first(&given, "", 1_767_600_001 + limits::ALERT_AGE_S), Err(Unproven::Age));
        assert!(signed.whole(&given, b"{}").is_ok());
        let moved = headers(&[(TIMESTAMP, "1767600001"), (SIGNATURE, &own)]);
        assert_eq!(signed.whole(&moved, b"{}"), Err(Unproven::Wrong), "the time is signed as well");
    }
}
