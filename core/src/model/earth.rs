//! Distances on earth.

/// Mean radius of the earth, metres (IUGG, R1).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Metres along a great circle of a sphere (haversine) between two places, each
/// degrees north and degrees east. The earth's flattening is left out: 0.5 % at
/// most.
#[must_use]
pub fn great_circle_m(from_deg: (f64, f64), to_deg: (f64, f64)) -> f64 {
    let (from, to) = (from_deg.0.to_radians(), to_deg.0.to_radians());
    let north = ((to - from) / 2.0).sin().powi(2);
    let east = ((to_deg.1 - from_deg.1).to_radians() / 2.0).sin();
    let chord = from.cos().mul_add(to.cos() * east.powi(2), north);
    2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
}
