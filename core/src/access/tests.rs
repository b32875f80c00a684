//! What the rules say about changes; `matrix` holds the table against an
//! expectation written out by hand, `properties` what is true of any input.

mod matrix;
mod properties;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::model::DocumentKind::{Chart, Plan, Visit};

const NOW: Millis = Millis(1_800_000_000_000);

fn me() -> PersonId {
    PersonId(Uuid::from_u128(1))
}

fn somebody_else() -> PersonId {
    PersonId(Uuid::from_u128(2))
}

fn patient() -> PatientId {
    PatientId(Uuid::from_u128(3))
}

fn actor(role: Role) -> Actor {
    Actor { person: me(), role }
}

fn grant(source: GrantSource) -> Grant {
    Grant {
        person: me(),
        patient: patient(),
        source,
        from_ms: NOW.plus(-1_000),
        until_ms: (source == GrantSource::BreakGlass).then(|| NOW.plus(1_000)),
    }
}

fn subject(kind: DocumentKind) -> Subject {
    Subject {
        kind,
        patient: patient(),
        sealed: false,
        seal_known: false,
    }
}

fn known_seal() -> Subject {
    Subject {
        sealed: true,
        seal_known: true,
        ..subject(Visit)
    }
}

/// A change as a test writes it; an entry's `by` is read from its value.
struct Edit(FieldPath, Value, bool);

fn edit(path: &str, value: Value) -> Edit {
    Edit(FieldPath(path.into()), value, false)
}

fn by_me(path: &str, mut entry: Value) -> Edit {
    entry["by"] = json!(me());
    edit(path, entry)
}

fn judge_with(
    policy: &Policy,
    role: Role,
    subject: &Subject,
    edits: &[Edit],
) -> Result<(), Denied> {
    let changes: Vec<Change<'_>> = edits
        .iter()
        .map(|Edit(path, value, creates)| Change {
            path,
            by: value
                .get("by")
                .and_then(|by| serde_json::from_value(by.clone()).ok()),
            value: Some(value),
            creates: *creates,
        })
        .collect();
    let grants = [grant(GrantSource::CareTeam)];
    may_change(policy, &actor(role), subject, &grants, NOW, &changes)
}

fn judge(role: Role, subject: &Subject, edits: &[Edit]) -> Result<(), Denied> {
    judge_with(&Policy::default(), role, subject, edits)
}

fn rule(result: Result<(), Denied>) -> &'static str {
    result.map_or_else(|denied| denied.rule, |()| "ok")
}

#[test]
fn an_entry_by_somebody_else_or_by_nobody_is_denied() {
    let forged = edit("observations/1", json!({ "by": somebody_else() }));
    let anonymous = edit("observations/1", json!({}));
    for entry in [forged, anonymous] {
        let result = judge(Role::Nurse, &subject(Visit), &[entry]);
        assert_eq!(rule(result), code::AUTHOR_MISMATCH);
    }
}

#[test]
fn nobody_signs_for_another_or_in_another_role() {
    let for_another = edit(
        "signatures/1",
        json!({ "by": somebody_else(), "role": "nurse" }),
    );
    let result = judge(Role::Supervisor, &subject(Visit), &[for_another]);
    assert_eq!(rule(result), code::AUTHOR_MISMATCH);
    let as_another = by_me("signatures/1", json!({ "role": "nurse" }));
    let result = judge(Role::Supervisor, &subject(Visit), &[as_another]);
    assert_eq!(rule(result), code::ROLE_MISMATCH);
}

#[test]
fn one_denied_change_denies_the_whole_set() {
    let edits = [
        edit("note", json!("x")),
        by_me("medications/1", json!({})),
        edit("outcome", json!("x")),
    ];
    let denied = judge(Role::Aide, &subject(Visit), &edits).unwrap_err();
    assert_eq!(
        (denied.rule, denied.field.as_str()),
        (code::NOT_PERMITTED, "medications/1")
    );
}

#[test]
fn a_status_whose_value_is_not_known_is_denied_to_those_with_limited_values() {
    let path = FieldPath("status".into());
    let change = Change {
        path: &path,
        by: None,
        value: None,
        creates: false,
    };
    let grants = [grant(GrantSource::Assignment)];
    for (role, expected) in [
        (Role::Nurse, "ok"),
        (Role::Aide, code::VALUE),
        (Role::Coordinator, code::VALUE),
    ] {
        let policy = Policy::default();
        let result = may_change(
            &policy,
            &actor(role),
            &subject(Visit),
            &grants,
            NOW,
            &[change],
        );
        assert_eq!(rule(result), expected);
    }
}

#[test]
fn what_a_document_is_born_with_beyond_its_skeleton_needs_its_own_right() {
    let born = |path: &str, value| Edit(FieldPath(path.into()), value, true);
    let skeleton = [
        born("schema", json!(1)),
        born("patient", json!(patient())),
        born("status", json!("scheduled")),
        born("medications", json!({})),
        born("note", json!("")),
        born("tasks/1", json!({ "title": "x" })),
    ];
    assert!(judge(Role::Coordinator, &subject(Visit), &skeleton).is_ok());
    for smuggled in [
        born("note", json!("x")),
        born("status", json!("completed")),
        born("medications/1", json!({ "by": me() })),
    ] {
        assert!(judge(Role::Coordinator, &subject(Visit), &[smuggled]).is_err());
    }
}

