//! The table against an expectation written out by hand.

use super::*;

/// Who may write what: N nurse, T therapist, A aide, C coordinator,
/// S supervisor, U auditor. Written by hand from the roles' description, not
/// from the table. Create stands for `creates` with an empty skeleton.
const WRITERS: &[(DocumentKind, &str, &str)] = &[
    (Visit, "create", "CS"),
    (Visit, "create unplanned", "NTAS"),
    (Visit, "unplanned:", "NTAS"),
    (Visit, "handover:", "NTACS"),
    (Visit, "duplicates/1:", "NTACS"),
    (Visit, "notices/1:", "NTACS"),
    (Visit, "status=in_progress", "NTAS"),
    (Visit, "status=completed", "NTAS"),
    (Visit, "status=canceled", "NTACS"),
    (Visit, "status=missed", "NTACS"),
    (Visit, "status=signed", "NTS"),
    (Visit, "status=amended", "NTS"),
    (Visit, "steps/1:to=traveling", "NTAS"),
    (Visit, "steps/1:to=missed", "NTACS"),
    (Visit, "steps/1:to=signed", "NTS"),
    (Visit, "presence/1:", "NTAS"),
    (Visit, "sign_offs/1:", "NTAS"),
    (Visit, "consent:", "NTAS"),
    (Visit, "lobby/1:source=member", "NTAS"),
    (Visit, "lobby/1:source=service", ""),
    (Visit, "lobby/1:", ""),
    (Visit, "outcome", "NTS"),
    (Visit, "note", "NTAS"),
    (Visit, "tasks/1", "NTACS"),
    (Visit, "tasks/1/result", "NTACS"),
    (Visit, "planned/1", "NTACS"),
    (Visit, "observations/1:", "NTAS"),
    (Visit, "measures/weight_kg", "NTAS"),
    (Visit, "medications/1:", "NS"),
    (Visit, "forms/1", "NTAS"),
    (Visit, "forms/1/answers/q1", "NTAS"),
    (Visit, "attachments/1:", "NTAS"),
    (Visit, "survey/1:", "NTACS"),
    (Visit, "survey/1", ""),
    (Visit, "corrections/1:section=observations", "NTAS"),
    (Visit, "corrections/1:section=medications", "NS"),
    (Visit, "corrections/1:section=steps", "NTS"),
    (Visit, "corrections/1:section=sign_offs", "NTAS"),
    (Visit, "signatures/1:role", "NTS"),
    (Visit, "amendments/1:", "NTS"),
    (Visit, "settlements/1:field=tasks/1/result", "NTACS"),
    (Visit, "settlements/1:field=outcome", "NTS"),
    (Visit, "settlements/1:field=handover", "NTACS"),
    (Visit, "settlements/1:field=note", "NTAS"),
    (Visit, "settlements/1:field=consent", "NTAS"),
    (Visit, "settlements/1:field=medications/1", ""),
    (Visit, "schema", ""),
    (Visit, "patient", ""),
    (Visit, "kind", ""),
    (Visit, "billing", ""),
    (Visit, "tasks", ""),
    (Visit, "medications", ""),
    (Chart, "create", "NCS"),
    (Chart, "contacts/1", "NTCS"),
    (Chart, "contacts/1/phone", "NTCS"),
    (Chart, "home_access/door_code", "NTACS"),
    (Chart, "alerts/1/text", "NTCS"),
    (Chart, "notice_wishes:", "NTACS"),
    (Chart, "settlements/1:field=notice_wishes", "NTACS"),
    (Chart, "spo2_scale", "NS"),
    (Chart, "allergies/1", "NS"),
    (Chart, "allergies/1/severity", "NS"),
    (Chart, "conditions/1/clinical_status", "NS"),
    (Chart, "medications/1/dose", "NS"),
    (Chart, "medications/1/dosing", "NS"),
    (Chart, "reviews/1:section=medications", "NS"),
    (Chart, "reviews/1:section=contacts", "NTCS"),
    (Chart, "messages/1:", "NTAS"),
    (Chart, "message_reads/1:", "NTAS"),
    (Chart, "looks/1:", "NTAS"),
    (Chart, "corrections/1:section=messages", "NTAS"),
    (Chart, "corrections/1:section=reviews", "NTCS"),
    (Chart, "corrections/1:section=allergies", "NS"),
    (Chart, "settlements/1:field=allergies/1/severity", "NS"),
    (Chart, "settlements/1:field=home_access/door_code", "NTACS"),
    (Chart, "patient", ""),
    (Plan, "create", "NTS"),
    (Plan, "title", "NTS"),
    (Plan, "status", "NS"),
    (Plan, "time_zone", "NTS"),
    (Plan, "template", "NTS"),
    (Plan, "assignee", "NTS"),
    (Plan, "narrative", "NTS"),
    (Plan, "goals/1/achievement", "NTS"),
    (Plan, "activities/1", "NTS"),
    (Plan, "activities/1/status", "NTS"),
    (Plan, "adherence/1:", "NTAS"),
    (Plan, "progress/1:", "NTAS"),
    (Plan, "pauses/1:", "NTS"),
    (Plan, "settlements/1:field=activities/1/progress", "NTS"),
    (Plan, "settlements/1:field=status", "NS"),
    (Plan, "patient", ""),
];

