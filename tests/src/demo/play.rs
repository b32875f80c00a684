//! What the whole day works with: the server, the office, the phones, the
//! promises and the figures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::Args;
use super::office::Office;
use super::phones::Phone;
use super::screen::Screen;
use super::server::Server;
use super::trouble::Trouble;

/// How often something is asked for that the backend does by itself, twice a second.
const TURNS: usize = 40;
/// The nurse's phone among [`Play::phones`].
pub(super) const NURSE: usize = 0;
/// The therapist's.
pub(super) const THERAPIST: usize = 1;
/// The aide's.
pub(super) const AIDE: usize = 2;

/// Something that the product promises, checked.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) name: String,
    pub(super) held: bool,
}

/// A visit that the day is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Booked {
    pub(super) visit: String,
    pub(super) patient: String,
    pub(super) patient_name: String,
}

/// A visit of the next day's round.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop {
    pub(super) visit: String,
    pub(super) name: String,
}

/// Who is visited when, as far as the story needs it.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    /// All three are there.
    pub(super) shared: Booked,
    /// The aide's, at the patient whom the aide loses.
    pub(super) revoked: Booked,
    /// Therapist and aide disagree here.
    pub(super) disputed: Booked,
    /// The therapist's, where the phone dies.
    pub(super) killed: Booked,
    /// What would tell in a log line who is treated: names, birth dates.
    pub(super) telling: Vec<String>,
    /// The form that nurse and therapist fill, in the shared visit.
    pub(super) form: String,
    /// Its first wound.
    pub(super) wound: String,
    /// The care plan that the nurse begins, for the shared visit's patient.
    pub(super) plan: String,
    /// Own visits of the day of each phone's carrier.
    pub(super) own: [usize; 3],
    /// The nurse's visits of the next day, as booked.
    pub(super) round: Vec<Stop>,
    /// That day, as in `2026-11-28`.
    pub(super) tomorrow: String,
    /// The visit that the therapist made, and the booked one at its time.
    pub(super) unplanned: String,
    pub(super) beside: String,
    /// The visit by video.
    pub(super) call: String,
}

/// What is counted on the way; the rest is counted from the stores at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) imported: BTreeMap<String, u64>,
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) first_screen_ms: f64,
    /// Minutes on the road of the next day's round: as booked, as suggested.
    pub(super) road_min: [u64; 2],
    pub(super) conflicts_shown: u64,
    pub(super) rounds: u64,
    pub(super) fhir_out: PathBuf,
    /// What each store says at the end.
    pub(super) counted: Map<String, Value>,
}

/// The day under way.
pub(super) struct Play {
    pub(super) args: Args,
    pub(super) screen: Screen,
    pub(super) promises: Vec<Promise>,
    pub(super) programs: PathBuf,
    pub(super) out: PathBuf,
    pub(super) stores: PathBuf,
    pub(super) server: Server,
    pub(super) office: Office,
    pub(super) phones: Vec<Phone>,
    pub(super) story: Story,
    pub(super) figures: Figures,
}

impl Play {
    /// Checks a promise and shows whether it held.
    pub(super) fn promise(&mut self, held: bool, name: &str) {
        self.screen.verdict(held, name);
        self.promises.push(Promise {
            name: name.to_owned(),
            held,
        });
    }

    /// How a person is called; a part of the id for somebody else.
    pub(super) fn name_of(&self, person: &Value) -> String {
        let Some(id) = person.as_str() else {
            return "the backend".into();
        };
        let known = self.phones.iter().find(|phone| phone.carrier.person == id);
        known.map_or_else(
            || "the backend".into(),
            |phone| phone.carrier.name.to_owned(),
        )
    }

    /// What a phone answers once it is as it should be, or else after a while: what the backend
    /// does by itself comes with a sync.
    pub(super) fn until(
        &mut self,
        who: usize,
        ask: &Value,
        done: impl Fn(&Value) -> bool,
    ) -> Result<Value, Trouble> {
        let mut shown = Value::Null;
        for _ in 0..TURNS {
            self.phones[who].sync()?;
            shown = self.phones[who].ask(ask)?;
            if done(&shown) {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(shown)
    }

    /// One run of every phone's sync, in turn.
    pub(super) fn sync_all(&mut self) -> Result<Vec<Value>, Trouble> {
        self.phones.iter_mut().map(Phone::sync).collect()
    }
}

/// The rows of a JSON list.
pub(super) fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A JSON value's text; its JSON if it is none.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
