//! `signalbox healthcheck`: asks a running service, so that an image needs no other program for it.

use super::cli::ConfigArg;
use super::setup;
use anyhow::{Context as _, anyhow};
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub(super) struct HealthcheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Ask this address instead of the config's `listen`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) async fn healthcheck(args: HealthcheckArgs) -> anyhow::Result<ExitCode> {
    let url = match args.url {
        Some(url) => url,
        None => {
            let loaded = setup::loaded(&args.config.config)?;
            let mut at = loaded.service.listen;
            if at.ip().is_unspecified() {
                at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
            }
            format!("http://{at}")
        }
    };
    let client = crate::http::client().context("cannot make an HTTP client")?;
    let answer = client.get(format!("{url}/readyz")).timeout(Duration::from_secs(3)).send().await;
    match answer {
        Ok(response) if response.status().is_success() => {
            println!("ready");
            Ok(ExitCode::SUCCESS)
        }
        Ok(response) => Err(anyhow!("{url} answers {}", response.status())),
        Err(error) => Err(anyhow!("{url}: {}", crate::http::why_not(&error))),
    }
}