/// Who is shown what.
const SEERS: &[(DocumentKind, &str, &str)] = &[
    (Visit, "status", "NTACSU"),
    (Visit, "steps/1", "NTACSU"),
    (Visit, "presence/1", "NTACSU"),
    (Visit, "sign_offs/1", "NTASU"),
    (Visit, "tasks/1/status", "NTACSU"),
    (Visit, "unplanned", "NTACSU"),
    (Visit, "handover", "NTACSU"),
    (Visit, "duplicates/1", "NTACSU"),
    (Visit, "notices/1", "NTACSU"),
    (Visit, "survey/1", "NTACSU"),
    (Visit, "planned/1", "NTACSU"),
    (Visit, "note", "NTASU"),
    (Visit, "consent", "NTASU"),
    (Visit, "lobby/1", "NTASU"),
    (Visit, "observations/1", "NTASU"),
    (Visit, "medications/1", "NTASU"),
    (Chart, "contacts/1/name", "NTACSU"),
    (Chart, "home_access/parking", "NTACSU"),
    (Chart, "alerts/1/text", "NTACSU"),
    (Chart, "notice_wishes", "NTACSU"),
    (Chart, "spo2_scale", "NTASU"),
    (Chart, "allergies/1/code", "NTASU"),
    (Chart, "conditions/1/code", "NTASU"),
    (Chart, "messages/1", "NTASU"),
    (Chart, "message_reads/1", "NTASU"),
    (Chart, "looks/1", "NTASU"),
    (Plan, "narrative", "NTASU"),
];

fn letter(role: Role) -> char {
    match role {
        Role::Nurse => 'N',
        Role::Therapist => 'T',
        Role::Aide => 'A',
        Role::Coordinator => 'C',
        Role::Supervisor => 'S',
        Role::Auditor => 'U',
    }
}

/// Reads a cell's name: `path`, `path=value`, or `path:name=value` for an entry.
fn edit_of(cell: &str, role: Role) -> Edit {
    if cell == "create" {
        return Edit(FieldPath("schema".into()), json!(1), true);
    }
    if cell == "create unplanned" {
        return Edit(FieldPath("unplanned".into()), json!({ "by": me() }), true);
    }
    if let Some((path, entry)) = cell.split_once(':') {
        let value = match entry.split_once('=') {
            Some((name, value)) => json!({ name: value }),
            None => json!({ "role": role.name() }),
        };
        return by_me(path, value);
    }
    let (path, value) = cell.split_once('=').unwrap_or((cell, "x"));
    edit(path, json!(value))
}

fn allowed_by(table: &[Row], role: Role, kind: DocumentKind, cell: &str) -> bool {
    let Edit(path, value, creates) = edit_of(cell, role);
    let change = Change {
        path: &path,
        by: Some(me()),
        value: Some(&value),
        creates,
    };
    let whole = [change];
    rules::judge(
        table,
        &Policy::default(),
        &actor(role),
        kind,
        &change,
        &whole,
    )
    .is_ok()
}

fn seen_by(table: &[Row], role: Role, kind: DocumentKind, cell: &str) -> bool {
    let path = FieldPath(cell.into());
    table
        .iter()
        .any(|row| row.right == Right::See && row.covers(role, kind, &path))
}

#[test]
fn every_cell_of_the_matrix_is_as_written() {
    for (kind, cell, roles) in WRITERS {
        for role in Role::ALL {
            let result = judge(role, &subject(*kind), &[edit_of(cell, role)]);
            let expected = roles.contains(letter(role));
            assert_eq!(
                result.is_ok(),
                expected,
                "{role:?} {kind:?} {cell} {result:?}"
            );
        }
    }
    for (kind, cell, roles) in SEERS {
        for role in Role::ALL {
            let seen = may_see(role, *kind, &FieldPath((*cell).into()));
            assert_eq!(
                seen,
                roles.contains(letter(role)),
                "{role:?} {kind:?} {cell}"
            );
        }
    }
}

/// One test per row: take the row away, and what it alone allows is denied to
/// each of its roles; nobody else loses or gains anything.
#[test]
fn each_row_alone_allows_its_roles_what_the_matrix_says() {
    for (index, row) in TABLE.iter().enumerate() {
        let mut without = TABLE.to_vec();
        without.remove(index);
        for role in Role::ALL {
            let lost_write = WRITERS.iter().any(|(kind, cell, _)| {
                allowed_by(TABLE, role, *kind, cell) && !allowed_by(&without, role, *kind, cell)
            });
            let lost_sight = SEERS.iter().any(|(kind, cell, _)| {
                seen_by(TABLE, role, *kind, cell) && !seen_by(&without, role, *kind, cell)
            });
            let expected = row.roles.contains(&role);
            assert_eq!(lost_write || lost_sight, expected, "{role:?} {row:?}");
        }
    }
}
