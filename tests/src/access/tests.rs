//! That the rules agree with the reference, and that the histories find what is wrong.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use homeround::access::{Right, TABLE};
use homeround::model::{FieldPath, Role};

use super::reference::{PLACES, creators};
use super::rules::{Row, Rules, Wrong};
use super::{Ground, play};

/// Histories within which something wrong must show.
const WITHIN: u64 = 60_000;

/// The number of the first history that shows it.
fn found_after(rules: &Rules) -> Option<u64> {
    (0..WITHIN).find(|seed| !play(rules, *seed, false).found.is_empty())
}

#[test]
fn histories_of_grants_roles_leases_and_emergencies_are_judged_as_the_reference_does() {
    let mut total = super::Figures::default();
    for seed in 0..3_000 {
        let outcome = play(&Rules::default(), seed, false);
        assert!(outcome.found.is_empty(), "{seed}: {:?}", outcome.found);
        total.add(&outcome.figures);
    }
    // Both answers are common, or nothing was shown by this.
    assert!(total.allowed > 500 && total.refused > 500, "{total:?}");
    assert!(total.shown > 500 && total.hidden > 500, "{total:?}");
}

#[test]
fn every_wrong_rule_is_found() {
    let missed: Vec<_> = Wrong::value_variants()
        .iter()
        .filter(|wrong| {
            let rules = Rules {
                wrong: Some(**wrong),
                row: None,
            };
            found_after(&rules).is_none()
        })
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// Whether the reference speaks of what a row allows.
fn is_spoken_of(row: &homeround::access::Row) -> bool {
    let role = row.roles[0];
    let at = |path: &str| row.covers(role, row.kind, &FieldPath(path.into()));
    let born = matches!(row.right, Right::Create | Right::CreateUnplanned);
    born || PLACES.iter().any(|place| at(place.path))
}

/// Whether a role gains nothing by a row, because another one gives it the same.
fn has_it_anyhow(index: usize, role: Role) -> bool {
    let row = &TABLE[index];
    // Who may begin a visit may begin an unplanned one.
    let gives = |right: Right| {
        right == row.right || (row.right, right) == (Right::CreateUnplanned, Right::Create)
    };
    let same = |other: &&homeround::access::Row| {
        other.kind == row.kind && gives(other.right) && other.roles.contains(&role)
    };
    let wider = TABLE.iter().filter(same);
    wider
        .filter(|other| other.pattern == row.pattern || other.pattern == "**")
        .count()
        > 0
}

#[test]
fn a_role_more_or_less_in_any_row_that_the_reference_speaks_of_is_found() {
    let mut tried = BTreeMap::from([(false, 0), (true, 0)]);
    for (index, row) in TABLE
        .iter()
        .enumerate()
        .filter(|(_, row)| is_spoken_of(row))
    {
        for role in Role::ALL {
            let gains = !row.roles.contains(&role);
            if gains && (role == Role::Auditor || has_it_anyhow(index, role)) {
                continue;
            }
            let wrong = Row { index, role, gains };
            let rules = Rules {
                wrong: None,
                row: Some(wrong),
            };
            assert!(
                found_after(&rules).is_some(),
                "not found: {wrong:?} {row:?}"
            );
            *tried.entry(gains).or_default() += 1;
        }
    }
    assert!(tried.values().all(|many| *many > 40), "{tried:?}");
    assert!(!creators(homeround::model::DocumentKind::Chart).contains('A'));
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let story = |seed| play(&Rules::default(), seed, true).story;
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}

#[test]
fn over_real_phones_nothing_forbidden_is_shown_and_no_rejected_edit_is_lost() {
    let mut ground = Ground::new();
    for seed in 1..4 {
        let outcome = ground.play(seed);
        assert!(outcome.found.is_empty(), "{seed}: {:#?}", outcome.found);
        assert!(outcome.figures.runs > 6);
    }
}
