//! A phone's whole folder: keys, database, photos, and what stands for its hardware. The
//! power is cut at every call that changes any of them, names and contents apart, while
//! the phone is set up, works, changes its PIN, loses a patient and is signed out.
//!
//! What is left is opened as a phone: what was acknowledged must be there, and what was
//! taken away must not.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use homeround::app::{AppError, Homeround, NewAttachment, NoteEdit, SessionState};
use homeround::model::{EntryId, VisitId};
use homeround::vault::{KeyVault as _, Pin, SoftwareVault, Unlock};
use tempfile::TempDir;

use super::record::open_phone;
use super::report::Tally;
use crate::disk::calls::{self, Call};
use crate::disk::{Dice, Tree, TreeImage};
use crate::stage::{Booking, Phone, Stage, pin};

const FIRST_PIN: &str = "402913";
const SECOND_PIN: &str = "271828";
const WRONG_PIN: &str = "580217";
/// The hardware's counter of wrong PINs.
const ATTEMPTS: &str = "homeround.pin.attempts";
/// More than one sealed part.
const PHOTO_BYTES: usize = 150_000;

/// What was acknowledged at some moment.
#[derive(Debug, Clone, Default)]
struct Known {
    /// There are keys, and this PIN.
    pin: Option<&'static str>,
    /// The sensor unlocks.
    biometric: bool,
    attempts: u64,
    words: Vec<String>,
    photos: BTreeMap<EntryId, (VisitId, u8)>,
    /// Nothing of it may be left.
    gone: bool,
}

/// A phone's life, call by call.
pub(super) struct Life {
    calls: Vec<Call>,
    known: Vec<Known>,
    visits: Vec<VisitId>,
    /// The control: whatever it shows is a loss.
    careless: bool,
}

struct Live {
    stage: Stage,
    nina: Phone,
    visits: Vec<VisitId>,
    now: Known,
    known: Vec<Known>,
}

/// Lives it, from an empty folder to an empty folder.
pub(super) fn live() -> Life {
    let stage = Stage::set();
    let book = |patient: &_| stage.office().book(&Booking::of(*patient, &[stage.nurse]));
    let visits: Vec<VisitId> = stage.patients.iter().take(2).map(book).collect();
    let nina = Phone::new_on(&stage.backend, "nina", |store| {
        // The phone makes it itself, under the watch.
        std::fs::remove_dir(store).unwrap();
        calls::begin(store.parent().unwrap()).unwrap();
    });
    let mut live = Live {
        stage,
        nina,
        visits,
        now: Known::default(),
        known: vec![Known::default()],
    };
    live.now.pin = Some(FIRST_PIN);
    live.told();
    live.work();
    live.leave();
    let calls = calls::end();
    assert!(calls.len() > 200, "this program watches its files");
    Life {
        calls,
        known: live.known,
        visits: live.visits,
        careless: false,
    }
}

impl Live {
    /// The nurse was told so.
    fn told(&mut self) {
        self.known.push(self.now.clone());
        calls::mark(self.known.len() - 1);
    }

    fn app(&self) -> &Homeround {
        self.nina.app()
    }

    fn work(&mut self) {
        let (first, second) = (self.visits[0], self.visits[1]);
        self.nina.sync(&self.stage.backend);
        self.told();
        self.app().set_biometric(true, FIRST_PIN).unwrap();
        self.now.biometric = true;
        self.told();
        self.write(first, "Dry. ");
        self.photo(first, 1);
        self.app().lock();
        let wrong = self.app().unlock(&by_pin(WRONG_PIN));
        assert!(matches!(wrong, Err(AppError::WrongPin { .. })), "{wrong:?}");
        self.now.attempts = 1;
        self.told();
        self.app().unlock(&Unlock::Biometric).unwrap();
        self.now.attempts = 0;
        self.told();
        self.app().change_pin(&pin(), SECOND_PIN).unwrap();
        self.now.pin = Some(SECOND_PIN);
        self.told();
        self.photo(second, 2);
        self.photo(first, 3);
        self.write(first, "Walked. ");
        self.nina.restart_locked_with(|_| {});
        self.app().unlock(&Unlock::Biometric).unwrap();
        self.write(second, "Slept. ");
    }

    fn write(&mut self, visit: VisitId, word: &str) {
        let edit = NoteEdit {
            insert: word.into(),
            ..NoteEdit::default()
        };
        self.app().visit(visit).edit_note(&edit).unwrap();
        // The second visit's patient goes before the end.
        if visit == self.visits[0] {
            self.now.words.push(word.into());
        }
        self.told();
    }

