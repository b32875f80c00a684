//! Dice from a seed, and bytes that are changed by them.

/// The dice of everything that is drawn here, with what altering bytes asks of them.
#[derive(Debug, Clone)]
pub(crate) struct Dice(homeround_tests::dice::Dice);

/// Figures at which code tends to break.
const EDGES: [u64; 18] = [
    0,
    1,
    2,
    63,
    64,
    127,
    128,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    1 << 53,
    u64::MAX >> 1,
    u64::MAX - 1,
    u64::MAX,
];

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(homeround_tests::dice::Dice::new(seed))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0.draw()
    }

    /// Below `end`; 0 for 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.below(end as u64)).unwrap_or(0)
    }

    /// Once in so many.
    pub(crate) fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A figure: an edge, one near `about`, or any.
    pub(crate) fn figure(&mut self, about: u64) -> u64 {
        match self.below(4) {
            0 => self.pick(&EDGES).copied().unwrap_or(0),
            1 => about.wrapping_add(1),
            2 => about.wrapping_sub(1),
            _ => self.next() >> self.below(64),
        }
    }
}

/// Changes bytes in one to eight places. `other` lends pieces.
pub(crate) fn havoc(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let most = if dice.once_in(4) { 8 } else { 2 };
    let times = 1 + dice.below(most);
    for _ in 0..times {
        once(dice, bytes, other);
    }
}

fn once(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.below(bytes.len());
    let most = if dice.once_in(4) { 64 } else { 4 };
    let length = 1 + dice.below(most);
    let end = (at + length).min(bytes.len());
    match dice.below(11) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        2 => {
            let any = dice.byte();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = any;
            }
        }
        3 => {
            let step = if dice.once_in(2) { 1 } else { u8::MAX };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(step);
            }
        }
        4 => drop(bytes.drain(at..end)),
        5 => {
            let piece = bytes[at..end].to_vec();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        6 => {
            let from = dice.below(other.len());
            let piece = &other[from..(from + length).min(other.len())];
            bytes.splice(at..end, piece.iter().copied());
        }
        7 => {
            let edge = dice.figure(0);
            let mut figure = Vec::new();
            leb(&mut figure, edge);
            bytes.splice(at..(at + 1).min(bytes.len()), figure);
        }
        8 => {
            let fill = dice.byte();
            bytes[at..end].fill(fill);
        }
        9 => {
            let edge = dice.figure(0).to_be_bytes();
            let width = *dice.pick(&[1, 2, 4, 8]).unwrap_or(&1);
            let end = (at + width).min(bytes.len());
            bytes.splice(at..end, edge[8 - width..].iter().copied());
        }
        _ if dice.once_in(8) => bytes.truncate(at),
        _ => {
            let any: Vec<u8> = (0..length).map(|_| dice.byte()).collect();
            bytes.splice(at..at, any);
        }
    }
}

/// Writes an unsigned LEB128.
pub(crate) fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Reads an unsigned LEB128.
pub(crate) fn take_leb(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
