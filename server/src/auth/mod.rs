//! Who is calling: access tokens, and the built-in issuer for development.
//!
//! A token is a JWT that an OIDC issuer signed. [`jwt`] checks it against the
//! issuer's keys ([`jwks`]); the service then looks its subject up in the
//! tenant's directory. [`issuer`] plays the issuer on a developer's machine.

pub mod issuer;
pub mod jwks;
pub mod jwt;

pub use jwt::{Claims, TokenError, Verifier};
