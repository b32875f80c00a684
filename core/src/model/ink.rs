//! Ink: a signature as the pen moved, kept as vectors in a compact text.
//!
//! A drawing is bounded, thinned out and coded:
//!
//! - **Thinned out**: a point is left out where the pen was never farther than
//!   [`INK_TOLERANCE_UM`] from where the points that stay put it *at that moment*.
//!   So shape and speed are both kept. A drawing that would still keep more than
//!   [`INK_KEPT_MAX`] points is thinned out further, and says by how much.
//! - **Coded**: strokes are divided by a space. A stroke is its points one after the
//!   other, a point is x, y, t and, where the pad measures it, pressure; each number is
//!   the difference from the point before, the drawing's first one from 0. Units are
//!   10 micrometres, 1 millisecond, 1/255. A number is written zigzag (0, -1, 1, -2 are
//!   0, 1, 2, 3) in digits of 5 bits, lowest first, 32 added where another follows, and
//!   63 added to make a printable character: the way encoded polylines are written.

use serde::{Deserialize, Serialize};

use super::Refused;

/// How far the pen may have been from the kept line at any moment, micrometres:
/// less than half the width of a ballpoint's line.
pub const INK_TOLERANCE_UM: u32 = 200;
/// Most strokes of a drawing.
pub const INK_STROKES_MAX: usize = 200;
/// Most points of a drawing as it is handed in.
pub const INK_POINTS_MAX: usize = 10_000;
/// Most points of a drawing as it is kept.
pub const INK_KEPT_MAX: usize = 2_000;
/// The shortest side of a pad, micrometres.
pub const INK_SIDE_MIN_UM: u32 = 5_000;
/// The longest side of a pad, micrometres.
pub const INK_SIDE_MAX_UM: u32 = 500_000;
/// The longest that drawing takes, milliseconds: one hour.
pub const INK_MS_MAX: u32 = 3_600_000;
/// What reaches less far than this, micrometres, is a touch by accident and no drawing.
pub const INK_EXTENT_MIN_UM: u32 = 2_000;

/// Size of the unit that positions are kept in.
const UNIT_UM: u32 = 10;

/// Where the pen was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InkPoint {
    /// From the left edge of the pad, micrometres.
    pub x_um: u32,
    /// From the upper edge of the pad, micrometres.
    pub y_um: u32,
    /// Since the drawing began, milliseconds; never less than the point before.
    pub t_ms: u32,
    /// How hard the pen pressed, 0 to 255 the hardest; none: not measured.
    pub pressure: Option<u8>,
}

/// A drawing, point by point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawing {
    /// Width of the pad, micrometres.
    pub width_um: u32,
    /// Height of the pad, micrometres.
    pub height_um: u32,
    /// From pen down to pen up, in the order of drawing.
    pub strokes: Vec<Vec<InkPoint>>,
}

/// A drawing as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ink {
    /// Width of the pad, micrometres.
    pub width_um: u32,
    /// Height of the pad, micrometres.
    pub height_um: u32,
    /// How far the pen was from the kept line at most, micrometres.
    pub tolerance_um: u32,
    /// Whether the points have pressure.
    #[serde(default)]
    pub pressure: bool,
    /// The points, coded as the module says.
    pub strokes: String,
}

impl Drawing {
    /// Checks sizes, counts, and that something was drawn.
    ///
    /// # Errors
    /// [`Refused`] on `width_um`, `height_um` or `strokes`.
    pub fn check(&self) -> Result<(), Refused> {
        self.check_points()?;
        if self.extent_um() < INK_EXTENT_MIN_UM {
            return Err(Refused::new("strokes", "a line of at least 2 millimetres"));
        }
        Ok(())
    }

    fn check_points(&self) -> Result<(), Refused> {
        let sides = INK_SIDE_MIN_UM..=INK_SIDE_MAX_UM;
        for (field, side) in [("width_um", self.width_um), ("height_um", self.height_um)] {
            if !sides.contains(&side) {
                return Err(Refused::new(field, "5000..=500000 micrometres"));
            }
        }
        let refused = |limit| Err(Refused::new("strokes", limit));
        let points: usize = self.strokes.iter().map(Vec::len).sum();
        if self.strokes.len() > INK_STROKES_MAX || points > INK_POINTS_MAX {
            return refused("200 strokes and 10000 points");
        }
        if self.strokes.iter().any(Vec::is_empty) {
            return refused("at least one point a stroke");
        }
        let inside = |point: &InkPoint| point.x_um <= self.width_um && point.y_um <= self.height_um;
        if !self.points().all(inside) {
            return refused("points on the pad");
        }
        let in_order = self.points().is_sorted_by_key(|point| point.t_ms);
        if !in_order || self.points().any(|point| point.t_ms > INK_MS_MAX) {
            return refused("rising milliseconds up to one hour");
        }
        Ok(())
    }

    fn points(&self) -> impl Iterator<Item = &InkPoint> {
        self.strokes.iter().flatten()
    }

    /// The longer side of the box around all points.
    fn extent_um(&self) -> u32 {
        let span = |of: fn(&InkPoint) -> u32| {
            let low = self.points().map(of).min().unwrap_or(0);
            self.points().map(of).max().unwrap_or(0) - low
        };
        span(|point| point.x_um).max(span(|point| point.y_um))
    }
}

