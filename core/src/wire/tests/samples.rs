//! One of each body.

use crate::wire::*;

fn policy() -> SignedPolicy {
    SignedPolicy {
        policy: r#"{"version":3}"#.into(),
        signature: [7; 64].into(),
    }
}

fn verdicts() -> Vec<VerdictRun> {
    let run = |count, verdict| VerdictRun { count, verdict };
    vec![
        run(3, Verdict::Accepted { seq: 70_000 }),
        run(1, Verdict::Duplicate),
        run(
            1,
            Verdict::Waiting {
                missing: vec![[9; 32].into(), [8; 32].into()],
            },
        ),
        run(
            2,
            Verdict::Rejected {
                code: "access_ended".into(),
                field: "tasks/1/result".into(),
            },
        ),
    ]
}

pub(super) fn page() -> Page {
    let row = |body: Option<&str>| RecordRow {
        kind: 2,
        id: [4; 16].into(),
        patient: body.map(|_| [5; 16].into()),
        version: 12,
        body: body.map(Into::into),
    };
    Page {
        epoch: 3,
        server_ms: 1_763_800_000_000,
        cursor: vec![1, 2, 3].into(),
        more: true,
        policy: Some(policy()),
        enters: vec![Enter {
            patient: [5; 16].into(),
            source: "care_team".into(),
            until_ms: Some(1_763_900_000_000),
        }],
        records: vec![row(Some(r#"{"family":"Süß"}"#)), row(None)],
        snapshots: vec![Snapshot {
            document: vec![1; 17].into(),
            patient: [5; 16].into(),
            bytes: vec![0x85, 0x6f].into(),
            priority: 1,
        }],
        changes: vec![6; 30].into(),
        verdicts: vec![LateVerdict {
            hash: [3; 32].into(),
            verdict: Verdict::Duplicate,
        }],
        leaves: vec![Leave {
            patient: [6; 16].into(),
            reason: "access_ended".into(),
        }],
        remaining: Some(1_998),
        proofs: None,
    }
}

/// What is done with each body, whatever its type.
pub(super) trait Visitor {
    fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T);
}

pub(super) fn visit_all(visitor: &mut impl Visitor) {
    visit_sync(visitor);
    visit_proofs(visitor);
    visit_rest(visitor);
}

fn visit_rest(visitor: &mut impl Visitor) {
    let device = [2; 16];
    visitor.visit(
        "enrol_request",
        &EnrolRequest {
            public_key: [1; 32].into(),
            label: "Phone 12".into(),
            proof: [9; 64].into(),
        },
    );
    visitor.visit(
        "enrol_response",
        &EnrolResponse {
            device: device.into(),
            person: [3; 16].into(),
            role: "nurse".into(),
            tenant: [4; 16].into(),
            server_key: [5; 32].into(),
            escrow_key: [6; 32].into(),
            policy: policy(),
            epoch: 1,
            server_ms: 1_763_800_000_000,
            person_name: "Ada Moreau".into(),
        },
    );
    let (epoch, server_ms) = (3, 1_763_800_000_000);
    visitor.visit("ack", &Ack { epoch, server_ms });
    visitor.visit(
        "beacon",
        &Beacon {
            device: device.into(),
            oldest_unsent_ms: Some(86_400_000),
            pending: 12,
            quarantined: 1,
            version: "0.1.0".into(),
            last_error: None,
        },
    );
    visitor.visit(
        "break_glass_request",
        &BreakGlassRequest {
            device: device.into(),
            patient: [5; 16].into(),
            reason: "found on the floor".into(),
        },
    );
    visitor.visit(
        "failure",
        &Failure {
            code: "token_expired".into(),
            field: String::new(),
            remedy: "sign in again".into(),
            retry_after_ms: Some(1_500),
        },
    );
}

/// The bodies with what came after the first release of the protocol.
fn visit_proofs(visitor: &mut impl Visitor) {
    let proof = Proof {
        document: vec![1; 17].into(),
        hash: [3; 32].into(),
        code: [4; 16].into(),
    };
    let with_proofs = Page {
        proofs: Some(vec![proof.clone()]),
        ..page()
    };
    visitor.visit("page_proofs", &with_proofs);
    visitor.visit(
        "push_request_proofs",
        &PushRequest {
            device: [2; 16].into(),
            changes: vec![7; 40].into(),
            signature: [8; 64].into(),
            proofs: Some(vec![proof]),
            devices: Some(vec![DeviceProof {
                device: [5; 16].into(),
                person: [6; 16].into(),
                public_key: [7; 32].into(),
                code: [9; 16].into(),
            }]),
        },
    );
}

fn visit_sync(visitor: &mut impl Visitor) {
    let device = [2; 16];
    visitor.visit(
        "push_request",
        &PushRequest {
            device: device.into(),
            changes: vec![7; 40].into(),
            signature: [8; 64].into(),
            proofs: None,
            devices: None,
        },
    );
    visitor.visit(
        "push_response",
        &PushResponse {
            epoch: 3,
            server_ms: -1,
            verdicts: verdicts(),
        },
    );
    visitor.visit(
        "pull_request",
        &PullRequest {
            device: device.into(),
            cursor: vec![].into(),
            bytes_max: PAGE_BYTES_DEFAULT,
            today_ms: 1_763_800_000_000,
        },
    );
    visitor.visit("page", &page());
    visitor.visit(
        "receipts_request",
        &ReceiptsRequest {
            device: device.into(),
            receipts: vec![Receipt {
                id: [1; 16].into(),
                patient: [5; 16].into(),
                reason: "access_ended".into(),
                documents: 4,
                records: 5_012,
                at_ms: 1_763_800_000_000,
            }],
            signature: [8; 64].into(),
        },
    );
}
