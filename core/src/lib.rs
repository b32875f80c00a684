//! Homeround: a whole care team member's phone without its screen and its radio.

pub mod access;
pub mod app;
pub mod merge;
pub mod model;
pub mod plan;
pub mod store;
pub mod sync;
pub mod vault;
pub mod wire;