    fn photo(&mut self, visit: VisitId, fill: u8) {
        let new = NewAttachment {
            media_type: "image/jpeg".into(),
            ..NewAttachment::default()
        };
        let bytes = photo(fill);
        let saved = self.app().visit(visit).attach(&new, &mut &*bytes).unwrap();
        let entry = saved.entry.unwrap();
        self.now.photos.insert(entry, (visit, fill));
        self.told();
    }

    /// A patient's access ends, then the nurse's own.
    fn leave(&mut self) {
        let second = self.visits[1];
        self.nina.sync(&self.stage.backend);
        self.nina.send_attachments(&self.stage.backend);
        self.told();
        let patient = self.app().visit(second).summary().unwrap().unwrap().patient;
        self.stage.office().end_grants(self.stage.nurse, patient);
        self.nina.sync(&self.stage.backend);
        self.now.photos.retain(|_, (visit, _)| *visit != second);
        self.told();
        self.app().sign_out(None).unwrap();
        self.now = Known {
            gone: true,
            ..Known::default()
        };
        self.told();
    }
}

fn photo(fill: u8) -> Vec<u8> {
    let mut bytes = vec![fill; PHOTO_BYTES];
    bytes[..4].copy_from_slice(&[0xFF, 0xD8, 0xFF, 0xE0]);
    bytes
}

fn by_pin(pin: &str) -> Unlock {
    Unlock::Pin(Pin::new(pin).unwrap())
}

impl Life {
    /// As if no folder was ever synced: the control, which must lose something.
    #[must_use]
    pub(super) fn carelessly(mut self) -> Self {
        self.careless = true;
        self.calls
            .retain(|call| !matches!(call, Call::SyncFolder(_)));
        self
    }

    /// Opens this many images, spread over all calls; the kill of the process alone is
    /// among those of each call.
    #[must_use]
    pub(super) fn cut_everywhere(&self, seed: u64, images: u64) -> Tally {
        let (mut tally, mut tree) = (Tally::default(), Tree::default());
        let mut dice = Dice::new(seed);
        let mut judge = Judge::default();
        let (mut mark, moments) = (0, self.calls.len() as u64);
        for (moment, call) in (0..).zip(&self.calls) {
            tree.apply(call);
            if let Call::Mark(known) = call {
                mark = *known;
            }
            let now = &self.known[mark];
            let next = self.known.get(mark + 1).unwrap_or(now);
            let here = images * (moment + 1) / moments - images * moment / moments;
            let mut seen = BTreeSet::new();
            for nth in 0..here {
                let image = if nth == 0 {
                    tree.whole()
                } else {
                    tree.cut(&mut dice)
                };
                tally.images += 1;
                tally.distinct += u64::from(seen.insert(hash(&image)));
                tally.whole += 1;
                if let Err(wrong) = judge.look(&image, &self.visits, now, next) {
                    let (count, why) = match wrong {
                        Wrong::Corrupt(why) | Wrong::Unopenable(why) if self.careless => {
                            (&mut tally.lost, why)
                        }
                        Wrong::Lost(why) => (&mut tally.lost, why),
                        Wrong::Corrupt(why) => (&mut tally.corrupt, why),
                        Wrong::Unopenable(why) => (&mut tally.unopenable, why),
                    };
                    *count += 1;
                    tally.tell(format!("folder after {moment} ({}): {why}", told(call)));
                }
            }
        }
        tally
    }
}

