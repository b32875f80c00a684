//! How long the ways are.

use super::request::{DayRequest, Start};
use crate::model::{Refused, great_circle_m};

/// Longest leg, in seconds: a day.
pub const LEG_SECONDS_MAX: u32 = 86_400;

/// A place on earth, in degrees of WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Degrees north, `-90..=90`.
    pub latitude_deg: f64,
    /// Degrees east, `-180..=180`.
    pub longitude_deg: f64,
}

/// Travel times from distances alone: the great circle, made longer by a factor since roads
/// bend, driven at one speed, and some time at each end.
///
/// The defaults are assumptions for a town and its surroundings, not measurements: an
/// agency that knows its roads sets its own, or gives a table. By country, roads are 1.12 to
/// 2.10 times as long as the great circle, 1.20 in the United States (Ballou, Rahardja and
/// Sakai, Transportation Research A 36, 2002, 843-848).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreatCircle {
    /// Length of the road over that of the great circle, `1.0..=3.0`.
    pub detour: f64,
    /// Kilometres an hour, `1.0..=130.0`.
    pub speed_kmh: f64,
    /// Seconds that each leg between two different places takes besides: parking, the
    /// stairs; up to an hour.
    pub per_leg_s: u32,
    /// Seconds for a leg of which an end is not known; up to [`LEG_SECONDS_MAX`].
    pub unknown_leg_s: u32,
}

impl Default for GreatCircle {
    fn default() -> Self {
        Self {
            detour: 1.3,
            speed_kmh: 30.0,
            per_leg_s: 180,
            unknown_leg_s: 900,
        }
    }
}

impl GreatCircle {
    /// Checks the figures.
    ///
    /// # Errors
    /// [`Refused`] names the figure.
    pub fn check(&self) -> Result<(), Refused> {
        if !(1.0..=3.0).contains(&self.detour) {
            return Err(Refused::new("detour", "1.0..=3.0"));
        }
        if !(1.0..=130.0).contains(&self.speed_kmh) {
            return Err(Refused::new("speed_kmh", "1.0..=130.0 km/h"));
        }
        if self.per_leg_s > 3_600 {
            return Err(Refused::new("per_leg_s", "0..=3600 seconds"));
        }
        if self.unknown_leg_s > LEG_SECONDS_MAX {
            return Err(Refused::new("unknown_leg_s", "0..=86400 seconds"));
        }
        Ok(())
    }

    /// Seconds of one leg.
    #[must_use]
    pub fn leg_s(&self, from: Option<Place>, to: Option<Place>) -> u32 {
        let (Some(from), Some(to)) = (from, to) else {
            return self.unknown_leg_s;
        };
        if from == to {
            return 0;
        }
        seconds_between(from, to, self.detour, self.speed_kmh)
            .saturating_add(self.per_leg_s)
            .min(LEG_SECONDS_MAX)
    }
}

/// Seconds from one place to another by the great circle (haversine), `detour` times as
/// far, at `speed_kmh`; at most [`LEG_SECONDS_MAX`].
#[must_use]
pub fn seconds_between(from: Place, to: Place, detour: f64, speed_kmh: f64) -> u32 {
    let degrees = |place: Place| (place.latitude_deg, place.longitude_deg);
    let metres = great_circle_m(degrees(from), degrees(to));
    let seconds = (metres * detour / (speed_kmh / 3.6)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    {
        seconds.clamp(0.0, f64::from(LEG_SECONDS_MAX)) as u32
    }
}

/// Where travel times come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Travel {
    /// From the distances.
    GreatCircle(GreatCircle),
    /// From whoever knows the roads.
    Table {
        /// Seconds from row to column, row by row: the start, the stops as they
        /// stand in the request, the end. Start and end have their places in it also when
        /// the request has none; what is said of them is not read then. Each up to
        /// [`LEG_SECONDS_MAX`]. The diagonal is not read.
        seconds: Vec<u32>,
        /// Which of them are guesses; empty: none.
        guessed: Vec<bool>,
    },
}

impl Default for Travel {
    fn default() -> Self {
        Self::GreatCircle(GreatCircle::default())
    }
}

/// Seconds between the start, the stops and the end of a request, and which legs are
/// guessed because an end of them is not known.
pub(super) struct Legs {
    places: usize,
    seconds: Vec<u32>,
    guessed: Vec<bool>,
}

impl Legs {
    pub(super) fn new(request: &DayRequest) -> Result<Self, Refused> {
        let places = request.stops.len() + 2;
        let mut legs = match &request.travel {
            Travel::GreatCircle(model) => Self::guess(request, model)?,
            Travel::Table { seconds, guessed } => {
                if seconds.len() != places * places {
                    return Err(Refused::new("seconds", "one for each pair of places"));
                }
                if seconds.iter().any(|leg| *leg > LEG_SECONDS_MAX) {
                    return Err(Refused::new("seconds", "0..=86400 seconds a leg"));
                }
                let mut guessed = guessed.clone();
                guessed.resize(places * places, false);
                Self {
                    places,
                    seconds: seconds.clone(),
                    guessed,
                }
            }
        };
        for place in 0..places {
            if request.start == Start::FirstVisit {
                legs.none(0, place);
            }
            if request.end.is_none() {
                legs.none(place, places - 1);
            }
            legs.none(place, place);
        }
        Ok(legs)
    }

    fn guess(request: &DayRequest, model: &GreatCircle) -> Result<Self, Refused> {
        model.check()?;
        let mut spots = vec![request.start.place()];
        spots.extend(request.stops.iter().map(|stop| stop.place));
        spots.push(request.end);
        let pairs = || {
            spots
                .iter()
                .flat_map(|from| spots.iter().map(move |to| (from, to)))
        };
        Ok(Self {
            places: spots.len(),
            seconds: pairs().map(|(from, to)| model.leg_s(*from, *to)).collect(),
            guessed: pairs()
                .map(|(from, to)| from.is_none() || to.is_none())
                .collect(),
        })
    }

    /// There is no such leg.
    fn none(&mut self, from: usize, to: usize) {
        self.seconds[from * self.places + to] = 0;
        self.guessed[from * self.places + to] = false;
    }

    pub(super) fn seconds(&self, from: usize, to: usize) -> u32 {
        self.seconds[from * self.places + to]
    }

    pub(super) fn is_guessed(&self, from: usize, to: usize) -> bool {
        self.guessed[from * self.places + to]
    }
}
