//! Who delivers the backend's letters: a post that outlives the backend's processes, counts
//! what it was given, and now and then takes none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use homeround::merge::Document;
use homeround::model::{DocumentId, EntryId, NoticeChannel, NoticeWishes, PatientId};
use homeround_server::notify::{Letter, NotTaken, Provider};
use serde_json::json;

use super::model::{Claim, Fact};
use super::parts::held;
use super::patient;
use super::server::Server;
use super::world::{Event, MINUTE, World};

/// How often the backend looks for what is due.
const EVERY_MS: i64 = 2 * MINUTE;
/// Of so many letters one is not taken now.
const LATER_EACH: u64 = 5;
/// Of so many letters one is never taken.
const NEVER_EACH: u64 = 17;

/// A letter that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) notice: EntryId,
    pub(super) to: String,
    /// The path of the page that it leads to.
    pub(super) page: Option<String>,
    /// How often the backend had lost its last words before.
    pub(super) losses: u64,
}

/// The post.
#[derive(Debug, Default)]
pub(super) struct Post {
    taken: Mutex<Vec<Taken>>,
    tries: AtomicU64,
    losses: AtomicU64,
}

impl Post {
    /// The backend lost its power, or was put back: it may not know of its last letters.
    pub(super) fn lose(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was.
    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// What was taken, in order.
    pub(super) fn taken(&self) -> Vec<Taken> {
        held(&self.taken).clone()
    }
}

#[async_trait]
impl Provider for Post {
    fn channel(&self) -> NoticeChannel {
        NoticeChannel::Email
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        let tries = 1 + self.tries.fetch_add(1, Ordering::Relaxed);
        if tries.is_multiple_of(LATER_EACH) {
            return Err(NotTaken::Later("busy".into()));
        }
        if tries.is_multiple_of(NEVER_EACH) {
            return Err(NotTaken::Never("unknown".into()));
        }
        held(&self.taken).push(Taken {
            notice: letter.notice,
            to: letter.to.clone(),
            page: page_in(&letter.text.body),
            losses: self.losses(),
        });
        Ok(())
    }
}

impl World {
    /// The backend looks for what is due, now and later again.
    pub(super) fn send_notices_for_ever(&mut self) {
        self.after(EVERY_MS, Event::Notices);
        self.send_notices();
    }

    /// One turn of the backend's, and a look at every letter that went out.
    pub(super) fn send_notices(&mut self) {
        if !self.server.is_up() {
            return;
        }
        let before = self.server.post.taken().len();
        let turn = self.server.backend().send_notices(self.time.wall());
        let turn = self.server.wait(turn);
        let taken = self.server.post.taken().split_off(before);
        if let Err(error) = turn
            && !self.server.disk.is_dead()
        {
            self.violated(format!("notices: a turn failed with {error:?}"));
        }
        self.look_for_server_death();
        for letter in taken {
            self.figures.letters += 1;
            self.note(&format!("backend sends notice {}", letter.notice));
            if let Some(why) = self.unwanted(&letter) {
                self.violated(format!("notices: {} was sent {why}", letter.notice));
            }
            self.deliver(&letter);
        }
    }

    /// What speaks against a letter that went out just now.
    fn unwanted(&self, letter: &Taken) -> Option<&'static str> {
        // A notice that was not acknowledged may be there all the same.
        let claim = self.asked_for(letter.notice)?;
        let visits = &self.model.visits;
        let visit = visits.iter().find(|(id, _)| id.0 == claim.document.id)?;
        // A link to the survey announces no arrival.
        let until = claim.facts.iter().find_map(|fact| match fact {
            Fact::Entry { value, .. } => value.as_i64(),
            _ => None,
        });
        if until.is_some_and(|until| until < self.time.wall().0) {
            return Some("after the arrival that it announces");
        }
        if !self.server.is_up() {
            return None;
        }
        let Some(wishes) = wishes(&self.server, visit.1) else {
            return Some("where wishes are contested or unknown");
        };
        if !wishes.agreed {
            return Some("to who does not agree");
        }
        (wishes.address != letter.to).then_some("to another address")
    }

    fn asked_for(&self, notice: EntryId) -> Option<&Claim> {
        let claims = &mut self.model.claims.iter();
        let is_letter = |claim: &Claim| matches!(claim.what, "notice" | "survey link");
        claims.find(|claim| is_letter(claim) && claim.entry == Some(notice))
    }
}

/// What the backend holds of a patient's wishes; none: nobody asked, or two disagree.
fn wishes(server: &Server, patient: PatientId) -> Option<NoticeWishes> {
    let chart = document(server, DocumentId::chart(patient))?;
    let contested = chart.conflicts();
    if contested.iter().any(|it| it.path.0 == "notice_wishes") {
        return None;
    }
    let wishes = chart.view().get("notice_wishes").cloned();
    serde_json::from_value(wishes.unwrap_or(json!(null))).ok()
}

/// The path of the page that a letter leads to.
fn page_in(body: &str) -> Option<String> {
    let (_, rest) = body.split_once(patient::ADDRESS)?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// A document as the backend holds it.
pub(super) fn document(server: &Server, id: DocumentId) -> Option<Document> {
    let tenant = server.office().tenant;
    server.wait(async {
        let mut reader = server.backend().storage().read(tenant).await.ok()?;
        let row = reader.document(id).await.ok()??;
        let later = reader.changes_of(id, row.snapshot_seq).await.ok()?;
        let later = later.iter().map(|change| change.bytes.as_slice());
        Document::load(id, Some(&row.snapshot), later).ok()
    })
}
