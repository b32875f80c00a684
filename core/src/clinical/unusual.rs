//! Which figures are unusual at an age: a second look is worth it, and nothing is
//! refused. The limits that refuse are the model's, and far wider.

use crate::model::{Spo2Scale, Vitals};

/// A figure outside what is usual at the patient's age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unusual {
    /// Name of the figure, as in `pulse_bpm`.
    pub field: &'static str,
    /// The lowest usual figure, in the unit of the field; none: no lower end.
    pub low: Option<f64>,
    /// The highest usual figure; none: no upper end.
    pub high: Option<f64>,
    /// Where the range comes from.
    pub source: &'static str,
}

/// From this age on the ranges are those of an adult, in months.
pub const ADULT_MONTHS_MIN: u32 = 16 * 12;

/// For adults: what NEWS2 gives at most one point.
const ADULT_SOURCE: &str = "Royal College of Physicians, NEWS2, 2017: at most one point";
/// For children: awake.
const CHILD_SOURCE: &str = "Pediatric Advanced Life Support, as tabulated in the web appendix of \
     Fleming et al., Lancet 2011;377:1011-18";
/// For everybody.
const GLUCOSE_SOURCE: &str = "Battelino et al., Diabetes Care 2019;42:1593-1603: below level 1 \
     hypoglycaemia, above level 2 hyperglycaemia";

/// One row: up to which age in months (not inside), from, to (both inside).
type Band = (u32, u16, u16);

/// Pulse of awake children, per minute.
const CHILD_PULSE: &[Band] = &[
    (3, 85, 205),
    (2 * 12, 100, 190),
    (10 * 12, 60, 140),
    (ADULT_MONTHS_MIN, 60, 100),
];
/// Respirations of children, per minute.
const CHILD_RESPIRATIONS: &[Band] = &[
    (12, 30, 60),
    (4 * 12, 24, 40),
    (6 * 12, 22, 34),
    (13 * 12, 18, 30),
    (ADULT_MONTHS_MIN, 12, 16),
];

/// The figures of a set that are unusual. Without an age only what holds at every
/// age is looked at: a range for the wrong age would be worse than none.
#[must_use]
pub fn unusual(vitals: &Vitals, age_months: Option<u32>, scale: Spo2Scale) -> Vec<Unusual> {
    let mut found = Vec::new();
    match age_months {
        Some(age) if age < ADULT_MONTHS_MIN => child(vitals, age, &mut found),
        Some(_) => adult(vitals, vitals.spo2_scale.unwrap_or(scale), &mut found),
        None => {}
    }
    let glucose = vitals.glucose_mg_dl.map(|it| f64::from(it.get()));
    let range = (Some(70.0), Some(250.0));
    look(&mut found, "glucose_mg_dl", glucose, range, GLUCOSE_SOURCE);
    found
}

fn child(vitals: &Vitals, age: u32, found: &mut Vec<Unusual>) {
    let pulse = vitals.pulse_bpm.map(|it| it.get());
    let respirations = vitals.respirations_per_min.map(|it| it.get());
    for (field, figure, bands) in [
        ("pulse_bpm", pulse, CHILD_PULSE),
        ("respirations_per_min", respirations, CHILD_RESPIRATIONS),
    ] {
        let band = bands.iter().find(|(until, ..)| age < *until);
        if let Some((_, low, high)) = band {
            let range = (Some(f64::from(*low)), Some(f64::from(*high)));
            look(found, field, figure.map(f64::from), range, CHILD_SOURCE);
        }
    }
}

fn adult(vitals: &Vitals, scale: Spo2Scale, found: &mut Vec<Unusual>) {
    let spo2_low = match scale {
        Spo2Scale::Scale1 => Some(94.0),
        Spo2Scale::Scale2 => Some(86.0),
        Spo2Scale::Unknown => None,
    };
    let temperature = vitals
        .temperature_c
        .map(|it| (it.get() * 10.0).round() / 10.0);
    let rows = [
        (
            "pulse_bpm",
            vitals.pulse_bpm.map(|it| f64::from(it.get())),
            (Some(41.0), Some(110.0)),
        ),
        (
            "systolic_mmhg",
            vitals.systolic_mmhg.map(|it| f64::from(it.get())),
            (Some(101.0), Some(219.0)),
        ),
        ("temperature_c", temperature, (Some(35.1), Some(39.0))),
        (
            "spo2_percent",
            vitals.spo2_percent.map(|it| f64::from(it.get())),
            (spo2_low, None),
        ),
        (
            "respirations_per_min",
            vitals.respirations_per_min.map(|it| f64::from(it.get())),
            (Some(9.0), Some(20.0)),
        ),
    ];
    for (field, figure, range) in rows {
        look(found, field, figure, range, ADULT_SOURCE);
    }
}

