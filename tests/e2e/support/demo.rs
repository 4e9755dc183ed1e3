//! A demo in a folder of its own, and the fleet behind it as anybody on this machine sees it.

use super::{Console, Folder, Program, journal, tree, until};
use rustix::process::Signal;
use serde_json::Value;
use signalbox::store::EventRow;
use std::net::SocketAddr;
use std::path::PathBuf;

pub struct Demo {
    // Before the folder: fields are dropped in this order.
    pub program: Program,
    pub console: Console,
    config: Option<String>,
    folder: Folder,
}

/// The required items of the example's checklists that no probe ticks.
const BY_HAND: &str = "1 13 22";

impl Demo {
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// With another setup than the example.
    pub async fn with(config: Option<&str>) -> Self {
        let folder = Folder::new();
        let config = config.map(str::to_owned);
        let (program, console) = begin(&folder, config.as_deref(), &[]).await;
        Self { folder, config, program, console }
    }

    /// Starts it once more on what the last one left.
    pub async fn again(&mut self, more: &[&str]) {
        (self.program, self.console) = begin(&self.folder, self.config.as_deref(), more).await;
    }

    pub async fn stop(&mut self) {
        let status = self.program.stop(Signal::INT).await;
        assert_eq!(status.code(), Some(0), "{}", self.program.log());
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub async fn events(&self, id: &str) -> Vec<EventRow> {
        journal::events(&self.data(), &format!("deployment/{id}")).await
    }

    /// The state of the fleet as it keeps it, such as `places."api/production"`.
    pub fn fleet(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.data().join("fleet.json")).unwrap()).unwrap()
    }

    /// The keys of all command jobs that were ever begun.
    pub fn jobs(&self) -> Vec<String> {
        let jobs = std::fs::read_dir(self.data().join("jobs")).unwrap();
        let mut names: Vec<_> = jobs.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The balancer of `api` in an environment: of all the program's open ports, the one that says so.
    pub async fn balancer(&self, environment: &str) -> SocketAddr {
        let client = signalbox::http::loopback().unwrap();
        until("a balancer", async || {
            for address in tree::listening(self.program.pid) {
                let Ok(said) = client.get(format!("http://{address}/health/detailed")).send().await else { continue };
                let Ok(said) = serde_json::from_str::<Value>(&said.text().await.unwrap_or_default()) else { continue };
                if said["service"] == "api" && said["environment"] == environment {
                    return Ok(address);
                }
            }
            Err(tree::listening(self.program.pid))
        })
        .await
    }

    /// The version that answers users of `api`.
    pub async fn live(&self, environment: &str) -> String {
        let address = self.balancer(environment).await;
        let client = signalbox::http::loopback().unwrap();
        let said = client.get(format!("http://{address}/version")).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&said).unwrap()["version"].as_str().unwrap().to_owned()
    }

    /// Requests through staging until it has succeeded there.
    pub async fn stage(&self, id: &str, version: &str) {
        let c = &self.console;
        let said = c.say("sara", &format!("/deploy {version} to staging")).await;
        assert!(said.contains(&format!("{id} is asked for")), "{said}");
        c.say("omar", &format!("/approve {id}")).await;
        c.shows(id, &["· succeeded"]).await;
    }

    /// Requests production with keys and checklist, so that it starts at once.
    pub async fn produce(&self, id: &str, version: &str) {
        let c = &self.console;
        let said = c.say("sara", &format!("/deploy {version} to production")).await;
        assert!(said.contains(&format!("{id} is asked for")), "{said}");
        self.keys(id).await;
        self.tick(id).await;
    }

    pub async fn keys(&self, id: &str) {
        for who in ["khalid", "yusuf"] {
            let said = self.console.say(who, &format!("/approve {id}")).await;
            assert!(said.contains("is turned"), "{said}");
        }
    }

    pub async fn tick(&self, id: &str) {
        let said = self.console.say("sara", &format!("/checklist tick {id} {BY_HAND}")).await;
        assert!(said.contains("ticked") || said.contains("done"), "{said}");
    }
}

async fn begin(folder: &Folder, config: Option<&str>, more: &[&str]) -> (Program, Console) {
    let mut args = vec!["demo", "--port", "0", "--data", "data"];
    args.extend(config.iter().flat_map(|c| ["--config", c]));
    args.extend(more);
    let mut program = Program::start(folder.path(), &args, &[]);
    let line = program.first_line().await;
    (program, Console::at(&line))
}
