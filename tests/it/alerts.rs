//! Alerts in: over HTTP on loopback, in every order and from several replicas, and in storms.

mod http;
mod order;
mod storms;
