//! How a platform stands: whether its connection is up, and what a person has to change before it works.
//!
//! It is told on `/readyz` and as the gauge `signalbox_chat_connected`: 1 while the connection stands and the token is taken.
//! A token that is refused is asked with again once in a while, so that one that is given back its rights needs no restart.

use crate::limits;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of one platform.
#[derive(Debug)]
pub struct Health {
    platform: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connected: bool,
    /// Why the token is refused, and since when it was not asked with, in ms on the work clock.
    token: Option<(String, i64)>,
    /// Why there is no connection before somebody changes something.
    barred: Option<String>,
}

impl Health {
    pub fn new(platform: &'static str) -> Self {
        Self { platform, state: Mutex::default() }
    }

    /// The connection came up or went away.
    pub fn connected(&self, stands: bool) {
        let mut state = self.lock();
        state.connected = stands;
        if stands {
            state.barred = None;
        }
        self.show(&state);
    }

    /// The platform gives no connection before a person has changed something. Said where it is known.
    pub fn barred(&self, why: &str) {
        let mut state = self.lock();
        state.connected = false;
        state.barred = Some(why.to_owned());
        self.show(&state);
    }

    /// The platform does not take the token; logged when it is news.
    pub fn refused(&self, why: &str, now: i64) {
        let mut state = self.lock();
        if state.token.as_ref().is_none_or(|(known, _)| known != why) {
            let platform = self.platform;
            tracing::error!(name: "chat.token_refused", platform, "{why}; what is to be said there waits");
        }
        state.token = Some((why.to_owned(), now));
        self.show(&state);
    }

    /// The platform takes the token.
    pub fn taken(&self) {
        let mut state = self.lock();
        if state.token.take().is_some() {
            let platform = self.platform;
            tracing::info!(name: "chat.token_taken", platform, "{platform} takes the token again; what waited is said");
            self.show(&state);
        }
    }

    /// Why the token is not to be asked with now.
    #[must_use]
    pub fn rests(&self, now: i64) -> Option<String> {
        let state = self.lock();
        state.token.as_ref().filter(|(_, at)| now < at + limits::CHAT_TOKEN_MS).map(|(why, _)| why.clone())
    }

    /// What a person has to change, if anything.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let state = self.lock();
        state.token.as_ref().map(|(why, _)| why.clone()).or_else(|| state.barred.clone())
    }

    fn show(&self, state: &State) {
        let up = state.connected && state.token.is_none();
        metrics::gauge!("signalbox_chat_connected", "platform" => self.platform).set(f64::from(u8::from(up)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_is_asked_with_once_in_a_while_until_it_is_taken() {
        let health = Health::new("slack");
        health.connected(true);
        assert_eq!((health.trouble(), health.rests(0)), (None, None));
        health.refused("no such token", 1_000);
        assert_eq!(health.trouble().as_deref(), Some("no such token"));
        assert!(health.rests(1_000 + limits::CHAT_TOKEN_MS - 1).is_some());
        assert_eq!(health.rests(1_000 + limits::CHAT_TOKEN_MS), None);
        health.taken();
        assert_eq!((health.trouble(), health.rests(1_000)), (None, None));
    }

    #[test]
    fn a_connection_that_stands_again_ends_what_barred_it() {
        let health = Health::new("discord");
        health.barred("turn it on");
        assert_eq!(health.trouble().as_deref(), Some("turn it on"));
        health.connected(true);
        assert_eq!(health.trouble(), None);
        health.connected(false);
        assert_eq!(health.trouble(), None, "it comes back by itself");
    }
}
