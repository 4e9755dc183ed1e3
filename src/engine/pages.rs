//! Pages: sent by one way at a time, each with its receipt, which is an input like any other.
//!
//! Right before anything is sent the state is read once more: what somebody has meanwhile is not begun. A try that may have
//! arrived is made again and marked, since a page twice is better than none.

use super::Engine;
use super::chat_out::{Addressed, Said, backoff};
use super::run::receipt;
use super::writer::{Request, parse_state};
use crate::domain::decide::Input;
use crate::domain::ids::{PersonId, PlatformName, Stream};
use crate::domain::incident::Incident;
use crate::domain::paging::{Came, Follow, Letter, Page, Try, Via};
use crate::domain::render;
use crate::domain::world::State;
use crate::limits;
use crate::paging::{PageError, Pager};
use crate::store::{Claim, MessageRow, Result};
use std::sync::Arc;

/// What one try came to.
enum Tried {
    /// Somebody has it by now.
    NotNeeded,
    Came(Came, Vec<MessageRow>),
    /// Nothing was sent; again in so many ms.
    Later(i64),
    /// It may have been sent; again in so many ms.
    InDoubt(i64),
    /// It failed for now, which is told, and is tried on in so many ms: nothing else is left. In doubt, it may have been sent.
    Held {
        why: String,
        ms: i64,
        doubt: bool,
    },
}

impl Engine {
    pub(super) async fn send_page(&self, claim: &Claim, stream: &Stream, of: &Try) -> Result<()> {
        let Some(i) = self.wanted(stream, of).await? else { return self.not_needed(claim, of).await };
        let page = i.climb.pages.get(of.page);
        let tried = match of.via {
            Via::Chat => self.page_in_chat(claim, stream, &i, of).await?,
            _ => self.page_outside(claim, &i, of).await,
        };
        match tried {
            Tried::NotNeeded => self.not_needed(claim, of).await,
            Tried::Later(ms) => self.put_back(claim, ms).await,
            Tried::InDoubt(ms) => self.again_in(claim, ms).await,
            Tried::Held { why, ms, doubt } => {
                let came = Came::Failed { why, perhaps: doubt };
                let input = Input::PageCame { stream: stream.clone(), of: of.clone(), came };
                self.submit(Request::of(input)).await?;
                if doubt { self.again_in(claim, ms).await } else { self.put_back(claim, ms).await }
            }
            Tried::Came(came, messages) => {
                self.tell_of(of, &came, page.and_then(|p| p.by(of.via)).map(|a| a.began));
                let input = Input::PageCame { stream: stream.clone(), of: of.clone(), came };
                let request = Request { receipt: Some(receipt(claim)), messages, ..Request::of(input) };
                self.submit(request).await.map(|_| ())
            }
        }
    }

    /// The incident, as long as this try of its page is worth sending.
    async fn wanted(&self, stream: &Stream, of: &Try) -> Result<Option<Box<Incident>>> {
        let rows = self.deps.store.states(std::slice::from_ref(stream)).await?;
        let Some(State::Incident(i)) = rows.first().map(parse_state).transpose()? else { return Ok(None) };
        let page = i.climb.pages.get(of.page).filter(|_| i.episode == of.episode);
        Ok(page.is_some_and(|page| page.wants(of.via)).then_some(i))
    }

    async fn not_needed(&self, claim: &Claim, of: &Try) -> Result<()> {
        count(of.via, "not_needed");
        self.receipt_only(claim, Vec::new()).await
    }

    async fn page_in_chat(&self, claim: &Claim, stream: &Stream, i: &Incident, of: &Try) -> Result<Tried> {
        let policy = self.policy();
        let platform = PlatformName::new(&of.place);
        let failed = |why: String| Tried::Came(Came::Failed { why, perhaps: false }, Vec::new());
        let Some(chat) = self.platform(&platform).cloned() else {
            return Ok(failed("no chat here knows them".into()));
        };
        let Some(message) = render::page_message(i, of.page, claim.doubt) else {
            return Ok(failed("there is no page".into()));
        };
        let channel = &policy.channels.incidents;
        let only_for = i.climb.pages.get(of.page).map(|page| &page.person);
        let to = Addressed { channel, thread_of: None, only_for };
        let more = i.climb.pages.get(of.page).is_some_and(Page::has_more);
        // Where something else is left, it is not waited for long.
        let most = if more { limits::PAGE_TRIES } else { limits::PAGE_CHAT_TRIES };
        let (tries, ms) = (claim.row.attempts, backoff(claim.row.attempts));
        let held = |why: &str, doubt: bool| match more || tries > limits::CHAT_HELD_TRIES {
            true => failed(why.to_owned()),
            false => Tried::Held { why: why.to_owned(), ms, doubt },
        };
        let stands = match claim.doubt {
            true => self.stands_alone(&chat, claim, &to, &message).await,
            false => Ok(None),
        };
        // To look took time, in which somebody may have acknowledged.
        if matches!(stands, Ok(None)) && claim.doubt && self.wanted(stream, of).await?.is_none() {
            return Ok(Tried::NotNeeded);
        }
        let said = match stands {
            Ok(Some(row)) => Ok(row),
            Ok(None) => self.say_alone(&chat, claim, &to, message).await,
            Err(said) => Err(said),
        };
        Ok(match said {
            Ok(row) => Tried::Came(Came::Delivered { repeat: false }, vec![row]),
            Err(Said::Later(ms)) if tries < most => Tried::Later(ms),
            Err(Said::InDoubt(ms)) if tries < most => Tried::InDoubt(ms),
            Err(Said::InDoubt(_)) => held("no answer", true),
            Err(Said::Later(_) | Said::At(_)) => held("it is out of reach", false),
            Err(Said::Barred(why)) => held(&why, false),
            Err(Said::Never(why)) => failed(why),
        })
    }

