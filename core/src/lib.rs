//! Homeround: a whole care team member's phone without its screen and its
//! radio. What a shell links is [`app::Homeround`]; everything else is how.
//!
//! # The rooms
//!
//! | room | what it does | what it may know |
//! |---|---|---|
//! | [`model`] | what a visit, a chart and a care plan are; newtypes with units; the status machine | nothing |
//! | [`merge`] | documents that several people edit, the [table](merge::policy) of what concurrent edits mean, vetting of changes | `model`; alone in knowing automerge |
//! | [`forms`] | questionnaires as FHIR has them, what a set of answers comes to | `model` |
//! | [`care`] | care plans: when an activity is due, what became of it, tasks for a visit, templates | `model`, `forms` |
//! | [`access`] | who may see and change what; the same code on phone and backend | `model` |
//! | [`plan`] | the order of a day's visits: travel, arrival times and their uncertainty | `model` |
//! | [`notice`] | what a patient is told of a visit, in their language, and not at night | `model` |
//! | [`clinical`] | scores, unusual figures, conversions of units, warnings about medications | `model` |
//! | [`wire`] | bodies, limits and version of the sync protocol; the same code on both ends | `model` |
//! | [`store`] | the encrypted database: changes, caches, outbox, quarantine, audit | `model`; alone in knowing SQL and in holding `unsafe` |
//! | [`vault`] | keys: wrap, unlock, lock, wipe; seals over signed visits | `model` |
//! | [`sync`] | the sync engine without IO, and its one HTTP shell | `model`, `wire` |
//! | [`app`] | where rooms meet: one use case, one function, one transaction | every room |
//!
//! Nothing points at `app`. Time, randomness and ids are arguments: only
//! [`app`], [`sync`]'s HTTP shell, the [`vault::SoftwareVault`] and the
//! cipher's glue ask the system for either. `cargo xtask tidy` checks all of
//! this.
//!
//! # Records and documents
//!
//! A [`model::Record`] has one writer, the backend: bookings, demographics,
//! clinical history, the directory. The last version wins and costs no merge.
//! A [`merge::Document`] has many: a visit, a chart, a care plan. Its changes
//! are the truth and are never altered; a snapshot and the rows that screens
//! read are caches, which [`app::Homeround::rebuild_projections`] makes anew.
//!
//! # The path of one edit
//!
//! 1. A shell calls [`VisitHandle::record_vitals`](app::VisitHandle::record_vitals).
//!    The bare figures become [`model::Vitals`], or
//!    [`AppError::Refused`](app::AppError::Refused) names the figure and its limit.
//! 2. `app` takes the one writer, and the document: at hand, or loaded from its
//!    snapshot and the changes after it. One that arrived and was not merged
//!    yet is merged now.
//! 3. The use case looks at the view and answers with [`merge::Op`]s.
//!    [`access::may_change`] judges each by role, grant, field and seal, at the
//!    best known time ([`model::Stamp::best`]).
//! 4. [`merge::Document::edit`] makes one change: `{hash, bytes, touched}`. The
//!    actor is this device and this opening of its store.
//! 5. One transaction writes the change (into the outbox, where it lies until
//!    it is acknowledged), the projections of what it touched and the audit
//!    line. It commits with an fsync. Had it failed, the edited instance would be dropped and loaded
//!    again: the store knows better.
//! 6. The call returns [`Saved`](app::Saved) and each
//!    [`Observer`](app::Observer) hears of revision and document.
//! 7. [`sync::Engine`] asks the store what is unsent. The batch is packed
//!    ([`merge::pack`]), signed once over its hashes, and sent. The backend
//!    runs the same [`merge::Trial`] and [`access::may_change`] and answers a
//!    [`wire::Verdict`] for each change.
//! 8. *Accepted* and *duplicate* end its being unsent. *Rejected* takes it out
//!    of the document and into [quarantine](app::Homeround::quarantine), with
//!    values and reason; what was built on it is written again where it is
//!    permitted by itself. *Waiting* stays unsent.
//! 9. A colleague's phone pulls a [`wire::Page`]: one transaction stores the
//!    changes, merges, projects, writes conflicts and moves the cursor. What
//!    can't be applied is quarantined and stops nothing behind it.
//!
//! A kill between any two of these steps loses nothing that step 6 returned
//! for, and repeats at most a request that changes nothing the second time.
//!
//! # Further
//!
//! `docs/linking-the-core.md` goes from nothing to a day of visits on screen,
//! `docs/protocol.md` is for another client, `docs/adr/` says why.

pub mod access;
pub mod app;
pub mod care;
pub mod clinical;
pub mod forms;
pub mod merge;
pub mod model;
pub mod notice;
pub mod plan;
pub mod store;
pub mod sync;
pub mod vault;
pub mod wire;

/// Compiles every snippet of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/linking-the-core.md")]
struct LinkingTheCore;
