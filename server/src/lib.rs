//! The backend that Homeround phones sync with.
//!
//! | room | what |
//! |---|---|
//! | [`config`] | one file and the environment; every mistake names its field and remedy |
//! | [`auth`] | who is calling: tokens of an OIDC issuer, or of the built-in one in development |
//! | [`service`] | the rules: enrolment, push, pull, scope, the office; no HTTP, no clock of its own |
//! | [`store`] | one storage trait with plain types; the embedded implementation |
//! | [`notify`] | who delivers notices to patients: a trait, and e-mail over SMTP |
//! | [`connect`] | other systems' data in and out, as pure functions |
//! | [`evv`] | verifying an export of visit verification, standing by itself |
//! | [`http`] | routes, limits, errors, live pokes, health, metrics; nothing but translation |
//!
//! The path of one change: `http::sync` reads the bounded body, `auth` says
//! whose token it is, `service::push` checks device and signature, judges each
//! change by the same merge and access rooms that the phone runs, stores what
//! is accepted under the tenant's next numbers and answers a verdict for each; after
//! the commit the bell rings and `http::live` pokes the phones whose scope
//! holds the patient.

pub mod auth;
pub mod config;
pub mod connect;
pub mod evv;
pub mod http;
pub mod notify;
pub mod service;
pub mod store;
