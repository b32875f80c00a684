use super::*;
use crate::model::{Clock, MINUTE_MS};

const NOW: Millis = Millis(1_800_000_000_000);

fn wishes(channel: NoticeChannel, address: &str) -> NoticeWishes {
    NoticeWishes {
        by: PersonId(uuid::Uuid::nil()),
        at_ms: NOW,
        agreed: true,
        wished_by: WishedBy::Patient,
        channel,
        address: address.into(),
        language: None,
        quiet: None,
    }
}

fn notice(from_ms: i64, until_ms: i64) -> NoticeEntry {
    NoticeEntry {
        by: PersonId(uuid::Uuid::nil()),
        kind: NoticeKind::OnMyWay,
        arrives_from_ms: NOW.plus(from_ms),
        arrives_until_ms: NOW.plus(until_ms),
        stamp: Stamp {
            clock: Clock {
                wall_ms: NOW,
                monotonic_ms: 0,
                boot_id: 1,
            },
            anchor: None,
        },
    }
}

#[test]
fn an_address_is_one_address_and_ends_no_header() {
    for good in ["ana@example.org", "a.b+c@mail.example.co", "o'neil@x-y.org"] {
        assert_eq!(wishes(NoticeChannel::Email, good).check(), Ok(()), "{good}");
    }
    for bad in [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@exa mple.org",
        "ana@example.org, eve@example.org",
        "Ana <ana@example.org>",
        "ana@example.org\r\nBcc: eve@example.org",
        "ana@b@example.org",
        ".ana@example.org",
        "ana@example..org",
        "+15550100",
    ] {
        let refused = wishes(NoticeChannel::Email, bad).check().unwrap_err();
        assert_eq!(refused.field, "address", "{bad}");
    }
    let app = "dYx3:APA91bH-token_of.an~app";
    assert_eq!(wishes(NoticeChannel::Push, app).check(), Ok(()));
    for bad in [
        "",
        "short",
        "two words of a token",
        "token\nBcc: eve@example.org",
    ] {
        assert!(wishes(NoticeChannel::Push, bad).check().is_err(), "{bad}");
    }
    assert_eq!(wishes(NoticeChannel::Sms, "+15550100").check(), Ok(()));
    for bad in [
        "5550100",
        "+1 555 0100",
        "+",
        "+1234567890123456",
        "ana@example.org",
    ] {
        assert!(wishes(NoticeChannel::Sms, bad).check().is_err(), "{bad}");
    }
}

#[test]
fn who_declined_needs_no_address_and_an_odd_field_is_named() {
    let no = NoticeWishes {
        agreed: false,
        ..wishes(NoticeChannel::Email, "")
    };
    assert_eq!(no.check(), Ok(()));
    let good = wishes(NoticeChannel::Email, "ana@example.org");
    let odd = |change: fn(&mut NoticeWishes)| {
        let mut it = good.clone();
        change(&mut it);
        it.check().unwrap_err().field
    };
    assert_eq!(odd(|it| it.language = Some("Spanish!".into())), "language");
    assert_eq!(odd(|it| it.wished_by = WishedBy::Unknown), "wished_by");
    assert_eq!(odd(|it| it.channel = NoticeChannel::Unknown), "channel");
    let late = QuietHours {
        from_minute: 1_440,
        until_minute: 0,
    };
    let quiet = NoticeWishes {
        quiet: Some(late),
        ..good
    };
    assert_eq!(quiet.check().unwrap_err().field, "quiet");
}

#[test]
fn an_arrival_lies_ahead_and_in_a_window_that_helps() {
    assert_eq!(notice(10 * MINUTE_MS, 30 * MINUTE_MS).check(), Ok(()));
    assert_eq!(notice(-5 * MINUTE_MS, 0).check(), Ok(()));
    for (from, until) in [
        (30 * MINUTE_MS, 10 * MINUTE_MS),
        (-30 * MINUTE_MS, -10 * MINUTE_MS),
        (0, ARRIVAL_WINDOW_MS_MAX + 1),
        (ARRIVAL_AHEAD_MS_MAX, ARRIVAL_AHEAD_MS_MAX + 1),
        (i64::MIN / 2, i64::MAX / 2),
    ] {
        let refused = notice(from, until).check().unwrap_err();
        assert_eq!(refused.field, "arrives_until_ms", "{from} {until}");
    }
    let odd = NoticeEntry {
        kind: NoticeKind::Unknown,
        ..notice(0, 1)
    };
    assert_eq!(odd.check().unwrap_err().field, "kind");
}
