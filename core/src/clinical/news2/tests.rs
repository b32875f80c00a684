//! Every boundary of the table, written out once more from the College's chart.

use super::*;
use crate::model::{PressureMmhg, PulseBpm, RespirationsPerMin, SpO2Percent, TemperatureC};

/// A set in which every part has no points.
fn well() -> Vitals {
    Vitals {
        pulse_bpm: PulseBpm::new(72).ok(),
        systolic_mmhg: PressureMmhg::new(128).ok(),
        temperature_c: TemperatureC::new(36.8).ok(),
        spo2_percent: SpO2Percent::new(97).ok(),
        respirations_per_min: RespirationsPerMin::new(16).ok(),
        consciousness: Some(Consciousness::Alert),
        on_oxygen: Some(false),
        ..Vitals::default()
    }
}

fn points_of(vitals: &Vitals, scale: Spo2Scale, parameter: News2Parameter) -> u8 {
    let score = news2(vitals, scale);
    let part = score.parts.iter().find(|it| it.parameter == parameter);
    part.unwrap().points
}

/// Each row: from, to (both inside), points. Every whole figure is tried.
fn every(
    rows: &[(u16, u16, u8)],
    parameter: News2Parameter,
    scale: Spo2Scale,
    set: impl Fn(u16) -> Vitals,
) {
    for (from, to, points) in rows {
        for figure in *from..=*to {
            let got = points_of(&set(figure), scale, parameter);
            assert_eq!(got, *points, "{parameter:?} {figure} on {scale:?}");
        }
    }
}

#[test]
fn every_respiration_rate_has_the_points_of_the_table() {
    let rows = [(3, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, 90, 3)];
    every(
        &rows,
        News2Parameter::Respirations,
        Spo2Scale::Scale1,
        |it| Vitals {
            respirations_per_min: RespirationsPerMin::new(it).ok(),
            ..well()
        },
    );
}

#[test]
fn every_saturation_on_scale_1_has_the_points_of_the_table_on_air_and_on_oxygen() {
    let rows = [(30, 91, 3), (92, 93, 2), (94, 95, 1), (96, 100, 0)];
    for on_oxygen in [false, true] {
        every(&rows, News2Parameter::Saturation, Spo2Scale::Scale1, |it| {
            saturated(it, on_oxygen)
        });
    }
}

#[test]
fn every_saturation_on_scale_2_has_the_points_of_the_table_on_air_and_on_oxygen() {
    let low = [(30, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0)];
    let on_air = [(93, 100, 0)];
    let on_oxygen = [(93, 94, 1), (95, 96, 2), (97, 100, 3)];
    for (given, above) in [(false, &on_air[..]), (true, &on_oxygen[..])] {
        let rows = [&low[..], above].concat();
        every(&rows, News2Parameter::Saturation, Spo2Scale::Scale2, |it| {
            saturated(it, given)
        });
    }
}

fn saturated(percent: u16, on_oxygen: bool) -> Vitals {
    Vitals {
        spo2_percent: SpO2Percent::new(u8::try_from(percent).unwrap()).ok(),
        on_oxygen: Some(on_oxygen),
        ..well()
    }
}

#[test]
fn every_systolic_pressure_has_the_points_of_the_table() {
    let rows = [
        (10, 90, 3),
        (91, 100, 2),
        (101, 110, 1),
        (111, 219, 0),
        (220, 350, 3),
    ];
    every(&rows, News2Parameter::Systolic, Spo2Scale::Scale1, |it| {
        Vitals {
            systolic_mmhg: PressureMmhg::new(it).ok(),
            ..well()
        }
    });
}

#[test]
fn every_pulse_has_the_points_of_the_table() {
    let rows = [
        (20, 40, 3),
        (41, 50, 1),
        (51, 90, 0),
        (91, 110, 1),
        (111, 130, 2),
        (131, 300, 3),
    ];
    every(&rows, News2Parameter::Pulse, Spo2Scale::Scale1, |it| {
        Vitals {
            pulse_bpm: PulseBpm::new(it).ok(),
            ..well()
        }
    });
}

#[test]
fn every_tenth_of_a_degree_has_the_points_of_the_table() {
    let rows = [
        (250, 350, 3),
        (351, 360, 1),
        (361, 380, 0),
        (381, 390, 1),
        (391, 450, 2),
    ];
    every(
        &rows,
        News2Parameter::Temperature,
        Spo2Scale::Scale1,
        |it| Vitals {
            temperature_c: TemperatureC::new(f64::from(it) / 10.0).ok(),
            ..well()
        },
    );
}

#[test]
fn a_temperature_between_two_tenths_counts_as_the_nearer_one() {
    for (celsius, points) in [(35.04, 3), (35.06, 1), (38.04, 0), (38.06, 1), (39.06, 2)] {
        let vitals = Vitals {
            temperature_c: TemperatureC::new(celsius).ok(),
            ..well()
        };
        let got = points_of(&vitals, Spo2Scale::Scale1, News2Parameter::Temperature);
        assert_eq!(got, points, "{celsius}");
    }
}

#[test]
fn air_has_no_points_and_oxygen_two() {
    for (given, points) in [(false, 0), (true, 2)] {
        let vitals = Vitals {
            on_oxygen: Some(given),
            ..well()
        };
        let got = points_of(&vitals, Spo2Scale::Scale1, News2Parameter::Oxygen);
        assert_eq!(got, points);
    }
}

