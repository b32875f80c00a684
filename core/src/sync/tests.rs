//! What the engine promises.

mod backend;
mod driver;
mod http;
mod live;
mod phone;
mod trouble;
mod world;

use proptest::prelude::*;

use self::backend::*;
use self::phone::*;
use self::world::*;
use super::answer::align;
use super::*;
use crate::model::ChangeHash;
use crate::wire::{self, Verdict, VerdictRun};

fn is_idle(end: &End) -> bool {
    matches!(end, End::Rested(SyncState::Idle { .. }))
}

/// A phone with some edits, one of which belongs to a patient who leaves, and a
/// backend with some pages.
fn a_day(world: &mut World) -> FakeStore {
    let mut store = FakeStore {
        epoch: Some(1),
        ..FakeStore::default()
    };
    for n in 0..10 {
        store.edit(n, n.checked_sub(1), u8::try_from(n % 3).unwrap());
    }
    world.server.log = (0..8).map(Ok).collect();
    world.server.log.insert(4, Err(2));
    store
}

fn assert_converged(world: &World, store: &FakeStore) {
    assert_eq!(store.unsent(), 0);
    for change in &store.changes {
        let there = world.server.seqs.contains_key(&change.hash);
        assert_eq!(there, change.state == Local::Stored, "{change:?}");
    }
    let rows = world.server.log.iter().filter_map(|it| it.ok());
    assert!(rows.into_iter().all(|row| store.rows.contains(&row)));
    let left: Vec<u8> = world.server.log.iter().filter_map(|it| it.err()).collect();
    assert!(left.iter().all(|who| store.purged.contains(who)));
    assert!(store.receipts.values().all(|sent| *sent));
    assert!(
        store
            .receipts
            .keys()
            .all(|id| world.server.receipts.contains(id))
    );
    assert!(store.leaving.is_empty());
    assert_eq!(store.epoch, Some(world.server.epoch));
}

/// After every failure there is a wait.
fn assert_never_hot(world: &World) {
    for failed in &world.failures {
        let next = world.sends.iter().find(|it| it.0 > *failed);
        if let Some((at, _)) = next {
            assert!(
                at.since(*failed) >= BACKOFF_BASE_MS / 2,
                "{failed:?} {at:?}"
            );
        }
    }
}

#[test]
fn a_run_pushes_purges_what_left_and_pulls_to_the_end() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    assert_converged(&world, &store);
    assert_eq!(store.beacons, 1);
    assert!(store.anchors > 3);
    assert_eq!(world.server.seen[0], wire::PUSH);
    assert_eq!(world.server.seen[1], wire::PULL);
    let last = world.server.seen.last();
    assert_eq!(last, Some(&wire::BEACON));
}

#[test]
fn a_purge_and_its_receipt_come_before_the_next_page() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    let seen = &world.server.seen;
    let receipt = seen.iter().position(|it| *it == wire::RECEIPTS).unwrap();
    let last_page = seen.iter().rposition(|it| *it == wire::PULL).unwrap();
    assert!(receipt < last_page);
}

#[test]
fn a_lost_ack_is_retried_and_the_visit_is_stored_once() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    store.fate.kill_at.set(0);
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    loop {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                assert_eq!(request.path, wire::PUSH);
                // The backend stores it and its answer is lost.
                let _ = world.server.handle(&request);
                courier.deliver(request.id, Err(TransportFault::Broken.into()));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        courier.next_request(),
        Next::Rest(SyncState::Waiting { .. })
    ));
    assert_eq!(world.server.seqs.len(), 10);
    assert!(is_idle(&world.life_of(&mut engine, &mut store)));
    assert_converged(&world, &store);
    assert_eq!(world.server.seqs.len(), 10);
}