impl Ink {
    /// Thins a drawing out and codes it.
    ///
    /// # Errors
    /// As [`Drawing::check`].
    pub fn of(drawing: &Drawing) -> Result<Self, Refused> {
        drawing.check()?;
        let mut tolerance_um = INK_TOLERANCE_UM;
        let strokes = loop {
            let thin = |stroke: &Vec<InkPoint>| thinned(stroke, tolerance_um);
            let strokes: Vec<Vec<InkPoint>> = drawing.strokes.iter().map(thin).collect();
            // Two points a stroke always fit, so this ends.
            if strokes.iter().map(Vec::len).sum::<usize>() <= INK_KEPT_MAX {
                break strokes;
            }
            tolerance_um *= 2;
        };
        let pressure = drawing.points().all(|point| point.pressure.is_some());
        Ok(Self {
            width_um: drawing.width_um,
            height_um: drawing.height_um,
            tolerance_um,
            pressure,
            strokes: encode(&strokes, pressure),
        })
    }

    /// The drawing again; none when the text is not one, as from a broken writer.
    #[must_use]
    pub fn drawing(&self) -> Option<Drawing> {
        let strokes = decode(&self.strokes, self.pressure)?;
        let drawing = Drawing {
            width_um: self.width_um,
            height_um: self.height_um,
            strokes,
        };
        // Thinned out, a drawing may reach less far than it did when it was handed in.
        drawing.check_points().is_ok().then_some(drawing)
    }
}

/// The points of a stroke that have to stay (Douglas and Peucker, by the distance
/// at the same moment).
fn thinned(stroke: &[InkPoint], tolerance_um: u32) -> Vec<InkPoint> {
    let last = stroke.len().saturating_sub(1);
    let mut stay = vec![0, last];
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let between = from + 1..to;
        let far = between
            .map(|at| (distance_um(stroke, from, at, to), at))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((off_um, at)) = far
            && off_um > f64::from(tolerance_um)
        {
            stay.push(at);
            open.extend([(from, at), (at, to)]);
        }
    }
    stay.sort_unstable();
    stay.dedup();
    stay.into_iter()
        .filter_map(|at| stroke.get(at).copied())
        .collect()
}

/// How far a point is from where a straight, even way between two others is then.
fn distance_um(stroke: &[InkPoint], from: usize, at: usize, to: usize) -> f64 {
    let (Some(from), Some(at), Some(to)) = (stroke.get(from), stroke.get(at), stroke.get(to))
    else {
        return 0.0;
    };
    let all_ms = f64::from(to.t_ms - from.t_ms).max(1.0);
    let part = f64::from(at.t_ms - from.t_ms) / all_ms;
    let off = |of: fn(&InkPoint) -> u32| {
        let (from, at, to) = (f64::from(of(from)), f64::from(of(at)), f64::from(of(to)));
        from + (to - from) * part - at
    };
    off(|point| point.x_um).hypot(off(|point| point.y_um))
}

/// A point as it is coded: x, y, t, pressure. Rounding down keeps it on the pad.
fn numbers(point: &InkPoint) -> [i64; 4] {
    let units = |um: u32| i64::from(um / UNIT_UM);
    [
        units(point.x_um),
        units(point.y_um),
        i64::from(point.t_ms),
        i64::from(point.pressure.unwrap_or(0)),
    ]
}

fn encode(strokes: &[Vec<InkPoint>], pressure: bool) -> String {
    let channels = if pressure { 4 } else { 3 };
    let mut text = String::new();
    let mut before = [0; 4];
    for (nth, stroke) in strokes.iter().enumerate() {
        if nth > 0 {
            text.push(' ');
        }
        for point in stroke {
            let now = numbers(point);
            for (one, last) in now.iter().zip(&before).take(channels) {
                put_number(&mut text, one - last);
            }
            before = now;
        }
    }
    text
}

fn put_number(text: &mut String, number: i64) {
    let mut rest = (number << 1) ^ (number >> 63);
    loop {
        let more = if rest >= 32 { 32 } else { 0 };
        let digit = u8::try_from((rest & 31) + more + 63).unwrap_or(b'?');
        text.push(char::from(digit));
        rest >>= 5;
        if more == 0 {
            return;
        }
    }
}

fn decode(text: &str, pressure: bool) -> Option<Vec<Vec<InkPoint>>> {
    let channels = if pressure { 4 } else { 3 };
    // A number has 6 digits at most: an hour of milliseconds, zigzag, has 23 bits.
    if text.len() > INK_POINTS_MAX * channels * 6 {
        return None;
    }
    let mut now = [0_i64; 4];
    let mut strokes = Vec::new();
    for coded in text.split(' ') {
        let numbers = read_numbers(coded)?;
        if numbers.len() % channels != 0 {
            return None;
        }
        let mut stroke = Vec::with_capacity(numbers.len() / channels);
        for deltas in numbers.chunks_exact(channels) {
            for (one, delta) in now.iter_mut().zip(deltas) {
                *one = one.checked_add(*delta)?;
            }
            stroke.push(point_of(now, pressure)?);
        }
        strokes.push(stroke);
    }
    Some(strokes)
}

fn point_of([x, y, t, pressed]: [i64; 4], pressure: bool) -> Option<InkPoint> {
    let um = |units: i64| u32::try_from(units).ok()?.checked_mul(UNIT_UM);
    Some(InkPoint {
        x_um: um(x)?,
        y_um: um(y)?,
        t_ms: u32::try_from(t).ok()?,
        pressure: match pressure {
            true => Some(u8::try_from(pressed).ok()?),
            false => None,
        },
    })
}

fn read_numbers(coded: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in coded.bytes() {
        let digit = i64::from(byte.checked_sub(63)?);
        if digit > 63 || shift > 25 {
            return None;
        }
        value |= (digit & 31) << shift;
        shift += 5;
        if digit < 32 {
            numbers.push((value >> 1) ^ -(value & 1));
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests;
