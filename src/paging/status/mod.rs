//! Where customers read about incidents: a status page, or a machine of the organisation that has one.
//!
//! A page is told one post at a time, in order. Whether an earlier try arrived, the adapter finds out itself: what is public
//! twice cannot be taken back. Deliberately absent: what may be said; that was decided before.

mod statuspage;
mod webhook;

pub use statuspage::{STATUSPAGE_HOME, Statuspage, StatuspageSettings};
pub use webhook::StatusWebhook;

use super::PageError;
use crate::domain::ids::ServiceName;
use crate::domain::status::{Mail, PublicNotice};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a publication stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stands {
    /// What the place calls it.
    pub id: Option<String>,
    /// Where customers read it.
    pub link: Option<String>,
}

/// A place where customers are told.
#[async_trait]
pub trait StatusPage: Send + Sync {
    /// As policy names it.
    fn place(&self) -> &'static str;

    /// Tells one post. `there`: what the place calls the publication, once it has one of its posts. `doubt`: an earlier try may
    /// have arrived, so it is looked for first.
    ///
    /// # Errors
    /// As [`PageError`] says.
    async fn tell(&self, notice: &PublicNotice, there: Option<&str>, doubt: bool) -> Result<Stands, PageError>;

    /// Shows how a service is, where services are shown. `worst`: every service that something public is about now, with the rank of
    /// the worst of it; a service that is not among them works. A second call is harmless.
    ///
    /// # Errors
    /// As [`PageError`] says.
    async fn component(&self, service: &ServiceName, worst: &BTreeMap<ServiceName, usize>) -> Result<(), PageError>;

    /// Looks whether the place is there and takes what config says; what config names and the place does not know. Changes nothing.
    /// None: the place cannot be asked without being told something, so it was not.
    ///
    /// # Errors
    /// As [`PageError`] says.
    async fn unknown(&self) -> Result<Option<Vec<String>>, PageError> {
        Ok(None)
    }
}

/// Who carries mails about incidents.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail. A second try has the same Message-ID.
    ///
    /// # Errors
    /// As [`PageError`] says.
    async fn mail(&self, mail: &Mail) -> Result<(), PageError>;
}

/// How those hear of incidents who are not paged about them. Absent: not connected here.
#[derive(Clone, Default)]
pub struct Outlets {
    pub mailer: Option<Arc<dyn Mailer>>,
    pub pages: BTreeMap<String, Arc<dyn StatusPage>>,
}
