//! The console's JSON API, as a script uses it.

use super::wait::{PATIENCE, within};
use serde_json::{Value, json};
use signalbox::domain::time::Span;

#[derive(Clone)]
pub struct Console {
    pub base: String,
    pub key: String,
    pub client: reqwest::Client,
}

/// A message as one person sees it.
#[derive(Clone, Debug)]
pub struct Shown(pub Value);

impl Shown {
    pub fn id(&self) -> String {
        self.0["id"].as_str().unwrap().to_owned()
    }

    pub fn text(&self) -> &str {
        self.0["text"].as_str().unwrap()
    }

    pub fn title(&self) -> &str {
        self.text().lines().next().unwrap_or_default()
    }

    pub fn buttons(&self) -> Vec<&str> {
        let buttons = self.0["message"]["buttons"].as_array();
        buttons.into_iter().flatten().filter_map(|b| b["label"].as_str()).collect()
    }

    /// What a button of this message sends.
    pub fn action(&self, label: &str) -> String {
        let n = self.buttons().iter().position(|b| *b == label);
        let n = n.unwrap_or_else(|| panic!("no button {label} on\n{}", self.text()));
        self.0["actions"][n].as_str().unwrap().to_owned()
    }
}

impl Console {
    /// From the line `console: URL`.
    pub fn at(line: &str) -> Self {
        let url = line.strip_prefix("console: ").unwrap_or_else(|| panic!("the first line is {line:?}"));
        let (base, key) = url.split_once("/#key=").unwrap();
        Self { base: base.to_owned(), key: key.to_owned(), client: signalbox::http::loopback().unwrap() }
    }

    /// Status and body of a request.
    pub async fn ask(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let request = match body {
            Some(body) => self
                .client
                .post(url)
                .header("Content-Type", "application/json")
                .body(serde_json::to_vec(&body).unwrap()),
            None => self.client.get(url),
        };
        let answer = request.bearer_auth(&self.key).send().await.unwrap_or_else(|e| panic!("{path}: {e:?}"));
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn good(&self, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.ask(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Types a line in #deployments; returns the private answers.
    pub async fn say(&self, who: &str, text: &str) -> String {
        let body = json!({"as": who, "channel": "deployments", "text": text});
        answers(&self.good("/api/post", Some(body)).await)
    }

    pub async fn react(&self, who: &str, message: &str, emoji: &str, added: bool) -> String {
        let body = json!({"as": who, "message": message, "emoji": emoji, "added": added});
        answers(&self.good("/api/react", Some(body)).await)
    }

    /// Presses the button with this label.
    pub async fn click(&self, who: &str, message: &Shown, button: &str) -> String {
        self.send(who, message, &message.action(button)).await
    }

    /// Sends an action as a page with this message on it would.
    pub async fn send(&self, who: &str, message: &Shown, action: &str) -> String {
        let body = json!({"as": who, "message": message.id(), "action": action});
        answers(&self.good("/api/click", Some(body)).await)
    }

    pub async fn advance(&self, by: Value) -> Value {
        self.good("/api/advance", Some(by)).await
    }

    /// The clock's instant.
    pub async fn now(&self) -> String {
        self.good("/api/clock", None).await["now"].as_str().unwrap().to_owned()
    }

    /// A channel as a person sees it, oldest first.
    pub async fn channel(&self, channel: &str, who: &str) -> Vec<Shown> {
        let page = self.good(&format!("/api/channels/{channel}?as={who}&threads=true"), None).await;
        page["messages"].as_array().unwrap().iter().cloned().map(Shown).collect()
    }

    /// The card of a deployment, with its thread.
    pub async fn card(&self, id: &str) -> Option<Shown> {
        let all = self.channel("deployments", "watcher").await;
        all.into_iter().find(|m| m.0.get("message").is_some() && m.text().starts_with(&format!("`{id}` ")))
    }

    /// The texts in the thread of a deployment's card.
    pub async fn thread(&self, id: &str) -> Vec<Shown> {
        let card = self.card(id).await.unwrap_or_else(|| panic!("{id} has no card"));
        let replies = card.0["replies_in_full"].as_array();
        replies.into_iter().flatten().cloned().map(Shown).collect()
    }

    /// Waits until a card's text holds all of these.
    #[track_caller]
    pub fn shows(&self, id: &str, parts: &[&str]) -> impl Future<Output = Shown> {
        let (what, parts): (_, Vec<String>) =
            (format!("{id} to show {parts:?}"), parts.iter().map(|p| (*p).into()).collect());
        let (me, id) = (self.clone(), id.to_owned());
        within(PATIENCE, what, move || {
            let (me, id, parts) = (me.clone(), id.clone(), parts.clone());
            async move {
                let card = me.card(&id).await.ok_or_else(|| "no card".to_owned())?;
                if parts.iter().all(|p| card.text().contains(p.as_str())) {
                    Ok(card)
                } else {
                    Err(card.text().to_owned())
                }
            }
        })
    }

    /// Waits until something in the deployment's thread holds this.
    #[track_caller]
    pub fn told(&self, id: &str, part: &str) -> impl Future<Output = Shown> {
        let (what, part) = (format!("{id}'s thread to say {part:?}"), part.to_owned());
        let (me, id) = (self.clone(), id.to_owned());
        within(PATIENCE, what, move || {
            let (me, id, part) = (me.clone(), id.clone(), part.clone());
            async move {
                let all = me.thread(&id).await;
                let seen: Vec<String> = all.iter().map(|m| m.text().to_owned()).collect();
                all.into_iter().find(|m| m.text().contains(&part)).ok_or(seen)
            }
        })
    }

    /// Whether the program has ended or refuses requests.
    pub async fn is_gone(&self) -> bool {
        let request = self.client.get(&self.base).timeout(Span::secs(2).to_std());
        request.send().await.is_err()
    }
}

/// The private answers to an act, which nobody else sees.
fn answers(done: &Value) -> String {
    for answer in done["answers"].as_array().into_iter().flatten() {
        assert!(answer["only_for"].is_string(), "an answer that everybody sees: {answer}");
    }
    let texts = done["answers"].as_array().into_iter().flatten().filter_map(|a| a["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}
