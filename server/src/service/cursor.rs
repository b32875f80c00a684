//! Where a device's pages stand. Opaque to the phone, checked here: a cursor
//! of another version, another device or another epoch, or a broken one,
//! starts over, which costs bytes and loses nothing.

use homeround::model::{DeviceId, PatientId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// First byte of a cursor.
const VERSION: u8 = 1;
/// Bytes of the check at its end: against accidents, not against forgery,
/// as a cursor opens nothing (the scope is looked up at each page).
const CHECK: usize = 8;
const BYTES: usize = 1 + 8 + 16 + 1 + 8 + 1 + 16 + 8 + 8 + 1 + 8 + 16 + 16 + CHECK;

/// Where a device's pages stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The backend's epoch when it was given.
    pub epoch: u64,
    /// For whom.
    pub device: DeviceId,
    /// The person saw the whole tenant by role.
    pub wide: bool,
    /// Live events up to this number have been given.
    pub seq: u64,
    /// The fill that goes on before live events do.
    pub fill: Option<Fill>,
}

/// A fill: what there is, in an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// One patient, or everything in scope.
    pub patient: Option<PatientId>,
    /// The tenant's number when it began.
    pub as_of: u64,
    /// The day that comes first: any instant inside it.
    pub today: i64,
    /// What was given last.
    pub at: Position,
}

/// A place in a fill: everything up to it has been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Which part of the fill.
    pub phase: u8,
    /// The patient, where the part goes patient by patient.
    pub patient: Uuid,
    /// Distance from today, or age.
    pub distance: i64,
    /// The id of the thing.
    pub id: Uuid,
}

impl Position {
    /// The beginning of a part.
    #[must_use]
    pub const fn start_of(phase: u8) -> Self {
        Self {
            phase,
            patient: Uuid::nil(),
            distance: i64::MIN,
            id: Uuid::nil(),
        }
    }
}

impl Cursor {
    /// As the phone keeps it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.device.bytes());
        bytes.push(u8::from(self.wide));
        bytes.extend(self.seq.to_be_bytes());
        let fill = self.fill.unwrap_or(Fill {
            patient: None,
            as_of: 0,
            today: 0,
            at: Position::start_of(0),
        });
        let tag = match self.fill {
            None => 0,
            Some(Fill { patient: None, .. }) => 1,
            Some(_) => 2,
        };
        bytes.push(tag);
        bytes.extend(fill.patient.map_or([0; 16], |patient| *patient.bytes()));
        bytes.extend(fill.as_of.to_be_bytes());
        bytes.extend(fill.today.to_be_bytes());
        bytes.push(fill.at.phase);
        bytes.extend(fill.at.distance.to_be_bytes());
        bytes.extend(fill.at.id.as_bytes());
        bytes.extend(fill.at.patient.as_bytes());
        let check = check(&bytes);
        bytes.extend(check);
        bytes
    }

    /// Reads it back; none: start over.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != BYTES {
            return None;
        }
        let (content, found) = bytes.split_at(BYTES - CHECK);
        if found != check(content) {
            return None;
        }
        let mut rest = Fields(content);
        if rest.take::<1>()? != [VERSION] {
            return None;
        }
        let epoch = u64::from_be_bytes(rest.take()?);
        let device = DeviceId(Uuid::from_bytes(rest.take()?));
        let [wide] = rest.take()?;
        let seq = u64::from_be_bytes(rest.take()?);
        let [tag] = rest.take()?;
        let patient = PatientId(Uuid::from_bytes(rest.take()?));
        let as_of = u64::from_be_bytes(rest.take()?);
        let today = i64::from_be_bytes(rest.take()?);
        let [phase] = rest.take()?;
        let at = Position {
            phase,
            distance: i64::from_be_bytes(rest.take()?),
            id: Uuid::from_bytes(rest.take()?),
            patient: Uuid::from_bytes(rest.take()?),
        };
        let fill = |patient| Fill {
            patient,
            as_of,
            today,
            at,
        };
        let fill = match tag {
            0 => None,
            1 => Some(fill(None)),
            2 => Some(fill(Some(patient))),
            _ => return None,
        };
        Some(Self {
            epoch,
            device,
            wide: wide == 1,
            seq,
            fill,
        })
    }
}

struct Fields<'f>(&'f [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}

fn check(content: &[u8]) -> [u8; CHECK] {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(patient: Option<PatientId>) -> Cursor {
        Cursor {
            epoch: 77,
            device: DeviceId(Uuid::from_u128(5)),
            wide: true,
            seq: 9_000,
            fill: Some(Fill {
                patient,
                as_of: 8_000,
                today: -5,
                at: Position {
                    phase: 3,
                    patient: Uuid::from_u128(1),
                    distance: -7,
                    id: Uuid::from_u128(2),
                },
            }),
        }
    }

    #[test]
    fn a_cursor_round_trips_within_the_wires_limit() {
        let all = cursor(None);
        let one = cursor(Some(PatientId(Uuid::from_u128(3))));
        let live = Cursor { fill: None, ..all };
        for cursor in [all, one, live] {
            let bytes = cursor.encode();
            assert!(bytes.len() <= homeround::wire::CURSOR_BYTES_MAX);
            assert_eq!(Cursor::decode(&bytes), Some(cursor));
        }
    }

    #[test]
    fn a_cursor_with_any_byte_changed_or_missing_starts_over() {
        let bytes = cursor(None).encode();
        for index in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[index] ^= 1;
            assert_eq!(Cursor::decode(&broken), None, "byte {index}");
            assert_eq!(Cursor::decode(&bytes[..index]), None);
        }
        assert_eq!(Cursor::decode(&[bytes.as_slice(), &[0]].concat()), None);
    }
}
