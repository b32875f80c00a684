//! The table, the lines for programs, and what each floor is.

use serde_json::json;

/// What a measure has to reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most this many times the floor.
    Times(f64),
    /// At most this.
    AtMost(f64),
    /// Told, not judged.
    Told,
}

/// One measure.
pub(crate) struct Measure {
    /// Its key.
    pub(crate) key: &'static str,
    /// What was measured.
    pub(crate) value: f64,
    /// The same of the floor; none: the goal is absolute.
    pub(crate) floor: Option<f64>,
    /// Of both.
    pub(crate) unit: &'static str,
    /// What to reach.
    pub(crate) goal: Goal,
}

impl Measure {
    /// A measure beside its floor.
    pub(crate) const fn beside(
        key: &'static str,
        (value, floor): (f64, f64),
        unit: &'static str,
        times: f64,
    ) -> Self {
        Self {
            key,
            value,
            floor: Some(floor),
            unit,
            goal: Goal::Times(times),
        }
    }

    /// A measure with a limit of its own.
    pub(crate) const fn limited(
        key: &'static str,
        value: f64,
        unit: &'static str,
        most: f64,
    ) -> Self {
        Self {
            key,
            value,
            floor: None,
            unit,
            goal: Goal::AtMost(most),
        }
    }

    /// A figure that explains others.
    pub(crate) const fn told(key: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            key,
            value,
            floor: None,
            unit,
            goal: Goal::Told,
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.floor
            .filter(|floor| *floor > 0.0)
            .map(|floor| self.value / floor)
    }

    fn holds(&self) -> Option<bool> {
        match self.goal {
            Goal::Times(times) => self.ratio().map(|ratio| ratio <= times),
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::Told => None,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::Times(times) => format!("{times} x"),
            Goal::AtMost(most) => format!("<= {most} {}", self.unit),
            Goal::Told => String::new(),
        }
    }
}

/// One line a measure, for a program.
pub(crate) fn line(measure: &Measure) -> String {
    json!({
        "measure": measure.key, "value": measure.value, "floor": measure.floor,
        "ratio": measure.ratio(), "unit": measure.unit, "holds": measure.holds(),
    })
    .to_string()
}

/// One row of the table.
pub(crate) fn row(measure: &Measure) -> String {
    let number = |value: f64| {
        if value >= 100.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.3}")
        }
    };
    let floor = measure.floor.map_or_else(|| "-".into(), number);
    let ratio = measure
        .ratio()
        .map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
    let holds = match measure.holds() {
        Some(true) => "holds",
        Some(false) => "MISSED",
        None => "",
    };
    format!(
        "{:<20} {:>11} {:>11} {:>7}  {:<9} {:<12} {holds}",
        measure.key,
        number(measure.value),
        floor,
        ratio,
        measure.unit,
        measure.goal(),
    )
}

/// The table's head.
pub(crate) fn head() -> String {
    format!(
        "{:<20} {:>11} {:>11} {:>7}  {:<9} {:<12}",
        "measure", "value", "floor", "ratio", "unit", "to reach"
    )
}

/// What the floors are.
pub(crate) const FOOTNOTES: &str = "
Floors are a plain app, measured in the same run: SQLCipher with a raw key through the
same provider and the same opening, WAL, synchronous FULL, prepared statements, no merge,
no access rules, no audit trail. Floor and product take turns in short batches.
  edit_*        one transaction: the visit's JSON row updated (the app holds the visit as a
                tree, changes it and writes it out), one op-log row (id of the person, stamp,
                JSON patch) inserted.
  today_cold    a fresh process: opening, one prepared SELECT of the day's ten rows, by an
                index on the start. Both unlock without a PIN: the PIN's Argon2id is slow on
                purpose and is neither's cost. The page cache of the system is warm.
  today_open    the same once open.
  visit_read    one prepared SELECT of the visit's JSON, parsed to the same typed visit.
  day_bytes     JSON patches with stamps and entry ids, zstd level 3, one body a batch, up from
                both phones and down to the other; no acknowledgements. The product: every body
                of both runs in both ways, sealed, with requests, verdicts and beacons.
  first_bytes   JSON of the same records and visits in pages of the same size, zstd level 3.
  first_cpu     inflating and parsing those pages, one row for each record and visit, one
                transaction a page. The product: the run of the sync; what it leaves to idle
                slices is told as first_idle_cpu.
  day_cpu       making the body of one's own patches and marking them sent; then inflating the
                others' patches and, in one transaction, for each visit reading and parsing its
                row, applying its patches, writing it out, and an op-log row for each.
  disk          visits as JSON rows, bookings, patients, the op log of both phones; VACUUMed.
  history_bytes the op log of that visit as JSON, zstd level 3. The product: every row of that
                document (changes, folds, base, snapshot), as it lies in the store.
  order_*       has no floor: the CPU of putting so many visits in order, the slowest of twenty
                days that can be kept.
  peak_rss_mb   VmHWM of a process that opens a store of 20 000 visits and takes 2 000 changed
                ones in, less that of one that does nothing.
";
