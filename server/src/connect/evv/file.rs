//! The export as one JSON document, and its seal.

use homeround::model::{
    Address, Coding, Device, Millis, PresenceEntry, PresenceWhat, Sighting, TenantId,
};
use serde_json::{Value, json};

use super::{Days, Edge, Facts, Row, Stamped};

/// What the document says it is.
pub const FORMAT: &str = "homeround-evv/1";
/// In front of what the backend seals, with a zero byte after it.
pub const EXPORT_DOMAIN: &str = "homeround/evv-export/1";

/// The document without its seal. Every number in it is whole, so that its
/// canonical form is one.
#[must_use]
pub fn document(
    (tenant, name): (TenantId, &str),
    days: Days,
    facts: &Facts,
    (rows, stamps): (&[Row<'_>], &[Stamped<'_>]),
    now: Millis,
) -> Value {
    let used = |device: &&Device| {
        let key = &device.public_key;
        stamps.iter().any(|stamp| &stamp.entry.device_key == key)
    };
    let mut devices: Vec<&Device> = facts.devices.iter().filter(used).collect();
    devices.sort_by(|one, other| one.public_key.cmp(&other.public_key));
    let devices = devices.into_iter().map(|device| {
        json!({ "device_key": device.public_key, "person": device.person, "label": device.label })
    });
    json!({
        "format": FORMAT,
        "tenant": { "id": tenant, "name": name },
        "from": days.from.to_string(),
        "to": days.to.to_string(),
        "exported_at_ms": now.0,
        "virtual_visits": super::virtual_visits(facts, days),
        "devices": devices.collect::<Vec<_>>(),
        "visits": rows.iter().map(|row| row_of(facts, row)).collect::<Vec<_>>(),
        "stamps": stamps.iter().map(stamp_of).collect::<Vec<_>>(),
    })
}

/// The document with the backend's key and its signature over the canonical form
/// of all else.
#[must_use]
pub fn sealed(mut document: Value, server_key: &str, signature: &str) -> Value {
    document["seal"] = json!({ "server_key": server_key, "signature": signature });
    document
}

/// The canonical form: no white space, members in the order of their names. With
/// whole numbers alone this is RFC 8785's.
#[must_use]
pub fn canonical(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

fn row_of(facts: &Facts, row: &Row<'_>) -> Value {
    let booking = row.of.booking.as_ref();
    let service = booking.map(|booking| booking.service.clone());
    let patient = facts.patients.get(&row.of.patient);
    let name = |id| facts.people.get(&id).map_or("", |one| one.name.as_str());
    let reasons = row.reasons.iter().map(|(stamp, reason, comment)| {
        json!({ "stamp": stamp, "reason": reason.name(), "comment": comment })
    });
    json!({
        "visit": row.of.id,
        "status": row.of.visit.status.name(),
        "service_type": service.as_ref().map(coding),
        "recipient": {
            "id": row.of.patient,
            "name": patient.map(homeround::model::Patient::display_name),
            "mrn": patient.and_then(|patient| patient.mrn.clone()),
        },
        "date": row.date,
        "location": patient.and_then(|patient| patient.address.as_ref()).map(address),
        "provider": { "id": row.provider, "name": name(row.provider) },
        "begin": row.begin.as_ref().map(edge),
        "end": row.end.as_ref().map(edge),
        "state": row.state.name(),
        "flags": row.flags,
        "overlaps": row.overlaps,
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

fn coding(coding: &Coding) -> Value {
    json!({ "system": coding.system, "code": coding.code, "text": coding.text })
}

fn address(address: &Address) -> Value {
    json!({
        "lines": address.lines,
        "city": address.city,
        "state": address.state,
        "postal_code": address.postal_code,
        "latitude_e7": address.latitude_deg.map(|deg| whole(deg * 1e7)),
        "longitude_e7": address.longitude_deg.map(|deg| whole(deg * 1e7)),
    })
}

fn edge(edge: &Edge) -> Value {
    json!({ "at_ms": edge.at.0, "local": edge.local, "stamp": edge.stamp })
}

/// All that the device's statement holds, and its signature.
fn stamp_of(stamp: &Stamped<'_>) -> Value {
    let entry = stamp.entry;
    let clock = &entry.stamp.clock;
    let anchor = entry.stamp.anchor.map(|anchor| {
        json!({
            "server_ms": anchor.server_ms.0,
            "monotonic_ms": anchor.monotonic_ms,
            "boot_id": anchor.boot_id.to_string(),
        })
    });
    let mut value = json!({
        "visit": stamp.of.id,
        "entry": stamp.id,
        "patient": stamp.of.patient,
        "by": entry.by,
        "chain": entry.chain,
        "number": entry.number,
        "previous": entry.previous,
        "wall_ms": clock.wall_ms.0,
        "monotonic_ms": clock.monotonic_ms,
        // A word of 64 bits: not every reader of JSON keeps such a number whole.
        "boot_id": clock.boot_id.to_string(),
        "anchor": anchor,
        "device_key": entry.device_key,
        "signature": entry.signature,
    });
    if let (Some(all), Value::Object(what)) = (value.as_object_mut(), what_of(entry)) {
        all.extend(what);
    }
    value
}

fn what_of(entry: &PresenceEntry) -> Value {
    match &entry.what {
        PresenceWhat::CheckIn(seen) => sighting("check_in", seen),
        PresenceWhat::CheckOut(seen) => sighting("check_out", seen),
        PresenceWhat::Reason {
            target,
            reason,
            comment,
        } => json!({
            "what": "reason",
            "target": target,
            "reason": reason.name(),
            "comment": comment,
        }),
        PresenceWhat::Unknown => json!({ "what": "unknown" }),
    }
}

fn sighting(what: &str, seen: &Sighting) -> Value {
    let fix = seen.fix.map(|fix| {
        json!({
            "latitude_e7": whole(fix.latitude_deg * 1e7),
            "longitude_e7": whole(fix.longitude_deg * 1e7),
            "accuracy_cm": whole(fix.accuracy_m * 100.0),
        })
    });
    let causes = seen.causes.iter().map(|cause| cause.name());
    json!({
        "what": what,
        "fix": fix,
        "no_fix": seen.no_fix.map(|why| why.name()),
        "distance_m": seen.distance_m,
        "radius_m": seen.radius_m,
        "causes": causes.collect::<Vec<_>>(),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "degrees and metres fit")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
