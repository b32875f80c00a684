//! Use cases through the public face, with a hub in place of a backend.

mod attachments;
mod card;
mod care;
mod clinical;
mod edits;
mod forms;
mod hub;
mod leaving;
mod medication;
mod messages;
mod notices;
mod numbers;
mod order;
mod pages;
mod presence;
mod reconcile;
mod restores;
mod sealing;
mod sensor;
mod sign_offs;
mod since;
mod survey;
mod trend;
mod unplanned;
mod virtual_visit;

pub(super) use hub::*;
