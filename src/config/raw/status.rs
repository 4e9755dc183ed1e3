//! `[status_page]`: where customers are told about incidents.

use super::{Pairs, WebhookEntry};
use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::service::SecretEntry;

section! {
    /// Where customers are told about incidents, and by whom.
    StatusPageEntry {
        /// Holders of these roles may tell customers, besides the commander and whoever has communications. Default: nobody else.
        roles: Option<Vec<At<String>>>,
        /// What customers call a service: `{ api = "Payments" }`. One that is not named here is never named to them.
        services: Option<Pairs>,
        /// Customers are told of an incident that a rollback opens or joins; see `rollback_opens`. Default false.
        rollbacks: Option<At<bool>>,
        /// Atlassian Statuspage, or what speaks its API.
        statuspage: Option<At<StatuspageEntry>>,
        /// A signed request to a machine of yours.
        webhook: Option<At<WebhookEntry>>,
    }
}

section! {
    /// Atlassian Statuspage's REST API, version 1.
    StatuspageEntry {
        /// The page's id.
        page: Req<At<String>>,
        /// An API key, by reference.
        token: Req<At<SecretEntry>>,
        /// Default `https://api.statuspage.io`.
        base_url: Option<At<String>>,
        /// The id of each service's component: `{ api = "8kbf7d35c070" }`. Its state follows the worst that is public.
        components: Option<Pairs>,
    }
}
