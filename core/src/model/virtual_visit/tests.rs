use super::*;

#[test]
fn a_link_is_https_with_a_host_and_no_credentials_and_no_debug_output_has_it() {
    let link = "https://video.example.org/room/7?pwd=a%20b#x";
    let taken = JoinLink::new(link).unwrap();
    assert_eq!(taken.url(), Some(link));
    assert!(!format!("{taken:?}").contains("video"));
    let long = format!(
        "https://video.example.org/{}",
        "a".repeat(JOIN_LINK_BYTES_MAX)
    );
    for bad in [
        "http://video.example.org/room",
        "https://",
        "https:///room",
        &format!("https://{}@video.example.org/room", "nurse:secret"),
        "https://video.example.org/a room",
        "https://video.example.org\\@evil.example",
        "javascript:alert(1)",
        "https://vidéo.example.org/",
        "",
        &long,
    ] {
        let refused = JoinLink::new(bad).unwrap_err();
        assert_eq!(refused.field, "join_link", "{bad}");
    }
    let unlooked: VirtualBooking =
        serde_json::from_str(r#"{"join_link":"http://video.example.org"}"#).unwrap();
    assert_eq!(unlooked.join_link.unwrap().url(), None);
}

#[test]
fn a_number_is_dialed_by_its_digits_up_to_the_first_word() {
    for (phone, url) in [
        ("+1 (617) 555-0123", Some("tel:+16175550123")),
        ("617.555.0123 ext. 12", Some("tel:6175550123")),
        ("617-555-0123,9", Some("tel:6175550123")),
        ("home", None),
        ("", None),
    ] {
        assert_eq!(phone_url(phone).as_deref(), url, "{phone}");
    }
    check_phone("+1 (617) 555-0123").unwrap();
    for bad in ["", "12", "617-555-0123;ext=1", &"1".repeat(41)] {
        assert_eq!(check_phone(bad).unwrap_err().field, "phone", "{bad}");
    }
}

fn entry(at: i64, what: LobbyWhat) -> LobbyEntry {
    let clock = crate::model::Clock {
        wall_ms: Millis(at),
        monotonic_ms: at,
        boot_id: 1,
    };
    LobbyEntry {
        by: PersonId(uuid::Uuid::from_u128(1)),
        stamp: Stamp {
            clock,
            anchor: None,
        },
        source: LobbySource::Member,
        what,
    }
}

#[test]
fn where_a_call_stands_is_what_was_noted_last_and_never_what_is_unknown() {
    let id = |number| EntryId(uuid::Uuid::from_u128(number));
    let mut lobby = BTreeMap::new();
    assert_eq!(lobby_state(&lobby), (LobbyState::NotBegun, None));
    lobby.insert(id(1), entry(30, LobbyWhat::Joined));
    lobby.insert(id(2), entry(20, LobbyWhat::InLobby));
    lobby.insert(id(3), entry(40, LobbyWhat::Unknown));
    assert_eq!(lobby_state(&lobby), (LobbyState::Joined, Some(Millis(30))));
    let call = PhoneCall {
        reason: FallbackReason::NoSound,
        comment: None,
        phone: "617-555-0123".into(),
    };
    lobby.insert(id(4), entry(50, LobbyWhat::PhoneCall(call)));
    assert_eq!(lobby_state(&lobby).0, LobbyState::ByPhone);
    let text = serde_json::to_value(&lobby[&id(4)]).unwrap();
    assert_eq!(
        (&text["what"], &text["phone"]),
        (&"phone_call".into(), &"617-555-0123".into())
    );
    assert_eq!(
        serde_json::from_value::<LobbyEntry>(text).unwrap(),
        lobby[&id(4)]
    );
}

#[test]
fn a_consent_names_a_representative_and_no_patient() {
    let consent = |party, name: Option<&str>| VisitConsent {
        decision: ConsentDecision::Given,
        party,
        name: name.map(str::to_owned),
        form: ConsentForm::Spoken,
        by: PersonId(uuid::Uuid::from_u128(1)),
        stamp: entry(1, LobbyWhat::Left).stamp,
    };
    consent(ConsentParty::Patient, None).check().unwrap();
    consent(ConsentParty::Representative, Some("A"))
        .check()
        .unwrap();
    for (party, name) in [
        (ConsentParty::Patient, Some("A")),
        (ConsentParty::Representative, None),
        (ConsentParty::Representative, Some(" ")),
    ] {
        assert_eq!(consent(party, name).check().unwrap_err().field, "name");
    }
}
