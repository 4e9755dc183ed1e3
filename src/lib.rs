//! signalbox: the signal box of a release railway. Nothing moves until the line is clear, two keys are turned, and every
//! movement is in the book.

pub mod alerts;
pub mod app;
pub mod chat;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod domain;
pub mod engine;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod limits;
pub mod paging;
pub mod probes;
pub mod rehearsal;
pub mod runbook;
pub mod store;
pub mod web;
