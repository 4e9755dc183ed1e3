//! How others hear of incidents: mails, and posts on status pages. Each is a row before it is sent, tried on for a day, and in
//! order for each incident and place.
//!
//! A mail that may have arrived is sent again under the same Message-ID. A post that may have arrived is looked for, by the
//! adapter, before it is made again: customers read nothing twice.

use super::Engine;
use super::chat_out::backoff;
use super::run::receipt;
use super::writer::{Request, parse_state};
use crate::domain::decide::Input;
use crate::domain::ids::{IncidentId, Stream};
use crate::domain::render;
use crate::domain::status::{Mail, PublicCame, PublicTry};
use crate::domain::world::State;
use crate::limits;
use crate::paging::{PageError, Stands};
use crate::store::{Claim, Result};

impl Engine {
    pub(super) async fn send_mail(&self, claim: &Claim, incident: IncidentId, mail: &Mail) -> Result<()> {
        let (tries, key) = (claim.row.attempts, &claim.row.key);
        // Config names a server for it, or there would be no mail; the demo has none.
        let Some(mailer) = self.deps.outlets.mailer.clone() else {
            tracing::debug!(name: "mail.not_connected", %key, "{key} goes nowhere: no mail server is connected here");
            return self.receipt_only(claim, Vec::new()).await;
        };
        let why = match mailer.mail(mail).await {
            Ok(()) => {
                count("email", "delivered");
                return self.receipt_only(claim, Vec::new()).await;
            }
            Err(PageError::Refused(why)) => why,
            Err(PageError::Later { what, after_ms }) if tries < limits::STATUS_TRIES => {
                tracing::warn!(name: "mail.later", %key, error = %what, "{key} is tried again: {what}");
                return self.not_now(claim, after_ms.max(backoff(tries))).await;
            }
            Err(PageError::Unknown(what)) if tries < limits::STATUS_TRIES => {
                tracing::warn!(name: "mail.unknown", %key, error = %what, "no answer for {key}; it is sent again: {what}");
                return self.again_in(claim, backoff(tries)).await;
            }
            Err(error) => error.to_string(),
        };
        count("email", "failed");
        tracing::error!(name: "mail.lost", %key, error = %why, "{key} is given up: {why}");
        let input = Input::MailLost { incident, to: mail.to.address.clone(), why };
        let request = Request { receipt: Some(receipt(claim)), ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    pub(super) async fn publish(&self, claim: &Claim, incident: IncidentId, of: &PublicTry) -> Result<()> {
        let stream = Stream::incident(incident);
        let rows = self.deps.store.states(std::slice::from_ref(&stream)).await?;
        let Some(State::Incident(i)) = rows.first().map(parse_state).transpose()? else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let standing = i.publications.get(of.publication).and_then(|p| p.places.get(&of.place));
        let Some(standing) = standing else { return self.receipt_only(claim, Vec::new()).await };
        // Each row tells the next one: rows of replicas whose clocks differ may stand in another order than what they tell. Then
        // another row may have tried it, so it is looked for.
        let doubt = claim.doubt || of.post != standing.told;
        let of = &PublicTry { post: standing.told, ..of.clone() };
        // None for a drill, and when everything was told.
        let Some(notice) = render::public_notice(&self.policy(), &i, of, self.now().wall) else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let Some(page) = self.deps.outlets.pages.get(&of.place).cloned() else {
            let came = PublicCame::Failed { why: "it is not connected here".into(), given_up: true };
            return self.published(claim, incident, of, came).await;
        };
        match page.tell(&notice, standing.id.as_deref(), doubt).await {
            Ok(Stands { id, link }) => self.published(claim, incident, of, PublicCame::Posted { id, link }).await,
            Err(error) => self.not_published(claim, incident, of, error).await,
        }
    }

    /// Its end: the row goes with what came of it.
    async fn published(&self, claim: &Claim, incident: IncidentId, of: &PublicTry, came: PublicCame) -> Result<()> {
        count(&of.place, if matches!(came, PublicCame::Posted { .. }) { "delivered" } else { "failed" });
        let input = Input::PublicationCame { incident, of: of.clone(), came };
        let request = Request { receipt: Some(receipt(claim)), ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    /// People are told soon, and it is tried on.
    async fn not_published(&self, claim: &Claim, incident: IncidentId, of: &PublicTry, error: PageError) -> Result<()> {
        let (tries, key, why) = (claim.row.attempts, &claim.row.key, error.to_string());
        tracing::warn!(name: "status_page.failed", %key, error = %why, "{key} is not on the status page: {why}");
        let (most, quiet) = match error {
            PageError::Refused(_) => (limits::STATUS_REFUSED_TRIES, 0),
            _ => (limits::STATUS_TRIES, limits::STATUS_QUIET_TRIES),
        };
        if tries >= most {
            return self.published(claim, incident, of, PublicCame::Failed { why, given_up: true }).await;
        }
        if tries >= quiet {
            let came = PublicCame::Failed { why, given_up: false };
            self.submit(Request::of(Input::PublicationCame { incident, of: of.clone(), came })).await?;
        }
        match error {
            PageError::Later { after_ms, .. } => self.not_now(claim, after_ms.max(backoff(tries))).await,
            // What is refused stays refused until somebody mends something.
            PageError::Refused(_) => self.not_now(claim, limits::RETRY_MAX_MS).await,
            PageError::Unknown(_) => self.again_in(claim, backoff(tries)).await,
        }
    }
}

pub(super) fn count(place: &str, outcome: &'static str) {
    metrics::counter!("signalbox_status_posts_total", "place" => place.to_owned(), "outcome" => outcome).increment(1);
}
