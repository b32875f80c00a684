//! A whole phone that is given altered pages: real store, real keys. Whatever a
//! page was, the phone must go on taking edits and showing its day.

use homeround::app::{AppError, Homeround};
use homeround::merge::pack::{self, PackLimits};
use homeround::model::{Role, VisitId};
use homeround::sync::SyncStore as _;
use homeround::wire::{self, Page};
use homeround_tests::stage::{Backend, Booking, Device, Office, Phone, fixture, vitals};

use super::super::chunk;
use super::super::dice::{Dice, havoc};
use super::change::mutate_change;
use super::{Door, Outcome, json};

const LIMITS: PackLimits = PackLimits {
    changes_max: 100_000,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PAGE_INFLATED_MAX,
};
/// Pages after which the phone is set up anew.
const WORN_AFTER: u32 = 200;

/// The CBOR of a page.
pub(crate) struct Phones {
    backend: Backend,
    visit: VisitId,
    phone: Phone,
    seeds: Vec<Vec<u8>>,
    worn: u32,
}

fn synced(backend: &Backend, login: &str) -> Phone {
    let phone = Phone::new(backend, login);
    phone.sync(backend);
    phone
}

impl Phones {
    pub(crate) fn new() -> Self {
        let backend = Backend::start();
        let office = Office::new(&backend);
        let _ = office.import(&fixture("collection.json"));
        let people = [("nina", Role::Nurse), ("theo", Role::Therapist)];
        let people = people.map(|(login, role)| office.person(login, role));
        let patient = office.patients()[0];
        let visit = office.book(&Booking::of(patient, &people));
        let colleague = synced(&backend, "theo");
        let work = colleague.app().visit(visit).record_vitals(&vitals(71));
        work.expect("a colleague's edit");
        let phone = synced(&backend, "nina");
        let mut pages = Device::enrol(&backend, "nina", 9).pages();
        // What a colleague did meanwhile comes as changes.
        let before = pages.last().map(|page| page.cursor.to_vec());
        colleague.sync(&backend);
        if let Some(cursor) = before {
            pages.extend(Device::enrol(&backend, "nina", 8).pages_after(cursor));
        }
        let seeds = pages
            .iter()
            .filter_map(|page| wire::encode(page).ok())
            .collect();
        Self {
            backend,
            visit,
            phone,
            seeds,
            worn: 0,
        }
    }

    fn app(&self) -> &Homeround {
        self.phone.app()
    }

    /// Whether the phone shows its day and takes an edit, or says for a good
    /// reason why it may not.
    fn works(&self) -> bool {
        let fine = |error: &AppError| {
            !matches!(
                error,
                AppError::Damaged { .. } | AppError::Failed { .. } | AppError::Locked
            )
        };
        let day = self.app().today().and_then(|today| self.app().day(today));
        let edit = self.app().visit(self.visit).record_vitals(&vitals(80));
        day.as_ref().err().is_none_or(fine) && edit.as_ref().err().is_none_or(fine)
    }
}

impl Door for Phones {
    fn seeds(&self) -> Vec<Vec<u8>> {
        self.seeds.clone()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let Ok(mut page) = wire::decode::<Page>(input) else {
            return input.to_vec();
        };
        let lent: Option<Page> = wire::decode(other).ok();
        for _ in 0..=dice.below(2) {
            alter(dice, &mut page, lent.as_ref());
        }
        wire::encode(&page).unwrap_or_default()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let Ok(page) = wire::decode::<Page>(input) else {
            return Outcome::refused("page");
        };
        self.worn += 1;
        if self.worn > WORN_AFTER {
            self.worn = 0;
            Office::new(&self.backend).revoke_all();
            self.phone = synced(&self.backend, "nina");
        }
        let taken = self.app().sync_store().apply_page(page);
        let mut idle = String::new();
        for _ in 0..64 {
            match self.app().idle_slice() {
                Ok(slice) if slice.is_done() => break,
                Ok(_) => {}
                Err(error) => {
                    idle = format!("{error:.16}");
                    break;
                }
            }
        }
        let sound = self.works();
        if !sound {
            // The next page meets a phone that works.
            self.worn = WORN_AFTER;
        }
        let said = taken
            .as_ref()
            .map_or_else(|fault| format!("{fault:?}"), |_| String::new());
        let mut outcome = Outcome::judged(format!("{said:.40} {idle}"), sound);
        outcome.accepted = taken.is_ok();
        outcome
    }
}

fn alter(dice: &mut Dice, page: &mut Page, lent: Option<&Page>) {
    match dice.below(8) {
        0 => page.leaves.clear(),
        1 => {
            let at = dice.below(page.records.len());
            if let Some(row) = page.records.get_mut(at) {
                let body = row.body.clone().unwrap_or_default();
                let mutant = json::mutate(dice, body.as_bytes(), b"{}");
                row.body = Some(String::from_utf8_lossy(&mutant).into_owned());
                row.version = dice.figure(row.version);
            }
        }
        2 | 3 => {
            let at = dice.below(page.snapshots.len());
            if let Some(snapshot) = page.snapshots.get_mut(at) {
                let mutant = chunk::mutate(dice, &snapshot.bytes, &[]);
                snapshot.bytes = mutant.unwrap_or_default().into();
                snapshot.priority = dice.byte() % 3;
            }
        }
        4 | 5 => {
            let mut unpacked = pack::unpack(&page.changes, &LIMITS).unwrap_or_default();
            let at = dice.below(unpacked.len());
            if let Some((_, change)) = unpacked.get_mut(at) {
                *change = mutate_change(dice, change, &[]);
            }
            let borrowed: Vec<_> = unpacked
                .iter()
                .map(|(id, it)| (*id, it.as_slice()))
                .collect();
            page.changes = pack::pack(&borrowed).unwrap_or_default().into();
        }
        6 => {
            if let Some(lent) = lent {
                page.snapshots
                    .extend(lent.snapshots.iter().take(2).cloned());
                page.enters.extend(lent.enters.iter().cloned());
                page.records.extend(lent.records.iter().take(4).cloned());
            }
            page.records.truncate(64);
            page.snapshots.truncate(16);
        }
        _ => {
            let mut cursor = page.cursor.to_vec();
            havoc(dice, &mut cursor, &[]);
            page.cursor = cursor.into();
            page.server_ms = page.server_ms.wrapping_add(dice.below(1000) as i64);
        }
    }
}
