//! What the documents are called and how a field inside one is named.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PatientId, PlanId, Refused, VisitId};

/// The three kinds of document that people edit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// One home visit.
    Visit,
    /// What the team maintains about one patient.
    Chart,
    /// One care plan.
    Plan,
}

impl DocumentKind {
    /// The number that SQL and the wire use.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Visit => 1,
            Self::Chart => 2,
            Self::Plan => 3,
        }
    }

    /// Reads the number back.
    ///
    /// # Errors
    /// [`Refused`] for a kind that this version does not know.
    pub const fn from_code(code: u8) -> Result<Self, Refused> {
        match code {
            1 => Ok(Self::Visit),
            2 => Ok(Self::Chart),
            3 => Ok(Self::Plan),
            _ => Err(Refused::new("document_kind", "1 visit, 2 chart, 3 plan")),
        }
    }
}

/// Names one document: its kind and the id of the thing it is about. A chart's
/// id is its patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId {
    /// What the document is.
    pub kind: DocumentKind,
    /// The visit's, the patient's or the plan's id.
    pub id: Uuid,
}

impl DocumentId {
    /// The document of a visit.
    #[must_use]
    pub const fn visit(id: VisitId) -> Self {
        Self {
            kind: DocumentKind::Visit,
            id: id.0,
        }
    }

    /// The chart of a patient.
    #[must_use]
    pub const fn chart(id: PatientId) -> Self {
        Self {
            kind: DocumentKind::Chart,
            id: id.0,
        }
    }

    /// The document of a care plan.
    #[must_use]
    pub const fn plan(id: PlanId) -> Self {
        Self {
            kind: DocumentKind::Plan,
            id: id.0,
        }
    }

    /// Seventeen bytes: the kind, then the id. The key in stores and bodies.
    #[must_use]
    pub fn key(&self) -> [u8; 17] {
        let mut key = [0; 17];
        key[0] = self.kind.code();
        key[1..].copy_from_slice(self.id.as_bytes());
        key
    }

    /// Reads the seventeen bytes back.
    ///
    /// # Errors
    /// [`Refused`] for another length or an unknown kind.
    pub fn from_key(key: &[u8]) -> Result<Self, Refused> {
        let refused = Refused::new("document_id", "17 bytes: kind, then UUID");
        let (kind, id) = key.split_first().ok_or(refused.clone())?;
        Ok(Self {
            kind: DocumentKind::from_code(*kind)?,
            id: Uuid::from_slice(id).map_err(|_| refused)?,
        })
    }
}

/// Names one field inside a document, as in `tasks/0192…/result`.
///
/// Segments are separated by `/` and hold no `/` themselves. The first one is
/// the section of the document; items are keyed by their id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldPath(pub String);

impl FieldPath {
    /// Joins segments.
    #[must_use]
    pub fn of<S: AsRef<str>>(segments: &[S]) -> Self {
        let parts: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        Self(parts.join("/"))
    }

    /// The segments, first to last.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Whether the path follows a pattern in which `*` stands for any one
    /// segment and a final `**` for any rest, as in `tasks/*/result`.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        let mut path = self.segments();
        for part in pattern.split('/') {
            if part == "**" {
                return true;
            }
            match path.next() {
                Some(segment) if part == "*" || part == segment => {}
                _ => return false,
            }
        }
        path.next().is_none()
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_segment_and_two_for_the_rest() {
        let path = FieldPath("tasks/a/result".into());
        assert!(path.matches("tasks/*/result"));
        assert!(path.matches("tasks/**"));
        assert!(!path.matches("tasks/*"));
        assert!(!path.matches("tasks/*/result/more"));
        assert!(!path.matches("notes/*/result"));
    }

    #[test]
    fn a_document_key_round_trips_and_refuses_another_kind() {
        let id = DocumentId::visit(VisitId(Uuid::from_u128(9)));
        assert_eq!(DocumentId::from_key(&id.key()), Ok(id));
        let mut key = id.key();
        key[0] = 9;
        assert!(DocumentId::from_key(&key).is_err());
        assert!(DocumentId::from_key(&key[..16]).is_err());
    }
}
