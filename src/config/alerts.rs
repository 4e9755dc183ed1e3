//! `[alerts.sources]`, checked: what the process needs to believe a sender. What its alerts mean is policy: `build/alerts.rs`.

use super::context::Context;
use super::place::At;
use super::platforms::secret;
use super::problem::Code;
use super::raw::{AlertSourceEntry, Root};
use super::service::{AlertFormat, AlertProof, AlertSourceConfig};

/// The sources that are there.
pub fn build(root: &Root, cx: &mut Context) -> Vec<AlertSourceConfig> {
    let sources = root.alerts.iter().flat_map(|a| &a.sources.0);
    sources.filter_map(|(name, raw)| one(name, raw, cx)).collect()
}

fn one(name: &At<String>, raw: &AlertSourceEntry, cx: &mut Context) -> Option<AlertSourceConfig> {
    let format = raw.format.0.as_ref()?.value.0;
    let signs = !matches!(format, AlertFormat::Alertmanager | AlertFormat::Google);
    let proof = match (&raw.token, &raw.secret) {
        (Some(_), Some(both)) => {
            cx.error(Code::BadValue, &both.place, "this source has a token and a secret")
                .hint("keep the secret where the sender can sign, and the token where it cannot");
            return None;
        }
        (None, None) => {
            let hint = if signs { "write `secret = { env = \"NAME\" }`" } else { "write `token = { env = \"NAME\" }`" };
            cx.error(Code::MissingKey, &name.place, format!("`{}` proves itself with nothing", name.value)).hint(hint);
            return None;
        }
        (None, Some(at)) if !signs => {
            cx.error(Code::BadValue, &at.place, "a sender of this format signs nothing")
                .hint("write `token = { env = \"NAME\" }`");
            return None;
        }
        (None, Some(at)) => AlertProof::Signature(secret(Some(at))?),
        (Some(at), None) => {
            let in_address = raw.token_in_address.as_ref().is_some_and(|b| b.value);
            AlertProof::Token { token: secret(Some(at))?, in_address }
        }
    };
    if let (Some(at), AlertProof::Signature(_)) = (&raw.token_in_address, &proof) {
        cx.error(Code::BadValue, &at.place, "there is no token").hint("remove this line");
    }
    Some(AlertSourceConfig { name: name.value.clone(), format, proof })
}
