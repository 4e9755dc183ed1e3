//! The scripted mail server and status pages: they remember what they were told, and can be down.

use crate::domain::ids::ServiceName;
use crate::domain::status::{Mail, PublicNotice, STATUSPAGE, WEBHOOK};
use crate::paging::{Mailer, Outlets, PageError, Stands, StatusPage};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    posts: Vec<(&'static str, PublicNotice)>,
    mail_is_down: bool,
    mail_is_refused: bool,
    pages_are_down: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub struct ScriptOutlets(Mutex<State>);

impl ScriptOutlets {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While it is down, no mail is taken.
    pub fn set_mail_down(&self, down: bool) {
        self.lock().mail_is_down = down;
    }

    /// From now on the mail server knows nobody.
    pub fn refuse_mail(&self) {
        self.lock().mail_is_refused = true;
    }

    /// While they are down, customers are told nothing.
    pub fn set_pages_down(&self, down: bool) {
        self.lock().pages_are_down = down;
    }

    /// Every mail that was taken, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.lock().mails.clone()
    }

    /// What customers read at one place, oldest first.
    #[must_use]
    pub fn posts(&self, place: &str) -> Vec<PublicNotice> {
        let state = self.lock();
        state.posts.iter().filter(|(at, _)| *at == place).map(|(_, notice)| notice.clone()).collect()
    }

    /// As the engine is given them.
    #[must_use]
    pub fn all(self: &Arc<Self>) -> Outlets {
        let page = |place| Arc::new(Page { place, of: Arc::clone(self) }) as Arc<dyn StatusPage>;
        let pages = [STATUSPAGE, WEBHOOK].into_iter().map(|place| (place.to_owned(), page(place))).collect();
        Outlets { mailer: Some(Arc::new(Post(Arc::clone(self)))), pages }
    }
}

fn out_of_reach() -> PageError {
    PageError::Later { what: "no answer".into(), after_ms: 0 }
}

struct Post(Arc<ScriptOutlets>);

#[async_trait]
impl Mailer for Post {
    async fn mail(&self, mail: &Mail) -> Result<(), PageError> {
        let mut state = self.0.lock();
        if state.mail_is_refused {
            return Err(PageError::Refused("SMTP 550: there is nobody of that name".into()));
        }
        if state.mail_is_down {
            return Err(out_of_reach());
        }
        state.mails.push(mail.clone());
        Ok(())
    }
}

struct Page {
    place: &'static str,
    of: Arc<ScriptOutlets>,
}

#[async_trait]
impl StatusPage for Page {
    fn place(&self) -> &'static str {
        self.place
    }

    async fn tell(&self, notice: &PublicNotice, _there: Option<&str>, doubt: bool) -> Result<Stands, PageError> {
        let mut state = self.of.lock();
        if state.pages_are_down {
            return Err(out_of_reach());
        }
        let same = |(place, old): &(&str, PublicNotice)| {
            *place == self.place && (&old.key, old.post) == (&notice.key, notice.post)
        };
        if !(doubt && state.posts.iter().any(same)) {
            state.posts.push((self.place, notice.clone()));
        }
        let link = (self.place == STATUSPAGE).then(|| "https://status.barq.test/".to_owned());
        Ok(Stands { id: Some(notice.key.clone()), link })
    }

    /// It has no components.
    async fn component(&self, _: &ServiceName, _: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        Ok(())
    }
}
