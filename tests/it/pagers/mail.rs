//! E-mail against a real mail server: aiosmtpd, in a process of its own.

use super::letter;
use serde_json::Value;
use signalbox::chat::Token;
use signalbox::domain::paging::{Letter, Urgency};
use signalbox::paging::{Email, EmailSettings, PageError, Pager as _, Tls};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A mail server that ends with this value.
pub struct Mail {
    pub port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Mail {
    /// Starts one that behaves `how`; see `mail.py`.
    pub async fn start(how: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pagers/mail.py");
        let mut process = Command::new(python().await)
            .arg(script)
            .args(how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().and_then(|line| line.parse().ok());
        Self { port: port.unwrap_or_else(|| panic!("the mail server does not start")), lines, _process: process }
    }

    /// The next mail it has taken.
    pub async fn taken(&mut self) -> Value {
        serde_json::from_str(&self.lines.next_line().await.unwrap().unwrap()).unwrap()
    }

    pub fn client(&self, tls: Tls, password: Option<&str>) -> Email {
        email("127.0.0.1", self.port, tls, password)
    }
}

/// A Python that knows aiosmtpd.
async fn python() -> &'static str {
    for python in ["/usr/bin/python3", "python3"] {
        let knows = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status().await;
        if knows.is_ok_and(|status| status.success()) {
            return python;
        }
    }
    panic!("no Python here knows aiosmtpd: install the Debian package python3-aiosmtpd, as ./scripts/test does");
}

fn email(host: &str, port: u16, tls: Tls, password: Option<&str>) -> Email {
    let login = password.map(|password| ("signalbox".to_owned(), Token::new(password.to_owned())));
    let from = "signalbox <signalbox@barq.test>".to_owned();
    Email::new(EmailSettings { host: host.to_owned(), port, tls, login, from }).unwrap()
}

#[tokio::test]
async fn a_page_is_a_mail_that_says_what_it_is_about() {
    let mut mail = Mail::start(&["take"]).await;
    let urgent = Letter { title: "INC-7 P0 die Kasse hängt".into(), ..letter(Urgency::High) };
    mail.client(Tls::None, None).page(&urgent).await.unwrap();
    let taken = mail.taken().await;
    assert_eq!((&taken["from"], &taken["to"][0]), (&"signalbox@barq.test".into(), &"lina@barq.test".into()));
    let data = taken["data"].as_str().unwrap();
    for part in [
        "To: \"Lina Aziz\" <lina@barq.test>",
        "Message-ID: <INC-7.1.0.email@barq.test>",
        "Auto-Submitted: auto-generated",
        "Importance: high",
        "Date: Mon, 05 Jan 2026 00:10:01 +0000",
        "To take it, say in chat: /incident ack INC-7",
    ] {
        assert!(data.contains(part), "{part}:\n{data}");
    }
    assert!(data.contains("=?utf-8?"), "other letters are encoded (RFC 2047):\n{data}");
    mail.client(Tls::None, None).page(&letter(Urgency::Low)).await.unwrap();
    assert!(!mail.taken().await["data"].as_str().unwrap().contains("Importance"));
}

#[tokio::test]
async fn what_a_server_says_is_told_apart() {
    let refused = Mail::start(&["refuse"]).await;
    let error = refused.client(Tls::None, None).page(&letter(Urgency::Low)).await.unwrap_err();
    assert_eq!(error, PageError::Refused("SMTP 550: 5.1.1 there is nobody of that name".into()));
    let later = Mail::start(&["later"]).await;
    let error = later.client(Tls::None, None).page(&letter(Urgency::Low)).await.unwrap_err();
    assert!(matches!(&error, PageError::Later { what, .. } if what.contains("451")), "{error:?}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = email("127.0.0.1", nobody, Tls::None, None).page(&letter(Urgency::Low)).await.unwrap_err();
    assert!(matches!(error, PageError::Later { .. }), "nothing was sent: {error:?}");
}

#[tokio::test]
async fn without_tls_that_was_asked_for_nothing_is_sent() {
    let plain = Mail::start(&["take"]).await;
    let error = plain.client(Tls::Starttls, Some("a-test-password")).page(&letter(Urgency::Low)).await.unwrap_err();
    assert!(!format!("{error:?}").contains("a-test-password"), "{error:?}");
    assert!(!matches!(error, PageError::Unknown(_)), "nothing can have arrived: {error:?}");
    let error = plain.client(Tls::Whole, None).page(&letter(Urgency::Low)).await.unwrap_err();
    assert!(matches!(error, PageError::Later { .. } | PageError::Unknown(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_told() {
    let mut asks = Mail::start(&["login"]).await;
    asks.client(Tls::None, Some("a-test-password")).page(&letter(Urgency::Low)).await.unwrap();
    assert_eq!(asks.taken().await["to"][0], "lina@barq.test");
    let error = asks.client(Tls::None, Some("a-wrong-test-password")).page(&letter(Urgency::Low)).await.unwrap_err();
    assert!(matches!(&error, PageError::Refused(why) if why.contains("535")), "{error:?}");
    assert!(!format!("{error:?}").contains("a-wrong-test-password"));
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_not_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.await.unwrap().success());
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let server = Mail::start(&["starttls", certificate, key]).await;
    let error = server.client(Tls::Starttls, Some("a-test-password")).page(&letter(Urgency::Low)).await.unwrap_err();
    let said = format!("{error:?}").to_lowercase();
    assert!(said.contains("certificate"), "{error:?}");
    assert!(!said.contains("a-test-password"), "{error:?}");
}
