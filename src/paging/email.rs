//! E-mail over SMTP (RFC 5321), by one mail server that takes ours.
//!
//! A connection for each mail: pages are rare, and what stands for hours breaks without a word. Each try of one page has the
//! same Message-ID, so mail programs can tell a repeat.

use super::{Mailer, PageError, Pager, SAID_CHARS};
use crate::chat::Token;
use crate::domain::paging::{Letter, Urgency, Via};
use crate::domain::status::Mail;
use crate::limits;
use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as SmtpTls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// In plain until both agree on TLS; without it nothing is sent.
    Starttls,
    /// From the first byte.
    Whole,
    /// Only to this machine.
    None,
}

/// What a mail server is reached with.
pub struct EmailSettings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<(String, Token)>,
    /// `name <address>`
    pub from: String,
}

/// A header that lettre has no type for.
fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// One mail server.
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    secret: Option<Token>,
}

impl Email {
    /// # Errors
    /// In words: the machine's certificates cannot be used, or the sender is none.
    pub fn new(settings: EmailSettings) -> Result<Self, String> {
        let parameters = || TlsParameters::new(settings.host.clone()).map_err(|e| format!("no TLS: {e}"));
        let tls = match settings.tls {
            Tls::Starttls => SmtpTls::Required(parameters()?),
            Tls::Whole => SmtpTls::Wrapper(parameters()?),
            Tls::None => SmtpTls::None,
        };
        let from: Mailbox = settings.from.parse().map_err(|_| format!("{} is not a sender", settings.from))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(Duration::from_millis(limits::PAGE_CALL_MS)));
        let secret =
            settings.login.map(|(user, password)| (Credentials::new(user, password.expose().to_owned()), password));
        if let Some((credentials, _)) = &secret {
            builder = builder.credentials(credentials.clone());
        }
        Ok(Self { transport: builder.build(), from, secret: secret.map(|(_, password)| password) })
    }

    fn message(&self, letter: &Letter) -> Result<Message, String> {
        let address = letter.address.as_deref().ok_or("they have no address")?;
        let address = address.parse().map_err(|_| format!("{address} is not an e-mail address"))?;
        let id = format!("<{}@{}>", letter.id.replace('/', "."), self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(letter.name.clone()), address))
            .subject(&letter.title)
            .date(letter.sent.into())
            .message_id(Some(id))
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        if letter.urgency == Urgency::High {
            builder = builder.raw_header(raw("Importance", "high")).raw_header(raw("X-Priority", "1"));
        }
        builder.header(ContentType::TEXT_PLAIN).body(letter.text.clone()).map_err(|e| e.to_string())
    }

    /// A mail about how an incident stands; mail programs put those of one thread together.
    fn status(&self, mail: &Mail) -> Result<Message, String> {
        let to = &mail.to;
        let address = to.address.parse().map_err(|_| format!("{} is not an e-mail address", to.address))?;
        let name = Some(to.name.clone()).filter(|name| !name.is_empty());
        let at = |id: &str| format!("<signalbox.{id}@{}>", self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(&mail.subject)
            .date(mail.at.into())
            .message_id(Some(at(&mail.id)))
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        if mail.id != mail.thread {
            builder = builder.in_reply_to(at(&mail.thread)).references(at(&mail.thread));
        }
        if mail.important {
            builder = builder.raw_header(raw("Importance", "high")).raw_header(raw("X-Priority", "1"));
        }
        builder.header(ContentType::TEXT_PLAIN).body(mail.text.clone()).map_err(|e| e.to_string())
    }

    fn error(&self, error: &lettre::transport::smtp::Error) -> PageError {
        let mut deepest = error.source();
        while let Some(source) = deepest.and_then(|e| e.source()) {
            deepest = Some(source);
        }
        let mut what = deepest.map_or_else(|| error.to_string(), ToString::to_string);
        if let Some(code) = error.status() {
            what = format!("SMTP {code}: {what}");
        }
        if let Some(secret) = &self.secret {
            what = secret.hidden_in(&what);
        }
        let what: String = what.split_whitespace().collect::<Vec<_>>().join(" ");
        let what: String = what.chars().take(SAID_CHARS).collect();
        let unsent = deepest.and_then(|e| e.downcast_ref::<std::io::Error>()).is_some_and(|e| {
            matches!(
                e.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable
            )
        });
        if error.is_permanent() || error.is_client() {
            PageError::Refused(what)
        } else if error.is_transient() || error.is_tls() || unsent {
            PageError::Later { what, after_ms: 0 }
        } else {
            PageError::Unknown(what)
        }
    }
}

#[async_trait]
impl Pager for Email {
    fn via(&self) -> Via {
        Via::Email
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        let message = self.message(letter).map_err(PageError::Refused)?;
        self.transport.send(message).await.map(|_| ()).map_err(|e| self.error(&e))
    }
}

#[async_trait]
impl Mailer for Email {
    async fn mail(&self, mail: &Mail) -> Result<(), PageError> {
        let message = self.status(mail).map_err(PageError::Refused)?;
        self.transport.send(message).await.map(|_| ()).map_err(|e| self.error(&e))
    }
}
