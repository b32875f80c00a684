//! Judges the offered changes of one document.

mod bring_back;
mod fallen;
mod reinstate;

use std::collections::{BTreeMap, BTreeSet};

use homeround::access::{self, Change as Asked, Denied, Policy, Subject, code};
use homeround::merge::{Document, Inspected, Touch, Trial, VetError};
use homeround::model::{
    ChangeHash, DeviceId, DocumentId, DocumentKind, FieldPath, Grant, Millis, PatientId, PersonId,
};
use homeround::vault::device_tag;
use homeround::wire::Verdict;

use super::Offered;
use crate::service::documents::{self, Loaded};
use crate::service::verdict::{
    ACCESS_ENDED, ACTOR_NOT_YOURS, DEPENDS_ON_REJECTED, UNKNOWN_DOCUMENT, rejected,
};
use crate::service::way::{self, Effect};
use crate::service::{Caller, ServiceError};
use crate::store::{ChangeRow, DeviceRow, DocumentRow, Reader, RejectedRow, Tenant, Writer};

/// Most field paths kept with a rejected change.
const PATHS_KEPT_MAX: usize = 64;

/// Who asks, and by which rules.
pub(super) struct Judge<'j> {
    pub(super) caller: &'j Caller,
    pub(super) device: &'j DeviceRow,
    pub(super) policy: &'j Policy,
    pub(super) now: Millis,
    pub(super) offered: &'j [Offered],
    pub(super) tenant: &'j Tenant,
    /// Which of them were accepted before, by index.
    pub(super) proven: &'j [bool],
    /// Devices that were enrolled before, whether they are known now or not.
    pub(super) enrolled: &'j [DeviceRow],
}

/// What became of one document's changes.
pub(super) struct Judged {
    /// By index of the batch; accepted ones get theirs with their number.
    pub(super) verdicts: Vec<(usize, Verdict)>,
    /// By index of the batch, without numbers. What a change needed and was taken back in
    /// stands before it under its index.
    pub(super) accepted: Vec<(usize, ChangeRow)>,
    /// How many of them were taken back in.
    pub(super) reinstated: u64,
    /// How many of them were accepted before the backend was put back to a backup.
    pub(super) brought_back: u64,
    pub(super) rejected: Vec<RejectedRow>,
    /// What is to be done once the document is stored.
    pub(super) effects: Vec<Effect>,
    /// Which one.
    pub(super) id: DocumentId,
    /// The document as it stands now, if something was accepted.
    pub(super) row: Option<DocumentRow>,
    /// The row's snapshot holds everything.
    pub(super) renewed: bool,
}

/// Why a change is not accepted.
enum No {
    Vet(VetError),
    Code(&'static str, &'static str),
    Denied(Denied),
}

/// One document under judgement.
struct Bench<'b> {
    id: DocumentId,
    /// None until a new document's first change says whose it is.
    patient: Option<PatientId>,
    sealed: bool,
    grants: Vec<Grant>,
    /// A grant to the patient was ended or ran out.
    had_access: bool,
    trial: Trial,
    judged: Judged,
    /// Rejected in this batch or before, by this device.
    fallen: BTreeSet<ChangeHash>,
    /// Accepted in this batch: whether it came after the seal.
    after_seal: BTreeMap<ChangeHash, bool>,
    /// Taken in, this one left the scratch copy unusable.
    spoiled: Option<(usize, &'static str)>,
    judge: &'b Judge<'b>,
}

