//! Signed requests, called without a socket.

use super::*;
use crate::chat::{Answer, Envelope, Intake, Offer};
use crate::clock::VirtualClock;
use crate::domain::ids::PlatformName;
use crate::domain::message::Form as Asked;
use crate::domain::plan::hex;
use crate::domain::time::{Now, Span, after, from_millis};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use tower::ServiceExt as _;

/// The example of Slack's documentation, "Verifying requests from Slack".
const SECRET: &str = concat!("8f742231b10e8888", "abcd99yyyzzz85a5");
const TIME: i64 = 1_531_420_618;
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
    trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

/// Remembers ids and signatures as the engine does.
#[derive(Default)]
struct Rows {
    rows: Mutex<BTreeMap<String, Arrival>>,
    full: bool,
}

#[async_trait]
impl Intake for Rows {
    async fn receive(&self, _: Envelope) -> Result<Answer, IntakeError> {
        Ok(Answer::default())
    }
}

#[async_trait]
impl Inbox for Rows {
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError> {
        if self.full {
            return Err(IntakeError { reason: "the disk is full".into() });
        }
        let mut rows = self.rows.lock().unwrap();
        match rows.get(&arrival.id) {
            None => {
                rows.insert(arrival.id.clone(), arrival);
                Ok(Kept::New)
            }
            Some(row) if row.proof == arrival.proof => Ok(Kept::Replayed),
            Some(_) => Ok(Kept::Again),
        }
    }

    fn form(&self, _: &Envelope) -> Option<(String, Asked)> {
        None
    }

    fn complete(&self, _: &str) -> Vec<Offer> {
        Vec::new()
    }

    async fn connected(&self, _: &PlatformName) {}
}

struct Slack {
    inbox: Arc<Rows>,
    clock: Arc<VirtualClock>,
    router: Router,
}

impl Slack {
    fn new(inbox: Rows) -> Self {
        let (inbox, clock) = (Arc::new(inbox), Arc::new(VirtualClock::starting_at(from_millis(TIME * 1000))));
        let router = router("/slack", &Token::new(SECRET.into()), clock.clone(), inbox.clone());
        Self { inbox, clock, router }
    }

