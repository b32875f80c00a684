//! What strings are made of: ids, figures, and the words around them.
//!
//! An entry is stored as JSON text. Its skeleton (the template) repeats, its
//! ids, figures and words do not: each kind of those gets a column of its own.
//! The split knows nothing of JSON's grammar beyond quotes and numbers; it
//! holds for any text, since each slot is only what renders back the same.

/// What stands in a template where a value was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Uuid,
    Int,
    Decimal,
    Text,
}

impl Slot {
    const fn mark(self) -> u8 {
        match self {
            Self::Uuid => 1,
            Self::Int => 2,
            Self::Decimal => 3,
            Self::Text => 4,
        }
    }

    /// The slot that a byte of a template stands for.
    pub(super) const fn from_mark(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Uuid),
            2 => Some(Self::Int),
            3 => Some(Self::Decimal),
            4 => Some(Self::Text),
            _ => None,
        }
    }
}

/// A value taken out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Uuid(u128),
    Int(i64),
    /// `digits` over ten to the power of `scale`.
    Decimal {
        scale: u32,
        digits: i64,
    },
    Text(&'a [u8]),
}

/// How many values one template may hold; a longer text stays whole.
pub(super) const SLOTS_MAX: usize = 64;
/// How many digits may follow a decimal point.
pub(super) const SCALE_MAX: u32 = 17;
/// Characters of an id in text: hyphenated lowercase hexadecimal digits.
pub(super) const UUID_CHARS: usize = 36;

/// Splits a JSON text. The template goes to `template`, the values to
/// `values`; `false` leaves both in any state and means: keep the text whole.
pub(super) fn split<'a>(
    text: &'a [u8],
    template: &mut Vec<u8>,
    values: &mut Vec<Value<'a>>,
) -> bool {
    template.clear();
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    let first = values.len();
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        if byte < 8 || values.len() - first > SLOTS_MAX {
            return false;
        }
        let used = match byte {
            b'"' => quoted(rest, template, values),
            b'-' | b'0'..=b'9' => number(rest, template, values),
            _ => {
                template.push(byte);
                Some(1)
            }
        };
        match used {
            Some(used) => rest = &rest[used..],
            None => return false,
        }
    }
    values.len() - first <= SLOTS_MAX
}

/// A quoted string: a key stays in the template, a value is taken out.
fn quoted<'a>(
    rest: &'a [u8],
    template: &mut Vec<u8>,
    values: &mut Vec<Value<'a>>,
) -> Option<usize> {
    let mut end = 1;
    loop {
        match rest.get(end)? {
            b'"' => break,
            b'\\' => end += 2,
            0..8 => return None,
            _ => end += 1,
        }
    }
    let content = &rest[1..end];
    template.push(b'"');
    if let Some(uuid) = parse_uuid(content) {
        template.push(Slot::Uuid.mark());
        values.push(Value::Uuid(uuid));
    } else if rest.get(end + 1) == Some(&b':') {
        if content.iter().any(|byte| *byte < 8) {
            return None;
        }
        template.extend_from_slice(content);
    } else {
        template.push(Slot::Text.mark());
        values.push(Value::Text(content));
    }
    template.push(b'"');
    Some(end + 1)
}

fn number<'a>(
    rest: &'a [u8],
    template: &mut Vec<u8>,
    values: &mut Vec<Value<'a>>,
) -> Option<usize> {
    let part_of = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.iter().take_while(|byte| part_of(byte)).count();
    let token = &rest[..length];
    match parse_number(token) {
        Some(Value::Decimal { scale, digits }) => {
            template.push(Slot::Decimal.mark());
            values.push(Value::Decimal { scale, digits });
        }
        Some(value) => {
            template.push(Slot::Int.mark());
            values.push(value);
        }
        None => template.extend_from_slice(token),
    }
    Some(length)
}

