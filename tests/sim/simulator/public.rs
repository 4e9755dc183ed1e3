//! Where customers read, and who carries mails: slow, full, refusing, and silent about what they did take.
//!
//! The status page has no idempotency key, so it is looked at first where an earlier try may stand, as the product's adapter does;
//! the webhook knows a post by its key.

use super::checker::Checker;
use super::core::{Shared, lock};
use super::pager::{after, before};
use async_trait::async_trait;
use signalbox::domain::ids::ServiceName;
use signalbox::domain::status::{Mail, PublicNotice, STATUSPAGE};
use signalbox::paging::{Mailer, PageError, Stands, StatusPage};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One replica's connection to one place, or to the mail server.
pub struct SimPublic {
    pub place: &'static str,
    pub core: Shared,
    pub checker: Arc<Mutex<Checker>>,
    pub replica: usize,
}

impl SimPublic {
    fn refused(&self, what: &str) -> Result<(), PageError> {
        let mut core = lock(&self.core);
        if core.fault(|r| r.outlet_refuses) {
            core.say(format!("r{} {what}: refused", self.replica));
            return Err(PageError::Refused("HTTP 401".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl StatusPage for SimPublic {
    fn place(&self) -> &'static str {
        self.place
    }

    async fn tell(&self, notice: &PublicNotice, there: Option<&str>, doubt: bool) -> Result<Stands, PageError> {
        let what = format!("post {} of {} on {}", notice.post, notice.key, self.place);
        let keyed = self.place != STATUSPAGE;
        let stands = || match keyed {
            true => Stands::default(),
            false => {
                Stands { id: Some(notice.key.clone()), link: Some(format!("https://status.example/{}", notice.key)) }
            }
        };
        if !keyed && (doubt || (there.is_none() && notice.post > 0)) {
            before(&self.core, self.replica, &format!("look for {what}")).await?;
            if lock(&self.checker).public_has(self.place, notice) {
                return Ok(stands());
            }
        }
        before(&self.core, self.replica, &what).await?;
        self.refused(&what)?;
        lock(&self.checker).public_post(self.place, notice, keyed, &self.core);
        after(&self.core, self.replica, &what, keyed).await.map(|()| stands())
    }

    async fn component(&self, service: &ServiceName, worst: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        let what = format!("{service} on {}", self.place);
        before(&self.core, self.replica, &what).await?;
        self.refused(&what)?;
        let rank = worst.get(service).copied();
        lock(&self.core).say(format!("r{} {what} is as bad as {rank:?}", self.replica));
        lock(&self.checker).public_component(self.place, service, rank);
        after(&self.core, self.replica, &what, true).await
    }
}

#[async_trait]
impl Mailer for SimPublic {
    async fn mail(&self, mail: &Mail) -> Result<(), PageError> {
        let what = format!("mail {} to {}", mail.id, mail.to.address);
        before(&self.core, self.replica, &what).await?;
        self.refused(&what)?;
        lock(&self.checker).mail_arrives(self.replica, mail, &self.core);
        after(&self.core, self.replica, &what, false).await
    }
}
