//! Misbehaviour on demand.

use std::collections::{BTreeMap, VecDeque};

/// What happens to the next call of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `Retry-After` in seconds; nothing is done.
    TooMany(u64),
    /// An HTTP status with a page that is no JSON; nothing is done.
    Status(u16),
    /// `ok: false` with this error; nothing is done.
    Error(&'static str),
    /// No answer for as long as the caller waits; nothing is done.
    Hang,
    /// It is done, and the connection breaks before the answer.
    DoneThenBroken,
    /// It is done, and the answer never comes.
    DoneThenHang,
    /// It is done, and 500 is answered.
    DoneThen500,
    /// It is done, and this is answered with status 200.
    DoneThenBody(&'static str),
}

#[derive(Debug, Default)]
pub struct Faults {
    /// By method; `*` is any method.
    calls: BTreeMap<String, VecDeque<Fault>>,
    /// Connections to refuse at the handshake.
    pub refuse_sockets: u32,
    /// Connections that are told `too_many_websockets` at once.
    pub too_many_sockets: u32,
    /// New sockets never read: no pong, no ack is seen.
    pub deaf: bool,
    /// Each delivery is sent this many more times.
    pub duplicates: u32,
    /// The whole Web API is gone: connections break, nothing is done.
    pub down: bool,
    /// Deliveries are held until they are released.
    pub hold: bool,
}

impl Faults {
    pub fn plan(&mut self, method: &str, times: usize, fault: &Fault) {
        let queue = self.calls.entry(method.to_owned()).or_default();
        queue.extend(std::iter::repeat_n(fault.clone(), times));
    }

    pub fn take(&mut self, method: &str) -> Option<Fault> {
        let own = self.calls.get_mut(method).and_then(VecDeque::pop_front);
        own.or_else(|| self.calls.get_mut("*").and_then(VecDeque::pop_front))
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Planned calls that have not come yet.
    pub fn left(&self) -> usize {
        self.calls.values().map(VecDeque::len).sum()
    }
}
