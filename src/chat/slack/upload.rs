//! Pictures: uploaded once each, then shown by the id of their file.
//!
//! A picture that cannot be uploaded is shown by its words, and tried again after a while.

use super::SlackPlatform;
use super::error::ApiError;
use super::render::{picture_key, pictures};
use crate::chat::picture;
use crate::domain::message::{Message, Picture};
use crate::limits;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What became of each picture, by its hash.
#[derive(Default)]
pub struct Uploads(Mutex<BTreeMap<String, Upload>>);

#[derive(Clone, Debug)]
struct Upload {
    /// Absent where it failed.
    file: Option<String>,
    /// On the work clock, in milliseconds.
    at: i64,
    /// A message has shown it.
    proven: bool,
}

impl Uploads {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Upload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Files by the hash of their picture.
    pub fn files(&self) -> BTreeMap<String, String> {
        self.lock().iter().filter_map(|(key, upload)| Some((key.clone(), upload.file.clone()?))).collect()
    }

    /// A message with these pictures was taken.
    pub fn shown(&self, message: &Message) {
        let mut all = self.lock();
        for one in pictures(message) {
            if let Some(upload) = all.get_mut(&picture_key(one)) {
                upload.proven = true;
            }
        }
    }

    /// How long to wait for a picture that was uploaded a moment ago; `None` when waiting would not help.
    pub fn fresh(&self, message: &Message, now: i64) -> Option<i64> {
        let all = self.lock();
        let waits = |u: &&Upload| u.file.is_some() && !u.proven && now < u.at + limits::SLACK_PICTURE_READY_MS;
        pictures(message).filter_map(|p| all.get(&picture_key(p))).find(waits).map(|_| limits::SLACK_PICTURE_WAIT_MS)
    }

    fn needs(&self, key: &str, now: i64) -> bool {
        self.lock().get(key).is_none_or(|u| u.file.is_none() && now >= u.at + limits::SLACK_PICTURE_AGAIN_MS)
    }

    fn keep(&self, key: String, file: Option<String>, now: i64) {
        let mut all = self.lock();
        all.insert(key, Upload { file, at: now, proven: false });
        while all.len() > limits::SLACK_PICTURES {
            let Some(oldest) = all.iter().min_by_key(|(_, u)| u.at).map(|(key, _)| key.clone()) else { break };
            all.remove(&oldest);
        }
    }
}

impl SlackPlatform {
    /// Uploads the pictures of a message that are not there yet.
    pub(super) async fn upload_all(&self, message: &Message) {
        for one in pictures(message).take(limits::SLACK_BLOCKS) {
            let (key, now) = (picture_key(one), self.clock.now().work.as_millisecond());
            if !self.uploads.needs(&key, now) {
                continue;
            }
            let file = match self.upload(one).await {
                Ok(file) => Some(file),
                Err(error) => {
                    tracing::warn!(name: "slack.picture_failed", %error, "a picture is shown by its words: {error}");
                    None
                }
            };
            self.uploads.keep(key, file, now);
        }
    }

    async fn upload(&self, one: &Picture) -> Result<String, ApiError> {
        let bytes = picture::bytes(one).filter(|b| !b.is_empty());
        let bytes = bytes.ok_or_else(|| ApiError::Code("not_a_picture".into()))?;
        let (name, length, alt) = (
            file_name(&one.name),
            bytes.len().to_string(),
            crate::chat::clip::clip(&one.alt, limits::SLACK_ALT_TEXT_CHARS),
        );
        let params = [("filename", name.as_str()), ("length", &length), ("alt_txt", &alt)];
        let said = self.read("files.getUploadURLExternal", &params).await?;
        let (Some(url), Some(file)) = (said["upload_url"].as_str(), said["file_id"].as_str()) else {
            return Err(ApiError::Lost("no address to upload to".into()));
        };
        self.send(url, "application/octet-stream", bytes).await?;
        let body = json!({"files": [{"id": file, "title": name}]});
        self.ask("files.completeUploadExternal", &body).await?;
        Ok(file.to_owned())
    }

    /// Posts to an absolute address that Slack handed out, if it is one of the workspace's.
    pub(super) async fn send(&self, url: &str, kind: &str, body: Vec<u8>) -> Result<(), ApiError> {
        if !self.origin.allows(url) {
            return Err(ApiError::Foreign);
        }
        let request = self.http.post(url).header("content-type", kind).body(body);
        let said = request.timeout(Duration::from_millis(limits::SLACK_CALL_MS)).send().await;
        let said = match said {
            Ok(said) => said,
            Err(error) if error.is_connect() => return Err(ApiError::Unreachable),
            Err(error) if error.is_timeout() => return Err(ApiError::Lost("no answer in time".into())),
            Err(_) => return Err(ApiError::Lost("the connection broke".into())),
        };
        match said.status().as_u16() {
            200..300 => Ok(()),
            429 => Err(ApiError::RateLimited { after_ms: limits::SLACK_RETRY_MS }),
            status @ 500.. => Err(ApiError::Lost(format!("HTTP {status}"))),
            status => Err(ApiError::Code(format!("http_{status}"))),
        }
    }

    /// Answers by a `response_url`: five times within half an hour, as Slack has it.
    pub(super) async fn respond(&self, url: &str, body: &serde_json::Value) -> Result<(), ApiError> {
        self.send(url, "application/json", body.to_string().into_bytes()).await
    }
}

/// A name that is only a name.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let name: String = name.chars().take(limits::SLACK_OPTION_CHARS).map(safe).collect();
    if name.trim_matches('.').is_empty() { "picture.png".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Block, Tone};

    fn shows(png: &str) -> Message {
        let picture = Picture { name: "a.png".into(), alt: "errors".into(), png: png.into() };
        Message::line(Tone::Neutral, "t").block(Block::Picture(picture))
    }

    fn key(message: &Message) -> String {
        pictures(message).map(picture_key).collect()
    }

    #[test]
    fn pictures_are_remembered_within_a_bound() {
        let (uploads, message) = (Uploads::default(), shows("x"));
        assert!(uploads.needs(&key(&message), 0));
        uploads.keep(key(&message), Some("F1".into()), 0);
        assert!(!uploads.needs(&key(&message), i64::MAX));
        assert_eq!(uploads.fresh(&message, 0), Some(limits::SLACK_PICTURE_WAIT_MS));
        assert_eq!(uploads.fresh(&message, limits::SLACK_PICTURE_READY_MS), None, "it will not come any more");
        uploads.shown(&message);
        assert_eq!(uploads.fresh(&message, 0), None, "it is not the picture's fault");
        for n in 1..=limits::SLACK_PICTURES {
            uploads.keep(n.to_string(), Some("F".into()), 1);
        }
        assert_eq!(uploads.files().len(), limits::SLACK_PICTURES);
        assert!(uploads.needs(&key(&message), 0), "the oldest made room");
    }

    #[test]
    fn a_failed_upload_is_tried_again_after_a_while() {
        let uploads = Uploads::default();
        uploads.keep("k".into(), None, 0);
        assert!(
            !uploads.needs("k", limits::SLACK_PICTURE_AGAIN_MS - 1)
                && uploads.needs("k", limits::SLACK_PICTURE_AGAIN_MS)
        );
        assert!(uploads.files().is_empty());
        assert_eq!([file_name("canary of ä.png"), file_name("../")], ["canary_of__.png", ".._"]);
    }
}
