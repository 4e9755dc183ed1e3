//! A source speaks.

use super::{Played, Player};
use crate::rehearsal::script::AlertSaid;
use serde_json::json;

impl Player<'_> {
    pub(super) async fn alert(&mut self, said: &AlertSaid) -> Played<()> {
        self.journal = self.journalled().await?;
        let status = if said.firing { "firing" } else { "resolved" };
        let title = said.title.clone().unwrap_or_else(|| said.name.clone());
        let one = |instance: Option<u32>| {
            let mut labels = said.labels.clone();
            labels.insert("alertname".into(), said.name.clone());
            labels.extend(instance.map(|n| ("instance".to_owned(), n.to_string())));
            let key = labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
            json!({ "key": key, "status": status, "title": title, "labels": labels })
        };
        let alerts = match said.many {
            Some(many) => (1..=many).map(|n| one(Some(n))).collect(),
            None => vec![one(None)],
        };
        self.world.posts(&said.source, json!({ "alerts": alerts }).to_string()).await?;
        self.transcript.tell(&self.world, self.reader);
        Ok(())
    }
}
