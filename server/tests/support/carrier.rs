//! Who delivers letters to patients, in a test.

use std::sync::Mutex;

use async_trait::async_trait;
use homeround::model::NoticeChannel;
use homeround_server::notify::{Letter, NotTaken, Provider};

/// Keeps what it is given, and refuses what it is told to.
#[derive(Default)]
pub struct Carrier {
    pub given: Mutex<Vec<Letter>>,
    pub refuses: Mutex<Vec<NotTaken>>,
}

#[async_trait]
impl Provider for Carrier {
    fn channel(&self) -> NoticeChannel {
        NoticeChannel::Email
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        if let Some(error) = self.refuses.lock().unwrap().pop() {
            return Err(error);
        }
        self.given.lock().unwrap().push(letter.clone());
        Ok(())
    }
}
