//! Runbooks: what is wrong with one, what a shell would read, and a command with a real process that survives `kill -9` of signalbox.

use crate::config_problems::{SOUND, load};
use async_trait::async_trait;
use proptest::prelude::*;
use signalbox::chat::{Body, ChatError, Envelope, Intake as _, MessageRef, Platform, Post};
use signalbox::clock::{Clock, Stopwatch, SystemClock};
use signalbox::domain::ids::{ChannelName, PlatformName, Stream};
use signalbox::domain::message::{Block, Message};
use signalbox::domain::policy::Policy;
use signalbox::domain::render::words;
use signalbox::domain::runbook::argv::{quote, split};
use signalbox::domain::runbook::{Came, RunStatus, RunbookState};
use signalbox::domain::time::Span;
use signalbox::domain::world::State;
use signalbox::engine::{Deps, Engine};
use signalbox::ids::Ids;
use signalbox::jobs::Executor;
use signalbox::jobs::command::CommandExecutor;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::rehearsal::world::{Outside, ScriptProbe};
use signalbox::store::{MemoryStore, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_signalbox");
const PATIENCE: Span = Span::secs(60);

const GOOD: &str = r#"---
title: Memory leak
keywords: [oom, leak]
services: [api]
run.restart.title: Restart it
run.restart.roles: [lead]
run.restart.environments: [production]
run.restart.time_limit: 10m
run.restart.recovery: idempotent
run.restart.env: [HOME]
run.restart.second_key: true
---

# Not the title

## Symptoms

- Memory *climbs* and `free` is **small**
- see [the graph](https://graphs.example.com/memory)

## Remedies

1. Wait
2. Restart:

   ```sh restart
   restart {service} --in={environment} 'two words'
   ```

> Said before.

```sql
SELECT 1;
```
"#;

#[test]
fn what_is_right_is_read_as_it_stands() {
    let text = format!("runbooks = [\"runbooks\"]\n{SOUND}");
    let loaded = load(&[("signalbox.toml", &text), ("runbooks/memory.md", GOOD)]).unwrap_or_else(|r| panic!("{r}"));
    let book = &loaded.policy.runbooks["memory"];
    assert_eq!(
        (book.title.as_str(), book.keywords.as_slice()),
        ("Memory leak", &["oom".to_owned(), "leak".to_owned()][..])
    );
    let command = &book.commands[0];
    assert_eq!(quote(&command.words), "restart {service} --in={environment} 'two words'");
    assert_eq!((command.limit, command.second_key), (Span::mins(10), true));
    assert_eq!((command.env.as_slice(), command.source.line), (&["HOME".to_owned()][..], 26));
    insta::assert_snapshot!(serde_json::to_string_pretty(&book.parts).unwrap());
    let bare = load(&[("signalbox.toml", SOUND)]).unwrap_or_else(|r| panic!("{r}"));
    assert_ne!(bare.policy.hash, loaded.policy.hash, "a plan knows by which runbooks it was made");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = format!("runbooks = [\"runbooks\", \"lost.md\"]\n{SOUND}");
    let wrong = r#"---
title:
keyword: oom
services: [moon]
run.restart.roles: [king]
run.restart.environments: [mars]
run.restart.time_limit: 2d
run.restart.recovery: maybe
run.restart.env: [PATH=/tmp]
run.restart.colour: red
run.pipe.roles: [lead]
run.two.roles: [lead]
run.none.roles: [lead]
run.empty.title: Empty
run.Bad.roles: [lead]
---

```sh restart
restart {version}
```

```sh pipe
ls | wc
```

```sh two
one
two
```

```sh empty
ls
```

```sh nobody
ls
```

<table></table>
"#;
    let open = "---\ntitle: Never closed\n";
    let report = load(&[
        ("signalbox.toml", &text),
        ("runbooks/wrong.md", wrong),
        ("runbooks/open.md", open),
        ("runbooks/Not A Name.md", "# Words\n\ntext\n"),
        ("runbooks/empty.md", "---\ntitle: Empty\n---\n"),
    ])
    .unwrap_err();
    insta::assert_snapshot!(report.render(false));
}

/// What `sh` makes of the words of a line.
fn shell(line: &str) -> Vec<String> {
    let out = Command::new("sh").args(["-c", &format!("printf '%s\\0' {line}")]).output().unwrap();
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is accepted means to a shell what it means here: nobody who reads it can be mistaken.
    #[test]
    fn an_accepted_line_is_what_a_shell_reads(line in r#"[a-z%'" {}$\\;&|<>()*?~#!=\[\]^./:@,+_-]{1,30}"#) {
        if let Ok(words) = split(&format!("x {line}")) {
            prop_assert_eq!(shell(&format!("x {line}")), words);
        }
    }

    /// The same with more that is accepted.
    #[test]
    fn a_quoted_line_is_what_a_shell_reads(words in prop::collection::vec(r#"[a-zA-Z0-9'" $;|*\\-]{0,12}"#, 0..6)) {
        let words: Vec<String> = std::iter::once("run".to_owned()).chain(words).collect();
        let line = quote(&words);
        prop_assert_eq!(split(&line).ok(), Some(words.clone()), "{}", line);
        prop_assert_eq!(shell(&line), words);
    }

    /// No line makes it stop.
    #[test]
    fn every_line_has_an_answer(line in "\\PC{0,60}") {
        if let Ok(words) = split(&line) {
            let program = words.first().cloned().unwrap_or_default();
            prop_assert!(!program.is_empty() && !program.contains(['{', ' ', '=']), "no program: {:?}", words);
            prop_assert_eq!(split(&quote(&words)).ok(), Some(words));
        }
    }
}

/// Remembers what stands, by key.
#[derive(Default)]
struct Board(Mutex<BTreeMap<String, Message>>);

struct Desk {
    name: PlatformName,
    board: Arc<Board>,
}

#[async_trait]
impl Platform for Desk {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.board.0.lock().unwrap().insert(post.key.clone(), post.message.clone());
        Ok(MessageRef { channel: post.channel.clone(), id: post.key.clone() })
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.board.0.lock().unwrap().insert(at.id.clone(), message.clone());
        Ok(())
    }

    async fn find(&self, _: &ChannelName, _: Option<&MessageRef>, _: &str) -> Result<Option<MessageRef>, ChatError> {
        Ok(None)
    }
}

/// One place in which processes start and die.
struct House {
    data: TempDir,
    store: Arc<dyn Store>,
    board: Arc<Board>,
    policy: Arc<Policy>,
    acts: usize,
}

impl House {
    /// `script` is what the only command of the only runbook runs, with the folder as its first word.
    fn new(script: &str, front: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let program = data.path().join("remedy.sh");
        std::fs::write(&program, script).unwrap();
        let (program, folder) = (program.display(), data.path().display());
        let book = format!(
            "---\ntitle: Remedy\nrun.remedy.roles: [lead]\n{front}---\n\n```sh remedy\nsh {program} {folder} {{environment}}\n```\n"
        );
        let text = format!("runbooks = [\"remedy.md\"]\n{SOUND}");
        let loaded = load(&[("signalbox.toml", &text), ("remedy.md", &book)]).unwrap_or_else(|r| panic!("{r}"));
        let (store, board) = (Arc::new(MemoryStore::new()), Arc::default());
        Self { data, store, board, policy: Arc::new(loaded.policy), acts: 0 }
    }

    /// A process that starts; the one before it is gone without a word.
    fn start(&self, owner: &str) -> Arc<Engine> {
        let clock = SystemClock::new();
        let commands: Arc<dyn Executor> = Arc::new(CommandExecutor::new(self.data.path(), Path::new(BINARY)));
        let desk = Desk { name: PlatformName::new("console"), board: Arc::clone(&self.board) };
        let deps = Deps {
            store: Arc::clone(&self.store),
            platforms: vec![Arc::new(desk)],
            executors: [("command".to_owned(), commands)].into(),
            probe: Arc::new(ScriptProbe::new(Arc::new(Outside::new(clock.now().wall)))),
            revisions: Arc::new(CommandRevisions),
            pagers: BTreeMap::default(),
            outlets: Default::default(),
            clock: Arc::new(clock),
            ids: Arc::new(Ids::seeded(u64::from(owner.as_bytes()[0]))),
            owner: owner.to_owned(),
        };
        Engine::new(deps, Arc::clone(&self.policy)).unwrap()
    }

    async fn says(&mut self, engine: &Arc<Engine>, who: &str, text: &str) -> String {
        self.acts += 1;
        let envelope = Envelope {
            platform: PlatformName::new("console"),
            id: format!("act-{}", self.acts),
            account: who.to_owned(),
            channel: ChannelName::new("deployments"),
            body: Body::Command { text: text.to_owned(), thread: None },
        };
        let answer = engine.receive(envelope).await.unwrap();
        answer.messages.iter().map(|m| words(&m.title)).collect::<Vec<_>>().join("\n")
    }

    async fn state(&self) -> RunbookState {
        let rows = self.store.states(&[Stream::runbook("remedy")]).await.unwrap();
        match rows.first().map(|row| serde_json::from_str(&row.body).unwrap()) {
            Some(State::Runbook(state)) => *state,
            _ => RunbookState::default(),
        }
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.data.path().join("runs")).map_or(0, |text| text.lines().count())
    }

    /// Works what is due until it is so.
    async fn until(&self, engine: &Arc<Engine>, what: &str, mut so: impl AsyncFnMut() -> bool) {
        let watch = Stopwatch::start();
        while !so().await {
            assert!(watch.elapsed() < PATIENCE, "waited in vain for {what}");
            engine.fire_timers().await.unwrap();
            for claim in engine.claim(16).await.unwrap() {
                engine.act(&claim).await.unwrap();
            }
            // Processes tell nobody but their parent that they end, so this looks again and again.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn end(&self, engine: &Arc<Engine>) -> (Came, String) {
        self.until(engine, "the end", async || {
            self.state().await.runs.iter().all(|run| !run.open()) && self.store.outbox(10).await.unwrap().is_empty()
        })
        .await;
        match self.state().await.runs.last().map(|run| run.status.clone()) {
            Some(RunStatus::Ended(end)) => (end.came, end.summary),
            other => panic!("{other:?}"),
        }
    }

    fn output(&self) -> String {
        let board = self.board.0.lock().unwrap();
        let found = board.iter().find(|(key, _)| key.starts_with("output:")).map(|(_, m)| m.clone());
        let code = |block: &Block| if let Block::Code(code) = block { Some(code.clone()) } else { None };
        found.and_then(|message| message.blocks.iter().find_map(code)).unwrap_or_default()
    }
}

/// Counts itself, then waits for a word.
const WAITS: &str =
    "echo run >> $1/runs\necho \"begun in $2\"\nwhile ! test -e $1/go; do sleep 0.02; done\necho done\n";

#[tokio::test]
async fn a_command_runs_once_however_often_signalbox_dies() {
    let mut house = House::new(WAITS, "run.remedy.environments: [production]\nrun.remedy.time_limit: 1m\n");
    let first = house.start("first");
    assert!(house.says(&first, "bob", "/runbook run remedy").await.contains("remedy #1 waits"));
    assert!(house.says(&first, "ada", "/runbook confirm remedy 1").await.contains("you need the role Lead"));
    assert!(house.says(&first, "bob", "/runbook confirm remedy 1").await.contains("begins"));
    assert!(house.says(&first, "cleo", "/runbook confirm remedy 1").await.contains("runs already"));
    house.until(&first, "its begin", async || house.runs() == 1).await;
    drop(first);
    let second = house.start("second");
    second.reconsider().await.unwrap();
    house.until(&second, "what it printed so far", async || house.output().contains("begun in production")).await;
    std::fs::write(house.data.path().join("go"), "").unwrap();
    assert_eq!(house.end(&second).await, (Came::Succeeded, "exit code 0".to_owned()));
    assert_eq!((house.runs(), house.output().as_str()), (1, "begun in production\ndone"));
    let report = signalbox::store::audit::verify(house.store.as_ref(), None).await.unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

/// Between the claim and the start nobody knows whether it began.
#[tokio::test]
async fn what_may_have_begun_is_left_to_a_person() {
    let mut house = House::new(WAITS, "run.remedy.environments: [production]\n");
    let first = house.start("first");
    house.says(&first, "bob", "/runbook run remedy").await;
    house.says(&first, "bob", "/runbook confirm remedy 1").await;
    // Claimed, and then nothing: the process died right there.
    assert!(first.claim(16).await.unwrap().iter().any(|claim| claim.row.key == "run.remedy.1"));
    drop(first);
    let second = house.start("first");
    house.store.break_leases().await.unwrap();
    let (came, summary) = house.end(&second).await;
    assert_eq!((came, house.runs()), (Came::Lost, 0), "{summary}");
    assert_eq!(summary, "it was about to start when signalbox stopped");
}

#[tokio::test]
async fn one_that_takes_too_long_is_ended_with_all_that_it_started_and_one_that_fails_says_so() {
    let mut house = House::new(
        "echo run >> $1/runs\nsleep 1000 &\nwait\n",
        "run.remedy.environments: [production]\nrun.remedy.time_limit: 300ms\n",
    );
    let engine = house.start("only");
    house.says(&engine, "bob", "/runbook run remedy").await;
    house.says(&engine, "bob", "/runbook confirm remedy 1").await;
    assert_eq!(house.end(&engine).await.0, Came::TimedOut);
    std::fs::write(house.data.path().join("remedy.sh"), "echo no >&2\nexit 3\n").unwrap();
    house.says(&engine, "cleo", "/runbook run remedy").await;
    house.says(&engine, "bob", "/runbook confirm remedy 2").await;
    assert_eq!(house.end(&engine).await, (Came::Failed, "exit code 3".to_owned()));
    let state = house.state().await;
    let RunStatus::Ended(end) = &state.runs[1].status else { panic!("{state:?}") };
    let output = end.output.clone().unwrap();
    assert_eq!((output.bytes, output.dropped), (3, 0));
    // Of "no" and its line's end.
    assert_eq!(output.sha256, "564739ea8fa5926d4fa5c9734fed462061960a22e6b8d5c06e94969d97891bf2");
}

#[tokio::test]
async fn what_runs_can_be_stopped() {
    let mut house = House::new(WAITS, "run.remedy.environments: [staging, production]\n");
    let engine = house.start("only");
    assert!(house.says(&engine, "bob", "/runbook run remedy").await.contains("where?"));
    house.says(&engine, "bob", "/runbook run remedy staging").await;
    house.says(&engine, "bob", "/runbook confirm remedy 1").await;
    house.until(&engine, "its begin", async || house.runs() == 1).await;
    assert!(house.says(&engine, "ada", "/runbook stop remedy").await.contains("you need the role Lead"));
    assert!(house.says(&engine, "cleo", "/runbook stop remedy").await.contains("is stopped"));
    assert_eq!(house.end(&engine).await.0, Came::Stopped);
}

/// The card shows one thing and the file says another by now: nothing runs.
#[tokio::test]
async fn what_changed_since_it_was_shown_does_not_run() {
    let mut house = House::new(WAITS, "run.remedy.environments: [production]\n");
    let engine = house.start("only");
    house.says(&engine, "bob", "/runbook run remedy").await;
    let mut policy = (*house.policy).clone();
    policy.runbooks.get_mut("remedy").unwrap().commands[0].words.push("--force".into());
    engine.set_policy(Arc::new(policy)).await.unwrap();
    assert!(house.says(&engine, "bob", "/runbook confirm remedy 1").await.contains("has changed since"));
    assert_eq!(house.runs(), 0);
    assert!(house.says(&engine, "bob", "/runbook confirm remedy 1").await.contains("was called off"));
}
