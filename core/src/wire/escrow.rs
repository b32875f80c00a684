//! What an escrow holds: sealed [`PushRequest`](super::PushRequest)s, each
//! with its length before it (u32, big-endian).

use super::{PUSH_BYTES_MAX, WireError};

/// Most pushes in one escrow.
pub const ESCROW_PUSHES_MAX: usize = 4_096;

const MALFORMED: WireError = WireError::Malformed { what: "escrow" };

/// Adds a sealed push to what will be escrowed.
///
/// # Errors
/// [`WireError::TooLarge`] for more than [`PUSH_BYTES_MAX`] bytes.
pub fn add_to_escrow(escrow: &mut Vec<u8>, body: &[u8]) -> Result<(), WireError> {
    let too_large = WireError::TooLarge {
        what: "push",
        limit: PUSH_BYTES_MAX,
    };
    let length = u32::try_from(body.len()).map_err(|_| too_large.clone())?;
    if body.len() > PUSH_BYTES_MAX {
        return Err(too_large);
    }
    escrow.extend_from_slice(&length.to_be_bytes());
    escrow.extend_from_slice(body);
    Ok(())
}

/// The sealed pushes of an escrow, in their order.
///
/// # Errors
/// [`WireError::Malformed`] when a length leads nowhere,
/// [`WireError::TooLarge`] for more than [`ESCROW_PUSHES_MAX`].
pub fn pushes_of_escrow(mut escrow: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    let mut bodies = Vec::new();
    while !escrow.is_empty() {
        let (length, rest) = escrow.split_first_chunk::<4>().ok_or(MALFORMED)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| MALFORMED)?;
        let (body, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        if bodies.len() >= ESCROW_PUSHES_MAX {
            return Err(WireError::TooLarge {
                what: "escrow",
                limit: ESCROW_PUSHES_MAX,
            });
        }
        bodies.push(body);
        escrow = rest;
    }
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_come_out_of_an_escrow_as_they_went_in_and_a_cut_one_is_malformed() {
        let mut escrow = Vec::new();
        for body in [&b"first"[..], b"", b"third"] {
            add_to_escrow(&mut escrow, body).unwrap();
        }
        let bodies = pushes_of_escrow(&escrow).unwrap();
        assert_eq!(bodies, [&b"first"[..], b"", b"third"]);
        assert!(pushes_of_escrow(&[]).unwrap().is_empty());
        for end in [1, 4, 8, 11, escrow.len() - 1] {
            assert_eq!(pushes_of_escrow(&escrow[..end]).unwrap_err(), MALFORMED);
        }
    }

    #[test]
    fn an_escrow_holds_no_more_pushes_and_no_larger_ones_than_its_limits() {
        let most = vec![0; 4 * ESCROW_PUSHES_MAX];
        assert_eq!(pushes_of_escrow(&most).unwrap().len(), ESCROW_PUSHES_MAX);
        let more = vec![0; 4 * (ESCROW_PUSHES_MAX + 1)];
        let refused = pushes_of_escrow(&more).unwrap_err();
        assert!(matches!(refused, WireError::TooLarge { .. }));
        let large = vec![0; PUSH_BYTES_MAX + 1];
        let refused = add_to_escrow(&mut Vec::new(), &large).unwrap_err();
        assert!(matches!(refused, WireError::TooLarge { .. }));
    }
}
