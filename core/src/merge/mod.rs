//! stub

pub mod pack;
