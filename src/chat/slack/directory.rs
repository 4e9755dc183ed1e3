//! Who and what is who in the workspace: channels by name, the bot itself.

use crate::domain::ids::ChannelName;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What was looked up, and is not looked up again.
pub struct Directory {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    ids: BTreeMap<ChannelName, String>,
    names: BTreeMap<String, ChannelName>,
    me: Option<String>,
}

impl Directory {
    pub fn new(configured: &BTreeMap<ChannelName, String>) -> Self {
        let names = configured.iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        Self { known: Mutex::new(Known { ids: configured.clone(), names, me: None }) }
    }
}
