//! Names and numbers that people say.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $Name(Arc<str>);

        impl $Name {
            #[must_use]
            pub fn new(name: &str) -> Self {
                Self(Arc::from(name))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $Name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl std::borrow::Borrow<str> for $Name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A human in config: the key of `[people.KEY]`.
    PersonId
);
name!(
    /// What a person may turn: the key of `[roles.KEY]`, such as `tech-lead`.
    Role
);
name!(
    /// What is deployed.
    ServiceName
);
name!(
    /// Where it is deployed.
    EnvironmentName
);
name!(
    /// One of the channels signalbox speaks in, by its name without `#`.
    ChannelName
);
name!(
    /// A chat platform: `console`, `slack`, `discord`.
    PlatformName
);

macro_rules! number {
    ($(#[$doc:meta])* $Name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $Name(pub u64);

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl $Name {
            /// Reads it as people write it: with its letters, in any case, with or without the dash, or the digits alone.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.trim();
                let letters = text.get(..$prefix.len()).filter(|start| start.eq_ignore_ascii_case($prefix));
                let digits = letters.map_or(text, |start| text[start.len()..].trim_start_matches('-'));
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                digits.parse().ok().filter(|n| *n > 0).map(Self)
            }
        }
    };
}

number!(
    /// A deployment's number as people say it: `D-42`.
    DeploymentId,
    "D"
);
number!(
    /// An incident's number as people say it: `INC-7`.
    IncidentId,
    "INC"
);

/// The name of an event stream in the journal: `deployment/D-42`, `environment/production`, `person/sara`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stream(Arc<str>);

impl Stream {
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    #[must_use]
    pub fn deployment(id: DeploymentId) -> Self {
        Self(format!("deployment/{id}").into())
    }

    #[must_use]
    pub fn incident(id: IncidentId) -> Self {
        Self(format!("incident/{id}").into())
    }

    /// The board of incidents: which are open.
    #[must_use]
    pub fn board() -> Self {
        Self::new("board/incidents")
    }

    /// A key of alerts, by its hash.
    #[must_use]
    pub fn alert(hash: &str) -> Self {
        Self(format!("alert/{hash}").into())
    }

    /// The board of alerts: what fires, and what is silenced.
    #[must_use]
    pub fn alerts() -> Self {
        Self::new("alerts/board")
    }

    #[must_use]
    pub fn roster(name: &str) -> Self {
        Self(format!("roster/{name}").into())
    }

    /// The ledger of a digest's slots.
    #[must_use]
    pub fn digest(name: &str) -> Self {
        Self(format!("digest/{name}").into())
    }

    #[must_use]
    pub fn maintenance(name: &str) -> Self {
        Self(format!("maintenance/{name}").into())
    }

    /// What was run of a runbook.
    #[must_use]
    pub fn runbook(name: &str) -> Self {
        Self(format!("runbook/{name}").into())
    }

    #[must_use]
    pub fn environment(name: &EnvironmentName) -> Self {
        Self(format!("environment/{name}").into())
    }

    #[must_use]
    pub fn person(id: &PersonId) -> Self {
        Self(format!("person/{id}").into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, n)| n)
    }
}

impl std::fmt::Display for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// So that ordered maps of streams can be walked from a name.
impl std::borrow::Borrow<str> for Stream {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployment_numbers_are_read_as_people_write_them() {
        for text in ["D-42", "d-42", "D42", "42", " D-42 "] {
            assert_eq!(DeploymentId::parse(text), Some(DeploymentId(42)), "{text}");
        }
        for text in ["", "D-", "D-0", "D-4x", "E-42", "D-99999999999999999999"] {
            assert_eq!(DeploymentId::parse(text), None, "{text}");
        }
        for text in ["INC-7", "inc7", "Inc-7", "7"] {
            assert_eq!(IncidentId::parse(text), Some(IncidentId(7)), "{text}");
        }
        assert_eq!(IncidentId::parse("IN-7"), None);
    }
}
