//! What only the whole config can tell. Each check is a function from the raw types and the policy to problems.

mod alerts;
mod holders;
mod order;
mod placeholders;
mod secrets;
mod strategies;
mod unused;
mod windows;

pub use secrets::secrets;

use super::context::Context;
use super::raw::Root;
use crate::domain::policy::Policy;
use jiff::Timestamp;

/// Runs every check.
pub fn all(root: &Root, policy: &Policy, now: Option<Timestamp>, cx: &mut Context) {
    alerts::check(root, policy, cx);
    holders::check(root, policy, cx);
    order::check(root, cx);
    placeholders::check(root, cx);
    strategies::check(root, cx);
    windows::check(root, policy, now, cx);
    unused::check(root, policy, cx);
}