    async fn page_outside(&self, claim: &Claim, i: &Incident, of: &Try) -> Tried {
        let came = |why: String, perhaps| Tried::Came(Came::Failed { why, perhaps }, Vec::new());
        let failed = |why: String| came(why, claim.doubt);
        let Some(pager) = self.deps.pagers.get(&of.via).cloned() else {
            return failed("it is not connected here".into());
        };
        let repeat = claim.doubt && !pager.idempotent();
        let Some(letter) = self.letter(i, of, repeat) else { return failed("there is no page".into()) };
        let (tries, key) = (claim.row.attempts, &claim.row.key);
        match pager.page(&letter).await {
            Ok(()) => Tried::Came(Came::Delivered { repeat }, Vec::new()),
            Err(PageError::Refused(why)) => came(why, claim.doubt || (pager.idempotent() && tries > 1)),
            // Of a way that knows a repeat nobody asks whether the first arrived.
            Err(PageError::Later { what, after_ms })
                if tries >= limits::PAGE_TRIES || after_ms > limits::PAGE_PATIENCE_MS =>
            {
                came(what, claim.doubt || pager.idempotent())
            }
            Err(PageError::Later { what, after_ms }) => {
                tracing::warn!(name: "page.later", %key, error = %what, "{key} is tried again: {what}");
                let ms = after_ms.max(backoff(tries));
                // Whether an earlier try arrived is as unknown as before.
                if claim.doubt { Tried::InDoubt(ms) } else { Tried::Later(ms) }
            }
            Err(PageError::Unknown(why)) if tries >= limits::PAGE_TRIES => came(why, true),
            Err(PageError::Unknown(why)) => {
                tracing::warn!(name: "page.unknown", %key, error = %why, "no answer for {key}; it is tried again: {why}");
                Tried::InDoubt(backoff(tries))
            }
        }
    }

    /// Says to a way that keeps a matter open what became of it. Nobody waits for it, so it has time.
    pub(super) async fn follow_page(
        &self,
        claim: &Claim,
        stream: &Stream,
        (of, person): (&Try, Option<&PersonId>),
        what: Follow,
    ) -> Result<()> {
        let rows = self.deps.store.states(std::slice::from_ref(stream)).await?;
        let Some(State::Incident(i)) = rows.first().map(parse_state).transpose()? else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let pager: Option<Arc<dyn Pager>> = self.deps.pagers.get(&of.via).filter(|p| p.follows()).cloned();
        let (Some(pager), Some(letter)) =
            (pager, render::follow_letter(&self.policy(), &i, of, person, self.now().wall))
        else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        match pager.follow(&letter, what).await {
            Err(PageError::Later { what, after_ms }) if claim.row.attempts < limits::PAGE_FOLLOW_TRIES => {
                let key = &claim.row.key;
                tracing::warn!(name: "page.follow_later", %key, error = %what, "{key} is tried again: {what}");
                self.put_back(claim, after_ms.max(backoff(claim.row.attempts))).await
            }
            Err(error) => {
                let key = &claim.row.key;
                tracing::error!(name: "page.follow_failed", %key, %error, "{key} is given up: {error}");
                self.receipt_only(claim, Vec::new()).await
            }
            Ok(()) => self.receipt_only(claim, Vec::new()).await,
        }
    }

    fn letter(&self, i: &Incident, of: &Try, repeat: bool) -> Option<Letter> {
        render::page_letter(&self.policy(), i, of, self.now().wall, repeat)
    }

    fn tell_of(&self, of: &Try, came: &Came, began: Option<crate::domain::time::Now>) {
        match came {
            Came::Delivered { .. } => {
                count(of.via, "delivered");
                if let Some(began) = began {
                    let took = self.now().work.as_millisecond() - began.work.as_millisecond();
                    #[expect(clippy::cast_precision_loss, reason = "seconds for a graph")]
                    metrics::histogram!("signalbox_page_seconds", "channel" => of.via.name())
                        .record(took as f64 / 1000.0);
                }
            }
            Came::Failed { why, .. } => {
                count(of.via, "failed");
                let (via, place) = (of.via.name(), &of.place);
                tracing::warn!(name: "page.failed", via, %place, error = %why, "a page by {via} failed: {why}");
            }
        }
    }
}

fn count(via: Via, outcome: &'static str) {
    metrics::counter!("signalbox_pages_total", "channel" => via.name(), "outcome" => outcome).increment(1);
}
