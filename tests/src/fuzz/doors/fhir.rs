//! FHIR as other systems send it: bundles and NDJSON, gzipped or not. The first
//! byte: 0 as it is, 1 gzipped here.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use homeround::merge::Document;
use homeround::model::{ActorId, Millis, TenantId};
use homeround_server::connect::fhir::{ImportContext, import};
use serde_json::Value;
use uuid::Uuid;

use super::super::dice::{Dice, havoc};
use super::change::is_sound;
use super::{Door, Outcome, json};

const COLLECTION: &str = include_str!("../../../fixtures/fhir/collection.json");
const BULK: &str = include_str!("../../../fixtures/fhir/bulk.ndjson");
const PLAIN: u8 = 0;
const GZIPPED: u8 = 1;

pub(crate) struct Imports {
    context: ImportContext,
}

impl Imports {
    pub(crate) fn new() -> Self {
        Self {
            context: ImportContext {
                tenant: TenantId(Uuid::from_u128(5)),
                as_of: Millis(1_577_836_800_000),
                default_time_zone: "America/New_York".into(),
            },
        }
    }
}

/// Bundles of a few entries each: small inputs go deeper in the same time.
fn pieces() -> Vec<Vec<u8>> {
    let bundle: Value = serde_json::from_str(COLLECTION).unwrap_or_default();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let patients: Vec<Value> = entries
        .iter()
        .filter(|entry| {
            matches!(
                entry["resource"]["resourceType"].as_str(),
                Some("Patient" | "Practitioner")
            )
        })
        .take(2)
        .cloned()
        .collect();
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    let mut pieces = Vec::new();
    for entry in entries {
        let kind = entry["resource"]["resourceType"].to_string();
        let seen = kinds.entry(kind).or_default();
        *seen += 1;
        if *seen > 3 {
            continue;
        }
        let with = [patients.as_slice(), &[entry]].concat();
        pieces.push(
            serde_json::json!({ "resourceType": "Bundle", "type": "collection", "entry": with }),
        );
    }
    pieces
        .into_iter()
        .map(|piece| piece.to_string().into_bytes())
        .collect()
}

impl Door for Imports {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let lines = BULK
            .lines()
            .take(12)
            .collect::<Vec<_>>()
            .join("\n")
            .into_bytes();
        let mut seeds = pieces();
        seeds.push(lines);
        let mut seeds: Vec<_> = seeds
            .into_iter()
            .map(|it| [&[PLAIN], it.as_slice()].concat())
            .collect();
        let zipped = seeds.first().cloned().unwrap_or_default();
        seeds.push([&[GZIPPED], zipped.get(1..).unwrap_or_default()].concat());
        seeds
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (kind, text) = input.split_first().unwrap_or((&0, &[]));
        let other = other.get(1..).unwrap_or_default();
        let kind = if dice.once_in(40) {
            dice.byte() % 2
        } else {
            *kind
        };
        let mut mutant = if text.starts_with(b"{\"resourceType\":\"Bundle") || dice.once_in(2) {
            json::mutate(dice, text, other)
        } else {
            let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            let at = dice.below(lines.len());
            let mutant = json::mutate(dice, lines[at], other);
            lines[at] = &mutant;
            lines.join(&b'\n')
        };
        if dice.once_in(1000) {
            let fill = *dice.pick(b" [{\n0\"").unwrap_or(&b' ');
            mutant.resize(mutant.len() + (1 << (10 + dice.below(12))), fill);
        }
        if dice.once_in(100) {
            havoc(dice, &mut mutant, other);
        }
        [&[kind], mutant.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (kind, text) = input.split_first().unwrap_or((&0, &[]));
        let zipped;
        let text = if *kind % 2 == GZIPPED {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            let written = encoder.write_all(text);
            zipped = written.and_then(|()| encoder.finish()).unwrap_or_default();
            &zipped
        } else {
            text
        };
        let taken = match import(text, &self.context) {
            Err(error) => return Outcome::refused(error.code()),
            Ok(taken) => taken,
        };
        let sound = taken.documents.iter().take(6).all(|new| {
            let made = Document::create(new.id, &new.tree, ActorId([3; 16]), Millis(5));
            made.is_ok_and(|(document, _)| is_sound(&document))
        });
        let codes: Vec<_> = taken
            .report
            .problems
            .iter()
            .map(|it| it.code.to_string())
            .take(3)
            .collect();
        let records = taken.records.len().min(6);
        Outcome::judged(
            format!(
                "{records} {} {}",
                taken.documents.len().min(4),
                codes.join(" ")
            ),
            sound,
        )
    }
}