/// A number that renders back to the same characters.
fn parse_number(token: &[u8]) -> Option<Value<'static>> {
    let unsigned = token.strip_prefix(b"-").unwrap_or(token);
    let negative = unsigned.len() < token.len();
    let point = unsigned.iter().position(|byte| *byte == b'.');
    let whole = &unsigned[..point.unwrap_or(unsigned.len())];
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return None;
    }
    let mut digits = 0_i64;
    for byte in unsigned.iter().filter(|byte| **byte != b'.') {
        if !byte.is_ascii_digit() {
            return None;
        }
        digits = digits
            .checked_mul(10)?
            .checked_add(i64::from(byte - b'0'))?;
    }
    if negative {
        if digits == 0 {
            return None;
        }
        digits = -digits;
    }
    let Some(point) = point else {
        return Some(Value::Int(digits));
    };
    let scale = u32::try_from(unsigned.len() - point - 1).ok()?;
    let single_point = unsigned.iter().filter(|byte| **byte == b'.').count() == 1;
    let fits = single_point && (1..=SCALE_MAX).contains(&scale);
    fits.then_some(Value::Decimal { scale, digits })
}

/// Appends an integer's characters.
pub(super) fn put_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    put_digits(out, value.unsigned_abs(), 1);
}

/// Appends a decimal's characters.
pub(super) fn put_decimal(out: &mut Vec<u8>, scale: u32, digits: i64) {
    if digits < 0 {
        out.push(b'-');
    }
    let scale = scale as usize;
    put_digits(out, digits.unsigned_abs(), scale + 1);
    out.insert(out.len() - scale, b'.');
}

fn put_digits(out: &mut Vec<u8>, mut value: u64, least: usize) {
    let mut digits = [b'0'; 24];
    let mut at = digits.len();
    while value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - least)..]);
}

/// Reads an id, if the text is exactly that.
pub(super) fn parse_uuid(text: &[u8]) -> Option<u128> {
    if text.len() != UUID_CHARS {
        return None;
    }
    let mut value = 0_u128;
    for (at, byte) in text.iter().enumerate() {
        let digit = match byte {
            b'-' if matches!(at, 8 | 13 | 18 | 23) => continue,
            _ if matches!(at, 8 | 13 | 18 | 23) => return None,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u128::from(digit);
    }
    Some(value)
}

/// Appends an id's characters.
pub(super) fn put_uuid(out: &mut Vec<u8>, value: u128) {
    let mut text = [b'-'; UUID_CHARS];
    let hyphenated = uuid::Uuid::from_u128(value).hyphenated();
    hyphenated.encode_lower(&mut text);
    out.extend_from_slice(&text);
}

/// The time of a UUIDv7, in milliseconds, and its 74 random bits.
pub(super) const fn split_v7(value: u128) -> Option<(u64, u128)> {
    let version = (value >> 76) as u8 & 0xf;
    let variant = (value >> 62) as u8 & 0b11;
    if version != 7 || variant != 0b10 {
        return None;
    }
    let high = (value >> 64) & 0xfff;
    let low = value & ((1 << 62) - 1);
    Some(((value >> 80) as u64, high << 62 | low))
}

/// Random bits of a UUIDv7.
pub(super) const V7_RANDOM_BITS: u32 = 74;
/// Bits of a UUIDv7's time.
const V7_TIME_BITS: u32 = 48;

/// Puts a UUIDv7 together again.
pub(super) const fn join_v7(time: u64, random: u128) -> u128 {
    let time = time & ((1 << V7_TIME_BITS) - 1);
    let high = (random >> 62) & 0xfff;
    let low = random & ((1 << 62) - 1);
    (time as u128) << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low
}

/// Bytes of lowercase hexadecimal digits: hashes and seals, at least 16 bytes.
pub(super) fn parse_hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() < 32 || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    text.chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// Appends the digits of bytes.
pub(super) fn put_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            out.push(if digit < 10 {
                b'0' + digit
            } else {
                b'a' + digit - 10
            });
        }
    }
}