#[test]
fn a_kill_at_any_step_costs_nothing() {
    let mut world = World::new(5);
    let mut store = a_day(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    let steps = store.fate.steps.get();
    assert!(steps > 30, "{steps}");
    for kill_at in 1..=steps {
        let mut world = World::new(5);
        let mut store = a_day(&mut world);
        store.fate.kill_at.set(kill_at);
        assert_eq!(world.life(&mut store), End::Killed, "step {kill_at}");
        assert!(is_idle(&world.life(&mut store)), "step {kill_at}");
        assert_converged(&world, &store);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_bad_network_with_kills_and_restores_always_converges(
        seed: u64, trouble in 0_u64..70, kill in 0_u32..60, restores in 0_usize..2, life in 3_u32..40,
    ) {
        let mut world = World::new(seed);
        let mut store = a_day(&mut world);
        world.trouble = trouble;
        world.server.token_life = life;
        store.fate.kill_at.set(kill);
        for _ in 0..restores {
            let _ = world.life(&mut store);
            world.server.restore(4);
            store.fate.kill_at.set(store.fate.steps.get() + kill);
        }
        store.edit(100, None, 0);
        let mut end = world.life(&mut store);
        while end == End::Killed {
            // A new process may come at once: what failed before is not its wait.
            world.failures.clear();
            end = world.life(&mut store);
        }
        // Late copies of old requests may still be on the way: the backend
        // asserts that none is stored twice.
        prop_assert!(is_idle(&end), "{end:?}");
        if restores == 0 {
            assert_never_hot(&world);
        }
        assert_converged(&world, &store);
    }

    #[test]
    fn whatever_comes_in_any_order_one_thing_is_outstanding_and_nothing_panics(
        seed: u64, picks in prop::collection::vec((0_u8..14, 0_i64..40_000), 1..120),
    ) {
        let mut engine = Engine::new(EngineConfig::new(seed));
        let (mut now, mut open) = (0_i64, Vec::<OpId>::new());
        let mut past = Vec::<OpId>::new();
        for (pick, later) in picks {
            now += later;
            let id = open.last().or(past.last()).copied().unwrap_or(OpId(9));
            let old = past.first().copied().unwrap_or(OpId(1));
            let event = match pick {
                0 => Event::Start { budget_ms: None },
                1 => Event::Start { budget_ms: Some(5_000) },
                2 => Event::Tick,
                3 => Event::LocalEdit,
                4 => Event::Poke,
                5 => Event::Online(false),
                6 => Event::Online(true),
                7 => Event::Cancel,
                8 => Event::Stored(id, StoreAnswer::Done),
                9 => Event::Stored(id, StoreAnswer::Cursor(CursorState {
                    device: DEVICE, cursor: vec![], epoch: None, today_ms: 0 })),
                10 => Event::Token(id, TokenReply::Ready),
                11 => Event::Answer(old, failure(500, "x", None)),
                12 => Event::Answer(id, failure(503, "busy", Some(1))),
                _ => Event::Stored(id, StoreAnswer::Outbox(Outbox::Empty)),
            };
            for action in engine.step(Monotonic(now), event) {
                match action {
                    Action::Store(id, _) | Action::NeedToken { id, .. } => open.push(id),
                    Action::Send(request) => open.push(request.id),
                    _ => {}
                }
            }
            let outstanding = engine.outstanding();
            past.extend(open.iter().filter(|it| Some(**it) != outstanding));
            open.retain(|it| Some(*it) == outstanding);
            prop_assert_eq!(open.len(), usize::from(outstanding.is_some()));
            prop_assert_eq!(engine.is_running(), outstanding.is_some());
        }
    }

    #[test]
    fn verdicts_align_or_are_refused(counts in prop::collection::vec(0_u32..6, 0..8), n in 0_u32..20) {
        let hashes: Vec<ChangeHash> = (0..n).map(hash).collect();
        let runs = counts.iter().map(|count| VerdictRun {
            count: *count, verdict: Verdict::Accepted { seq: 7 } }).collect();
        let fits = counts.iter().sum::<u32>() == n && counts.iter().all(|it| *it > 0);
        let aligned = align(&hashes, runs);
        prop_assert_eq!(aligned.is_some(), fits);
        if let Some(aligned) = aligned {
            prop_assert!(aligned.iter().map(|it| it.hash).eq(hashes));
        }
    }
}

#[test]
fn sequence_numbers_count_up_inside_a_run_of_verdicts() {
    let runs = vec![VerdictRun {
        count: 3,
        verdict: Verdict::Accepted { seq: 40 },
    }];
    let aligned = align(&[hash(1), hash(2), hash(3)], runs).unwrap();
    let seqs = aligned.iter().map(|it| it.verdict.clone());
    assert!(seqs.eq((40..43).map(|seq| Verdict::Accepted { seq })));
    let beyond = vec![VerdictRun {
        count: 2,
        verdict: Verdict::Accepted { seq: u64::MAX },
    }];
    assert_eq!(align(&[hash(1), hash(2)], beyond), None);
}

#[test]
fn an_expired_token_is_refreshed_once_and_the_run_goes_on() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.server.token_life = 2;
    assert!(is_idle(&world.life(&mut store)));
    assert_converged(&world, &store);
}

#[test]
fn a_token_refused_twice_blocks_the_network_until_somebody_signs_in() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    world.server.token_life = 0;
    for _ in 0..9 {
        world
            .server
            .script
            .push_back((wire::PUSH, failure(401, "token_expired", None)));
    }
    let end = world.life(&mut store);
    let blocked = SyncState::Blocked {
        action: Block::SignIn,
        code: "token_expired".into(),
    };
    assert_eq!(end, End::Rested(blocked));
    assert_eq!(world.sends.len(), 2);
    world.server.script.clear();
    world.server.token_life = u32::MAX;
    assert!(is_idle(&world.life(&mut store)));
    assert_converged(&world, &store);
}