fn look(
    found: &mut Vec<Unusual>,
    field: &'static str,
    figure: Option<f64>,
    (low, high): (Option<f64>, Option<f64>),
    source: &'static str,
) {
    let Some(figure) = figure else { return };
    if low.is_some_and(|low| figure < low) || high.is_some_and(|high| figure > high) {
        found.push(Unusual {
            field,
            low,
            high,
            source,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinical::{News2Parameter, news2};
    use crate::model::{
        GlucoseMgDl, PressureMmhg, PulseBpm, RespirationsPerMin, SpO2Percent, TemperatureC,
    };

    const ADULT: Option<u32> = Some(80 * 12);

    fn fields(vitals: &Vitals, age: Option<u32>) -> Vec<&'static str> {
        let found = unusual(vitals, age, Spo2Scale::Scale1);
        found.into_iter().map(|it| it.field).collect()
    }

    fn pulse(bpm: u16) -> Vitals {
        Vitals {
            pulse_bpm: PulseBpm::new(bpm).ok(),
            ..Vitals::default()
        }
    }

    fn breathing(per_min: u16) -> Vitals {
        Vitals {
            respirations_per_min: RespirationsPerMin::new(per_min).ok(),
            ..Vitals::default()
        }
    }

    #[test]
    fn an_adults_figure_is_unusual_exactly_where_news2_gives_it_two_points_or_more() {
        let sets = (0..=350_u16).flat_map(|it| {
            [
                (News2Parameter::Pulse, pulse(it)),
                (News2Parameter::Respirations, breathing(it)),
                (
                    News2Parameter::Systolic,
                    Vitals {
                        systolic_mmhg: PressureMmhg::new(it).ok(),
                        ..Vitals::default()
                    },
                ),
                (
                    News2Parameter::Temperature,
                    Vitals {
                        temperature_c: TemperatureC::new(25.0 + f64::from(it) / 20.0).ok(),
                        ..Vitals::default()
                    },
                ),
                (
                    News2Parameter::Saturation,
                    Vitals {
                        spo2_percent: u8::try_from(it)
                            .ok()
                            .and_then(|it| SpO2Percent::new(it).ok()),
                        ..Vitals::default()
                    },
                ),
            ]
        });
        let mut compared = 0;
        for (parameter, vitals) in sets {
            let score = news2(&vitals, Spo2Scale::Scale1);
            let Some(part) = score.parts.iter().find(|it| it.parameter == parameter) else {
                continue;
            };
            compared += 1;
            let seen = fields(&vitals, ADULT).contains(&parameter.field());
            assert_eq!(seen, part.points >= 2, "{vitals:?}");
        }
        assert!(compared > 900, "{compared}");
    }

    #[test]
    fn on_scale_2_a_saturation_is_unusual_below_86() {
        for (percent, seen) in [(85, true), (86, false), (90, false)] {
            let vitals = Vitals {
                spo2_percent: SpO2Percent::new(percent).ok(),
                ..Vitals::default()
            };
            let found = unusual(&vitals, ADULT, Spo2Scale::Scale2);
            assert_eq!(!found.is_empty(), seen, "{percent}");
        }
    }

    #[test]
    fn both_ends_of_every_childrens_band_are_usual_and_the_next_figures_are_not() {
        for (bands, set) in [
            (CHILD_PULSE, pulse as fn(u16) -> Vitals),
            (CHILD_RESPIRATIONS, breathing),
        ] {
            let mut from = 0;
            for (until, low, high) in bands {
                for age in [from, until - 1] {
                    for (figure, seen) in [
                        (low - 1, true),
                        (*low, false),
                        (*high, false),
                        (high + 1, true),
                    ] {
                        let found = fields(&set(figure), Some(age));
                        assert_eq!(!found.is_empty(), seen, "{figure} at {age} months");
                    }
                }
                from = *until;
            }
            assert_eq!(from, ADULT_MONTHS_MIN, "no age is left out");
        }
    }

    #[test]
    fn without_an_age_only_what_holds_at_every_age_is_looked_at() {
        assert!(fields(&pulse(190), None).is_empty());
        for (mg_dl, seen) in [(69, true), (70, false), (250, false), (251, true)] {
            let vitals = Vitals {
                glucose_mg_dl: GlucoseMgDl::new(mg_dl).ok(),
                ..Vitals::default()
            };
            assert_eq!(!fields(&vitals, None).is_empty(), seen, "{mg_dl}");
        }
    }
}
