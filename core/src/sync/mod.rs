//! Getting every edit to the backend and every page to the phone.
//!
//! The engine is sans-IO: [`Engine::step`] takes the time and an event and
//! answers with actions. It asks no clock, draws no random number (jitter comes
//! from a seed), touches no storage and no socket, and keeps no truth: what was
//! sent, where the cursor stands and who left scope are in the store, so that a
//! new engine after a kill carries on where the store says.
//!
//! A run: unsent work until the outbox is empty (patients that left scope
//! first), what those left behind (purge, receipts), pages until there are no
//! more (today first), then once more if something came up meanwhile, a beacon,
//! rest. Nothing is purged before the backend answered in the same run: one that
//! was put back to a backup says so, and may need it again. One thing is
//! outstanding at any time: a push, a storage operation, a token. Every failure
//! ends in a wait.
//!
//! - `event.rs`, `state.rs`: the words of the engine.
//! - `engine.rs`, `answer.rs`, `backoff.rs`: the engine.
//! - `driver.rs`: the traits that the app and the shells implement, and the
//!   loop that serves the engine with them.
//! - `http.rs`, `tls.rs`, `live.rs`: the one shell with IO.

mod answer;
mod attachments;
mod backoff;
mod courier;
mod driver;
mod engine;
mod event;
mod http;
mod live;
mod run;
mod state;
mod tls;

#[cfg(test)]
mod tests;

pub use answer::*;
pub use attachments::{
    AttachmentFault, AttachmentJob, AttachmentTransport, fetch_part, send_attachment,
};
pub use backoff::{BACKOFF_BASE_MS, BACKOFF_MAX_MS, RETRY_AFTER_MAX_MS};
pub use courier::{Courier, Lost, Next, RunReport};
pub use driver::*;
pub use engine::*;
pub use event::*;
pub use http::*;
pub use live::{LIVE_LINE_MAX, LIVE_SILENCE_MS, LiveEnd, LiveNews, listen};
pub use run::{RUN_ROUNDS_MAX, WAITING_ROUNDS_MAX};
pub use state::*;
pub use tls::{PINS_MIN, Trust};