#[test]
fn a_signed_visit_takes_amendments_and_what_is_beside_the_seal_only() {
    let amendment = || by_me("amendments/1", json!({ "reason": "late result" }));
    let late_vitals = || by_me("observations/2", json!({}));
    let amended = || edit("status", json!("amended"));
    let step = |to: &str| by_me("steps/3", json!({ "to": to }));
    let sealed = known_seal();
    let nurse = |edits: &[Edit]| rule(judge(Role::Nurse, &sealed, edits));

    assert_eq!(nurse(&[edit("note", json!("x"))]), code::SEALED);
    assert_eq!(nurse(&[late_vitals()]), code::SEALED);
    assert_eq!(nurse(&[amended()]), code::SEALED);
    let wrong = |section| by_me("corrections/1", json!({ "section": section }));
    assert_eq!(nurse(&[wrong("observations")]), code::SEALED);
    assert_eq!(nurse(&[wrong("sign_offs")]), "ok");
    assert_eq!(nurse(&[amendment()]), "ok");
    assert_eq!(
        nurse(&[late_vitals(), amendment(), amended(), step("amended")]),
        "ok"
    );
    assert_eq!(
        nurse(&[amendment(), edit("status", json!("in_progress"))]),
        code::SEALED
    );
    assert_eq!(nurse(&[amendment(), step("completed")]), code::SEALED);
    assert_eq!(
        nurse(&[by_me("signatures/2", json!({ "role": "nurse" }))]),
        "ok"
    );
    let aide = judge(Role::Aide, &sealed, &[late_vitals(), amendment()]);
    assert_eq!(rule(aide), code::NOT_PERMITTED);
}

#[test]
fn an_edit_made_before_its_author_knew_of_the_signature_is_judged_as_open() {
    let unknown = Subject {
        seal_known: false,
        ..known_seal()
    };
    let note = || edit("note", json!("x"));
    assert_eq!(rule(judge(Role::Aide, &unknown, &[note()])), "ok");
    assert_eq!(
        rule(judge(Role::Aide, &known_seal(), &[note()])),
        code::SEALED
    );
}

#[test]
fn a_seal_says_nothing_about_charts_and_plans() {
    let chart = Subject {
        kind: Chart,
        ..known_seal()
    };
    let code = edit("home_access/door_code", json!("x"));
    assert!(judge(Role::Aide, &chart, &[code]).is_ok());
}

#[test]
fn a_policys_denial_takes_away_what_the_table_allows() {
    let policy = Policy {
        denials: vec![Denial {
            role: Role::Aide,
            kind: Visit,
            pattern: "tasks/*/comment".into(),
        }],
        ..Policy::default()
    };
    let aide = |path: &str| {
        let edits = [edit(path, json!("x"))];
        rule(judge_with(&policy, Role::Aide, &subject(Visit), &edits))
    };
    assert_eq!(aide("tasks/1/comment"), code::POLICY);
    assert_eq!(
        aide("tasks/1"),
        code::POLICY,
        "the whole item holds the field"
    );
    assert_eq!(aide("tasks/1/status"), "ok");
    let settled = by_me("settlements/1", json!({ "field": "tasks/1/comment" }));
    let result = judge_with(&policy, Role::Aide, &subject(Visit), &[settled]);
    assert_eq!(rule(result), code::SUBJECT_NOT_PERMITTED);
}

#[test]
fn a_settlement_may_not_choose_what_its_author_may_not_write() {
    let settle = |chosen: &str| {
        let entry = json!({ "field": "status", "chosen": chosen });
        judge(
            Role::Coordinator,
            &subject(Visit),
            &[by_me("settlements/1", entry)],
        )
    };
    assert_eq!(rule(settle("canceled")), "ok");
    assert_eq!(rule(settle("completed")), code::SUBJECT_NOT_PERMITTED);
}

#[test]
fn a_policy_outside_its_limits_is_named_and_later_fields_are_ignored() {
    let policy: Policy =
        serde_json::from_value(json!({ "version": 7, "later": { "field": 1 } })).unwrap();
    assert_eq!(
        (policy.lease_ms, policy.break_glass_max_ms),
        (259_200_000, 14_400_000)
    );
    assert!(policy.check().is_ok());
    let endless = Policy {
        lease_ms: i64::MAX,
        ..Policy::default()
    };
    assert_eq!(endless.check().unwrap_err().field, "lease_ms");
    let open = Policy {
        break_glass_max_ms: BREAK_GLASS_CEILING_MS + 1,
        ..Policy::default()
    };
    assert_eq!(open.check().unwrap_err().field, "break_glass_max_ms");
}

#[test]
fn break_glass_without_an_end_or_longer_than_the_policy_allows_is_no_grant() {
    let mut endless = grant(GrantSource::BreakGlass);
    endless.until_ms = None;
    let mut long = grant(GrantSource::BreakGlass);
    long.until_ms = Some(NOW.plus(Policy::default().break_glass_max_ms));
    let path = FieldPath("note".into());
    let change = Change {
        path: &path,
        by: None,
        value: None,
        creates: false,
    };
    for grant in [endless, long] {
        let nurse = actor(Role::Nurse);
        let policy = Policy::default();
        let result = may_change(&policy, &nurse, &subject(Visit), &[grant], NOW, &[change]);
        assert_eq!(rule(result), code::NO_GRANT);
    }
}

#[test]
fn the_denial_says_its_code_and_no_path() {
    let denied = Denied::new(code::SEALED, "tasks/0192aaaa/comment");
    assert_eq!(denied.to_string(), "not allowed: sealed");
}
