//! A job's output in its card's thread: one message that shows the newest lines, edited in place while it runs.
//!
//! Best effort, and not in the journal: the output itself is kept in full by the executor.

use super::Engine;
use super::chat_out::{fingerprint, reference};
use crate::chat::Post;
use crate::domain::message::{Block, Message, Tone, bold, plain};
use crate::jobs::Executor;
use crate::limits;
use crate::store::{Batch, MessageRow};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::Mutex;

/// How far each running job's output was read.
#[derive(Default)]
pub(super) struct Outputs(Mutex<BTreeMap<String, Tail>>);

impl Outputs {
    /// A job whose end somebody else was told, or nobody, is never ended here: only so many are followed.
    async fn follow(&self, job: &str, tail: Tail) {
        let mut tails = self.0.lock().await;
        tails.insert(job.to_owned(), tail);
        while tails.len() > limits::OUTPUT_TAILS {
            let Some(oldest) = tails.iter().min_by_key(|(_, t)| t.shown_at).map(|(job, _)| job.clone()) else { return };
            tails.remove(&oldest);
        }
    }

    /// `None` while somebody is at it.
    pub(super) fn len(&self) -> Option<usize> {
        self.0.try_lock().ok().map(|tails| tails.len())
    }
}

/// Whose output is shown where.
#[derive(Clone, Copy)]
pub(super) struct Following<'a> {
    /// The key of the card in whose thread it stands.
    pub card: &'a str,
    pub job: &'a str,
    /// What it is the output of, for people.
    pub step: &'a str,
}

#[derive(Clone, Default)]
pub(super) struct Tail {
    next: u64,
    lines: VecDeque<String>,
    seen: u64,
    shown_at: i64,
}

impl Tail {
    fn add(&mut self, text: &str) {
        for line in text.lines() {
            self.seen += 1;
            self.lines.push_back(line.chars().take(limits::OUTPUT_LINE_CHARS).collect());
            if self.lines.len() > limits::OUTPUT_LINES {
                self.lines.pop_front();
            }
        }
    }
}

impl Engine {
    pub(super) async fn stream_output(&self, of: Following<'_>, executor: &dyn Executor, ended: bool) {
        let Following { card, job, step } = of;
        // Not held while the executor is asked: one that is slow must not hold up the others.
        let mut tail = self.outputs.0.lock().await.remove(job).unwrap_or_default();
        let before = tail.seen;
        for _ in 0..limits::OUTPUT_PIECES {
            match executor.output(job, tail.next).await {
                Ok(piece) if piece.next > tail.next => {
                    tail.next = piece.next;
                    tail.add(&piece.text);
                }
                _ => break,
            }
        }
        let now = self.now().work.as_millisecond();
        let due = now - tail.shown_at >= limits::EDIT_EVERY_MS;
        let show = tail.seen > 0 && ((tail.seen > before && due) || ended);
        if show {
            tail.shown_at = now;
        }
        let message = show.then(|| render(step, &tail, ended));
        if !ended {
            self.outputs.follow(job, tail).await;
        }
        if let Some(message) = message {
            self.show_output(card, job, &message).await;
        }
    }

    /// The newest lines of all that a job printed; `None` when it printed nothing. It is not followed any more.
    pub(super) async fn whole_tail(&self, job: &str, executor: &dyn Executor) -> Option<Tail> {
        self.outputs.0.lock().await.remove(job);
        let mut tail = Tail::default();
        for _ in 0..limits::RUN_OUTPUT_PIECES {
            match executor.output(job, tail.next).await {
                Ok(piece) if piece.next > tail.next => {
                    tail.next = piece.next;
                    tail.add(&piece.text);
                }
                _ => break,
            }
        }
        (tail.seen > 0).then_some(tail)
    }

    async fn show_output(&self, card: &str, job: &str, message: &Message) {
        let key = output_key(job);
        for chat in &self.deps.platforms {
            let name = chat.name().clone();
            let Ok(Some(thread)) = self.card_at(&name, card).await else { continue };
            let stands = self.deps.store.message(&name, &key).await.ok().flatten();
            let at = match &stands {
                Some(row) => chat.edit(&reference(row), message).await.map(|()| reference(row)),
                None => {
                    let (channel, message) = (thread.channel.clone(), message.clone());
                    let post = Post { key: key.clone(), channel, thread: Some(thread), only_for: None, message };
                    chat.post(&post).await
                }
            };
            let Ok(at) = at else { continue };
            let row = MessageRow {
                platform: name,
                key: key.clone(),
                channel: at.channel.to_string(),
                id: at.id,
                shown: fingerprint(message),
                at: self.now().work.as_millisecond(),
            };
            if let Err(error) = self.deps.store.commit(&Batch { messages: vec![row], ..Batch::default() }).await {
                tracing::warn!(name: "output.not_kept", job, %error, "the output message of {job} is not kept");
            }
        }
    }
}

/// The key of the message that shows a job's output.
pub(super) fn output_key(job: &str) -> String {
    format!("output:{job}")
}

pub(super) fn render(step: &str, tail: &Tail, ended: bool) -> Message {
    let shown = u64::try_from(tail.lines.len()).unwrap_or(0);
    let text: Vec<&str> = tail.lines.iter().map(String::as_str).collect();
    let mut message =
        Message::new(Tone::Neutral, vec![plain("Output of "), bold(step)]).block(Block::Code(text.join("\n")));
    if tail.seen > shown {
        let left = tail.seen - shown;
        message =
            message.context(vec![plain(format!("The last {shown} lines; {left} before them are kept with the job."))]);
    }
    if !ended {
        message = message.context(vec![plain("Still running.")]);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_so_many_jobs_are_followed() {
        let outputs = Outputs::default();
        for n in 0..limits::OUTPUT_TAILS {
            outputs.follow(&n.to_string(), Tail { shown_at: 10, ..Tail::default() }).await;
        }
        outputs.follow("0", Tail { shown_at: 11, ..Tail::default() }).await;
        outputs.follow("1", Tail { shown_at: 9, ..Tail::default() }).await;
        assert_eq!(outputs.len(), Some(limits::OUTPUT_TAILS));
        outputs.follow("one more", Tail { shown_at: 12, ..Tail::default() }).await;
        assert_eq!(outputs.len(), Some(limits::OUTPUT_TAILS));
        let tails = outputs.0.lock().await;
        assert!(tails.contains_key("0") && !tails.contains_key("1"), "the one shown longest ago goes");
    }
}
