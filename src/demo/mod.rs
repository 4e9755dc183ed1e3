//! The demo's stand-in fleet: services that are really deployed to, as processes on loopback.
//!
//! Each place (a service in an environment) has a weighted balancer with steady traffic; each release is a process. Shares,
//! failures and health are what these processes do, nothing is made up by signalbox. It is an executor like any other.

mod balancer;
pub mod catalogue;
mod child;
mod executor;
mod fleet;
mod instance;
mod place;
mod saved;
mod site;
mod traffic;

pub use fleet::{Fleet, FleetError, Load, PlaceStats, ReleaseStats};
pub use instance::run_instance;
