//! The fleet as a whole: every place, its traffic, and what is remembered of it.

use super::catalogue::{self, ENVIRONMENTS, SERVICES};
use super::place::Place;
use super::saved::{Record, Saved};
use super::site::Site;
use super::traffic;
use crate::clock::Stopwatch;
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::http;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// How much synthetic traffic there is.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Requests a second of each service in production; 0 for none.
    pub production: u32,
    /// The same in every other environment.
    pub elsewhere: u32,
}

impl Default for Load {
    /// Enough that a tenth of it shows a fault within seconds, and little enough not to be felt.
    fn default() -> Self {
        Self { production: 60, elsewhere: 5 }
    }
}

/// Why the fleet does not start.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error("cannot read {}: {why}; start with --fresh to begin anew", file.display())]
    Memory { file: PathBuf, why: std::io::Error },
    #[error("cannot listen on loopback: {0}")]
    Loopback(std::io::Error),
    #[error("cannot make an HTTP client: {0}")]
    Client(reqwest::Error),
    #[error("{0}")]
    Instance(String),
}

/// Dropping it ends every process it started; [`Fleet::shutdown`] does so in good order.
#[derive(Debug)]
pub struct Fleet {
    pub(super) sites: BTreeMap<(&'static str, &'static str), Arc<Site>>,
    jobs: Mutex<BTreeMap<String, Record>>,
    /// Requests a second of each place, in the order of `sites`.
    rates: Mutex<Vec<f64>>,
    file: PathBuf,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// What one place does, for display.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaceStats {
    pub service: ServiceName,
    pub environment: EnvironmentName,
    /// Of its balancer.
    pub url: String,
    pub maintenance: bool,
    /// The version with the largest share.
    pub live: Option<String>,
    /// Over the last seconds.
    pub requests_per_second: f64,
    pub releases: Vec<ReleaseStats>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReleaseStats {
    pub version: String,
    pub revision: String,
    /// Per cent of the traffic.
    pub weight: u8,
    /// Since it began to take traffic.
    pub requests: u64,
    pub errors: u64,
    /// Its process; absent while none runs.
    pub pid: Option<u32>,
}

impl Fleet {
    /// Starts every place with the releases and shares it had, or with [`catalogue::FIRST`], and then the traffic.
    /// `binary` is this program, run again as `fleet-instance` for each release; `<data>/fleet.json` is what is remembered.
    ///
    /// # Errors
    /// When the memory is unreadable or something cannot be started; nothing is left running then.
    pub async fn start(data: &Path, binary: &Path, load: Load) -> Result<Arc<Self>, FleetError> {
        let file = data.join("fleet.json");
        let saved = std::fs::create_dir_all(data).and_then(|()| Saved::load(&file));
        let saved = saved.map_err(|why| FleetError::Memory { file: file.clone(), why })?;
        let Saved { mut places, jobs } = saved.unwrap_or_default();
        let client = http::loopback().map_err(FleetError::Client)?;
        let mut sites = BTreeMap::new();
        for service in SERVICES {
            for environment in ENVIRONMENTS {
                let site = Site::new(service, environment, binary.to_path_buf(), client.clone()).await;
                sites.insert((service, environment), Arc::new(site.map_err(FleetError::Loopback)?));
            }
        }
        let begin = sites.values().map(|site| {
            let place = places.remove(&site.name()).filter(|p| p.live().is_some());
            let place = place.unwrap_or_else(|| Place::with(catalogue::FIRST));
            async move { site.change(|_| place).await }
        });
        futures_util::future::try_join_all(begin).await.map_err(FleetError::Instance)?;
        let rates = Mutex::new(vec![0.0; sites.len()]);
        let fleet = Arc::new(Self { sites, jobs: Mutex::new(jobs), rates, file, tasks: Mutex::default() });
        fleet.save().map_err(FleetError::Instance)?;
        fleet.begin_tasks(&client, load);
        Ok(fleet)
    }

    fn begin_tasks(self: &Arc<Self>, client: &reqwest::Client, load: Load) {
        let mut tasks = lock(&self.tasks);
        for site in self.sites.values() {
            let per_second = if site.environment == "production" { load.production } else { load.elsewhere };
            if per_second > 0 {
                let sending = traffic::send(Arc::downgrade(site), client.clone(), per_second);
                tasks.push(tokio::spawn(sending).abort_handle());
            }
        }
        tasks.push(tokio::spawn(watch(Arc::downgrade(self))).abort_handle());
    }

