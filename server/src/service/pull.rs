//! Pull: the page after a cursor. First a fill of what there is, today first
//! (`fill`), then what happened since, in the tenant's order (`live`).

use std::collections::{BTreeMap, BTreeSet};

use homeround::access::is_tenant_wide;
use homeround::model::{DeviceId, GrantSource, Millis, PatientId};
use homeround::wire::{CURSOR_BYTES_MAX, Enter, Leave, Page, PullRequest};

use super::cursor::{Cursor, Fill, Position};
use super::page::Draft;
use super::scope::{self, ENDED, InScope};
use super::{Backend, Caller, ServerKeys, ServiceError, audit, fill, live, own_device};
use crate::store::{Reader, Tenant};

/// What a page is made with.
pub(crate) struct Pull<'p> {
    pub(crate) caller: &'p Caller,
    pub(crate) device: DeviceId,
    pub(crate) tenant: &'p Tenant,
    pub(crate) today: i64,
    /// The caller's patients.
    pub(crate) scope: BTreeMap<PatientId, InScope>,
}

impl Pull<'_> {
    /// Tells the phone of a patient in scope.
    pub(crate) fn enter(&self, patient: PatientId, in_scope: &InScope) -> Enter {
        let (source, until) = match in_scope.grant {
            None => ("role", None),
            Some((GrantSource::CareTeam, until)) => ("care_team", until),
            Some((GrantSource::Assignment, until)) => ("assignment", until),
            Some((GrantSource::BreakGlass, until)) => ("break_glass", until),
        };
        Enter {
            patient: (*patient.bytes()).into(),
            source: source.into(),
            until_ms: until.map(|until| until.0),
        }
    }
}

impl Backend {
    /// The page after a cursor.
    ///
    /// # Errors
    /// [`ServiceError`] for a device that is not the caller's and a cursor
    /// longer than any of ours; a broken one starts over.
    pub async fn pull(
        &self,
        caller: &Caller,
        request: &PullRequest,
        now: Millis,
    ) -> Result<Page, ServiceError> {
        if request.cursor.len() > CURSOR_BYTES_MAX {
            return Err(ServiceError::TooLarge { what: "cursor" });
        }
        self.settle_due(caller.tenant, now).await?;
        let (page, shown, device) = {
            let mut reader = self.storage.read(caller.tenant).await?;
            draw(reader.as_mut(), caller, request, now).await?
        };
        self.note_shown(caller, device, &shown, now).await?;
        Ok(page)
    }

    /// Notes whose data a page shows, before it leaves the house.
    async fn note_shown(
        &self,
        caller: &Caller,
        device: DeviceId,
        shown: &BTreeSet<PatientId>,
        now: Millis,
    ) -> Result<(), ServiceError> {
        if shown.is_empty() {
            return Ok(());
        }
        let mut tx = self.storage.write(caller.tenant).await?;
        for patient in shown {
            let note = audit::Note::by(caller, "read").from(device).about(*patient);
            audit::note(tx.as_mut(), now, note).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn draw(
    reader: &mut dyn Reader,
    caller: &Caller,
    request: &PullRequest,
    now: Millis,
) -> Result<(Page, BTreeSet<PatientId>, DeviceId), ServiceError> {
    let device = own_device(reader, caller, &request.device).await?.id;
    let tenant = reader.tenant().await?;
    let pull = Pull {
        caller,
        device,
        tenant: &tenant,
        today: request.today_ms,
        scope: scope::of_caller(reader, caller).await?,
    };
    let mut draft = Draft::new(request.bytes_max);
    let mut cursor = start(&pull, &request.cursor, reader, &mut draft).await?;
    let more = loop {
        if let Some(mut going) = cursor.fill {
            let done = fill::step(reader, &pull, &mut going, &mut draft).await?;
            cursor.fill = if done { None } else { Some(going) };
            if !done {
                break true;
            }
        }
        match live::step(reader, &pull, &mut cursor, &mut draft).await? {
            live::Step::UpToDate => break false,
            live::Step::PageEnds => break true,
            live::Step::FillBegan if draft.is_full() => break true,
            live::Step::FillBegan => {}
        }
    };
    let shown = std::mem::take(&mut draft.patients);
    let page = draft.finish(&tenant, now.0, cursor.encode(), more)?;
    Ok((page, shown, device))
}

/// The cursor to go on from: the phone's, or a fresh one.
async fn start(
    pull: &Pull<'_>,
    given: &[u8],
    reader: &mut dyn Reader,
    draft: &mut Draft,
) -> Result<Cursor, ServiceError> {
    let wide = is_tenant_wide(pull.caller.role);
    let known = Cursor::decode(given)
        .filter(|cursor| cursor.device == pull.device && cursor.epoch == pull.tenant.epoch)
        .filter(|cursor| cursor.seq <= pull.tenant.head);
    if let Some(cursor) = known.filter(|cursor| cursor.wide == wide) {
        return Ok(cursor);
    }
    draft.policy = Some(ServerKeys::of(pull.tenant).sign_policy(&pull.tenant.policy));
    if known.is_some() && !wide {
        // The role had the whole tenant and has it no more.
        for (patient, _) in reader.patients().await? {
            if !pull.scope.contains_key(&patient) {
                draft.leaves.push(Leave {
                    patient: (*patient.bytes()).into(),
                    reason: ENDED.into(),
                });
            }
        }
    }
    Ok(Cursor {
        epoch: pull.tenant.epoch,
        device: pull.device,
        wide,
        seq: pull.tenant.head,
        fill: Some(Fill {
            patient: None,
            as_of: pull.tenant.head,
            today: pull.today,
            at: Position::start_of(fill::DIRECTORY),
        }),
    })
}
