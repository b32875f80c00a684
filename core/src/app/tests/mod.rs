//! Use cases through the public face, with a hub in place of a backend.

mod attachments;
mod clinical;
mod edits;
mod forms;
mod hub;
mod leaving;
mod order;
mod medication;
mod pages;
mod presence;
mod restores;
mod sealing;
mod sensor;

pub(super) use hub::*;
