//! What is kept of a drawing: near enough at every moment, bounded, and coded so
//! that another reader can follow.

use super::*;

/// Loops as of a hand that writes: 60 points a second, 4 cm wide.
fn written(seconds: u32) -> Vec<InkPoint> {
    let point = |n: u32| {
        let t = f64::from(n) / 60.0;
        let x = 5_000.0 + 40_000.0 * t / f64::from(seconds) + 3_000.0 * (9.0 * t).cos();
        let y = 15_000.0 + 6_000.0 * (11.0 * t).sin() + 1_500.0 * (23.0 * t).sin();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "on the pad"
        )]
        let um = |value: f64| value.round() as u32;
        InkPoint {
            x_um: um(x),
            y_um: um(y),
            t_ms: n * 1_000 / 60,
            pressure: None,
        }
    };
    (0..seconds * 60).map(point).collect()
}

fn on_pad(strokes: Vec<Vec<InkPoint>>) -> Drawing {
    Drawing {
        width_um: 80_000,
        height_um: 30_000,
        strokes,
    }
}

fn dot(x_um: u32, y_um: u32, t_ms: u32) -> InkPoint {
    InkPoint {
        x_um,
        y_um,
        t_ms,
        pressure: None,
    }
}

/// Where the kept line puts the pen at a moment.
fn at(line: &[InkPoint], t_ms: u32) -> (f64, f64) {
    let after = line.partition_point(|point| point.t_ms < t_ms);
    let (to, from) = (&line[after], &line[after.saturating_sub(1)]);
    let all_ms = f64::from(to.t_ms - from.t_ms).max(1.0);
    let part = f64::from(t_ms.saturating_sub(from.t_ms)) / all_ms;
    let way = |from: u32, to: u32| f64::from(from) + (f64::from(to) - f64::from(from)) * part;
    (way(from.x_um, to.x_um), way(from.y_um, to.y_um))
}

fn farthest_um(drawn: &[InkPoint], kept: &[InkPoint]) -> f64 {
    let off = |point: &InkPoint| {
        let (x, y) = at(kept, point.t_ms);
        (x - f64::from(point.x_um)).hypot(y - f64::from(point.y_um))
    };
    drawn.iter().map(off).fold(0.0, f64::max)
}

#[test]
fn the_kept_line_is_where_the_pen_was_at_every_moment_and_is_short() {
    let drawn = written(4);
    let ink = Ink::of(&on_pad(vec![drawn.clone()])).unwrap();
    let kept = ink.drawing().unwrap().strokes.remove(0);
    let rounding = f64::from(2 * UNIT_UM);
    let off = farthest_um(&drawn, &kept);
    assert!(off <= f64::from(INK_TOLERANCE_UM) + rounding, "{off}");
    assert!(kept.len() * 2 < drawn.len(), "{} kept", kept.len());
    // The same drawing as JSON of whole points takes five times as much.
    assert!(ink.strokes.len() < 1_000, "{} bytes", ink.strokes.len());
}

#[test]
fn strokes_stay_apart_and_pressure_stays_where_every_point_has_it() {
    let press = |stroke: &[InkPoint], pressure| -> Vec<InkPoint> {
        let with = |point: &InkPoint| InkPoint { pressure, ..*point };
        stroke.iter().map(with).collect()
    };
    let first = [dot(10_000, 10_000, 0), dot(20_000, 12_000, 90)];
    let second = [dot(15_000, 5_000, 400), dot(15_000, 20_000, 500)];
    let whole = on_pad(vec![press(&first, Some(200)), press(&second, Some(0))]);
    let ink = Ink::of(&whole).unwrap();
    assert!(ink.pressure);
    assert_eq!(ink.drawing().unwrap(), whole);
    let partly = on_pad(vec![press(&first, Some(200)), second.to_vec()]);
    let ink = Ink::of(&partly).unwrap();
    assert!(!ink.pressure, "a part of it would be read as the whole");
    let plain = on_pad(vec![first.to_vec(), second.to_vec()]);
    assert_eq!(ink.drawing().unwrap(), plain);
}

/// The coding is a format: another program reads what this one wrote.
#[test]
fn the_coding_is_the_one_that_is_described() {
    let drawing = on_pad(vec![
        vec![dot(10, 20, 0), dot(2_010, 0, 16)],
        vec![dot(2_010, 3_000, 48)],
    ]);
    let ink = Ink::of(&drawing).unwrap();
    // 1 2 0 are zigzag 2 4 0; 200 -2 16 are 400 3 32; 0 300 32 are 0 600 64.
    // 400 = 16 + 12 * 32, 32 = 0 + 1 * 32, 600 = 24 + 18 * 32, 64 = 0 + 2 * 32.
    assert_eq!(ink.strokes, "AC?oKB_@ ?wQ_A");
    assert_eq!(ink.drawing().unwrap(), drawing);
}

