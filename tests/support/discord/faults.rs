//! What goes wrong on demand.

use std::collections::BTreeMap;

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, although nothing was too much.
    Limited { after_ms: i64, global: bool, shared: bool },
    /// A page that is not JSON, such as 500 or 502.
    Status(u16),
    /// Refused with a code of Discord's.
    Refuse { status: u16, code: u32 },
    /// Never answered, and not done.
    Hang,
    /// Done; then the connection ends without an answer.
    DropAnswer,
    /// Done; answered 204 without a body where JSON is promised.
    Empty,
    /// Done; lists in the answer are null.
    NullComponents,
}

#[derive(Debug, Default)]
pub struct Faults {
    routes: BTreeMap<String, Vec<Fault>>,
    /// No connection is answered.
    pub refusing: bool,
    /// Heartbeats are not acknowledged.
    pub zombie: bool,
    /// So many of the next dispatches are sent twice.
    pub duplicates: usize,
    /// So many of the next dispatches are held and then sent backwards.
    pub reorder: usize,
    /// Dispatches are sent so much later, by the fake's clock.
    pub delay_ms: i64,
}

impl Faults {
    /// The next `times` requests of `route` (as in [`super::FakeDiscord::requests`]) meet `fault`.
    pub fn next(&mut self, route: &str, times: usize, fault: &Fault) {
        let list = self.routes.entry(route.to_owned()).or_default();
        list.extend(std::iter::repeat_n(fault.clone(), times));
    }

    pub(super) fn take(&mut self, route: &str) -> Option<Fault> {
        let list = self.routes.get_mut(route).filter(|list| !list.is_empty())?;
        Some(list.remove(0))
    }
}
