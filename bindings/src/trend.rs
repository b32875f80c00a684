//! One measurement over time.

use homeround::app::{TrendPoint as Point, TrendSource};
use homeround::clinical::{NEWS2_CODE, VitalSign};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::patient::Patient;
use crate::types::{EntryId, ReportedBy, VisitId};

/// Which page of a trend.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TrendQuery {
    /// A LOINC code, any of a vital sign's, or NEWS2's: see `trend_code`.
    pub code: String,
    /// What the last page gave; none: from now on.
    #[uniffi(default = None)]
    pub from: Option<String>,
    /// At most so many measurements, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct TrendPoint {
    /// When it was measured, milliseconds since 1970.
    pub at_ms: i64,
    /// The figure.
    pub value: f64,
    /// Its UCUM unit: the sign's own wherever it could be converted.
    pub unit: String,
    /// The visit that it was measured in; none: it comes from the history.
    pub visit: Option<VisitId>,
    /// The observation of that visit.
    pub entry: Option<EntryId>,
    /// Who noted it, during that visit.
    pub by: Option<By>,
    /// Who told it; of a score, who told a figure of it. None: it was measured.
    #[uniffi(default = None)]
    pub reported_by: Option<ReportedBy>,
}

/// A page of a trend, newest first.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct TrendPage {
    /// The measurements.
    pub points: Vec<TrendPoint>,
    /// Where the next page begins; none: that was all.
    pub next: Option<String>,
}

#[uniffi::export]
impl Patient {
    /// A page of one measurement over time, newest first: of the visits on this phone
    /// and of the history, without what was corrected. Fails with `Refused` on
    /// `cursor`.
    pub fn trend(&self, query: TrendQuery) -> Result<TrendPage, HomeroundError> {
        guard(|| {
            let from = query.from.map(|from| from.parse()).transpose()?;
            let app = &self.phone.app;
            let names = Names::new(app);
            let trend = app.trend(self.id, &query.code, from, query.limit)?;
            let points = trend.points.into_iter().map(|one| point(one, &names));
            Ok::<_, HomeroundError>(TrendPage {
                points: points.collect(),
                next: trend.next.map(|next| next.to_string()),
            })
        })
    }
}

/// The code of a figure's trend, as in `pulse_bpm`; `news2` for the score. Fails with
/// `Refused` on `field`.
#[uniffi::export]
pub fn trend_code(field: String) -> Result<String, HomeroundError> {
    if field == "news2" {
        return Ok(NEWS2_CODE.into());
    }
    let code = VitalSign::of_field(&field).and_then(|sign| sign.codes.first().copied());
    code.map(Into::into)
        .ok_or_else(|| HomeroundError::refused("field", "a figure of vital signs, or news2"))
}

pub(crate) fn point(point: Point, names: &Names<'_>) -> TrendPoint {
    let (visit, entry, by) = match point.source {
        TrendSource::Visit { visit, entry, by } => (Some(visit), Some(entry), Some(names.by(by))),
        TrendSource::Record(_) => (None, None, None),
    };
    TrendPoint {
        at_ms: point.at.0,
        value: point.value,
        unit: point.unit,
        visit,
        entry,
        by,
        reported_by: point.reported_by,
    }
}
