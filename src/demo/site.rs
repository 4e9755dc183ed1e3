//! One place of the fleet as it really is: its balancer, its processes, and the shares they are held to.

use super::balancer::{Backend, Balancer, Counts};
use super::child::Running;
use super::place::Place;
use crate::http;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an instance may take to answer about itself.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// Requests that are on their way to an instance are given this long before it ends.
const DRAIN: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub struct Site {
    pub service: &'static str,
    pub environment: &'static str,
    pub balancer: Balancer,
    binary: PathBuf,
    client: reqwest::Client,
    place: Mutex<Place>,
    running: Mutex<BTreeMap<String, Running>>,
    /// Held while a job is begun or cancelled, so that the one finds what the other has done.
    pub turning: tokio::sync::Mutex<()>,
    /// Held while processes and shares are being changed.
    changing: tokio::sync::Mutex<()>,
}

/// What an instance said about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl Site {
    /// # Errors
    /// When loopback cannot be listened on.
    pub async fn new(
        service: &'static str,
        environment: &'static str,
        binary: PathBuf,
        client: reqwest::Client,
    ) -> io::Result<Self> {
        Ok(Self {
            service,
            environment,
            balancer: Balancer::start(client.clone()).await?,
            binary,
            client,
            place: Mutex::default(),
            running: Mutex::default(),
            turning: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    /// `api/production`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.environment)
    }

    /// The shares with what was counted until now.
    #[must_use]
    pub fn place(&self) -> Place {
        let mut place = lock(&self.place).clone();
        let running = lock(&self.running);
        for share in &mut place.shares {
            if let Some(instance) = running.get(&share.version) {
                share.requests = instance.counts.requests.load(Relaxed);
                share.errors = instance.counts.errors.load(Relaxed);
                share.p95_us = instance.counts.p95_us();
            }
        }
        place
    }

    /// Makes it so: starts what is missing, moves the traffic, ends what is no longer wanted. What was asked for stays as
    /// it was when an instance cannot be started.
    ///
    /// # Errors
    /// In words, when an instance cannot be started.
    pub async fn change(&self, to: impl FnOnce(Place) -> Place + Send) -> Result<Place, String> {
        let _one_at_a_time = self.changing.lock().await;
        let before = self.place();
        let wanted = to(before.clone());
        for share in &wanted.shares {
            // A release that comes new starts counting anew, even when an instance of it is still warm.
            let fresh = before.share(&share.version).is_some_and(|b| b.requests > share.requests);
            let up = lock(&self.running).get_mut(&share.version).is_some_and(Running::is_up);
            if up && !fresh {
                continue;
            }
            let counts = Arc::new(Counts::default());
            counts.requests.store(share.requests, Relaxed);
            counts.errors.store(share.errors, Relaxed);
            let new = Running::start(&self.binary, self.service, self.environment, &share.version, counts).await?;
            self.retire(lock(&self.running).insert(share.version.clone(), new));
        }
        lock(&self.place).clone_from(&wanted);
        let unwanted: Vec<_> = {
            let mut running = lock(&self.running);
            self.balancer.set(backends(&wanted, &running), wanted.maintenance);
            running.extract_if(.., |version, _| wanted.share(version).is_none()).map(|(_, r)| r).collect()
        };
        for old in unwanted {
            self.retire(Some(old));
        }
        Ok(wanted)
    }

    /// Starts again what has died.
    ///
    /// # Errors
    /// As [`Site::change`].
    pub async fn mend(&self) -> Result<(), String> {
        let dead = lock(&self.running).values_mut().any(|r| !r.is_up());
        if dead { self.change(|place| place).await.map(|_| ()) } else { Ok(()) }
    }

    /// Ends an instance once what it was asked is answered.
    fn retire(&self, old: Option<Running>) {
        if let Some(old) = old {
            tokio::spawn(async move {
                tokio::time::sleep(DRAIN).await;
                old.end().await;
            });
        }
    }

    /// Ends every process.
    pub async fn shut_down(&self) {
        let _one_at_a_time = self.changing.lock().await;
        self.balancer.set(Vec::new(), false);
        let all = std::mem::take(&mut *lock(&self.running));
        futures_util::future::join_all(all.into_values().map(Running::end)).await;
    }

    /// The process that runs this version.
    #[must_use]
    pub fn pid(&self, version: &str) -> Option<u32> {
        lock(&self.running).get_mut(version).and_then(Running::pid)
    }

    fn address(&self, version: &str) -> Option<SocketAddr> {
        lock(&self.running).get(version).map(|r| r.address)
    }

    /// Asks the instance of a version itself, past the balancer.
    ///
    /// # Errors
    /// In words, when there is none or it gives no answer.
    pub async fn ask(&self, version: &str, path: &str) -> Result<Said, String> {
        let address = self.address(version).ok_or_else(|| format!("{version} does not run"))?;
        let answer = async {
            let response = self.client.get(format!("http://{address}{path}")).timeout(ASK_LIMIT).send().await?;
            let status = response.status().as_u16();
            http::body(response).await.map(|body| (status, body))
        };
        let (status, body) = answer.await.map_err(|e| format!("{version}: {}", http::why_not(&e)))?;
        Ok(Said { status, body: serde_json::from_slice(&body.bytes).unwrap_or_default() })
    }
}

fn backends(place: &Place, running: &BTreeMap<String, Running>) -> Vec<Backend> {
    let backend = |share: &super::place::Share| {
        running.get(&share.version).map(|instance| Backend {
            version: share.version.clone(),
            address: instance.address,
            weight: share.weight,
            counts: instance.counts.clone(),
        })
    };
    place.shares.iter().filter_map(backend).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
