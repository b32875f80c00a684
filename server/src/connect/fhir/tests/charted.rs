//! The chart of the visit with everything in it.

use std::collections::BTreeMap;

use homeround::model::*;
use serde_json::json;

use super::AS_OF;
use super::sample::{AIDE, NURSE, PATIENT, entries, entry, id, person};

pub(super) fn chart() -> Chart {
    Chart {
        contacts: entries(vec![(
            0xB1,
            json!({ "name": "Dora Probe", "relationship": "daughter", "phone": "555-0103" }),
        )]),
        allergies: entries(vec![
            (
                0xB2,
                json!({ "code": { "system": SNOMED, "code": "91936005", "text": "Allergy to penicillin" },
                "status": "active", "severity": "severe", "reaction": "Hives",
                "ingredients": [{ "system": RXNORM, "code": "70618", "text": "Penicillins" }] }),
            ),
            (
                0xB3,
                json!({ "code": { "text": "Latex" }, "status": "entered_in_error" }),
            ),
            (
                0xB4,
                json!({ "code": { "text": "Nuts" }, "status": "refuted" }),
            ),
        ]),
        conditions: entries(vec![
            (
                0xB5,
                json!({ "code": { "system": SNOMED, "code": "38341003", "text": "Hypertension" },
                "clinical_status": "active", "verification": "confirmed", "onset": "2010" }),
            ),
            (
                0xB6,
                json!({ "code": { "text": "Back pain" }, "clinical_status": "active", "onset": "in her forties" }),
            ),
        ]),
        medications: entries(vec![
            (
                0xA3,
                json!({ "code": { "system": RXNORM, "code": "198440", "text": "Paracetamol 500 mg" }, "status": "active",
                "as_needed": true, "dosing": { "dose_value": 500.0, "dose_unit": "mg", "min_interval_min": 240, "max_per_day": 4 },
                "ingredients": [{ "system": RXNORM, "code": "161", "text": "Paracetamol" }] }),
            ),
            (
                0xA1,
                json!({ "code": { "system": RXNORM, "code": "855332", "text": "Warfarin 5 mg" }, "status": "active",
                "dose": "5 mg", "frequency": "in the evening" }),
            ),
            (
                0xA2,
                json!({ "code": { "text": "Herbal tea" }, "status": "on-hold", "as_needed": true }),
            ),
        ]),
        alerts: entries(vec![
            (
                0xB7,
                json!({ "text": "Dog in the house: call from the gate", "severity": "severe", "active": true }),
            ),
            (
                0xB8,
                json!({ "text": "Stairs under repair", "severity": "mild", "active": false }),
            ),
        ]),
        reviews: reviews(),
        notice_wishes: Some(notice_wishes()),
        messages: messages(),
        corrections: entries(vec![(
            0xE5,
            json!({ "section": "messages", "target": entry(0xE3), "reason": "another patient", "by": person(NURSE), "at_ms": AS_OF }),
        )]),
        ..serde_json::from_value(json!({ "schema": 1, "patient": id(PATIENT) })).unwrap()
    }
}

/// Three about the visit, one of them taken back, and one of another day.
fn notice_wishes() -> NoticeWishes {
    serde_json::from_value(json!({
        "by": person(NURSE), "at_ms": AS_OF, "agreed": true, "wished_by": "representative",
        "channel": "email", "address": "dora@example.org", "language": "es",
        "quiet": { "from_minute": 1_290, "until_minute": 465 },
    }))
    .unwrap()
}

fn messages() -> BTreeMap<EntryId, MessageEntry> {
    entries(vec![
        (
            0xE1,
            json!({ "by": person(AIDE), "at_ms": AS_OF.plus(12 * MINUTE_MS), "text": "His left leg is swollen.", "priority": "urgent",
                    "to": [person(NURSE)], "visit": id(0x11) }),
        ),
        (
            0xE2,
            json!({ "by": person(NURSE), "at_ms": AS_OF.plus(20 * MINUTE_MS), "text": "Measured, doctor informed.",
                    "visit": id(0x11), "reply_to": entry(0xE1) }),
        ),
        (
            0xE3,
            json!({ "by": person(NURSE), "at_ms": AS_OF.plus(22 * MINUTE_MS), "text": "He fell.", "visit": id(0x11) }),
        ),
        (
            0xE4,
            json!({ "by": person(NURSE), "at_ms": AS_OF, "text": "Of another day." }),
        ),
    ])
}

/// The list, looked through during the visit.
fn reviews() -> BTreeMap<EntryId, ReviewEntry> {
    entries(vec![(
        0xD1,
        json!({ "section": "medications", "by": person(NURSE), "at_ms": AS_OF.plus(25 * MINUTE_MS), "comment": "Daughter showed the box",
                "reconciliation": { "visit": id(0x11), "lines": [
                    { "medication": entry(0xA1), "finding": "taking" },
                    { "medication": entry(0xA2), "finding": "not_found" },
                    { "medication": entry(0xA3), "finding": "taking_differently", "comment": "two at night" } ],
                    "found": [{ "code": { "text": "St John's wort" }, "frequency": "daily" }] } }),
    )])
}
