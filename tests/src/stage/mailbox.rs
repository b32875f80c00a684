//! Where letters to patients arrive.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use homeround::model::NoticeChannel;
use homeround_server::notify::{Letter, NotTaken, Provider};

/// The backend looks for what is to be sent every two seconds.
const WITHIN: Duration = Duration::from_secs(30);

/// Takes every letter, and keeps it.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<(Mutex<Vec<Letter>>, Condvar)>);

impl Mailbox {
    /// The first letter, once it is there.
    ///
    /// # Panics
    /// When none comes within half a minute.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let (letters, arrived) = &*self.0;
        let letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = arrived.wait_timeout_while(letters, WITHIN, |it| it.is_empty());
        let (letters, _) = waited.unwrap_or_else(PoisonError::into_inner);
        letters.first().cloned().expect("no letter came")
    }
}

#[async_trait]
impl Provider for Mailbox {
    fn channel(&self) -> NoticeChannel {
        NoticeChannel::Email
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        let (letters, arrived) = &*self.0;
        let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push(letter.clone());
        arrived.notify_all();
        Ok(())
    }
}