    /// Ends the traffic and every process, and remembers the last counts. The fleet is of no use afterwards.
    pub async fn shutdown(&self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
        // Counts that cannot be written are a display's loss only.
        let _ = self.save();
        futures_util::future::join_all(self.sites.values().map(|site| site.shut_down())).await;
    }

    /// Every place, in the order of services and environments.
    #[must_use]
    pub fn stats(&self) -> Vec<PlaceStats> {
        let rates = lock(&self.rates).clone();
        self.sites.values().zip(rates).map(|(site, rate)| stats(site, rate)).collect()
    }

    /// The address of a place's balancer, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self, service: &str, environment: &str) -> Option<String> {
        self.site(service, environment).ok().map(|site| format!("http://{}", site.balancer.address))
    }

    pub(super) fn site(&self, service: &str, environment: &str) -> Result<&Arc<Site>, String> {
        let mut sites = self.sites.iter();
        let found = sites.find(|((s, e), _)| *s == service && *e == environment);
        found.map(|(_, site)| site).ok_or_else(|| format!("the demo's fleet has no {service} in {environment}"))
    }

    pub(super) fn record(&self, key: &str) -> Option<Record> {
        lock(&self.jobs).get(key).cloned()
    }

    /// When the job that came last began.
    pub(super) fn newest(&self) -> jiff::Timestamp {
        lock(&self.jobs).values().map(|record| record.started).max().unwrap_or_default()
    }

    /// Remembers how a job stands, together with what runs now.
    pub(super) fn remember(&self, key: &str, record: Record) -> Result<(), String> {
        lock(&self.jobs).insert(key.to_owned(), record);
        self.save()
    }

    fn save(&self) -> Result<(), String> {
        // The lock is held until the file is replaced, so that an older state never overwrites a newer one.
        let mut jobs = lock(&self.jobs);
        let places = self.sites.values().map(|site| (site.name(), site.place())).collect();
        let mut saved = Saved { places, jobs: std::mem::take(&mut *jobs) };
        saved.forget();
        let done = saved.save(&self.file);
        *jobs = saved.jobs;
        done.map_err(|e| format!("cannot write {}: {e}", self.file.display()))
    }
}

/// Once a second: starts again what died, measures the traffic, and keeps the counts of a canary.
async fn watch(fleet: Weak<Fleet>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut seen: Vec<u64> = Vec::new();
    let mut since = Stopwatch::start();
    loop {
        tick.tick().await;
        let Some(fleet) = fleet.upgrade() else { return };
        let totals: Vec<u64> = fleet.sites.values().map(|site| site.balancer.total()).collect();
        let seconds = std::mem::replace(&mut since, Stopwatch::start()).elapsed_std().as_secs_f64();
        for ((rate, total), before) in lock(&fleet.rates).iter_mut().zip(&totals).zip(&seen) {
            // Smoothed, so that it can be read.
            *rate += ((total - before) as f64 / seconds.max(0.001) - *rate) * 0.4;
        }
        seen = totals;
        let mut canary = false;
        for site in fleet.sites.values() {
            // What does not start again now is tried again in a second.
            let _ = site.mend().await;
            canary |= site.place().shares.iter().filter(|s| s.weight > 0).count() > 1;
        }
        if canary {
            let _ = fleet.save();
        }
    }
}

fn stats(site: &Site, rate: f64) -> PlaceStats {
    let place = site.place();
    PlaceStats {
        service: ServiceName::new(site.service),
        environment: EnvironmentName::new(site.environment),
        url: format!("http://{}", site.balancer.address),
        maintenance: place.maintenance,
        live: place.live().map(|s| s.version.clone()),
        requests_per_second: (rate * 10.0).round() / 10.0,
        releases: place
            .shares
            .iter()
            .map(|share| ReleaseStats {
                version: share.version.clone(),
                revision: catalogue::revision(site.service, &share.version),
                weight: share.weight,
                requests: share.requests,
                errors: share.errors,
                pid: site.pid(&share.version),
            })
            .collect(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