#[test]
fn alert_has_no_points_and_everything_else_three_new_confusion_among_it() {
    let rows = [
        (Consciousness::Alert, 0),
        (Consciousness::NewConfusion, 3),
        (Consciousness::Voice, 3),
        (Consciousness::Pain, 3),
        (Consciousness::Unresponsive, 3),
    ];
    for (level, points) in rows {
        let vitals = Vitals {
            consciousness: Some(level),
            ..well()
        };
        let got = points_of(&vitals, Spo2Scale::Scale1, News2Parameter::Consciousness);
        assert_eq!(got, points, "{level:?}");
    }
}

/// A complete set with this pulse and these respirations: 0 to 3 points each.
fn with(pulse: u16, respirations: u16, temperature_c: f64) -> Vitals {
    Vitals {
        pulse_bpm: PulseBpm::new(pulse).ok(),
        respirations_per_min: RespirationsPerMin::new(respirations).ok(),
        temperature_c: TemperatureC::new(temperature_c).ok(),
        ..well()
    }
}

#[test]
fn the_band_follows_the_total_and_three_points_in_one_part_lift_it_out_of_low() {
    let rows = [
        (with(72, 16, 36.8), 0, News2Risk::Low),
        (with(72, 9, 36.8), 1, News2Risk::Low),
        (with(111, 21, 36.8), 4, News2Risk::Low),
        (with(131, 16, 36.8), 3, News2Risk::LowMedium),
        (with(131, 9, 36.8), 4, News2Risk::LowMedium),
        (with(111, 21, 38.1), 5, News2Risk::Medium),
        (with(131, 21, 36.8), 5, News2Risk::Medium),
        (with(111, 21, 39.1), 6, News2Risk::Medium),
        (with(131, 21, 39.1), 7, News2Risk::High),
        (with(131, 25, 35.0), 9, News2Risk::High),
    ];
    for (vitals, total, risk) in rows {
        let score = news2(&vitals, Spo2Scale::Scale1);
        assert_eq!((score.total(), score.risk()), (Some(total), Some(risk)));
    }
}

#[test]
fn the_worst_set_has_twenty_points_on_either_scale() {
    let worst = Vitals {
        consciousness: Some(Consciousness::Unresponsive),
        on_oxygen: Some(true),
        systolic_mmhg: PressureMmhg::new(80).ok(),
        spo2_percent: SpO2Percent::new(80).ok(),
        ..with(140, 30, 34.0)
    };
    for scale in [Spo2Scale::Scale1, Spo2Scale::Scale2] {
        assert_eq!(news2(&worst, scale).total(), Some(20));
    }
}

#[test]
fn a_set_with_parts_missing_has_no_total_and_names_them() {
    let score = news2(
        &Vitals {
            pulse_bpm: PulseBpm::new(72).ok(),
            ..Vitals::default()
        },
        Spo2Scale::Scale1,
    );
    assert_eq!(
        (score.total(), score.risk(), score.points()),
        (None, None, 0)
    );
    let all_but_pulse: Vec<_> = News2Parameter::ALL
        .into_iter()
        .filter(|it| *it != News2Parameter::Pulse)
        .collect();
    assert_eq!(score.missing, all_but_pulse);
}

#[test]
fn what_is_measured_of_an_incomplete_set_already_warns_and_never_reassures() {
    let partial = |vitals: Vitals| {
        news2(
            &Vitals {
                consciousness: None,
                ..vitals
            },
            Spo2Scale::Scale1,
        )
    };
    assert_eq!(
        partial(with(131, 16, 36.8)).risk(),
        Some(News2Risk::LowMedium)
    );
    assert_eq!(partial(with(131, 21, 39.1)).risk(), Some(News2Risk::High));
    assert_eq!(partial(with(131, 21, 39.1)).total(), None);
    assert_eq!(partial(well()).risk(), None);
}

#[test]
fn a_high_saturation_on_scale_2_waits_for_whether_oxygen_is_given() {
    let unknown = |percent| Vitals {
        on_oxygen: None,
        spo2_percent: SpO2Percent::new(percent).ok(),
        ..well()
    };
    let high = news2(&unknown(97), Spo2Scale::Scale2);
    assert_eq!(high.missing, vec![News2Parameter::Oxygen]);
    assert!(
        !high
            .parts
            .iter()
            .any(|it| it.parameter == News2Parameter::Saturation)
    );
    let low = news2(&unknown(85), Spo2Scale::Scale2);
    assert_eq!(low.missing, vec![News2Parameter::Oxygen]);
    assert_eq!(
        points_of(&unknown(85), Spo2Scale::Scale2, News2Parameter::Saturation),
        2
    );
}

#[test]
fn the_scale_noted_with_the_set_comes_before_todays() {
    let vitals = Vitals {
        spo2_percent: SpO2Percent::new(90).ok(),
        spo2_scale: Some(Spo2Scale::Scale2),
        ..well()
    };
    let score = news2(&vitals, Spo2Scale::Scale1);
    assert_eq!((score.scale, score.total()), (Spo2Scale::Scale2, Some(0)));
}

#[test]
fn words_of_a_later_version_leave_the_score_incomplete() {
    let vitals = Vitals {
        consciousness: Some(Consciousness::Unknown),
        ..well()
    };
    let score = news2(&vitals, Spo2Scale::Unknown);
    let missing = [News2Parameter::Saturation, News2Parameter::Consciousness];
    assert_eq!(score.missing, missing);
}
