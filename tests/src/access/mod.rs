//! Access as a model: random histories of grants, revocations, changes of role, offline
//! edits, leases and emergencies, with a reference that says what should be true.
//!
//! | file | what |
//! |---|---|
//! | reference | what should be true; small enough to be seen to be right |
//! | rules | the core's rules, or the core's rules with one thing wrong |
//! | small | a history of the pure kind: nothing but decisions |
//! | served | a history over the real backend and real phones |
//! | cli | the command |

pub mod cli;
pub mod reference;
pub mod rules;
mod served;
mod small;
#[cfg(test)]
mod tests;

pub use served::Ground;
pub use small::{Figures, Outcome, play};
