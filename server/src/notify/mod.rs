//! Who delivers notices to patients: one trait, one implementation for each channel.
//!
//! | file | channel |
//! |---|---|
//! | smtp | e-mail, through any SMTP relay |
//!
//! Text messages and push have no provider here: one is an implementation of [`Provider`] over
//! the gateway that an organisation uses, or the push service of its patients' app.

mod smtp;

use async_trait::async_trait;
use homeround::model::{EntryId, NoticeChannel};
use homeround::notice::NoticeText;

pub use smtp::Smtp;

/// What is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Which notice it is: a provider names the message by it, so that one that is sent
    /// twice is seen to be the same.
    pub notice: EntryId,
    /// The address, checked by the model's rules.
    pub to: String,
    /// BCP 47 language of the text.
    pub language: &'static str,
    /// The words.
    pub text: NoticeText,
}

/// Why a letter was not taken. The detail is for the operator's log: a code, and never an
/// address or a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Trying again can help.
    #[error("not now: {0}")]
    Later(String),
    /// It can't.
    #[error("never: {0}")]
    Never(String),
}

/// Delivers by one channel.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Which channel.
    fn channel(&self) -> NoticeChannel;

    /// Hands a letter over. It may come again after a crash.
    ///
    /// # Errors
    /// [`NotTaken`] says whether trying again can help.
    async fn send(&self, letter: &Letter) -> Result<(), NotTaken>;
}
