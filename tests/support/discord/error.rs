//! Errors in Discord's shape, and the forms that gather every complaint about a body under its path.

use serde_json::{Map, Value, json};

#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: u16,
    pub code: u32,
    pub message: String,
    pub errors: Option<Value>,
}

impl ApiError {
    pub fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), errors: None }
    }

    pub fn body(&self) -> Value {
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

macro_rules! known {
    ($($name:ident $status:literal $code:literal $text:literal;)*) => {
        $(pub fn $name() -> ApiError { ApiError::new($status, $code, $text) })*
    };
}

known! {
    unknown_channel 404 10003 "Unknown Channel";
    unknown_guild 404 10004 "Unknown Guild";
    unknown_member 404 10007 "Unknown Member";
    unknown_message 404 10008 "Unknown Message";
    unknown_user 404 10013 "Unknown User";
    unknown_emoji 404 10014 "Unknown Emoji";
    unknown_webhook 404 10015 "Unknown Webhook";
    unknown_interaction 404 10062 "Unknown interaction";
    unknown_command 404 10063 "Unknown application command";
    not_this_application 403 20012 "You are not authorized to perform this action on this application";
    too_many_reactions 400 30010 "Maximum number of reactions reached (20)";
    too_many_files 400 30015 "Maximum number of attachments in a message reached (10)";
    too_many_commands 400 30032 "Maximum number of application commands reached (100)";
    too_many_creates 429 30034 "Max number of daily application command creates has been reached (200)";
    entity_too_large 413 40005 "Request entity too large";
    acknowledged 400 40060 "Interaction has already been acknowledged.";
    blocked_by_agent 403 40333 "internal network error";
    missing_access 403 50001 "Missing Access";
    other_author 403 50005 "Cannot edit a message authored by another user";
    empty_message 400 50006 "Cannot send an empty message";
    closed_directs 403 50007 "Cannot send messages to this user";
    missing_permissions 403 50013 "Missing Permissions";
    wrong_channel_kind 400 50024 "Cannot execute action on this channel type";
    invalid_webhook_token 401 50027 "Invalid Webhook Token";
    invalid_version 400 50041 "Invalid API version provided";
    archived_thread 400 50083 "Thread is archived";
    invalid_json 400 50109 "The request body contains invalid JSON.";
    no_history_for_reply 400 160002 "Cannot reply without permission to read message history";
    thread_exists 400 160004 "A thread has already been created for this message";
    thread_locked 403 160005 "Thread is locked";
    unauthorized 401 0 "401: Unauthorized";
    no_such_route 404 0 "404: Not Found";
    no_such_method 405 0 "405: Method Not Allowed";
}

/// What is wrong with a body, by path.
#[derive(Debug, Default)]
pub struct Form(Map<String, Value>);

impl Form {
    /// Adds a complaint; `path` is dotted, empty for the body itself.
    pub fn add(&mut self, path: &str, code: &str, message: &str) {
        let mut at = &mut self.0;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let next = at.entry(part).or_insert_with(|| json!({}));
            at = next.as_object_mut().unwrap();
        }
        let list = at.entry("_errors").or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(json!({ "code": code, "message": message }));
    }

    pub fn required(&mut self, path: &str) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub fn choices(&mut self, path: &str, choices: &str) {
        self.add(path, "BASE_TYPE_CHOICES", &format!("Value must be one of {{{choices}}}."));
    }

    pub fn length(&mut self, path: &str, len: usize, min: usize, max: usize) {
        if min == 0 && len > max {
            self.add(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {max} or fewer in length."));
        } else if len < min || len > max {
            self.add(path, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {min} and {max} in length."));
        }
    }

    /// A text of `min..=max` characters after its outer blanks are cut off; absent is right when `min` is 0.
    pub fn text(&mut self, path: &str, value: &Value, min: usize, max: usize) -> usize {
        match value {
            Value::Null if min > 0 => self.required(path),
            Value::Null => {}
            Value::String(text) => {
                let len = text.trim().chars().count();
                if min > 0 && len == 0 {
                    self.required(path);
                } else {
                    self.length(path, len, min, max);
                }
                return len;
            }
            _ => self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string."),
        }
        0
    }

    /// A list of `min..=max`; absent is an empty one.
    pub fn list<'a>(&mut self, path: &str, value: &'a Value, min: usize, max: usize) -> &'a [Value] {
        match value {
            Value::Null if min > 0 => self.required(path),
            Value::Null => {}
            Value::Array(list) => {
                self.length(path, list.len(), min, max);
                return list;
            }
            _ => self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"),
        }
        &[]
    }

    pub fn number(&mut self, path: &str, value: &Value, min: i64, max: i64) {
        match value.as_i64() {
            None if value.is_null() => {}
            None => self.add(path, "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not int.")),
            Some(n) if n < min || n > max => {
                let wanted = format!("int value should be between {min} and {max}.");
                self.add(path, "NUMBER_TYPE_RANGE", &wanted);
            }
            Some(_) => {}
        }
    }

    pub fn done(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut error = ApiError::new(400, 50035, "Invalid Form Body");
        error.errors = Some(Value::Object(self.0));
        Err(error)
    }
}