impl Judge<'_> {
    pub(super) async fn document(
        &self,
        tx: &mut dyn Writer,
        id: DocumentId,
        indices: &[usize],
    ) -> Result<Judged, ServiceError> {
        let loaded = documents::load(tx, id).await?;
        let mut skipped = BTreeSet::new();
        loop {
            let mut bench = self.bench(tx, id, loaded.as_ref()).await?;
            for &index in indices {
                if let Some(&(_, code)) = skipped.iter().find(|(known, _)| *known == index) {
                    bench.reject(index, &No::Code(code, ""), &[]);
                } else if bench.spoiled.is_none() {
                    bench.change(tx, index).await?;
                }
            }
            if let Some(spoiled) = bench.spoiled {
                skipped.insert(spoiled);
                continue;
            }
            match bench.finish(loaded.as_ref()) {
                Ok(judged) => return Ok(judged),
                // One of the accepted ones does what only shows at the end:
                // the last of them is put aside and the rest judged again.
                Err((last, code)) => skipped.insert((last, code)),
            };
        }
    }

    async fn bench(
        &self,
        tx: &mut dyn Writer,
        id: DocumentId,
        loaded: Option<&Loaded>,
    ) -> Result<Bench<'_>, ServiceError> {
        let trial = match loaded {
            Some(loaded) => loaded.document.trial(),
            None => Document::empty_trial(id),
        };
        let mut bench = Bench {
            id,
            patient: None,
            sealed: loaded.is_some_and(|loaded| loaded.row.sealed),
            grants: Vec::new(),
            had_access: false,
            trial,
            judged: Judged {
                verdicts: Vec::new(),
                accepted: Vec::new(),
                reinstated: 0,
                brought_back: 0,
                rejected: Vec::new(),
                effects: Vec::new(),
                id,
                row: None,
                renewed: false,
            },
            fallen: BTreeSet::new(),
            after_seal: BTreeMap::new(),
            spoiled: None,
            judge: self,
        };
        if let Some(loaded) = loaded {
            bench.belongs_to(tx, loaded.row.patient).await?;
        }
        Ok(bench)
    }
}

