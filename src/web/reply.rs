//! How the API says no: a status and `{"error": "what to do next"}`.

use crate::chat::console::ConsoleError;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub fn unauthorized(text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, text)
    }
}

impl From<ConsoleError> for Refusal {
    fn from(error: ConsoleError) -> Self {
        let text = error.to_string();
        match error {
            ConsoleError::Gone(_) => Self::new(StatusCode::NOT_FOUND, text),
            ConsoleError::Refused(_) => Self::bad(text),
            ConsoleError::NotStored(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, text),
            ConsoleError::Storage(_) | ConsoleError::Newer { .. } | ConsoleError::Json(_) => {
                tracing::error!(error = %text, "console.request.failed: {text}");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The console cannot store this now; try again in a moment.")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.text }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
        }
        response
    }
}

pub(super) async fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "There is nothing under this address.")
}
