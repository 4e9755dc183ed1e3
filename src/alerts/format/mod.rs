//! The formats of senders, read into neutral alerts. Pure.
//!
//! Reading is tolerant: what is missing is left out, what cannot be read is counted by what is wrong with it, and everything
//! else goes on. Written after the documented formats; the tests hold an example of each.

mod github;
mod google;
mod pagerduty;
mod plain;
mod prometheus;
mod text;

use crate::domain::alert::Alert;
use crate::limits;
use serde_json::Value;

/// Who a body is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Alertmanager,
    Grafana,
    Google,
    Pagerduty,
    Github,
    Json,
}

impl Format {
    pub const ALL: [Self; 6] =
        [Self::Alertmanager, Self::Grafana, Self::Google, Self::Pagerduty, Self::Github, Self::Json];

    /// As config writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::Google => "google",
            Self::Pagerduty => "pagerduty",
            Self::Github => "github",
            Self::Json => "json",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// What was found in a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadAlerts {
    pub alerts: Vec<Alert>,
    pub damaged: Vec<Damage>,
}

/// Parts of a body that cannot be read, by what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    pub what: &'static str,
    pub count: u64,
}

impl ReadAlerts {
    fn damage(&mut self, what: &'static str, count: u64) {
        match self.damaged.iter_mut().find(|d| d.what == what) {
            Some(known) => known.count += count,
            None => self.damaged.push(Damage { what, count }),
        }
    }

    /// Each of `items` by `one`; those beyond the bound count as damaged.
    fn each(&mut self, items: &[Value], one: impl Fn(&Value) -> Result<Alert, &'static str>) {
        for item in items.iter().take(limits::ALERTS_READ) {
            match one(item) {
                Ok(alert) => self.alerts.push(text::bounded(alert)),
                Err(what) => self.damage(what, 1),
            }
        }
        let over = items.len().saturating_sub(limits::ALERTS_READ);
        if over > 0 {
            self.damage("too many", u64::try_from(over).unwrap_or(u64::MAX));
        }
    }
}

/// Reads a body of the format of this name.
#[must_use]
pub fn read(format: &str, body: &str) -> ReadAlerts {
    let mut out = ReadAlerts::default();
    let Some(format) = Format::parse(format) else {
        out.damage("unknown format", 1);
        return out;
    };
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        out.damage("not JSON", 1);
        return out;
    };
    match format {
        Format::Alertmanager => prometheus::read(&value, false, &mut out),
        Format::Grafana => prometheus::read(&value, true, &mut out),
        Format::Google => google::read(&value, &mut out),
        Format::Pagerduty => pagerduty::read(&value, &mut out),
        Format::Github => github::read(&value, &mut out),
        Format::Json => plain::read(&value, &mut out),
    }
    out
}

#[cfg(test)]
mod tests;
