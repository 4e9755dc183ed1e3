//! The names a policy knows, by which the parser tells a service from a version and suggests what was meant.

use crate::domain::ids::{EnvironmentName, IncidentId, PersonId, Role, ServiceName};
use crate::domain::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// Known names. Lookups ignore case and answer with the name as config writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    pub services: BTreeSet<ServiceName>,
    pub environments: BTreeSet<EnvironmentName>,
    pub strategies: BTreeSet<String>,
    pub roles: BTreeSet<Role>,
    /// The worst first.
    pub severities: Vec<String>,
    pub rosters: BTreeSet<String>,
    pub digests: BTreeSet<String>,
    pub maintenance: BTreeSet<String>,
    pub runbooks: BTreeSet<String>,
    /// Names as shown, by id.
    pub people: BTreeMap<PersonId, String>,
    /// The incident in whose war room somebody speaks: it is meant where none is named.
    pub said_in: Option<IncidentId>,
}

impl Vocabulary {
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Self {
            services: policy.services.keys().cloned().collect(),
            environments: policy.environments.keys().cloned().collect(),
            strategies: policy.strategies.keys().cloned().collect(),
            roles: policy.roles.keys().cloned().collect(),
            severities: policy.response.severities.iter().map(|s| s.name.clone()).collect(),
            rosters: policy.response.rosters.keys().cloned().collect(),
            digests: policy.rhythm.digests.keys().cloned().collect(),
            maintenance: policy.rhythm.maintenance.keys().cloned().collect(),
            runbooks: policy.runbooks.keys().cloned().collect(),
            people: policy.people.values().map(|p| (p.id.clone(), p.name.clone())).collect(),
            said_in: None,
        }
    }

    #[must_use]
    pub fn service(&self, word: &str) -> Option<&ServiceName> {
        self.services.get(word).or_else(|| self.services.iter().find(|s| same(s.as_str(), word)))
    }

    #[must_use]
    pub fn environment(&self, word: &str) -> Option<&EnvironmentName> {
        self.environments.get(word).or_else(|| self.environments.iter().find(|e| same(e.as_str(), word)))
    }

    #[must_use]
    pub fn strategy(&self, word: &str) -> Option<&str> {
        self.strategies.iter().map(String::as_str).find(|s| same(s, word))
    }

    #[must_use]
    pub fn severity(&self, word: &str) -> Option<&str> {
        self.severities.iter().map(String::as_str).find(|s| same(s, word))
    }

    #[must_use]
    pub fn roster(&self, word: &str) -> Option<&str> {
        self.rosters.iter().map(String::as_str).find(|r| same(r, word))
    }

    #[must_use]
    pub fn digest(&self, word: &str) -> Option<&str> {
        self.digests.iter().map(String::as_str).find(|d| same(d, word))
    }

    #[must_use]
    pub fn maintenance(&self, word: &str) -> Option<&str> {
        self.maintenance.iter().map(String::as_str).find(|m| same(m, word))
    }

    #[must_use]
    pub fn runbook(&self, word: &str) -> Option<&str> {
        self.runbooks.iter().map(String::as_str).find(|r| same(r, word))
    }

    /// By id or by name, with or without `@`.
    #[must_use]
    pub fn person(&self, word: &str) -> Option<&PersonId> {
        let word = word.trim_start_matches('@');
        let by_name = || self.people.iter().find(|(_, name)| same(name, word)).map(|(id, _)| id);
        self.people.keys().find(|id| same(id.as_str(), word)).or_else(by_name)
    }

    /// Everybody that a page can name, people first.
    #[must_use]
    pub fn pageable(&self) -> Vec<&str> {
        let people = self.people.keys().map(PersonId::as_str);
        people.chain(self.rosters.iter().map(String::as_str)).chain(self.roles.iter().map(Role::as_str)).collect()
    }

    /// A person, a roster or a role, as config writes it.
    #[must_use]
    pub fn whom(&self, word: &str) -> Option<&str> {
        let roster = || self.roster(word.trim_start_matches('@'));
        let role = || self.role(word.trim_start_matches('@')).map(Role::as_str);
        self.person(word).map(PersonId::as_str).or_else(roster).or_else(role)
    }

    #[must_use]
    pub fn role(&self, word: &str) -> Option<&Role> {
        self.roles.iter().find(|r| same(r.as_str(), word))
    }
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_exact_ones_first() {
        let vocabulary =
            Vocabulary { services: ["API".into(), "api".into(), "Web".into()].into(), ..Vocabulary::default() };
        assert_eq!(vocabulary.service("api").map(ServiceName::as_str), Some("api"));
        assert_eq!(vocabulary.service("web").map(ServiceName::as_str), Some("Web"));
        assert_eq!(vocabulary.service("we"), None);
    }
}
