//! The ways to people besides chat, as bad as real ones: slow, full, refusing, and silent about what they did take.
//!
//! PagerDuty and the webhook know a second request by its id, as their documentation says; mail and push do not.

use super::checker::Checker;
use super::core::{Shared, die, lock, pass};
use async_trait::async_trait;
use signalbox::domain::paging::{Follow, Letter, Via};
use signalbox::paging::{PageError, Pager};
use std::sync::{Arc, Mutex};

/// One replica's connection to one way.
pub struct SimPager {
    pub via: Via,
    pub core: Shared,
    pub checker: Arc<Mutex<Checker>>,
    pub replica: usize,
}

/// What goes wrong before anything outside has happened; the same for whoever tells customers.
pub async fn before(core: &Shared, replica: usize, what: &str) -> Result<(), PageError> {
    pass(core, 4_000).await;
    if lock(core).fault(|r| r.crash_at_effect) {
        die(core, replica, &format!("before {what}")).await;
    }
    let mut core = lock(core);
    if core.fault(|r| r.outlet_later) {
        let after_ms = [0, 1_000, 30_000, 120_000][core.dice.usize(..4)];
        core.say(format!("r{replica} {what}: too many requests, {after_ms} ms"));
        return Err(PageError::Later { what: "HTTP 429".into(), after_ms });
    }
    Ok(())
}

/// What goes wrong after it has happened. `harmless`: a second request is the same one, so the adapter has it sent again.
pub async fn after(core: &Shared, replica: usize, what: &str, harmless: bool) -> Result<(), PageError> {
    if lock(core).fault(|r| r.crash_at_effect) {
        die(core, replica, &format!("after {what}")).await;
    }
    pass(core, 4_000).await;
    let mut core = lock(core);
    if core.fault(|r| r.outlet_unanswered) {
        core.troubles[replica] += 1;
        core.say(format!("r{replica} {what}: done, the answer is lost"));
        let what = "no answer".to_owned();
        return Err(if harmless { PageError::Later { what, after_ms: 0 } } else { PageError::Unknown(what) });
    }
    Ok(())
}

#[async_trait]
impl Pager for SimPager {
    fn via(&self) -> Via {
        self.via
    }

    fn idempotent(&self) -> bool {
        matches!(self.via, Via::Pagerduty | Via::Webhook)
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        // As it begins: nothing was waited for since the engine read the state.
        lock(&self.checker).page_begins(self.replica, &letter.id, &self.core);
        let what = format!("page {}", letter.id);
        before(&self.core, self.replica, &what).await?;
        if lock(&self.core).fault(|r| r.outlet_refuses) {
            lock(&self.checker).page_refused(self.replica, &letter.id, &self.core);
            return Err(PageError::Refused("HTTP 403".into()));
        }
        let marked = letter.repeat || self.idempotent();
        lock(&self.checker).page_arrives(self.replica, &letter.id, marked, &self.core);
        if self.follows() {
            lock(&self.checker).matter(self.via, &letter.about, None);
        }
        after(&self.core, self.replica, &what, self.idempotent()).await
    }

    fn follows(&self) -> bool {
        self.idempotent()
    }

    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        let told = format!("{what:?} of {}", letter.about);
        before(&self.core, self.replica, &told).await?;
        lock(&self.core).say(format!("r{} {told}", self.replica));
        lock(&self.checker).matter(self.via, &letter.about, Some(what));
        after(&self.core, self.replica, &told, true).await
    }
}
