//! What the stand-in fleet can be asked to run: invented services, their versions, and how each behaves.

use crate::domain::plan::{Release, hex};
use sha2::{Digest as _, Sha256};

pub const SERVICES: [&str; 3] = ["api", "frontend", "platform"];
pub const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// What is live everywhere when the demo begins.
pub const FIRST: &str = "v1.1.0";

/// A version that exists, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub name: &'static str,
    pub behaviour: Behaviour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Good,
    /// Fails 3 of every 20 requests for work; its health says nothing of it.
    Faulty,
    /// Starts, never becomes ready, and fails whatever it is asked all the same.
    Red,
}

pub const VERSIONS: [Version; 4] = [
    Version { name: FIRST, behaviour: Behaviour::Good },
    Version { name: "v1.2.0", behaviour: Behaviour::Good },
    Version { name: "v1.3.0", behaviour: Behaviour::Faulty },
    Version { name: "v1.4.0", behaviour: Behaviour::Red },
];

/// Which of every 20 requests a faulty version fails: spread out, so that a short look sees its share too.
const FAULTS: [u64; 3] = [0, 6, 11];

impl Behaviour {
    /// Whether the request with this number, counted from 0, fails.
    #[must_use]
    pub fn fails(self, request: u64) -> bool {
        match self {
            Self::Good => false,
            Self::Faulty => FAULTS.contains(&(request % 20)),
            Self::Red => true,
        }
    }

    /// What `/health/ready` says; `Err` with the reason when it is not ready.
    ///
    /// # Errors
    /// The reason in words.
    pub fn ready(self) -> Result<(), &'static str> {
        match self {
            Self::Red => Err("the session store refuses this version"),
            Self::Good | Self::Faulty => Ok(()),
        }
    }
}

#[must_use]
pub fn version(name: &str) -> Option<Version> {
    VERSIONS.into_iter().find(|v| v.name == name)
}

/// The names of all versions, oldest first.
#[must_use]
pub fn known() -> Vec<String> {
    VERSIONS.iter().map(|v| v.name.to_owned()).collect()
}

/// The release behind a version of a service, or `None` when either does not exist.
#[must_use]
pub fn release(service: &str, name: &str) -> Option<Release> {
    if !SERVICES.contains(&service) {
        return None;
    }
    version(name).map(|v| Release {
        version: v.name.to_owned(),
        revision: revision(service, v.name),
        changes: changes(service, v.name).iter().map(|c| (*c).to_owned()).collect(),
    })
}

/// Forty hexadecimal digits that never change for a service and version.
#[must_use]
pub fn revision(service: &str, version: &str) -> String {
    let mut text = hex(&Sha256::digest(format!("{service}@{version}")));
    text.truncate(40);
    text
}

fn changes(service: &str, version: &str) -> &'static [&'static str] {
    match (service, version) {
        ("api", "v1.1.0") => &["Search vehicles by plate"],
        ("api", "v1.2.0") => {
            &["Trips can be exported as CSV", "The driver list loads in pages", "Mend: wrong odometer unit"]
        }
        ("api", "v1.3.0") => &["New cache in front of the trip history", "Drop the old position endpoint"],
        ("api", "v1.4.0") => &["Sessions move to a new store"],
        ("frontend", "v1.1.0") => &["The map remembers its zoom"],
        ("frontend", "v1.2.0") => &["Dark map tiles at night", "Keyboard shortcuts in the trip table"],
        ("frontend", "v1.3.0") => &["Load the charts only when they are seen"],
        ("frontend", "v1.4.0") => &["Sign-in page with the new session store"],
        ("platform", "v1.1.0") => &["Geofences with more than 50 corners"],
        ("platform", "v1.2.0") => &["Position messages are batched", "Alerts name the vehicle"],
        ("platform", "v1.3.0") => &["Rewrite of the message router"],
        ("platform", "v1.4.0") => &["Device sessions move to a new store"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_every_service_is_one_revision_with_changes() {
        let mut seen = std::collections::BTreeSet::new();
        for service in SERVICES {
            for version in known() {
                let release = release(service, &version).unwrap();
                assert_eq!(release.revision.len(), 40);
                assert!(!release.changes.is_empty(), "{service} {version}");
                assert!(seen.insert(release.revision));
            }
        }
        assert_eq!(release("api", "v9.9.9"), None);
        assert_eq!(release("other", FIRST), None);
    }

    #[test]
    fn a_faulty_version_fails_fifteen_per_cent() {
        let failed = |b: Behaviour| (0..1000).filter(|n| b.fails(*n)).count();
        assert_eq!(failed(Behaviour::Faulty), 150);
        assert_eq!(failed(Behaviour::Good), 0);
        assert_eq!(failed(Behaviour::Red), 1000);
        assert_eq!((0..32).filter(|n| Behaviour::Faulty.fails(*n)).count(), 6, "what a short canary sees");
    }
}