#[test]
fn a_drawing_that_keeps_too_much_is_thinned_out_further_and_says_so() {
    // A zigzag of 5 mm at every point: nothing can be left out within 0.2 mm.
    let zigzag = |n: u32| dot(20 * (n % 4_000), 1_000 + 5_000 * (n % 2), n * 8);
    let drawing = on_pad(vec![(0..9_000).map(zigzag).collect()]);
    let ink = Ink::of(&drawing).unwrap();
    assert!(ink.tolerance_um > INK_TOLERANCE_UM);
    let kept = ink.drawing().unwrap().strokes.remove(0);
    assert!(kept.len() <= INK_KEPT_MAX);
    let off = farthest_um(&drawing.strokes[0], &kept);
    assert!(off <= f64::from(ink.tolerance_um + 2 * UNIT_UM), "{off}");
}

#[test]
fn a_small_drawing_that_shrinks_as_it_is_thinned_out_is_read_all_the_same() {
    // 2 mm and a twentieth: from a hook that is not kept, and scribbled over a thousand times.
    let hook = [
        dot(1_150, 1_000, 0),
        dot(1_000, 1_000, 10),
        dot(3_050, 1_000, 1_000),
    ];
    let scribble = |n: u32| dot(1_000 + 2_050 * (n % 2), 1_000, n);
    for stroke in [hook.to_vec(), (0..9_999).map(scribble).collect()] {
        let ink = Ink::of(&on_pad(vec![stroke])).unwrap();
        assert!(ink.drawing().is_some(), "{} um off", ink.tolerance_um);
    }
}

#[test]
fn what_is_no_drawing_is_refused_by_name() {
    let line = vec![dot(1_000, 1_000, 0), dot(9_000, 1_000, 50)];
    let refused = |change: &dyn Fn(&mut Drawing)| {
        let mut drawing = on_pad(vec![line.clone()]);
        change(&mut drawing);
        Ink::of(&drawing).unwrap_err().field
    };
    assert_eq!(refused(&|it| it.width_um = 4_999), "width_um");
    assert_eq!(refused(&|it| it.height_um = 500_001), "height_um");
    assert_eq!(refused(&|it| it.strokes.clear()), "strokes");
    assert_eq!(refused(&|it| it.strokes.push(Vec::new())), "strokes");
    assert_eq!(refused(&|it| it.strokes[0][0].x_um = 80_001), "strokes");
    assert_eq!(refused(&|it| it.strokes[0][0].t_ms = 51), "strokes");
    assert_eq!(
        refused(&|it| it.strokes[0][1].t_ms = INK_MS_MAX + 1),
        "strokes"
    );
    let touch = |it: &mut Drawing| it.strokes = vec![vec![dot(1_000, 1_000, 0)]];
    assert_eq!(refused(&touch), "strokes", "a touch by accident");
    let many = |it: &mut Drawing| it.strokes = vec![line.clone(); INK_STROKES_MAX + 1];
    assert_eq!(refused(&many), "strokes");
    let long = |it: &mut Drawing| it.strokes[0] = vec![dot(1, 1, 1); INK_POINTS_MAX + 1];
    assert_eq!(refused(&long), "strokes");
}

#[test]
fn a_text_that_is_no_drawing_is_none_and_never_a_panic() {
    let ink = Ink::of(&on_pad(vec![written(2)])).unwrap();
    let with = |strokes: String| Ink {
        strokes,
        ..ink.clone()
    };
    for text in [
        "",
        " ",
        "?",
        "??",
        "AC?oKB_@ ",
        "~~~~~~~~~~~~~~~",
        "\u{e9}??",
        "\n",
    ] {
        assert_eq!(with(text.into()).drawing(), None, "{text:?}");
    }
    assert_eq!(with("?".repeat(200_000)).drawing(), None);
    // Every text that differs in one character is read or is none.
    for at in 0..ink.strokes.len() {
        for other in ['?', '~', ' ', '_', 'a'] {
            let mut text = ink.strokes.clone();
            text.replace_range(at..=at, &other.to_string());
            let _ = with(text).drawing();
        }
    }
}
