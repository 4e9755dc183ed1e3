//! The Web API: any method by name, JSON in and JSON out.
//!
//! It promises that every call ends within [`limits::SLACK_CALL_MS`], and that an error says nothing but why. Rate control and
//! repeating are deliberately absent: both belong to the outbox. Sent by slack-morphism's client, which holds the token.

use super::Settings;
use super::error::{ApiError, SlackError};
use crate::chat::Token;
use crate::limits;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};
use std::sync::Arc;
use std::time::Duration;

type Connector = SlackClientHyperConnector<HttpsConnector<HttpConnector>>;

/// Methods of one workspace.
#[derive(Clone)]
pub struct Api {
    client: Arc<SlackClient<Connector>>,
    bot: Arc<SlackApiToken>,
    app: Option<Arc<SlackApiToken>>,
    /// None of these is in an error, whatever was answered.
    secrets: Arc<[Token]>,
}

impl Api {
    pub fn new(settings: &Settings) -> Result<Self, SlackError> {
        let connector = Connector::from(connector(settings.base_url.starts_with("http://"))?);
        Ok(Self {
            client: Arc::new(SlackClient::<Connector>::new(connector.with_slack_api_url(&settings.base_url))),
            bot: Arc::new(token(&settings.bot_token)),
            app: settings.app_token.as_ref().map(|t| Arc::new(token(t))),
            secrets: std::iter::once(&settings.bot_token).chain(&settings.app_token).cloned().collect(),
        })
    }

    /// Posts JSON to a method, as the bot.
    pub async fn call(&self, method: &str, body: &Value) -> Result<Value, ApiError> {
        self.post(&self.bot, method, body).await
    }

    /// Posts JSON to a method with the app-level token, which opens sockets.
    pub async fn call_app(&self, method: &str, body: &Value) -> Result<Value, ApiError> {
        let app = self.app.as_deref().ok_or_else(|| ApiError::Code("not_authed".into()))?;
        self.post(app, method, body).await
    }

    /// Asks a method that only reads, as the bot.
    pub async fn get(&self, method: &str, params: &[(&str, &str)]) -> Result<Value, ApiError> {
        let params: Vec<(&str, Option<&str>)> = params.iter().map(|(k, v)| (*k, Some(*v))).collect();
        let session = self.client.open_session(&self.bot);
        self.within(session.http_session_api.http_get(method, &params, None)).await
    }

    async fn post(&self, token: &SlackApiToken, method: &str, body: &Value) -> Result<Value, ApiError> {
        let session = self.client.open_session(token);
        self.within(session.http_session_api.http_post(method, body, None)).await
    }

    async fn within(&self, call: impl Future<Output = Result<Value, SlackClientError>>) -> Result<Value, ApiError> {
        match tokio::time::timeout(Duration::from_millis(limits::SLACK_CALL_MS), call).await {
            Err(_) => Err(ApiError::Lost(format!("nothing within {} s", limits::SLACK_CALL_MS / 1000))),
            Ok(Err(error)) => Err(read(error, &self.secrets)),
            Ok(Ok(answer)) if answer["ok"] == true => Ok(answer),
            Ok(Ok(answer)) if answer["ok"] == false => Err(ApiError::Code(text(&answer["error"], &self.secrets))),
            Ok(Ok(_)) => Err(ApiError::Lost("an answer that is none".into())),
        }
    }
}

/// Over TLS with the machine's certificates. Who asks this machine in plain needs none.
fn connector(plain: bool) -> Result<HttpsConnector<HttpConnector>, SlackError> {
    let refused = |e: &dyn std::error::Error| SlackError::Certificates(e.to_string());
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(&e))?;
    let config = if plain {
        config.with_root_certificates(rustls::RootCertStore::empty())
    } else {
        config.with_native_roots().map_err(|e| refused(&e))?
    };
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(Duration::from_millis(limits::HTTP_CONNECT_MS)));
    http.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

fn token(token: &Token) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue(token.expose().to_owned()))
}

/// What the crate's error means. Its own text holds bodies, so none of it is kept.
fn read(error: SlackClientError, secrets: &[Token]) -> ApiError {
    match error {
        SlackClientError::ApiError(e) if e.code == "ratelimited" || e.code == "rate_limited" => {
            ApiError::RateLimited { after_ms: limits::SLACK_RETRY_MS }
        }
        SlackClientError::ApiError(e) if e.code == "missing_scope" => {
            let body = e.http_response_body.and_then(|b| serde_json::from_str::<Value>(&b).ok()).unwrap_or_default();
            ApiError::Scope(text(&body["needed"], secrets))
        }
        SlackClientError::ApiError(e) => ApiError::Code(clean(&e.code, secrets)),
        SlackClientError::RateLimitError(e) => {
            let asked =
                e.retry_after.map_or(limits::SLACK_RETRY_MS, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
            ApiError::RateLimited { after_ms: asked.clamp(1, limits::RETRY_MAX_MS) }
        }
        SlackClientError::HttpError(e) => ApiError::Lost(format!("HTTP {}", e.status_code.as_u16())),
        SlackClientError::HttpProtocolError(e) => {
            let cause = e.cause.as_ref().and_then(|c| c.downcast_ref::<hyper_util::client::legacy::Error>());
            if cause.is_some_and(hyper_util::client::legacy::Error::is_connect) {
                ApiError::Unreachable
            } else {
                ApiError::Lost("the connection broke".into())
            }
        }
        SlackClientError::ProtocolError(_) => ApiError::Lost("an answer that cannot be read".into()),
        _ => ApiError::Lost("the request failed".into()),
    }
}

fn text(value: &Value, secrets: &[Token]) -> String {
    clean(value.as_str().unwrap_or("unknown"), secrets)
}

/// A word of Slack's, as far as it is one: it is logged.
fn clean(code: &str, secrets: &[Token]) -> String {
    let code = secrets.iter().fold(code.to_owned(), |code, secret| secret.hidden_in(&code));
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "_:.,-".contains(*c)).take(limits::SLACK_CODE_CHARS).collect()
}