impl Bench<'_> {
    async fn belongs_to(
        &mut self,
        reader: &mut dyn Reader,
        patient: PatientId,
    ) -> Result<(), ServiceError> {
        let rows = reader
            .grants_between(self.judge.caller.person, patient)
            .await?;
        self.had_access = rows.iter().any(|row| row.ended_at.is_some());
        let open = rows.into_iter().filter(|row| row.ended_at.is_none());
        self.grants = open.map(|row| row.grant).collect();
        self.patient = Some(patient);
        Ok(())
    }

    async fn change(&mut self, tx: &mut dyn Writer, index: usize) -> Result<(), ServiceError> {
        let offered = &self.judge.offered[index];
        if self.after_seal.contains_key(&offered.hash)
            || tx.change_mark(&offered.hash).await?.is_some()
        {
            self.judged.verdicts.push((index, Verdict::Duplicate));
            return Ok(());
        }
        if self.judge.proven[index] {
            return bring_back::one(self, tx, index).await;
        }
        let device = self.judge.device.id;
        let before = tx.rejected_by_hash(&offered.hash, device).await?;
        // What it builds on may be here now: colleagues bring it back.
        if let Some(row) = before.filter(|row| row.code != DEPENDS_ON_REJECTED) {
            self.fallen.insert(offered.hash);
            let again = rejected(&row.code, &row.field);
            self.judged.verdicts.push((index, again));
            return Ok(());
        }
        let mut seen = self.trial.inspect(&offered.bytes);
        if let Err(VetError::Waiting { missing }) = &seen
            && reinstate::all(self, tx, index, missing).await?
        {
            seen = self.trial.inspect(&offered.bytes);
        }
        let inspected = match seen {
            Ok(inspected) => inspected,
            Err(VetError::Waiting { missing }) => {
                return self.wait(tx, index, missing).await;
            }
            Err(error) => {
                self.reject(index, &No::Vet(error), &[]);
                return Ok(());
            }
        };
        match self.judge(tx, &inspected).await? {
            Ok(after_seal) => match self.trial.accept(&offered.bytes) {
                Ok(()) => {
                    let author = (device, self.judge.caller.person);
                    self.accept(index, &inspected, after_seal, author);
                }
                Err(error) => self.spoiled = Some((index, error.code())),
            },
            Err(no) => self.reject(index, &no, &inspected.touched),
        }
        Ok(())
    }

    /// What it builds on is not here: it waits, unless that was rejected.
    async fn wait(
        &mut self,
        tx: &mut dyn Writer,
        index: usize,
        missing: Vec<ChangeHash>,
    ) -> Result<(), ServiceError> {
        if let Some(fell) = fallen::code(self, tx, &missing).await? {
            // Without access nothing of it can stand by itself: saying so now
            // spares the phone from offering it again in parts. Of a document
            // that is not here, the change that it builds on was told so.
            let ended = self.patient.is_none() && fell == ACCESS_ENDED;
            let no = self
                .shut_out()
                .or(ended.then_some(No::Code(ACCESS_ENDED, "")));
            let no = no.unwrap_or(No::Code(DEPENDS_ON_REJECTED, ""));
            self.reject_once(tx, index, &no, &[]).await?;
        } else {
            let missing = missing.into_iter().map(|hash| hash.0.into()).collect();
            self.judged
                .verdicts
                .push((index, Verdict::Waiting { missing }));
        }
        Ok(())
    }

    /// Why the document is closed to who offers; none: it is open.
    fn shut_out(&self) -> Option<No> {
        let judge = self.judge;
        let actor = judge.caller.actor();
        let denied = access::may_read(&actor, self.patient?, &self.grants, judge.now).err()?;
        Some(self.no_access(denied))
    }

    fn no_access(&self, denied: Denied) -> No {
        if denied.rule == code::NO_GRANT && self.had_access {
            No::Code(ACCESS_ENDED, "")
        } else {
            No::Denied(denied)
        }
    }

    /// Whether a sound change may be made by who offers it; answers whether
    /// it came after the seal.
    async fn judge(
        &mut self,
        tx: &mut dyn Writer,
        inspected: &Inspected,
    ) -> Result<Result<bool, No>, ServiceError> {
        if inspected.actor.device_tag() != device_tag(&self.judge.device.public_key) {
            return Ok(Err(No::Code(ACTOR_NOT_YOURS, "")));
        }
        let creates = self.patient.is_none();
        if creates {
            let Some(patient) = self.owner_of_new(tx, inspected).await? else {
                return Ok(Err(No::Code(UNKNOWN_DOCUMENT, "patient")));
            };
            self.belongs_to(tx, patient).await?;
        }
        let knew = self.knew_of_seal(tx, inspected).await?;
        let mut allowed = self.allowed(inspected, creates, knew);
        if let (Ok(()), Some(patient)) = (&allowed, self.patient) {
            let (caller, place) = (self.judge.caller, (self.id, patient));
            let stood = way::stood(&self.trial, inspected);
            let no = way::refuses(tx, caller, place, &stood, inspected).await?;
            allowed = no.map_or(Ok(()), |denied| Err(No::Denied(denied)));
        }
        if allowed.is_err() && creates {
            self.patient = None;
        }
        Ok(allowed.map(|()| knew || signs(inspected)))
    }

    /// Whether its author had the signature before them.
    async fn knew_of_seal(
        &mut self,
        tx: &mut dyn Writer,
        inspected: &Inspected,
    ) -> Result<bool, ServiceError> {
        let mut knew = false;
        for dep in &inspected.deps {
            knew |= match self.after_seal.get(dep) {
                Some(after) => *after,
                None => tx
                    .change_mark(dep)
                    .await?
                    .is_some_and(|mark| mark.after_seal),
            };
        }
        Ok(knew)
    }

    /// Whose document a first change makes; a chart is its patient's own.
    async fn owner_of_new(
        &mut self,
        tx: &mut dyn Writer,
        inspected: &Inspected,
    ) -> Result<Option<PatientId>, ServiceError> {
        let touch = inspected
            .touched
            .iter()
            .find(|touch| touch.path.0 == "patient");
        let named = touch.and_then(|touch| touch.value.as_ref()?.as_str());
        let Some(patient) = named.and_then(|text| text.parse::<PatientId>().ok()) else {
            return Ok(None);
        };
        let own_chart =
            self.id.kind != DocumentKind::Chart || self.id == DocumentId::chart(patient);
        let here = own_chart && tx.has_patient(patient).await?;
        Ok(here.then_some(patient))
    }

    fn allowed(&self, inspected: &Inspected, creates: bool, knew: bool) -> Result<(), No> {
        let Some(patient) = self.patient else {
            return Err(No::Code(UNKNOWN_DOCUMENT, "patient"));
        };
        let asked: Vec<Asked<'_>> = inspected
            .touched
            .iter()
            .map(|touch| Asked {
                path: &touch.path,
                by: author_in(touch),
                value: touch.value.as_ref(),
                creates,
            })
            .collect();
        let subject = Subject {
            kind: self.id.kind,
            patient,
            sealed: self.sealed,
            seal_known: knew,
        };
        let judge = self.judge;
        access::may_change(
            judge.policy,
            &judge.caller.actor(),
            &subject,
            &self.grants,
            judge.now,
            &asked,
        )
        .map_err(|denied| self.no_access(denied))
    }

    fn accept(
        &mut self,
        index: usize,
        inspected: &Inspected,
        after_seal: bool,
        (device, person): (DeviceId, PersonId),
    ) {
        let offered = &self.judge.offered[index];
        let Some(patient) = self.patient else { return };
        self.sealed |= self.id.kind == DocumentKind::Visit && signs(inspected);
        self.after_seal.insert(offered.hash, after_seal);
        let row = ChangeRow {
            seq: 0,
            document: self.id,
            patient,
            hash: offered.hash,
            actor: inspected.actor,
            actor_seq: inspected.seq,
            device,
            person,
            after_seal,
            bytes: offered.bytes.clone(),
        };
        self.judged.accepted.push((index, row));
        self.judged.effects.extend(way::effects(self.id, inspected));
    }

    /// Tells that it is not taken in, and keeps nothing of it.
    fn refuse(&mut self, index: usize, code: &str, field: &str) {
        self.judged.verdicts.push((index, rejected(code, field)));
    }

    /// As [`reject`](Self::reject); what this device offered before is kept once.
    async fn reject_once(
        &mut self,
        tx: &mut dyn Writer,
        index: usize,
        no: &No,
        touched: &[Touch],
    ) -> Result<(), ServiceError> {
        self.reject(index, no, touched);
        let hash = self.judge.offered[index].hash;
        let kept = tx.rejected_by_hash(&hash, self.judge.device.id).await?;
        if kept.is_some() {
            self.judged.rejected.pop();
        }
        Ok(())
    }

    fn reject(&mut self, index: usize, no: &No, touched: &[Touch]) {
        let offered = &self.judge.offered[index];
        let (code, field) = match no {
            No::Vet(error) => {
                let field = error.path().map(|path| path.0.clone());
                (error.code(), field.unwrap_or_default())
            }
            No::Code(code, field) => (*code, (*field).to_owned()),
            No::Denied(denied) => (denied.rule, denied.field.clone()),
        };
        self.fallen.insert(offered.hash);
        self.judged.verdicts.push((index, rejected(code, &field)));
        let paths = touched.iter().take(PATHS_KEPT_MAX);
        self.judged.rejected.push(RejectedRow {
            hash: offered.hash,
            document: self.id,
            device: self.judge.device.id,
            person: self.judge.caller.person,
            at: self.judge.now,
            code: code.into(),
            field,
            paths: paths
                .map(|touch| touch.path.clone())
                .collect::<Vec<FieldPath>>(),
            bytes: offered.bytes.clone(),
        });
    }

    /// The document as it stands with what was accepted. On failure answers
    /// the last accepted change and why.
    fn finish(mut self, loaded: Option<&Loaded>) -> Result<Judged, (usize, &'static str)> {
        let (Some(&(last, _)), Some(patient)) = (
            self.judged
                .accepted
                .last()
                .map(|(index, row)| (index, row))
                .as_ref(),
            self.patient,
        ) else {
            return Ok(self.judged);
        };
        let last = *last;
        let document = match self.trial.finish() {
            Ok(document) => document,
            Err(error) => return Err((last, error.code())),
        };
        let beside = loaded.map_or(usize::MAX, |loaded| loaded.beside);
        let beside = beside.saturating_add(self.judged.accepted.len());
        let old = loaded.map_or(0, |loaded| loaded.row.snapshot.len());
        let renewed = documents::renews(old, beside);
        let (snapshot, snapshot_seq) = match loaded {
            Some(loaded) if !renewed => (loaded.row.snapshot.clone(), loaded.row.snapshot_seq),
            _ => (document.save(), 0),
        };
        self.judged.renewed = renewed || loaded.is_none();
        self.judged.row = Some(DocumentRow {
            id: self.id,
            patient,
            heads: document.heads(),
            sealed: self.sealed,
            snapshot,
            snapshot_seq,
        });
        Ok(self.judged)
    }
}

fn signs(inspected: &Inspected) -> bool {
    let signature = |touch: &Touch| touch.path.matches("signatures/*");
    inspected.touched.iter().any(signature)
}

/// `by` inside an appended entry.
fn author_in(touch: &Touch) -> Option<PersonId> {
    touch.value.as_ref()?.get("by")?.as_str()?.parse().ok()
}
