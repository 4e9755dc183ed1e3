//! Alerts in: watching systems post what they see, and it is kept before anybody reads it (ADR 0013).
//!
//! It promises that nothing is believed without its proof, that nothing is answered with success before it is stored, and
//! that one damaged alert of a request does not take the others with it. Deliberately absent: what an alert means, which is
//! the policy's, and TLS, which a proxy before it ends.

mod format;
mod http;
mod proof;

pub use format::{Damage, Format, ReadAlerts, read};
pub use http::{Source, router};
pub use proof::{Key as ProofKey, Proof, SIGNATURE, TIMESTAMP, Unproven, signature};

/// Where alerts stand in the inbox, beside the chat platforms.
pub const PLATFORM: &str = "alerts";
