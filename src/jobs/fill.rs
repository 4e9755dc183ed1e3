//! Placeholders filled with a target's values (see [`crate::domain::placeholder`]).
//!
//! One argument is filled at a time, so a value can never become a second argument.

use super::Target;
pub use crate::domain::placeholder::FillError;
use crate::domain::placeholder::expand;

/// The template with the target's values.
///
/// # Errors
/// When it names something unknown, or something this target does not have (no release, nothing live before).
pub fn fill(template: &str, target: &Target) -> Result<String, FillError> {
    expand(template, |name| value(name, target))
}

/// As [`fill`], with values encoded so that none can leave its place in a URL.
///
/// # Errors
/// As [`fill`].
pub fn fill_url(template: &str, target: &Target) -> Result<String, FillError> {
    expand(template, |name| value(name, target).map(|v| encode(&v)))
}

fn value(name: &'static str, target: &Target) -> Result<String, FillError> {
    let value = match name {
        "service" => Some(target.service.to_string()),
        "environment" => Some(target.environment.to_string()),
        "version" => target.release.as_ref().map(|r| r.version.clone()),
        "revision" => target.release.as_ref().map(|r| r.revision.clone()),
        "previous_version" => target.previous.as_ref().map(|r| r.version.clone()),
        "previous_revision" => target.previous.as_ref().map(|r| r.revision.clone()),
        "deployment" => target.deployment.map(|id| id.to_string()),
        _ => None,
    };
    value.ok_or(FillError::NoValue(name))
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        use std::fmt::Write as _;
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{DeploymentId, EnvironmentName, ServiceName};
    use crate::domain::plan::Release;

    fn target() -> Target {
        Target {
            deployment: Some(DeploymentId(42)),
            service: ServiceName::new("api"),
            environment: EnvironmentName::new("production"),
            settings: Default::default(),
            release: Some(Release { version: "v1/2 {x}".into(), revision: "abc".into(), changes: Vec::new() }),
            previous: None,
        }
    }

    #[test]
    fn values_take_their_places_once() {
        let fill = |template| fill(template, &target());
        assert_eq!(fill("{service}@{revision} to {environment}, {deployment}").unwrap(), "api@abc to production, D-42");
        assert_eq!(fill("{version}").unwrap(), "v1/2 {x}", "a value is not a template");
        assert_eq!(fill_url("http://h/{version}", &target()).unwrap(), "http://h/v1%2F2%20%7Bx%7D");
    }

    #[test]
    fn a_missing_value_is_said() {
        assert_eq!(fill("{previous_version}", &target()), Err(FillError::NoValue("previous_version")));
    }
}
