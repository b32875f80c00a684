//! Fields drawn out of an input, and records through the generated code.

use homeround_ffi::{Coding, Dosing, Fix, Measured, UniFfiTag, Vitals, VitalsEntry};
use uniffi::{Lift, Lower};

/// Draws fields out of an input; an input that has ended gives nothings.
pub(super) struct Feed<'i>(pub(super) &'i [u8]);

impl Feed<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit.max(1)
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    pub(super) fn bytes(&mut self) -> Vec<u8> {
        // Mostly short, now and then as long as a thousand times what follows.
        let (length, times) = (self.below(24), if self.byte() == 255 { 1_000 } else { 1 });
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken.repeat(times)
    }

    pub(super) fn text(&mut self) -> String {
        const KNOWN: [&str; 12] = [
            "",
            " ",
            "active",
            "mg",
            "2026-11-22",
            "2026-11-22T10:00",
            "FREQ=DAILY",
            "Cel",
            "8310-5",
            "medications",
            "too_soon",
            "note",
        ];
        match self.below(4) {
            0 => KNOWN[self.below(KNOWN.len())].into(),
            _ => String::from_utf8_lossy(&self.bytes()).into_owned(),
        }
    }

    pub(super) fn whole(&mut self) -> u64 {
        const EDGES: [u64; 8] = [
            0,
            1,
            59,
            60,
            255,
            u32::MAX as u64,
            i64::MAX as u64,
            u64::MAX,
        ];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            1 => u64::from(self.byte()),
            _ => (0..8).fold(0, |sum, _| sum << 8 | u64::from(self.byte())),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "any figure of this width will do"
    )]
    pub(super) fn small(&mut self) -> u32 {
        self.whole() as u32
    }

    #[expect(
        clippy::cast_possible_wrap,
        reason = "times before 1970 are wanted too"
    )]
    pub(super) fn signed(&mut self) -> i64 {
        self.whole() as i64
    }

    pub(super) fn figure(&mut self) -> f64 {
        const EDGES: [f64; 10] = [
            0.0,
            -0.0,
            1.0,
            36.6,
            -1.0,
            1e-320,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            1 => f64::from(self.byte()) / 4.0,
            _ => f64::from_bits(self.whole()),
        }
    }

    pub(super) fn maybe<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| draw(self))
    }

    pub(super) fn some<T>(&mut self, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let many = if self.byte() == 255 {
            300
        } else {
            self.below(4)
        };
        (0..many).map(|_| draw(self)).collect()
    }

    /// One of the values of an enum, by its name as it is stored.
    pub(super) fn one<T: serde::de::DeserializeOwned>(&mut self, names: &[&str]) -> T {
        let name = names[self.below(names.len())];
        serde_json::from_value(name.into()).expect("a name of the model's")
    }

    pub(super) fn coding(&mut self) -> Coding {
        Coding {
            system: self.text(),
            code: self.text(),
            text: self.text(),
        }
    }

    pub(super) fn fix(&mut self) -> Fix {
        Fix {
            latitude_deg: self.figure(),
            longitude_deg: self.figure(),
            accuracy_m: self.figure(),
        }
    }

    pub(super) fn dosing(&mut self) -> Dosing {
        Dosing {
            dose_value: self.maybe(Self::figure),
            dose_unit: self.maybe(Self::text),
            min_interval_min: self.maybe(Self::small),
            max_per_day: self.maybe(Self::small),
        }
    }

    pub(super) fn vitals(&mut self) -> VitalsEntry {
        let measured = |feed: &mut Self| Measured {
            body_site: feed.maybe(Feed::coding),
            method: feed.maybe(Feed::coding),
            device: feed.maybe(Feed::coding),
            reported_by: feed.maybe(|feed| feed.one(&["patient", "representative", "later"])),
        };
        VitalsEntry {
            measured_at_ms: self.signed(),
            vitals: Vitals {
                pulse_bpm: self.maybe(|feed| u16::from(feed.byte()) * 3),
                systolic_mmhg: self.maybe(|feed| u16::from(feed.byte()) * 2),
                diastolic_mmhg: self.maybe(|feed| u16::from(feed.byte())),
                temperature_c: self.maybe(Feed::figure),
                spo2_percent: self.maybe(Feed::byte),
                respirations_per_min: self.maybe(|feed| u16::from(feed.byte())),
                weight_kg: self.maybe(Feed::figure),
                glucose_mg_dl: self.maybe(|feed| u16::from(feed.byte()) * 5),
                pain_score: self.maybe(Feed::byte),
                consciousness: self.maybe(|feed| feed.one(&["alert", "voice", "later"])),
                on_oxygen: self.maybe(Feed::flag),
                oxygen_flow_l_min: self.maybe(Feed::figure),
            },
            measured: self.maybe(measured),
            figures: Vec::new(),
        }
    }
}

/// A record through the generated code's form and back.
pub(super) fn crossed<T: Lift<UniFfiTag> + Lower<UniFfiTag>>(value: T) -> T {
    let mut there = Vec::new();
    <T as Lower<UniFfiTag>>::write(value, &mut there);
    let mut left = there.as_slice();
    let read = <T as Lift<UniFfiTag>>::try_read(&mut left).expect("what was written is read");
    assert!(left.is_empty(), "all of it is read");
    let mut again = Vec::new();
    <T as Lower<UniFfiTag>>::write(read, &mut again);
    assert_eq!(again, there, "and is the same");
    <T as Lift<UniFfiTag>>::try_read(&mut again.as_slice()).expect("what was written is read")
}
