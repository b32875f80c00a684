//! The stage itself.

use std::io::Read as _;
use std::path::Path;

use homeround::model::{PatientId, PersonId, Role, VisitId};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::{Backend, Booking, Office, Phone, logs};

/// A backend with patients imported from fixtures and people in its directory.
pub struct Stage {
    /// The backend.
    pub backend: Backend,
    /// The patients, in the order of their names.
    pub patients: Vec<PatientId>,
    /// Login `nina`.
    pub nurse: PersonId,
    /// Login `theo`.
    pub therapist: PersonId,
    /// Login `aida`.
    pub aide: PersonId,
}

impl Stage {
    /// A backup of the backend, which goes on after it.
    #[must_use]
    pub fn back_up(&mut self) -> NamedTempFile {
        let backup = NamedTempFile::new().unwrap();
        self.backend.stop();
        self.backend.back_up(backup.path());
        self.backend.serve();
        backup
    }

    /// Puts the backend back to a backup, by hand.
    pub fn put_back(&mut self, backup: &NamedTempFile) {
        self.backend.stop();
        self.backend.put_back(backup.path());
        self.backend.serve();
    }

    /// With the patients of `collection.json`.
    #[must_use]
    pub fn set() -> Self {
        Self::set_with(&["collection.json"])
    }

    /// With the patients of these fixtures.
    #[must_use]
    pub fn set_with(fixtures: &[&str]) -> Self {
        logs::keep();
        let backend = Backend::start();
        let office = Office::new(&backend);
        for name in fixtures {
            forbid_patients(name);
            let _ = office.import(&fixture(name));
        }
        let (nurse, therapist) = (
            office.person("nina", Role::Nurse),
            office.person("theo", Role::Therapist),
        );
        let aide = office.person("aida", Role::Aide);
        let _ = office.person("sue", Role::Supervisor);
        Self {
            patients: office.patients(),
            backend,
            nurse,
            therapist,
            aide,
        }
    }

    /// The coordinator's office.
    #[must_use]
    pub fn office(&self) -> Office {
        Office::new(&self.backend)
    }

    /// The supervisor's office, which is shown whole visits.
    #[must_use]
    pub fn supervisor(&self) -> Office {
        Office::of(&self.backend, "sue")
    }

    /// A visit of today of the first patient, by the nurse and the therapist.
    #[must_use]
    pub fn visit(&self) -> VisitId {
        let people = [self.nurse, self.therapist];
        self.office().book(&Booking::of(self.patients[0], &people))
    }

    /// A phone of this login that has synced.
    #[must_use]
    pub fn phone(&self, login: &str) -> Phone {
        let phone = Phone::new(&self.backend, login);
        phone.sync(&self.backend);
        phone
    }

    /// Syncs phones in turn until nobody sends anything in a whole round.
    ///
    /// # Panics
    /// When somebody still does after eight rounds.
    pub fn converge(&self, phones: &[&Phone]) {
        for _ in 0..8 {
            let pushed = phones.iter().map(|phone| phone.sync(&self.backend).pushed);
            // Nobody sent anything in this round: each has pulled everything.
            if pushed.sum::<u64>() == 0 {
                return;
            }
        }
        panic!("phones go on sending after eight rounds");
    }

    /// Phones and backend show the same visit and the same open conflicts.
    pub fn same_everywhere(&self, visit: VisitId, phones: &[&Phone]) {
        let held = self.supervisor().visit(visit);
        for phone in phones {
            let handle = phone.app().visit(visit);
            assert_eq!(handle.read().unwrap(), held);
            let fields = |phone: &Phone| -> Vec<_> {
                let open = phone.app().visit(visit).conflicts().unwrap();
                open.into_iter().map(|one| (one.path, one.values)).collect()
            };
            assert_eq!(fields(phone), fields(phones[0]));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.backend.stop();
            logs::check();
        }
    }
}

/// A fixture's bytes as they lie there, gzipped or not.
#[must_use]
pub fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fhir");
    std::fs::read(folder.join(name)).unwrap()
}

/// A fixture's text.
#[must_use]
pub fn fixture_text(name: &str) -> String {
    let bytes = fixture(name);
    let mut text = String::new();
    if name.ends_with(".gz") {
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
        decoder.read_to_string(&mut text).unwrap();
        return text;
    }
    String::from_utf8(bytes).unwrap()
}

/// Names, street lines, birth dates and identifiers of a fixture's patients
/// are forbidden in logs.
fn forbid_patients(name: &str) {
    let bundle: Value = serde_json::from_str(&fixture_text(name)).unwrap();
    for entry in bundle["entry"].as_array().unwrap() {
        let resource = &entry["resource"];
        if resource["resourceType"] != "Patient" {
            continue;
        }
        let mut words = vec![&resource["birthDate"], &resource["id"]];
        for name in resource["name"].as_array().into_iter().flatten() {
            words.push(&name["family"]);
            words.extend(name["given"].as_array().into_iter().flatten());
        }
        for address in resource["address"].as_array().into_iter().flatten() {
            words.extend(address["line"].as_array().into_iter().flatten());
        }
        for identifier in resource["identifier"].as_array().into_iter().flatten() {
            words.push(&identifier["value"]);
        }
        words
            .into_iter()
            .filter_map(Value::as_str)
            .for_each(logs::forbid);
    }
}
