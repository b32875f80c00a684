//! Telling the shell that reading again is worth it.
//!
//! The core tells of every commit on the thread that made it. Here that becomes
//! ticks on a thread of the subscription's own, under no lock: while the shell is
//! still busy with one tick, everything that happens becomes the next one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use homeround::model::DocumentId;
use homeround::sync::SyncState as CoreSyncState;

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::sync::SyncState;
use crate::types::DocumentRef;

/// Documents that one tick names; with more, anything may have changed.
const NAMED_MAX: usize = 64;

/// What changed since the last tick. Never data.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct News {
    /// The store's revision now.
    pub revision: u64,
    /// These documents changed. None named: anything may have.
    pub documents: Vec<DocumentRef>,
    /// The sync's state, if it changed.
    pub sync_state: Option<SyncState>,
}

/// Hears that something changed. Called on a thread of the core's own, one tick at
/// a time; calling the core from inside is safe.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Something changed: read again what is on screen.
    fn changed(&self, news: News);
}

#[derive(Default)]
struct Pending {
    revision: u64,
    documents: Vec<DocumentId>,
    anything: bool,
    sync_state: Option<SyncState>,
    ready: bool,
    ended: bool,
}

#[derive(Default)]
struct Mailbox {
    pending: Mutex<Pending>,
    bell: Condvar,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for news; none when the subscription has ended.
    fn take(&self) -> Option<News> {
        let mut pending = self.lock();
        while !pending.ready && !pending.ended {
            pending = self
                .bell
                .wait(pending)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if pending.ended {
            return None;
        }
        pending.ready = false;
        let documents = std::mem::take(&mut pending.documents);
        let anything = std::mem::take(&mut pending.anything);
        Some(News {
            revision: pending.revision,
            documents: if anything {
                Vec::new()
            } else {
                documents.into_iter().map(Into::into).collect()
            },
            sync_state: pending.sync_state.take(),
        })
    }
}

impl homeround::app::Observer for Mailbox {
    fn changed(&self, revision: u64, documents: &[DocumentId]) {
        let mut pending = self.lock();
        pending.revision = pending.revision.max(revision);
        for document in documents {
            if !pending.documents.contains(document) {
                pending.documents.push(*document);
            }
        }
        pending.anything |= documents.is_empty() || pending.documents.len() > NAMED_MAX;
        pending.ready = true;
        self.bell.notify_one();
    }

    fn sync_state(&self, state: &CoreSyncState) {
        let mut pending = self.lock();
        pending.sync_state = Some(state.into());
        pending.ready = true;
        self.bell.notify_one();
    }
}

/// A mailbox and whom it is for.
type Round = (Arc<Mailbox>, Arc<dyn Observer>);

/// Delivery threads without a subscription.
static RESTING: Mutex<Vec<Sender<Round>>> = Mutex::new(Vec::new());

/// Has a thread of its own deliver this mailbox until it ends. The thread rests then and
/// takes the next one: see [`crate::runtime`] for why it does not end.
fn deliver(round: Round) -> Result<(), HomeroundError> {
    let resting = || RESTING.lock().unwrap_or_else(PoisonError::into_inner);
    // The lock is not held while the thread is told.
    let rested = resting().pop();
    match rested.map(|thread| thread.send(round.clone())) {
        Some(Ok(())) => Ok(()),
        _ => start(round),
    }
}

fn start(first: Round) -> Result<(), HomeroundError> {
    let (sender, rounds) = channel();
    let failed = |_| HomeroundError::failed("thread");
    thread::Builder::new()
        .name("homeround-news".into())
        .spawn(move || {
            let mut round = Some(first);
            while let Some((mailbox, observer)) = round.take() {
                while let Some(news) = mailbox.take() {
                    // A shell that fails at one tick hears the next one all the same.
                    let _ = catch_unwind(AssertUnwindSafe(|| observer.changed(news)));
                }
                drop((mailbox, observer));
                let mut resting = RESTING.lock().unwrap_or_else(PoisonError::into_inner);
                resting.push(sender.clone());
                drop(resting);
                round = rounds.recv().ok();
            }
        })
        .map(drop)
        .map_err(failed)
}

/// Keeps an observer listening. Cancel it, or let it go.
#[derive(uniffi::Object)]
pub struct Subscription {
    phone: Weak<homeround::app::Homeround>,
    mailbox: Arc<Mailbox>,
    registered: Arc<dyn homeround::app::Observer>,
}

impl Subscription {
    pub(crate) fn new(
        phone: &Arc<homeround::app::Homeround>,
        observer: Arc<dyn Observer>,
    ) -> Result<Arc<Self>, HomeroundError> {
        let mailbox = Arc::new(Mailbox::default());
        let registered: Arc<dyn homeround::app::Observer> = mailbox.clone();
        deliver((Arc::clone(&mailbox), observer))?;
        phone.observe(Arc::clone(&registered));
        Ok(Arc::new(Self {
            phone: Arc::downgrade(phone),
            mailbox,
            registered,
        }))
    }

    fn end(&self) {
        if let Some(phone) = self.phone.upgrade() {
            phone.unobserve(&self.registered);
        }
        self.mailbox.lock().ended = true;
        self.mailbox.bell.notify_one();
    }
}

#[uniffi::export]
impl Subscription {
    /// Stops listening. A tick that is under way may still arrive.
    pub fn cancel(&self) -> Result<(), HomeroundError> {
        guard(|| {
            self.end();
            Ok::<_, HomeroundError>(())
        })
    }
}

#[cfg(test)]
impl Subscription {
    /// What the core tells, so that a test can tell it.
    pub(crate) fn registered_for_tests(&self) -> Arc<dyn homeround::app::Observer> {
        Arc::clone(&self.registered)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.end();
    }
}
