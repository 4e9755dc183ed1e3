//! Where the gateway may be: with Discord's own base URL only at Discord, with another one never there.
//!
//! Discord hands out addresses, at the start and with every session. An emulator may hand out a wrong one, and the token
//! goes wherever we connect; so each is looked at before use.

use reqwest::Url;

/// Hosts of Discord; their subdomains as well.
const DISCORD: [&str; 4] = ["discord.com", "discord.gg", "discordapp.com", "discord.media"];

/// Why an address is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the gateway's address cannot be read")]
    Unreadable,
    #[error("the gateway's address is not one of Discord's")]
    NotDiscord,
    #[error("the gateway's address is Discord's own, although base_url names another server")]
    Discord,
    #[error("the gateway's address is not on this machine, although base_url is")]
    Away,
    #[error("the token would go to the gateway in plain")]
    Plain,
}

/// The address to connect to, asking for JSON of version 10 without compression.
///
/// # Errors
/// When `base_url` does not allow it.
pub fn allowed(address: &str, base_url: &str) -> Result<String, Refused> {
    let mut url = Url::parse(address).map_err(|_| Refused::Unreadable)?;
    let base = Url::parse(base_url).map_err(|_| Refused::Unreadable)?;
    let (Some(host), Some(home)) = (host(&url), host(&base)) else { return Err(Refused::Unreadable) };
    if !["ws", "wss"].contains(&url.scheme()) {
        return Err(Refused::Unreadable);
    }
    match (is_discord(&home), is_discord(&host)) {
        (true, false) => return Err(Refused::NotDiscord),
        (false, true) => return Err(Refused::Discord),
        _ => {}
    }
    if is_local(&home) && !is_local(&host) {
        return Err(Refused::Away);
    }
    if url.scheme() == "ws" && !is_local(&host) {
        return Err(Refused::Plain);
    }
    url.set_query(Some("v=10&encoding=json"));
    url.set_fragment(None);
    Ok(url.into())
}

fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

fn is_discord(host: &str) -> bool {
    DISCORD.iter().any(|d| host.strip_suffix(d).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_that_config_names_is_reached() {
        let real = "https://discord.com";
        assert_eq!(
            allowed("wss://gateway-us-east1-b.discord.gg", real).as_deref(),
            Ok("wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json")
        );
        for (address, why) in [
            ("ws://gateway.discord.gg", Refused::Plain),
            ("wss://discord.gg.example", Refused::NotDiscord),
            ("wss://notdiscord.gg", Refused::NotDiscord),
            ("https://gateway.discord.gg", Refused::Unreadable),
            ("", Refused::Unreadable),
        ] {
            assert_eq!(allowed(address, real), Err(why), "{address}");
        }
        let fake = "http://127.0.0.1:4000";
        assert_eq!(
            allowed("ws://127.0.0.1:4001/gw?v=9&compress=zlib-stream#x", fake).as_deref(),
            Ok("ws://127.0.0.1:4001/gw?v=10&encoding=json")
        );
        for address in ["wss://gateway.discord.gg", "wss://GATEWAY.Discord.GG.", "wss://discord.com/x"] {
            assert_eq!(allowed(address, fake), Err(Refused::Discord), "{address}");
            assert_eq!(allowed(address, "https://chat.example"), Err(Refused::Discord), "{address}");
        }
        assert_eq!(allowed("wss://chat.example", fake), Err(Refused::Away));
        assert_eq!(allowed("ws://chat.example", "https://chat.example"), Err(Refused::Plain));
        assert!(allowed("wss://gw.chat.example/x", "https://chat.example").is_ok());
        assert!(allowed("ws://[::1]:9", "http://localhost:1").is_ok());
    }
}
