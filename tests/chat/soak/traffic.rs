//! Steady traffic: deployments with keys turned on either side, questions, strangers, duplicates, and a network that drops.

use crate::both::house::{C_DEPLOYMENTS, House};
use crate::support::discord::faults::Fault as DiscordFault;
use crate::support::slack::faults::Fault as SlackFault;
use serde_json::json;
use std::time::Duration;

pub struct Traffic<'a> {
    house: &'a House,
    rounds: usize,
    deployments: usize,
    acts: usize,
}

/// One round in real minutes: an act every few seconds.
const PACE: Duration = Duration::from_secs(5);

impl<'a> Traffic<'a> {
    /// Brings somebody whom the config does not know.
    pub fn new(house: &'a House) -> Self {
        house.slack.person("UEVE", "eve", "Eve", "UTC");
        house.slack.with(|w| w.channels.get_mut(C_DEPLOYMENTS).unwrap().members.insert("UEVE".into()));
        house.discord.add_user("eve");
        Self { house, rounds: 0, deployments: 0, acts: 0 }
    }

    pub fn acts(&self) -> usize {
        self.acts
    }

    pub async fn round(&mut self) {
        self.rounds += 1;
        self.network();
        self.talk();
        if self.rounds.is_multiple_of(4) {
            self.deployment().await;
        }
        tokio::time::sleep(PACE).await;
    }

    /// What goes wrong in this round.
    fn network(&self) {
        let (slack, discord) = (&self.house.slack, &self.house.discord);
        let twice = usize::from(self.rounds.is_multiple_of(3));
        slack.with(|w| w.faults.duplicates = u32::try_from(twice).unwrap());
        discord.faults().duplicates = twice;
        match self.rounds % 20 {
            5 => slack.drop_sockets(),
            9 => discord.drop_sockets(),
            12 => slack.disconnect_sockets("refresh_requested"),
            15 => discord.ask_to_reconnect(),
            17 => slack.with(|w| {
                w.faults.plan("chat.update", 1, &SlackFault::TooMany(2));
                w.faults.plan("chat.postMessage", 1, &SlackFault::DoneThen500);
            }),
            18 => {
                let limited = DiscordFault::Limited { after_ms: 1_500, global: false, shared: false };
                discord.faults().next("PATCH /channels/{id}/messages/{id}", 1, &limited);
                discord.faults().next("POST /channels/{id}/messages", 1, &DiscordFault::DropAnswer);
            }
            _ => {}
        }
    }

    /// Questions, strangers, and what nobody knows how to read.
    fn talk(&mut self) {
        let (slack, discord) = (&self.house.slack, &self.house.discord);
        let last = format!("D-{}", self.deployments.max(1));
        let sent = match self.rounds % 6 {
            0 => slack.slash("USARA", C_DEPLOYMENTS, "/deploy", "status").map(drop),
            1 => slack.mention("UOMAR", C_DEPLOYMENTS, &format!("why {last}")).map(drop),
            2 => slack.slash("UEVE", C_DEPLOYMENTS, "/approve", &last).map(drop),
            3 => slack.open_home("UOMAR").map(drop),
            4 => slack.direct("USARA", "help").map(drop),
            _ => {
                slack.event("USARA", json!({"type": format!("new_thing_{}", self.rounds % 9), "user": null}));
                Ok(())
            }
        };
        sent.unwrap();
        match self.rounds % 5 {
            0 => discord.mention("sara", "deployments", "deploy status").id(),
            1 => discord.mention("eve", "deployments", &format!("approve {last}")).id(),
            2 => discord.direct("omar", "when D-1").id(),
            3 => {
                discord.dispatch("NEW_THING", &json!({"id": self.rounds.to_string(), "of": null}));
                0
            }
            _ => discord.mention("omar", "deployments", &format!("why {last}")).id(),
        };
        self.acts += 2;
    }

    /// Asked for on one side, decided on the other.
    async fn deployment(&mut self) {
        let (house, n) = (self.house, self.deployments + 1);
        let (id, version) = (format!("D-{n}"), ["v1.2.0", "v1.2.1"][n % 2]);
        let text = format!("{version} to staging");
        if n % 2 == 0 {
            // While a socket is gone Slack says so, and people try again.
            while house.slack.slash("USARA", C_DEPLOYMENTS, "/deploy", &text).unwrap().acked().await.is_err() {
                tokio::time::sleep(PACE).await;
            }
        } else {
            house.discord.mention("sara", "deployments", &format!("deploy {text}"));
        }
        let (ts, card) = (house.card_in_slack(&id).await, house.card_in_discord(&id).await);
        let ends = match n % 4 {
            0 => {
                house.discord.click("omar", "deployments", card, "Approve");
                "succeeded"
            }
            1 => {
                house.slack.react("UOMAR", C_DEPLOYMENTS, &ts, "white_check_mark").unwrap();
                "succeeded"
            }
            2 => {
                house.discord.react("omar", "deployments", card, "✅");
                "succeeded"
            }
            _ => {
                house.slack.react("UOMAR", C_DEPLOYMENTS, &ts, "x").unwrap();
                "rejected"
            }
        };
        house.slack_says(&id, ends).await;
        house.discord_says(&id, ends).await;
        (self.deployments, self.acts) = (n, self.acts + 2);
    }
}
