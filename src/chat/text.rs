//! A neutral message as plain text: rehearsals, logs, notifications and tests.