/// A call in words, without its bytes.
fn told(call: &Call) -> String {
    match call {
        Call::Write(path, at, bytes) => {
            format!("write of {} at {at} into {}", bytes.len(), path.display())
        }
        other => format!("{other:?}"),
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

enum Wrong {
    Lost(String),
    Corrupt(String),
    Unopenable(String),
}

/// Deriving a key from a PIN takes a while: it is done once for each state of the keys.
#[derive(Default)]
struct Judge {
    pins: BTreeMap<(u64, Option<&'static str>), bool>,
}

impl Judge {
    fn look(
        &mut self,
        image: &TreeImage,
        visits: &[VisitId],
        now: &Known,
        next: &Known,
    ) -> Result<(), Wrong> {
        let folder = TempDir::new().unwrap();
        image.lay(folder.path()).unwrap();
        let attempts = SoftwareVault::open(&folder.path().join("hardware"))
            .and_then(|hardware| Ok(hardware.counter_get(ATTEMPTS)?))
            .map_err(|error| Wrong::Unopenable(format!("hardware: {error:?}")))?;
        if attempts < now.attempts.min(next.attempts) {
            return Err(Wrong::Lost(format!("{attempts} wrong PINs are counted")));
        }
        let app = open_phone(folder.path())
            .map_err(|error| Wrong::Unopenable(format!("open: {error:?}")))?;
        if app.session() == SessionState::New {
            return self.look_at_nothing(&app, folder.path(), now, next);
        }
        if now.gone {
            return Err(Wrong::Corrupt("it opens after it was signed out".into()));
        }
        self.unlock(&app, image, now, next)?;
        look_at_work(&app, visits, now, next)?;
        let files = files_in(&folder.path().join("store/attachments"));
        let mut here = 0;
        for visit in visits {
            // One that is not on the phone has none.
            let attachments = app.visit(*visit).attachments().unwrap_or_default();
            here += attachments.iter().filter(|one| one.here).count();
        }
        // While a patient goes, rows may be gone before the files are.
        let goes = now.photos.len() > next.photos.len();
        if files > here && !goes {
            let why = format!("{files} photos' files, {here} known");
            return Err(Wrong::Corrupt(why));
        }
        Ok(())
    }

    /// By the sensor once it is set up, and by the PIN of either moment.
    fn unlock(
        &mut self,
        app: &Homeround,
        image: &TreeImage,
        now: &Known,
        next: &Known,
    ) -> Result<(), Wrong> {
        let keys: Vec<_> = image
            .files(|path| path.starts_with("hardware") || path.extension() == Some("hrk".as_ref()))
            .collect();
        let keys = hash(&keys);
        let pins = BTreeSet::from([now.pin, next.pin]);
        let opens = |pin: &Option<&'static str>| {
            let pin = *pin;
            *self
                .pins
                .entry((keys, pin))
                .or_insert_with(|| pin.is_some_and(|pin| app.unlock(&by_pin(pin)).is_ok()))
        };
        if !pins.iter().any(opens) {
            return Err(Wrong::Unopenable(format!("no PIN of {pins:?} unlocks")));
        }
        if matches!(app.session(), SessionState::Locked) {
            let how = if now.biometric {
                Unlock::Biometric
            } else {
                by_pin(now.pin.or(next.pin).unwrap_or_default())
            };
            app.unlock(&how)
                .map_err(|error| Wrong::Unopenable(format!("unlock: {error:?}")))?;
        }
        Ok(())
    }

    /// There are no keys: before they were acknowledged, or after all was wiped.
    fn look_at_nothing(
        &mut self,
        app: &Homeround,
        folder: &Path,
        now: &Known,
        next: &Known,
    ) -> Result<(), Wrong> {
        if now.pin.is_some() && !next.gone {
            return Err(Wrong::Lost("the phone is a new one again".into()));
        }
        let store = folder.join("store");
        let left: Vec<_> = std::fs::read_dir(&store)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        if (now.gone || next.gone) && !left.is_empty() {
            return Err(Wrong::Corrupt(format!("{left:?} is left after the wipe")));
        }
        // It can be set up; what that does depends on nothing but what is left.
        let opens = self.pins.entry((hash(&left), None)).or_insert_with(|| {
            app.create(FIRST_PIN, true).is_ok() && app.session() == SessionState::NotEnrolled
        });
        if *opens {
            Ok(())
        } else {
            Err(Wrong::Unopenable("it can't be set up".into()))
        }
    }
}

fn look_at_work(
    app: &Homeround,
    visits: &[VisitId],
    now: &Known,
    next: &Known,
) -> Result<(), Wrong> {
    if !now.words.is_empty() {
        let read = app.visit(visits[0]).read();
        let read = read.map_err(|error| Wrong::Lost(format!("the visit: {error:?}")))?;
        if let Some(word) = now
            .words
            .iter()
            .find(|word| !read.note.contains(word.as_str()))
        {
            return Err(Wrong::Lost(format!("{word:?} is not in the note")));
        }
    }
    for (entry, (visit, fill)) in &now.photos {
        if !next.photos.contains_key(entry) {
            continue;
        }
        let bytes = app.visit(*visit).attachment_bytes(*entry);
        let bytes = bytes.map_err(|error| Wrong::Lost(format!("photo {fill}: {error:?}")))?;
        if bytes != photo(*fill) {
            return Err(Wrong::Corrupt(format!("photo {fill} has other bytes")));
        }
    }
    Ok(())
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}
