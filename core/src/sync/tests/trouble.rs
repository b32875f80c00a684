//! What the engine does about each trouble by itself.

use super::phone::*;
use super::world::*;
use super::{a_day, assert_converged, is_idle};
use crate::sync::backoff::Jitter;
use crate::sync::*;
use crate::wire;

#[test]
fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.server.bodies_max = 3;
    assert!(is_idle(&world.life(&mut store)));
    assert_converged(&world, &store);

    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    store.sealed_max = Some(2);
    assert!(is_idle(&world.life(&mut store)));
    assert_converged(&world, &store);
}

#[test]
fn a_poisoned_change_holds_up_neither_the_pages_nor_the_other_changes() {
    let mut world = World::new(1);
    let mut store = FakeStore::default();
    for n in 0..10 {
        store.edit(n, None, 0);
    }
    world.server.log = (0..8).map(Ok).collect();
    world.server.poison.insert(hash(4));
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    for _ in 0..12 {
        let mut courier = Courier::new(&mut engine, &mut store, &ticks);
        courier.event(Event::Start { budget_ms: None });
        loop {
            match courier.next_request() {
                Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
                Next::Send(request) => {
                    let answer = world.server.handle(&request);
                    courier.deliver(request.id, Ok(answer));
                }
                Next::Rest(SyncState::Waiting { until: Some(_), .. }) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(courier.report().requests < 12);
        assert_eq!(store.rows.len(), 8, "the pages came in the first run");
    }
    assert_eq!(world.server.seqs.len(), 9);
    assert_eq!(store.unsent(), 1);
}

#[test]
fn what_waits_for_something_that_nobody_has_ends_in_a_wait_and_is_not_purged() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    store.edit(50, Some(999), 2);
    let ticks = SimTicks::default();
    let mut engine = Engine::new(EngineConfig::new(3));
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let state = loop {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                let answer = world.server.handle(&request);
                courier.deliver(request.id, Ok(answer));
            }
            Next::Rest(state) => break state,
            Next::Outstanding(_) => panic!("outstanding"),
        }
    };
    let why = Why::Stalled("waiting_for_missing".into());
    assert!(matches!(state, SyncState::Waiting { until: Some(_), why: it } if it == why));
    assert!(courier.report().requests < 16);
    assert_eq!(store.unsent(), 1);
    assert!(store.purged.is_empty());
    assert_eq!(store.rows.len(), 8);
}

#[test]
fn what_the_backend_misses_is_offered_first() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    // The phone believes that it was stored; the backend knows nothing of it.
    world.server.seqs.remove(&hash(9));
    store.edit(60, Some(9), 0);
    store.edit(61, Some(60), 0);
    world.server.pushes.clear();
    assert!(is_idle(&world.life(&mut store)));
    assert_eq!(world.server.pushes[1][0], hash(9));
    assert_converged(&world, &store);
}

#[test]
fn unsent_work_of_a_patient_who_left_is_judged_before_the_purge() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.server.ended.insert(2);
    assert!(is_idle(&world.life(&mut store)));
    let rejected = |it: &&Change| it.state == Local::Rejected;
    assert!(store.changes.iter().filter(rejected).count() > 0);
    assert!(store.purged.contains(&2));
    assert_eq!(store.unsent(), 0);
}

/// A patient who left in an earlier run, of whom everything was sent.
fn left_and_sent(world: &mut World) -> FakeStore {
    let mut store = FakeStore {
        epoch: Some(1),
        ..FakeStore::default()
    };
    store.edit(1, None, 2);
    assert!(is_idle(&world.life(&mut store)));
    store.leaving.insert(2, "access_ended".into());
    world.server.seen.clear();
    store
}

#[test]
fn nobody_is_purged_before_the_backend_was_heard() {
    let mut world = World::new(1);
    let mut store = left_and_sent(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    assert!(store.purged.contains(&2));
    let expected = [wire::PULL, wire::RECEIPTS, wire::PULL];
    assert_eq!(
        world.server.seen[..3],
        expected,
        "asked, gave away, went on"
    );
}

#[test]
fn what_a_restored_backend_lost_of_a_patient_who_left_is_sent_again_before_the_purge() {
    let mut world = World::new(1);
    let mut store = left_and_sent(&mut world);
    world.server.restore(0);
    assert!(is_idle(&world.life(&mut store)));
    assert!(
        world.server.seqs.contains_key(&hash(1)),
        "it was sent again"
    );
    assert!(store.purged.contains(&2), "after that");
}

#[test]
fn a_spent_budget_stops_between_slices_and_the_next_run_goes_on() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.budget_ms = Some(100);
    let mut runs = 0;
    loop {
        runs += 1;
        match world.life(&mut store) {
            End::Rested(SyncState::Idle { .. }) => break,
            End::Rested(SyncState::Waiting { until: None, why }) => assert_eq!(why, Why::Budget),
            other => panic!("{other:?}"),
        }
        // A slice that holds one round trip gets somewhere each time.
        world.budget_ms = Some(400);
        assert!(runs < 50);
    }
    assert!(runs > 2);
    assert_converged(&world, &store);
}

