//! Base64 as FHIR's `base64Binary` has it: the standard alphabet, padded,
//! white space tolerated on the way in.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at <= chunk.len() {
                let six = (group >> (18 - 6 * at)) & 63;
                out.push(char::from(ALPHABET[six as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Decodes at most `limit` bytes and stops there; none when the text is not base64.
pub(crate) fn decode_up_to(text: &str, limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity((text.len() / 4 * 3).min(limit));
    let mut group = 0_u32;
    let mut held = 0_u32;
    let mut padded = false;
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        if byte == b'=' {
            padded = true;
            continue;
        }
        if padded {
            return None;
        }
        group = group << 6 | value(byte)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            if out.len() == limit {
                return Some(out);
            }
            out.push(u8::try_from(group >> held & 0xff).ok()?);
        }
    }
    (held < 6).then_some(out)
}

fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode_up_to(coded, 99), Some(plain.as_bytes().to_vec()));
        }
        assert_eq!(decode_up_to("Zm9v!", 99), None);
        assert_eq!(decode_up_to("Zg==Zg==", 99), None);
        assert_eq!(decode_up_to("Z", 99), None);
        assert_eq!(decode_up_to("Zm9vYmFy", 4), Some(b"foob".to_vec()));
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode_up_to(&encode(&bytes), 200), Some(bytes));
        }
    }
}
