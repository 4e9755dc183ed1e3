//! The console's page in a real browser. Needs `chromedriver` and `chromium` on the PATH, and fails where they are missing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod driver;
mod fake;
mod keyboard;
mod outage;
mod page;
