//! What a run found, as a table, as an object and as a file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::worker::Figures;

/// Figures by door.
pub(crate) type Found = BTreeMap<String, Figures>;

const FILE: &str = "report.json";

pub(crate) fn read(folder: &Path) -> Option<Found> {
    serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
}

pub(crate) fn write(folder: &Path, found: &Found) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(found).map_err(std::io::Error::other)?;
    std::fs::write(folder.join(FILE), text)
}

pub(crate) fn total(found: &Found) -> Figures {
    let mut total = Figures::default();
    for figures in found.values() {
        total.add(figures);
    }
    total
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The object that a program reads.
pub(crate) fn object(total: &Figures) -> String {
    json!({
        "inputs": total.inputs,
        "deaths": total.deaths,
        "worst_extra_mib": (mib(total.worst_extra_bytes) * 100.0).round() / 100.0,
        "worst_ms": (total.worst_ms * 10.0).round() / 10.0,
        "poisoned": total.poisoned,
    })
    .to_string()
}

/// One door's line of the table.
pub(crate) fn row(name: &str, figures: &Figures) -> String {
    format!(
        "{name:<10} {:>11} {:>10} {:>7} {:>8} {:>9.2} {:>9.1} {:>7}",
        figures.inputs,
        figures.accepted,
        figures.deaths,
        figures.poisoned,
        mib(figures.worst_extra_bytes),
        figures.worst_ms,
        figures.ways,
    )
}

/// The whole table.
pub(crate) fn table(found: &Found) -> String {
    let mut lines = vec![format!(
        "{:<10} {:>11} {:>10} {:>7} {:>8} {:>9} {:>9} {:>7}",
        "door", "inputs", "accepted", "deaths", "poisoned", "extra MiB", "worst ms", "ways"
    )];
    lines.extend(found.iter().map(|(name, figures)| row(name, figures)));
    lines.push(row("all", &total(found)));
    lines.join("\n")
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what the program is for"
)]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "where progress is told")]
pub(crate) fn aside(text: &str) {
    eprintln!("{text}");
}
