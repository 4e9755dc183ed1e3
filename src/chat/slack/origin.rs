//! Which addresses belong to the workspace: sockets, answers and uploads go to addresses that Slack hands out, and a wrong one
//! must not learn anything.

use super::SlackError;
use reqwest::Url;

/// Slack's own hosts: what they hand out may be on any host below them.
const OWN: [&str; 2] = ["slack.com", "slack-gov.com"];

/// Where the Web API is.
#[derive(Clone, Debug)]
pub struct Origin {
    host: String,
    local: bool,
}

impl Origin {
    pub fn of(base_url: &str) -> Result<Self, SlackError> {
        let url = Url::parse(base_url).map_err(|_| SlackError::Address)?;
        let host = url.host_str().ok_or(SlackError::Address)?.to_owned();
        Ok(Self { local: loopback(&url), host })
    }

    /// Whether to go there: over TLS to a host of the workspace, in plain only on this machine. With an emulator's base URL,
    /// Slack itself is never one of them.
    pub fn allows(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let host = url.host_str().unwrap_or_default();
        let own = |host: &str| OWN.iter().any(|own| host == *own || host.ends_with(&format!(".{own}")));
        let ours = if own(&self.host) { own(host) } else { host == self.host || loopback(&url) };
        let safe = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => self.local && loopback(&url),
            _ => false,
        };
        ours && safe
    }
}

fn loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_workspace_are_asked() {
        let allows = |base: &str, url: &str| Origin::of(base).unwrap().allows(url);
        let (slack, here, there) = ("https://slack.com/api", "http://127.0.0.1:4000/api", "https://chat.example/api");
        for good in ["https://hooks.slack.com/a/b", "wss://wss-primary.slack.com/link", "https://files.slack.com/u"] {
            assert!(allows(slack, good), "{good}");
            assert!(!allows(here, good) && !allows(there, good), "{good} is never asked for an emulator");
        }
        for bad in [
            "http://hooks.slack.com/a",
            "https://evilslack.com/",
            "https://slack.com.evil.example/",
            "x",
            "file:///etc",
        ] {
            assert!(!allows(slack, bad), "{bad}");
        }
        for good in ["http://127.0.0.1:9/u", "ws://localhost:9/s", "http://[::1]:9/u"] {
            assert!(allows(here, good), "{good}");
            assert!(!allows(slack, good) && !allows(there, good), "{good}");
        }
        assert!(allows(there, "https://chat.example/upload") && allows(there, "wss://chat.example/socket"));
        assert!(!allows(there, "https://other.example/upload") && !allows(there, "http://chat.example/upload"));
        assert!(Origin::of("nonsense").is_err());
    }
}
