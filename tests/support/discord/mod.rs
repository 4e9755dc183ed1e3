//! A Discord server on loopback.
