//! `[paging]`: the ways to people besides chat.

use crate::config::place::At;
use crate::config::read::{Named, Req, section};
use crate::config::scalars::{Choice, Choices, DayTime};
use crate::config::service::{SecretEntry, SmtpTls};

section! {
    /// How people are reached who are paged.
    PagingEntry {
        /// When night begins and ends, in the file's zone: pages are urgent then, whatever their severity. Default: never.
        night: Option<At<NightEntry>>,
        /// Where a page sends people who are not in chat, such as the console's or the channel's address.
        link: Option<At<String>>,
        /// E-mail; absent: nobody can be reached by `email`.
        email: Option<At<EmailEntry>>,
        /// PagerDuty; absent: nobody can be reached by `pagerduty`.
        pagerduty: Option<At<PagerdutyEntry>>,
        /// A signed request; absent: nobody can be reached by `webhook`.
        webhook: Option<At<WebhookEntry>>,
        /// A push; absent: nobody can be reached by `ntfy`.
        ntfy: Option<At<NtfyEntry>>,
    }
}

section! {
    /// Hours of the day; they may reach over midnight.
    NightEntry {
        /// When it begins: `22:00`.
        from: Req<At<DayTime>>,
        /// When it ends: `07:00`.
        to: Req<At<DayTime>>,
    }
}

section! {
    /// A mail server that takes our mail.
    EmailEntry {
        /// Its name or address.
        host: Req<At<String>>,
        /// Default 587 with `starttls`, 465 with `tls`, 25 with `none`.
        port: Option<At<u16>>,
        /// `starttls` (default), `tls` from the first byte, or `none`, which is for this machine only.
        tls: Option<At<Choice<SmtpTls>>>,
        /// Who we log in as; absent: without.
        user: Option<At<String>>,
        /// The password, by reference; needed with `user`.
        password: Option<At<SecretEntry>>,
        /// Who the mail is from: `signalbox <signalbox@example.com>`.
        from: Req<At<String>>,
    }
}

section! {
    /// PagerDuty's Events API, version 2.
    PagerdutyEntry {
        /// The integration key of each person's service, by reference: `routing_keys.lina = { env = "PAGERDUTY_LINA" }`.
        #[schemars(default)]
        routing_keys: Named<At<SecretEntry>>,
        /// For people without a key of their own.
        routing_key: Option<At<SecretEntry>>,
        /// The EU's service region is `https://events.eu.pagerduty.com`. Default `https://events.pagerduty.com`.
        base_url: Option<At<String>>,
    }
}

section! {
    /// A request to a machine of yours.
    WebhookEntry {
        /// Where it goes.
        url: Req<At<String>>,
        /// What it is signed with, by reference.
        secret: Req<At<SecretEntry>>,
    }
}

section! {
    /// A server that speaks ntfy.
    NtfyEntry {
        /// The server. Default `https://ntfy.sh`.
        base_url: Option<At<String>>,
        /// An access token, by reference; absent: without.
        token: Option<At<SecretEntry>>,
    }
}

impl Choices for SmtpTls {
    const NAME: &'static str = "SmtpTls";
    const ALL: &'static [(&'static str, Self)] =
        &[("starttls", Self::Starttls), ("tls", Self::Tls), ("none", Self::None)];
}
