//! Where letters to patients arrive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use homeround::model::NoticeChannel;
use homeround_server::notify::{Letter, NotTaken, Provider};

/// The backend looks for what is to be sent every two seconds.
const LOOKS: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(50);

/// Takes every letter, and keeps it.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<Vec<Letter>>>);

impl Mailbox {
    /// The first letter, once it is there.
    ///
    /// # Panics
    /// When none comes within half a minute.
    #[must_use]
    pub fn letter(&self) -> Letter {
        for _ in 0..LOOKS {
            let letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(letter) = letters.first() {
                return letter.clone();
            }
            drop(letters);
            std::thread::sleep(BETWEEN);
        }
        panic!("no letter came");
    }
}

#[async_trait]
impl Provider for Mailbox {
    fn channel(&self) -> NoticeChannel {
        NoticeChannel::Email
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        let mut letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push(letter.clone());
        Ok(())
    }
}
