//! One measurement over time: of the visits on this phone and of the history, newest
//! first.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use uuid::Uuid;

use super::Homeround;
use super::clinical::Bedside;
use super::error::AppError;
use crate::clinical::{Convertible, NEWS2_CODE, NEWS2_FIGURES, VitalSign, means, news2};
use crate::model::{
    CorrectionEntry, DocumentKind, EntryId, Finding, History, Millis, ObservationEntry, PatientId,
    PersonId, RecordId, Refused, ReportedBy, Spo2Scale, VisitId,
};
use crate::store::{Rows, TimelineCursor};

/// Points of one page of a trend at most.
pub const TREND_PAGE_MAX: u32 = 200;
/// History records that are read at a time while looking for the code.
const SCAN: u32 = 200;

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendPoint {
    /// When it was measured.
    pub at: Millis,
    /// The figure.
    pub value: f64,
    /// Its UCUM unit: the sign's own wherever it could be converted.
    pub unit: String,
    /// Where it stands.
    pub source: TrendSource,
    /// Who told it; of a score, who told a figure of it. None: it was measured.
    pub reported_by: Option<ReportedBy>,
}

/// Where a measurement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrendSource {
    /// An observation of a visit.
    Visit {
        /// Which visit.
        visit: VisitId,
        /// Which entry.
        entry: EntryId,
        /// Who measured it.
        by: PersonId,
    },
    /// A line of the history.
    Record(RecordId),
}

impl TrendSource {
    const fn id(self) -> Uuid {
        match self {
            Self::Visit { entry, .. } => entry.0,
            Self::Record(record) => record.0,
        }
    }
}

/// A page of a trend, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The measurements.
    pub points: Vec<TrendPoint>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<TrendCursor>,
}

/// Where a page of a trend begins: after this measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrendCursor {
    at: Millis,
    id: Uuid,
}

impl fmt::Display for TrendCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.0, self.id)
    }
}

impl FromStr for TrendCursor {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let parse = || {
            let (at, id) = text.split_once('.')?;
            Some(Self {
                at: Millis(at.parse().ok()?),
                id: Uuid::try_parse(id).ok()?,
            })
        };
        parse().ok_or(Refused::new("cursor", "what the last page gave"))
    }
}

impl TrendPoint {
    pub(super) const fn place(&self) -> TrendCursor {
        TrendCursor {
            at: self.at,
            id: self.source.id(),
        }
    }
}

/// What a visit says of measurements: the rest of it is skipped unread.
#[derive(Deserialize)]
struct Measurements {
    #[serde(default)]
    observations: BTreeMap<EntryId, ObservationEntry>,
    #[serde(default)]
    corrections: BTreeMap<EntryId, CorrectionEntry>,
}

/// An observation that stands, and where.
pub(super) struct Measurement {
    pub(super) visit: VisitId,
    pub(super) id: EntryId,
    pub(super) entry: ObservationEntry,
}

impl Homeround {
    /// A page of one measurement over time, newest first: of every visit of the
    /// patient on this phone and of the history. An entry that was corrected is left
    /// out; what stands in its place is there.
    ///
    /// `code` is a LOINC code, any of a vital sign's, or [`NEWS2_CODE`]. Figures of a
    /// vital sign are converted to the sign's unit where that is known how.
    ///
    /// # Errors
    /// As [`patient`](Self::patient).
    pub fn trend(
        &self,
        id: PatientId,
        code: &str,
        from: Option<TrendCursor>,
        limit: u32,
    ) -> Result<Trend, AppError> {
        let limit = usize::try_from(limit.clamp(1, TREND_PAGE_MAX)).unwrap_or(1);
        self.of_patient(id, |rows| {
            let after = |point: &TrendPoint| from.is_none_or(|from| point.place() < from);
            let mut points = of_visits(rows, id, code)?;
            points.retain(after);
            points.extend(of_history(rows, id, code, from, limit)?);
            points.sort_by_key(|point| std::cmp::Reverse(point.place()));
            let more = points.len() > limit;
            points.truncate(limit);
            let next = points.last().filter(|_| more).map(TrendPoint::place);
            Ok(Trend { points, next })
        })
    }
}

fn of_visits(rows: &Rows, patient: PatientId, code: &str) -> Result<Vec<TrendPoint>, AppError> {
    let scale = Bedside::of(rows, patient)?.scale;
    let measured = measured_in_visits(rows, patient)?;
    let points = measured.iter().filter_map(|one| one.point(code, scale));
    Ok(points.collect())
}

/// The observations of the patient's visits that nobody corrected.
pub(super) fn measured_in_visits(
    rows: &Rows,
    patient: PatientId,
) -> Result<Vec<Measurement>, AppError> {
    let mut measured = Vec::new();
    for document in rows.documents_of(patient)? {
        if document.kind != DocumentKind::Visit {
            continue;
        }
        let said: Measurements = super::project::read(rows, document)?;
        let wrong = |id: &EntryId| {
            let mut corrections = said.corrections.values();
            corrections.any(|it| it.section == "observations" && it.target == *id)
        };
        let standing = said.observations.into_iter().filter(|(id, _)| !wrong(id));
        measured.extend(standing.map(|(id, entry)| Measurement {
            visit: VisitId(document.id),
            id,
            entry,
        }));
    }
    Ok(measured)
}

