//! What is true of any role, path and grant.

use proptest::prelude::*;

use super::*;

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn any_kind() -> impl Strategy<Value = DocumentKind> {
    prop::sample::select(vec![Visit, Chart, Plan])
}

fn any_grant() -> impl Strategy<Value = Grant> {
    let source = prop::sample::select(vec![
        GrantSource::CareTeam,
        GrantSource::Assignment,
        GrantSource::BreakGlass,
    ]);
    (
        1_u128..3,
        3_u128..5,
        source,
        -20_i64..20,
        prop::option::of(-20_i64..20),
    )
        .prop_map(|(person, patient, source, from, until)| Grant {
            person: PersonId(Uuid::from_u128(person)),
            patient: PatientId(Uuid::from_u128(patient)),
            source,
            from_ms: NOW.plus(from),
            until_ms: until.map(|until| NOW.plus(until)),
        })
}

/// Paths near and far from those of the table.
fn any_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => prop::sample::select(vec![
            "status", "note", "tasks", "medications", "allergies", "signatures", "goals", "title",
            "settlements", "", "*", "**",
        ]).prop_map(String::from),
        1 => "[a-z0-9_]{1,6}",
    ];
    prop::collection::vec(segment, 1..5).prop_map(|segments| segments.join("/"))
}

/// Whether any row's pattern speaks of the path, spelt anew.
fn some_row_speaks_of(kind: DocumentKind, path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    TABLE.iter().any(|row| {
        let pattern: Vec<&str> = row.pattern.split('/').collect();
        let open = pattern.last() == Some(&"**");
        let fixed = if open {
            pattern.len() - 1
        } else {
            pattern.len()
        };
        let long_enough = if open {
            path.len() > fixed
        } else {
            path.len() == fixed
        };
        row.kind == kind
            && row.right != Right::See
            && long_enough
            && pattern[..fixed]
                .iter()
                .zip(&path)
                .all(|(p, s)| *p == "*" || p == s)
    })
}

proptest! {
    #[test]
    fn what_no_row_speaks_of_is_denied_to_everyone(
        role in any_role(), kind in any_kind(), path in any_path(),
    ) {
        let value = json!({ "role": role.name(), "section": "tasks", "field": "note" });
        let result = judge(role, &subject(kind), &[by_me(&path, value)]);
        if !some_row_speaks_of(kind, &path) || role == Role::Auditor {
            prop_assert!(result.is_err(), "{} {:?}", path, result);
        }
    }

    #[test]
    fn a_grant_that_ended_has_not_begun_or_is_anothers_never_permits(
        role in any_role(), grants in prop::collection::vec(any_grant(), 0..6),
    ) {
        let holds = |grant: &Grant| {
            grant.person == me()
                && grant.patient == patient()
                && grant.from_ms <= NOW
                && match grant.until_ms {
                    Some(until) => until > NOW,
                    None => grant.source != GrantSource::BreakGlass,
                }
        };
        let tenant_wide = matches!(role, Role::Coordinator | Role::Supervisor | Role::Auditor);
        let expected = tenant_wide || grants.iter().any(holds);
        let read = may_read(&actor(role), patient(), &grants, NOW);
        prop_assert_eq!(read.is_ok(), expected);
        let policy = Policy::default();
        let change = may_change(&policy, &actor(role), &subject(Visit), &grants, NOW, &[]);
        prop_assert_eq!(change.is_ok(), expected);
    }

    #[test]
    fn one_grant_more_never_takes_anything_away(
        role in any_role(),
        mut grants in prop::collection::vec(any_grant(), 0..4),
        more in any_grant(),
    ) {
        let before = may_read(&actor(role), patient(), &grants, NOW);
        grants.push(more);
        if before.is_ok() {
            prop_assert!(may_read(&actor(role), patient(), &grants, NOW).is_ok());
        }
    }

    #[test]
    fn one_denial_more_never_allows_anything(
        role in any_role(), kind in any_kind(), path in any_path(), pattern in any_path(),
    ) {
        let edits = [edit(&path, json!("x"))];
        let denials = vec![Denial { role, kind, pattern }];
        let stricter = Policy { denials, ..Policy::default() };
        if judge(role, &subject(kind), &edits).is_err() {
            prop_assert!(judge_with(&stricter, role, &subject(kind), &edits).is_err());
        }
    }
}
