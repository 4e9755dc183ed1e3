//! The gateway: who gets a session.
