//! Random sets of vital signs with the NEWS2 that the core gives them, for a score that
//! nobody here wrote: see `tests/fhir/news2.py`.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use homeround::clinical::news2;
use homeround::model::{
    Consciousness, PressureMmhg, PulseBpm, Refused, RespirationsPerMin, SpO2Percent, Spo2Scale,
    TemperatureC, Vitals,
};
use serde_json::json;

use crate::dice::Dice;

/// Alert as often as the rest together: else hardly a score is low.
const LEVELS: [Consciousness; 8] = [
    Consciousness::Alert,
    Consciousness::Alert,
    Consciousness::Alert,
    Consciousness::Alert,
    Consciousness::NewConfusion,
    Consciousness::Voice,
    Consciousness::Pain,
    Consciousness::Unresponsive,
];

/// A figure with both ends inside.
fn within(dice: &mut Dice, low: u16, high: u16) -> u16 {
    low + u16::try_from(dice.below(u64::from(high - low) + 1)).unwrap_or(0)
}

/// A complete set inside the ranges of both scores, every other one near the table's
/// edges, where mistakes live.
fn set(dice: &mut Dice) -> Result<Vitals, Refused> {
    let near = dice.chance(50);
    let mut figure = |wide: (u16, u16), edges: (u16, u16)| {
        let (low, high) = if near { edges } else { wide };
        within(dice, low, high)
    };
    let pulse = figure((20, 299), (38, 133));
    let systolic = figure((10, 299), (88, 222));
    let tenths = figure((250, 450), (348, 393));
    let spo2 = figure((50, 100), (82, 100));
    let respirations = figure((3, 90), (7, 26));
    Ok(Vitals {
        pulse_bpm: Some(PulseBpm::new(pulse)?),
        systolic_mmhg: Some(PressureMmhg::new(systolic)?),
        temperature_c: Some(TemperatureC::new(f64::from(tenths) / 10.0)?),
        spo2_percent: Some(SpO2Percent::new(u8::try_from(spo2).unwrap_or(100))?),
        respirations_per_min: Some(RespirationsPerMin::new(respirations)?),
        consciousness: Some(*dice.pick(&LEVELS)),
        on_oxygen: Some(dice.chance(50)),
        spo2_scale: Some(*dice.pick(&[Spo2Scale::Scale1, Spo2Scale::Scale2])),
        ..Vitals::default()
    })
}

/// Prints so many sets, one JSON object a line: `homeround-news2 COUNT SEED`.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed))) = (arguments.next(), arguments.next()) else {
        let _ = writeln!(std::io::stderr(), "usage: homeround-news2 COUNT SEED");
        return ExitCode::from(2);
    };
    let mut out = std::io::stdout().lock();
    let mut dice = Dice::new(seed);
    for _ in 0..count {
        let Ok(vitals) = set(&mut dice) else {
            return ExitCode::FAILURE;
        };
        let score = news2(&vitals, Spo2Scale::Scale1);
        let parts = score.parts.iter();
        let parts: BTreeMap<&str, u8> = parts.map(|it| (it.parameter.field(), it.points)).collect();
        let line = json!({ "vitals": vitals, "parts": parts, "total": score.total(),
            "risk": score.risk().map(|risk| risk.name()) });
        if writeln!(out, "{line}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