#[test]
fn a_failing_store_ends_in_a_wait_and_a_broken_one_blocks() {
    for (retry, code) in [(true, "storage_busy"), (false, "storage_damaged")] {
        let mut store = FakeStore {
            fault: Some(StoreFault { code, retry }),
            ..FakeStore::default()
        };
        let mut engine = Engine::new(EngineConfig::new(3));
        let ticks = SimTicks::default();
        let mut courier = Courier::new(&mut engine, &mut store, &ticks);
        courier.event(Event::Start { budget_ms: None });
        let Next::Rest(state) = courier.next_request() else {
            panic!("no rest");
        };
        if retry {
            let why = Why::Storage(code);
            assert!(matches!(state, SyncState::Waiting { until: Some(_), why: it } if it == why));
        } else {
            let action = Block::MendStorage;
            let code = code.to_owned();
            assert_eq!(state, SyncState::Blocked { action, code });
        }
    }
}

#[test]
fn a_captive_portal_ends_in_a_wait() {
    let mut world = World::new(1);
    let mut store = FakeStore::default();
    world.server.log = (0..2).map(Ok).collect();
    let portal = Response {
        status: 200,
        body: b"<html>Welcome to our hotel</html>".to_vec(),
        ..Response::default()
    };
    world.server.script.push_back((wire::PULL, portal));
    assert!(is_idle(&world.life(&mut store)));
    assert!(world.sends[1].0.since(world.sends[0].0) >= BACKOFF_BASE_MS / 2);
    assert_eq!(store.rows.len(), 2);
}

#[test]
fn nothing_is_sent_while_the_platform_says_that_there_is_no_network() {
    let mut engine = Engine::new(EngineConfig::new(3));
    let _ = engine.step(Monotonic(0), Event::Online(false));
    let actions = engine.step(Monotonic(0), Event::Start { budget_ms: None });
    assert!(
        !actions
            .iter()
            .any(|it| matches!(it, Action::Send(_) | Action::Store(..)))
    );
    let offline = SyncState::Waiting {
        until: None,
        why: Why::Offline,
    };
    assert_eq!(engine.state(), &offline);
    let actions = engine.step(Monotonic(5), Event::Online(true));
    assert!(
        actions
            .iter()
            .any(|it| matches!(it, Action::Store(_, StoreOp::LoadCursor)))
    );
}

#[test]
fn an_edit_waits_for_more_of_the_same_breath_and_a_poke_does_not() {
    let mut engine = Engine::new(EngineConfig::new(3));
    let actions = engine.step(Monotonic(0), Event::LocalEdit);
    assert_eq!(
        actions,
        [Action::WaitUntil(Monotonic(0).plus(EDIT_DELAY_MS))]
    );
    let later = engine.step(Monotonic(500), Event::LocalEdit);
    assert_eq!(later, [Action::WaitUntil(Monotonic(0).plus(EDIT_DELAY_MS))]);
    assert!(!engine.is_running());
    let _ = engine.step(Monotonic(600), Event::Poke);
    assert!(engine.is_running());
}

#[test]
fn a_request_that_the_transport_forgets_is_given_up() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.trouble = 0;
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let Next::Token { id, .. } = courier.next_request() else {
        panic!("no token asked");
    };
    courier.token(id, TokenReply::Ready);
    assert!(matches!(courier.next_request(), Next::Send(_)));
    assert!(matches!(courier.next_request(), Next::Outstanding(_)));
    ticks.set(courier.wake().unwrap().0);
    courier.event(Event::Tick);
    let Next::Rest(SyncState::Waiting { why, .. }) = courier.next_request() else {
        panic!("no rest");
    };
    assert_eq!(why, Why::Network(TransportFault::Timeout));
}

#[test]
fn each_request_has_its_own_patience_from_the_moment_it_is_handed_out() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let mut now = 0;
    loop {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                let patience = Monotonic(now).plus(REQUEST_TIMEOUT_MS + TIMEOUT_GRACE_MS);
                assert_eq!(courier.wake(), Some(patience));
                // Each takes almost all of its time; none takes another's.
                now += 50_000;
                ticks.set(now);
                let answer = world.server.handle(&request);
                courier.deliver(request.id, Ok(answer));
            }
            Next::Rest(state) => {
                assert!(matches!(state, SyncState::Idle { .. }));
                break;
            }
            Next::Outstanding(_) => panic!("outstanding"),
        }
    }
    assert!(now > 200_000);
}

#[test]
fn edits_and_pokes_during_a_run_are_served_by_the_same_run() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let mut poked = false;
    loop {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                let answer = world.server.handle(&request);
                if request.path == wire::PULL && !poked {
                    poked = true;
                    world.server.log.extend((20..24).map(Ok));
                    courier.event(Event::Poke);
                    courier.event(Event::LocalEdit);
                }
                courier.deliver(request.id, Ok(answer));
            }
            Next::Rest(state) => {
                assert!(matches!(state, SyncState::Idle { .. }));
                break;
            }
            Next::Outstanding(_) => panic!("outstanding"),
        }
    }
    assert_converged(&world, &store);
}

#[test]
fn two_engines_of_one_phone_never_share_a_request_name() {
    let mut names = Jitter::new(1);
    let first = |seed| {
        let mut engine = Engine::new(EngineConfig::new(seed));
        let actions = engine.step(Monotonic(0), Event::Poke);
        let id = |it: &Action| match it {
            Action::Store(id, _) => Some(*id),
            _ => None,
        };
        actions.iter().find_map(id).unwrap()
    };
    let (one, two) = (first(names.next()), first(names.next()));
    assert!(one.0.abs_diff(two.0) > 1_000_000);
}