impl Measurement {
    pub(super) fn point(&self, code: &str, scale: Spo2Scale) -> Option<TrendPoint> {
        let (value, unit) = figure(&self.entry.finding, code, scale)?;
        Some(TrendPoint {
            at: self.entry.measured_at_ms,
            value,
            unit,
            source: TrendSource::Visit {
                visit: self.visit,
                entry: self.id,
                by: self.entry.by,
            },
            reported_by: told_of(&self.entry, code),
        })
    }
}

fn told_of(entry: &ObservationEntry, code: &str) -> Option<ReportedBy> {
    match (code, VitalSign::of_code(code)) {
        (NEWS2_CODE, _) => entry.reported_by(&NEWS2_FIGURES),
        // The systolic pressure speaks for both.
        (_, Some(sign)) if sign.field == "diastolic_mmhg" => {
            entry.reported_by(&["systolic_mmhg", sign.field])
        }
        (_, Some(sign)) => entry.reported_by(&[sign.field]),
        (_, None) => entry.measured.reported_by,
    }
}

fn figure(finding: &Finding, code: &str, scale: Spo2Scale) -> Option<(f64, String)> {
    match finding {
        Finding::Vitals(vitals) if code == NEWS2_CODE => {
            let total = news2(vitals, scale).total()?;
            Some((f64::from(total), "{score}".to_owned()))
        }
        Finding::Vitals(vitals) => {
            let sign = VitalSign::of_code(code)?;
            Some((sign.figure(vitals)?, sign.unit.to_owned()))
        }
        Finding::Quantity {
            code: of,
            value,
            unit,
        } if means(&of.system, &of.code, code) => Some(kept(code, *value, unit)),
        Finding::Quantity { .. } | Finding::Text { .. } | Finding::Unknown => None,
    }
}

/// The history's points after a place: more than `limit` of them if there are, and
/// then everything of the last one's instant.
fn of_history(
    rows: &Rows,
    patient: PatientId,
    code: &str,
    from: Option<TrendCursor>,
    limit: usize,
) -> Result<Vec<TrendPoint>, AppError> {
    let mut points: Vec<TrendPoint> = Vec::new();
    let mut cursor = from.map(|from| TimelineCursor::through(from.at));
    loop {
        let page = rows.timeline(patient, Some("Observation"), cursor, SCAN)?;
        for record in page.records {
            let body = record.body.as_deref().unwrap_or_default();
            let Ok(line) = serde_json::from_str::<History>(body) else {
                continue;
            };
            let enough = points.len() > limit;
            if enough && points.last().is_some_and(|last| line.at_ms < last.at) {
                return Ok(points);
            }
            let Some(point) = point_of_line(record.id, &line, code) else {
                continue;
            };
            if from.is_none_or(|from| point.place() < from) {
                points.push(point);
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(points);
        }
    }
}

/// The newest lines of the history that are observations.
pub(super) fn newest_lines(
    rows: &Rows,
    patient: PatientId,
) -> Result<Vec<(RecordId, History)>, AppError> {
    let page = rows.timeline(patient, Some("Observation"), None, SCAN)?;
    let lines = page.records.into_iter().filter_map(|record| {
        let line = serde_json::from_str(record.body.as_deref()?).ok()?;
        Some((record.id, line))
    });
    Ok(lines.collect())
}

pub(super) fn point_of_line(id: RecordId, line: &History, code: &str) -> Option<TrendPoint> {
    let (value, unit) = figure_of_line(line, code)?;
    Some(TrendPoint {
        at: line.at_ms,
        value,
        unit,
        source: TrendSource::Record(id),
        reported_by: line.measured.reported_by,
    })
}

fn figure_of_line(line: &History, code: &str) -> Option<(f64, String)> {
    let of = |value: &str, unit: Option<&str>| {
        let figure = value.parse().ok().filter(|it: &f64| it.is_finite())?;
        Some(kept(code, figure, unit.unwrap_or_default()))
    };
    if means(&line.code.system, &line.code.code, code) {
        return of(line.value.as_deref()?, line.unit.as_deref());
    }
    let mut parts = line.components.iter();
    let part = parts.find(|part| means(&part.code.system, &part.code.code, code))?;
    of(&part.value, part.unit.as_deref())
}

/// A figure in the unit that the sign is kept in, where that is known how.
fn kept(code: &str, value: f64, unit: &str) -> (f64, String) {
    let wanted = VitalSign::of_code(code).map(|sign| sign.unit);
    let pair = Convertible::ALL
        .into_iter()
        .find(|pair| wanted == Some(pair.kept()) && unit == pair.other());
    let converted = pair.and_then(|pair| pair.convert_rounded(value, unit, pair.kept()).ok());
    match (converted, pair) {
        (Some(value), Some(pair)) => (value, pair.kept().to_owned()),
        _ => (value, unit.to_owned()),
    }
}
