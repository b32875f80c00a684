//! The simulator: that it holds, that it repeats itself, and that it sees what it should.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use homeround_tests::sim::{Bug, Fault, Plan, Planned, Weather, play};

const MINUTE: i64 = 60_000;

fn holds(plan: &Plan) {
    let outcome = play(plan);
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    assert!(outcome.figures.acknowledged >= 15 * plan.hours * plan.phones as u64);
}

/// Plays seeds until one shows the bug; all of them together take `hours` at most.
fn found_within(bug: Bug, hours: u64) {
    const EACH: u64 = 2;
    for seed in 1..=hours / EACH {
        let mut plan = Plan::drawn(seed, EACH, 2);
        plan.bug = Some(bug);
        if !play(&plan).violations.is_empty() {
            return;
        }
    }
    assert_eq!(hours, 0, "{bug:?} was not found in {hours} hours");
}

fn with(faults: &[(i64, Fault)], hours: u64) -> Plan {
    let mut plan = Plan::quiet(11, hours, 2);
    plan.faults = faults
        .iter()
        .map(|(minute, fault)| Planned {
            at_ms: minute * MINUTE,
            fault: *fault,
        })
        .collect();
    plan
}

#[test]
fn an_hour_in_which_nothing_goes_wrong_is_as_promised() {
    holds(&Plan::quiet(5, 1, 2));
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_does_not() {
    let trace = |seed| play(&Plan::drawn(seed, 1, 2)).trace.name();
    assert_eq!(trace(3), trace(3));
    assert_ne!(trace(3), trace(4));
}

#[test]
fn an_hour_in_which_everything_goes_wrong_is_as_promised() {
    let plan = Plan::drawn(3, 1, 2);
    assert!(plan.faults.len() >= 8);
    let outcome = play(&plan);
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
}

#[test]
fn phones_that_lose_power_at_their_disks_keep_what_they_acknowledged() {
    let mut faults = Vec::new();
    for minute in (3..58).step_by(6) {
        faults.push((minute, Fault::PowerCut(0, minute as u64)));
        faults.push((minute, Fault::KillAtDisk(1, minute as u64 / 2)));
    }
    let outcome = play(&with(&faults, 1));
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    assert!(outcome.figures.kills >= 4);
}

#[test]
fn a_backend_that_is_put_back_to_a_backup_is_given_everything_again() {
    let faults = [(42, Fault::ServerBackup), (58, Fault::ServerRestore)];
    holds(&with(&faults, 1));
}

/// The backend is put back to before what an author wrote whose access ended since.
fn purged(seed: u64, bug: Option<Bug>) -> Plan {
    let mut faults = vec![(15, Fault::ServerBackup)];
    faults.extend((0..8).map(|at| (40, Fault::Revoked(0, at, 300 * MINUTE))));
    faults.push((55, Fault::ServerRestore));
    let mut plan = with(&faults, 1);
    plan.seed = seed;
    plan.bug = bug;
    plan
}

#[test]
fn proofs_that_are_not_kept_are_found() {
    let shows = |seed| {
        !play(&purged(seed, Some(Bug::ProofsForgotten)))
            .violations
            .is_empty()
    };
    assert!((1..=12).any(shows), "not found in 12 hours");
}

#[test]
fn what_an_author_wrote_whose_phone_was_purged_comes_back_from_a_colleague() {
    let outcome = play(&purged(11, None));
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    assert!(outcome.figures.brought_back > 0);
}

#[test]
fn a_phone_that_is_put_back_gets_back_what_it_sent_since_its_backup_and_never_heard_of() {
    let half_open = Weather {
        half_open: true,
        delay_ms: 200,
        ..Weather::default()
    };
    let faults = [
        (10, Fault::PhoneBackup(0)),
        (11, Fault::Network(0, half_open, 36 * MINUTE)),
        (46, Fault::PhoneRestore(0)),
    ];
    holds(&with(&faults, 1));
}

#[test]
fn a_phone_that_is_put_back_to_before_its_access_ended_gives_the_patient_away_again() {
    let all = |minute, long| (0..8).map(move |at| (minute, Fault::Revoked(0, at, long * MINUTE)));
    let mut faults = vec![(10, Fault::PhoneBackup(0))];
    faults.extend(all(15, 300));
    faults.push((50, Fault::PhoneRestore(0)));
    let outcome = play(&with(&faults, 1));
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
}

#[test]
fn a_phone_of_an_older_schema_is_updated_in_the_middle_of_a_sync() {
    let slow = Weather {
        delay_ms: 40_000,
        ..Weather::default()
    };
    let mut faults = vec![(1, Fault::Network(0, slow, 50 * MINUTE))];
    faults.extend((5..50).step_by(3).map(|minute| (minute, Fault::Update(0))));
    holds(&with(&faults, 1));
}

#[test]
fn a_stranger_with_a_good_token_harms_nobody() {
    let strange = |minute| (minute, Fault::Byzantine(minute as u64));
    holds(&with(&[10, 20, 30, 40, 50].map(strange), 1));
}

/// Access to everybody ends while answers take most of a minute: what is written between a
/// push and the page that says so is uploaded before it is purged.
fn leaving(seed: u64, bug: Option<Bug>) -> Plan {
    let slow = Weather {
        delay_ms: 45_000,
        ..Weather::default()
    };
    let mut faults = vec![(2, Fault::Network(0, slow, 56 * MINUTE))];
    faults.extend((0..8).map(|at| (12 + at * 4, Fault::Revoked(0, at as usize, 300 * MINUTE))));
    let mut plan = with(&faults, 1);
    plan.seed = seed;
    plan.bug = bug;
    plan
}

#[test]
fn what_is_written_while_the_end_of_an_access_is_on_its_way_is_handed_in() {
    for seed in 1..=3 {
        let outcome = play(&leaving(seed, None));
        assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    }
}

#[test]
fn a_leaver_whose_work_is_not_uploaded_is_found() {
    let shows = |seed| {
        !play(&leaving(seed, Some(Bug::LeaversNotUploaded)))
            .violations
            .is_empty()
    };
    assert!(
        (1..=40).any(|seed| {
            let s = shows(seed);
            eprintln!("seed {seed} {s}");
            s
        }),
        "not found in 12 hours"
    );
}

/// Access to everybody ends and comes back within minutes, again and again, while answers
/// take most of a minute.
fn coming_back(seed: u64) -> Plan {
    let slow = Weather {
        delay_ms: 45_000,
        ..Weather::default()
    };
    let mut faults = vec![(2, Fault::Network(0, slow, 56 * MINUTE))];
    for minute in (8..56).step_by(12) {
        faults.extend((0..8).map(|at| (minute, Fault::Revoked(0, at, 4 * MINUTE))));
    }
    let mut plan = with(&faults, 1);
    plan.seed = seed;
    plan
}

#[test]
fn an_edit_that_is_written_anew_and_refused_again_is_known_by_what_it_says() {
    for seed in 1..=40 {
        let outcome = play(&coming_back(seed));
        assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
        if outcome.figures.renamed > 0 {
            return;
        }
    }
    panic!("no edit was refused under a later name in 40 hours");
}

macro_rules! planted {
    ($($name:ident: $bug:ident within $hours:literal;)*) => {
        $(
            #[test]
            fn $name() {
                found_within(Bug::$bug, $hours);
            }
        )*
    };
}

planted! {
    an_actor_that_is_used_again_is_found: ActorReused within 40;
    a_cursor_that_moves_before_its_page_is_found: CursorBeforeApply within 2;
    a_sequence_number_that_comes_late_is_found: LateSequenceNumber within 24;
    an_acknowledgement_before_the_commit_is_found: AckBeforeCommit within 4;
    a_rejection_that_is_swallowed_is_found: RejectionSwallowed within 24;
    a_quarantine_that_is_forgotten_is_found: QuarantineForgotten within 40;
    an_epoch_that_is_ignored_is_found: EpochIgnored within 40;
    data_that_stays_after_access_ended_is_found: LeaveIgnored within 40;
    a_conflict_that_the_last_writer_wins_is_found: LastWriterWins within 40;
    an_outbox_that_is_never_offered_is_found: OutboxForgotten within 2;
    a_save_that_failed_and_is_told_as_done_is_found: ToldBeforeCommit within 20;
    a_save_that_is_done_twice_is_found: RetryAppendsTwice within 12;
    an_altered_line_of_the_audit_trail_is_found: AuditAltered within 2;
    a_patient_in_the_log_is_found: NameInLog within 2;
    a_commit_that_is_not_synced_is_found: NoSync within 40;
    a_part_of_a_photo_that_is_not_stored_is_found: PartNotStored within 4;
    an_escrow_that_is_mislaid_is_found: EscrowMislaid within 20;
}

#[test]
fn a_backend_that_is_put_back_twice_before_anybody_wrote_to_it_is_given_everything_again() {
    let faults = [
        (30, Fault::ServerBackup),
        (50, Fault::ServerRestore),
        (50, Fault::ServerRestore),
    ];
    holds(&with(&faults, 1));
}

/// Access ends and comes back around a restore, while the colleague has no network.
fn flapping(seed: u64) -> Plan {
    let cut = Weather {
        cut: true,
        ..Weather::default()
    };
    let mut faults = vec![
        (15, Fault::ServerBackup),
        (30, Fault::Network(1, cut, 25 * MINUTE)),
        (32, Fault::ServerRestore),
    ];
    faults.extend((0..8).map(|at| (32, Fault::Revoked(0, at, 9 * MINUTE))));
    let mut plan = with(&faults, 1);
    plan.seed = seed;
    plan
}

#[test]
fn access_that_ends_and_comes_back_around_a_restore_gives_no_number_twice() {
    for seed in [4, 5, 11, 20, 44, 47] {
        let outcome = play(&flapping(seed));
        assert!(
            outcome.violations.is_empty(),
            "{seed}: {:#?}",
            outcome.violations
        );
    }
}