#[test]
fn each_refusal_says_what_to_do() {
    let table = [
        (403, "device_unknown", Block::EnrolAgain),
        (403, "signature_invalid", Block::EnrolAgain),
        (403, "device_revoked", Block::DeviceRevoked),
        (403, "device_not_yours", Block::SignInAsOwner),
        (403, "role_missing", Block::AskAdministrator),
        (403, "something_new", Block::AskAdministrator),
        (409, "protocol", Block::UpdateApp),
    ];
    for (status, code, expected) in table {
        let mut world = World::new(1);
        let mut store = a_day(&mut world);
        world
            .server
            .script
            .push_back((wire::PUSH, failure(status, code, None)));
        let End::Rested(SyncState::Blocked { action, code: told }) = world.life(&mut store) else {
            panic!("{code} does not block");
        };
        assert_eq!((action, told.as_str()), (expected, code));
        assert_eq!(store.unsent(), 10);
    }
}

#[test]
fn a_code_from_outside_is_cut_to_what_a_code_looks_like() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    let code = "<script>\n".repeat(100);
    world
        .server
        .script
        .push_back((wire::PUSH, failure(403, &code, None)));
    let End::Rested(SyncState::Blocked { code, .. }) = world.life(&mut store) else {
        panic!("not blocked");
    };
    assert!(code.len() <= CODE_CHARS_MAX && code.starts_with("scriptscript"));
}

#[test]
fn a_busy_backend_is_left_alone_as_long_as_it_asks_even_by_a_start() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    let mut engine = Engine::new(EngineConfig::new(3));
    world
        .server
        .script
        .push_back((wire::PUSH, failure(503, "busy", Some(60_000))));
    assert!(is_idle(&world.life_of(&mut engine, &mut store)));
    assert!(world.sends[1].0.since(world.sends[0].0) >= 60_000);

    let mut store = a_day(&mut world);
    let ticks = SimTicks::default();
    ticks.set(10_000_000);
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let mut sent = 0;
    for _ in 0..20 {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                sent += 1;
                courier.deliver(request.id, Ok(failure(429, "slow_down", Some(60_000))));
            }
            Next::Rest(_) => courier.event(Event::Start { budget_ms: None }),
            Next::Outstanding(_) => panic!("outstanding"),
        }
    }
    assert_eq!(sent, 1);
}

#[test]
fn a_restored_backend_gets_everything_again_and_loses_nothing() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    assert!(is_idle(&world.life(&mut store)));
    world.server.restore(3);
    assert_eq!(world.server.seqs.len(), 3);
    assert!(is_idle(&world.life(&mut store)));
    assert_eq!(world.server.seqs.len(), 10);
    assert_converged(&world, &store);
}

#[test]
fn an_epoch_that_changes_with_every_answer_ends_in_a_wait() {
    let mut world = World::new(1);
    let mut store = a_day(&mut world);
    let mut engine = Engine::new(EngineConfig::new(3));
    let ticks = SimTicks::default();
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let state = loop {
        match courier.next_request() {
            Next::Token { id, .. } => courier.token(id, TokenReply::Ready),
            Next::Send(request) => {
                world.server.epoch += 1;
                let answer = world.server.handle(&request);
                courier.deliver(request.id, Ok(answer));
            }
            Next::Rest(state) => break state,
            Next::Outstanding(_) => panic!("outstanding"),
        }
    };
    let why = Why::Malformed("epoch_unstable");
    assert!(matches!(state, SyncState::Waiting { until: Some(_), why: it } if it == why));
    assert_eq!(courier.report().requests, 3);
}