    async fn send(&self, path: &str, kind: &str, headers: [&str; 2], body: &str) -> (u16, String) {
        let mut request = Request::post(path).header("content-type", kind);
        for (name, value) in ["x-slack-request-timestamp", "x-slack-signature"].into_iter().zip(headers) {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn signed(&self, path: &str, kind: &str, body: &str) -> (u16, String) {
        let time = self.clock.now().wall.as_second().to_string();
        let signature = sign(&time, body);
        self.send(path, kind, [&time, &signature], body).await
    }

    fn kinds(&self) -> Vec<String> {
        self.inbox.rows.lock().unwrap().values().map(|a| a.kind.clone()).collect()
    }
}

fn sign(time: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{time}:{body}").as_bytes());
    format!("v0={}", hex(&mac.finalize().into_bytes()))
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

#[tokio::test]
async fn the_documented_example_is_believed_for_five_minutes() {
    let slack = Slack::new(Rows::default());
    let time = TIME.to_string();
    for (seconds, status) in [(-301, 401), (-300, 200), (300, 409), (301, 401)] {
        slack.clock.set(Now::at(after(from_millis(TIME * 1000), Span::secs(seconds))));
        let got = slack.send("/slack/commands", FORM, [&time, SIGNATURE], BODY).await;
        assert_eq!(got, (status, String::new()), "{seconds} s after it was signed");
    }
    assert_eq!(slack.kinds(), ["slash_commands"]);
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_not_kept() {
    let slack = Slack::new(Rows::default());
    let (time, upper) = (TIME.to_string(), SIGNATURE.replace('a', "A"));
    let tampered = BODY.replace("webhook", "nothing");
    let wrong: [([&str; 2], &str); 8] = [
        (["", SIGNATURE], BODY),
        ([&time, ""], BODY),
        (["soon", SIGNATURE], BODY),
        (["1531420619", SIGNATURE], BODY),
        ([&time, "v0=00"], BODY),
        ([&time, &SIGNATURE[3..]], BODY),
        ([&time, &upper], BODY),
        ([&time, SIGNATURE], &tampered),
    ];
    for (headers, body) in wrong {
        assert_eq!(slack.send("/slack", FORM, headers, body).await.0, 401, "{headers:?}");
    }
    assert_eq!(slack.kinds(), [""; 0]);
    let nobody = Verifier::new(&Token::new(String::new()), slack.clock.clone());
    assert_eq!(nobody.verify(&time, SIGNATURE, BODY.as_bytes()), Err(Unsigned::Wrong));
}

#[tokio::test]
async fn each_path_takes_every_kind() {
    let slack = Slack::new(Rows::default());
    for (n, path) in ["/slack", "/slack/commands", "/slack/events", "/slack/interactions"].iter().enumerate() {
        let command = format!("command=%2Fdeploy&user_id=U1&trigger_id=c{n}");
        let click = format!("payload=%7B%22type%22%3A%22block_actions%22%2C%22trigger_id%22%3A%22i{n}%22%7D");
        let event =
            format!("{{\"type\":\"event_callback\",\"event_id\":\"Ev{n}\",\"event\":{{\"type\":\"tomorrow\"}}}}");
        for (kind, body) in [(FORM, &command), (FORM, &click), (JSON, &event), (JSON, &"no json".repeat(n + 1))] {
            assert_eq!(slack.signed(path, kind, body).await, (200, String::new()), "{path} {body}");
        }
    }
    let mut kinds = slack.kinds();
    kinds.sort();
    assert_eq!(kinds.len(), 16, "{kinds:?}");
    kinds.dedup();
    assert_eq!(kinds, ["block_actions", "slash_commands", "tomorrow", "unreadable"]);
}

#[tokio::test]
async fn what_comes_again_is_acknowledged_and_what_is_played_back_is_not() {
    let slack = Slack::new(Rows::default());
    let event = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"reaction_added"}}"#;
    assert_eq!(slack.signed("/slack/events", JSON, event).await.0, 200);
    assert_eq!(slack.signed("/slack/events", JSON, event).await.0, 409);
    slack.clock.advance(Span::mins(1));
    assert_eq!(slack.signed("/slack/events", JSON, event).await.0, 200, "Slack signs a second try anew");
    assert_eq!(slack.kinds().len(), 1);
}

#[tokio::test]
async fn a_second_try_within_the_second_is_acknowledged_and_a_recording_of_it_is_not() {
    let slack = Slack::new(Rows::default());
    let again = async |kind: &str, body: &str, header: bool| {
        let time = TIME.to_string();
        let mut request = Request::post("/slack").header("content-type", kind);
        request = request.header("x-slack-request-timestamp", &time).header("x-slack-signature", sign(&time, body));
        if header {
            request = request.header("x-slack-retry-num", "1");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        slack.router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    let event = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}"#;
    assert_eq!(slack.signed("/slack", JSON, event).await.0, 200);
    assert_eq!([again(JSON, event, true).await, again(JSON, event, false).await], [200, 409]);
    assert_eq!(slack.signed("/slack", FORM, BODY).await.0, 200);
    assert_eq!(again(FORM, BODY, true).await, 409, "Slack never repeats a command");
    for (seconds, status) in [(limits::SLACK_AT_ONCE_S, 200), (limits::SLACK_AT_ONCE_S + 1, 409)] {
        slack.clock.set(Now::at(after(from_millis(TIME * 1000), Span::secs(seconds))));
        assert_eq!(again(JSON, event, true).await, status, "{seconds} s later");
    }
    assert_eq!(slack.kinds().len(), 2, "nothing is kept twice");
}

#[tokio::test]
async fn questions_of_slack_itself_are_answered() {
    let slack = Slack::new(Rows::default());
    let asks = r#"{"type":"url_verification","challenge":"abc","token":"x"}"#;
    assert_eq!(slack.signed("/slack", JSON, asks).await, (200, "abc".into()));
    assert_eq!(slack.send("/slack", JSON, ["", ""], asks).await.0, 401, "only Slack is answered");
    assert_eq!(slack.signed("/slack/commands", FORM, "ssl_check=1&token=x").await, (200, String::new()));
    assert_eq!(slack.send("/slack", FORM, ["", ""], "token=x&ssl_check=1").await, (200, String::new()));
    assert_eq!(slack.kinds(), [""; 0]);
}

#[tokio::test]
async fn what_is_not_stored_is_not_acknowledged_and_a_flood_is_cut() {
    let slack = Slack::new(Rows { full: true, ..Rows::default() });
    assert_eq!(slack.signed("/slack", FORM, "command=%2Fdeploy").await.0, 503);
    let slack = Slack::new(Rows::default());
    let filled = |bytes: usize| format!("command=%2Fdeploy&text={}", "x".repeat(bytes - 23));
    assert_eq!(slack.signed("/slack", FORM, &filled(limits::SLACK_BODY_BYTES)).await.0, 200);
    assert_eq!(slack.signed("/slack", FORM, &filled(limits::SLACK_BODY_BYTES + 1)).await.0, 413);
}
