//! Figures for Prometheus. Labels are route templates and stable codes:
//! nothing of a patient, and bounded in number.

use homeround::wire::{Verdict, VerdictRun};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// Upper ends of the latency histogram, seconds.
const LATENCY_S: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

/// The figures.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    bytes: IntCounterVec,
    changes: IntCounterVec,
    pages: IntCounter,
    listeners: IntGauge,
    stuck: IntGauge,
}

impl Metrics {
    /// All figures at zero.
    ///
    /// # Errors
    /// When a name is used twice.
    pub fn new() -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("homeround_requests_total", "Requests."),
            &["route", "method", "status"],
        )?;
        let latency = HistogramVec::new(
            HistogramOpts::new(
                "homeround_request_seconds",
                "Seconds from a request to its answer.",
            )
            .buckets(LATENCY_S.into()),
            &["route"],
        )?;
        let bytes = IntCounterVec::new(
            Opts::new("homeround_body_bytes_total", "Bytes of bodies."),
            &["direction"],
        )?;
        let changes = IntCounterVec::new(
            Opts::new("homeround_changes_total", "Changes offered by phones."),
            &["verdict", "code"],
        )?;
        let pages = IntCounter::new("homeround_pages_total", "Pages given to phones.")?;
        let listeners = IntGauge::new("homeround_live_listeners", "Phones that listen for news.")?;
        let stuck = IntGauge::new(
            "homeround_devices_with_old_unsent_edits",
            "Devices whose oldest unsent edit is older than a day.",
        )?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latency.clone()))?;
        registry.register(Box::new(bytes.clone()))?;
        registry.register(Box::new(changes.clone()))?;
        registry.register(Box::new(pages.clone()))?;
        registry.register(Box::new(listeners.clone()))?;
        registry.register(Box::new(stuck.clone()))?;
        Ok(Self {
            registry,
            requests,
            latency,
            bytes,
            changes,
            pages,
            listeners,
            stuck,
        })
    }

    pub(super) fn request(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let status = status.to_string();
        self.requests
            .with_label_values(&[route, method, status.as_str()])
            .inc();
        self.latency.with_label_values(&[route]).observe(seconds);
    }

    pub(super) fn bytes(&self, direction: &str, count: u64) {
        self.bytes.with_label_values(&[direction]).inc_by(count);
    }

    pub(super) fn page(&self) {
        self.pages.inc();
    }

    pub(super) fn verdicts(&self, runs: &[VerdictRun]) {
        for run in runs {
            let (verdict, code) = match &run.verdict {
                Verdict::Accepted { .. } => ("accepted", ""),
                Verdict::Duplicate => ("duplicate", ""),
                Verdict::Waiting { .. } => ("waiting", ""),
                Verdict::Rejected { code, .. } => ("rejected", code.as_str()),
            };
            self.changes
                .with_label_values(&[verdict, code])
                .inc_by(u64::from(run.count));
        }
    }

    /// The figures as text.
    pub(super) fn text(&self, listeners: usize, stuck: usize) -> Vec<u8> {
        self.listeners
            .set(i64::try_from(listeners).unwrap_or(i64::MAX));
        self.stuck.set(i64::try_from(stuck).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        if TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .is_err()
        {
            tracing::warn!("the figures could not be written");
        }
        text
    }
}
