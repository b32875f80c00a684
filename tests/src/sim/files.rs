//! Photos on their way: a phone's upload or download, part by part, over the same weather as
//! its syncs. It stands still at each part, and goes with its process.

use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use homeround::app::{AppError, AttachmentsReport, Homeround};
use homeround::model::{DeviceId, EntryId, VisitId};
use homeround::sync::{
    AccessToken, AttachmentTransport, Cancel, Lost, TokenFault, TokenSource, TransportFault,
};
use homeround::wire::{AttachmentAddress, AttachmentRequest, AttachmentResponse};

use super::parts::held;
use super::phone::Radio;
use super::world::{Event, MINUTE, World};

/// How long a phone waits for the answer to one part.
const PATIENCE_MS: i64 = MINUTE;

/// A question about an attachment's bytes.
#[derive(Debug, Clone)]
pub(super) struct Question {
    address: AttachmentAddress,
    device: DeviceId,
    request: AttachmentRequest,
    token: String,
}

/// Something of a photo's way.
pub(super) enum Step {
    /// A question reaches the backend; its answer goes back unless it is a second copy.
    Arrive(Box<Question>, bool),
    /// An answer, or the end of patience, reaches the phone.
    Answer(Box<Result<AttachmentResponse, Lost>>),
}

/// What lies between an upload and the network.
#[derive(Default)]
struct Slot {
    /// How many questions there were: the last one is awaited.
    asked: u64,
    sent: Option<Question>,
    answer: Option<Result<AttachmentResponse, Lost>>,
}

/// What a process sends and fetches photos by.
struct Mast {
    slot: Mutex<Slot>,
    radio: Arc<Radio>,
}

impl AttachmentTransport for Mast {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        {
            let mut slot = held(&self.slot);
            slot.asked += 1;
            slot.answer = None;
            slot.sent = Some(Question {
                address: *address,
                device,
                request,
                token: token.as_str().to_owned(),
            });
        }
        std::future::poll_fn(|_| match held(&self.slot).answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

impl TokenSource for Mast {
    async fn token(&self, refresh: bool) -> Result<AccessToken, TokenFault> {
        self.radio.token(refresh).await
    }
}

/// How a run over photos ended.
pub(super) enum Done {
    Sent(Result<AttachmentsReport, AppError>),
    Fetched(Result<(), AppError>),
}

type Running = Pinned<Box<dyn Future<Output = Done>>>;

/// The photos' part of a process.
pub(super) struct Files {
    mast: Arc<Mast>,
    run: Option<Running>,
}

impl Files {
    pub(super) fn new(radio: &Arc<Radio>) -> Self {
        Self {
            mast: Arc::new(Mast {
                slot: Mutex::default(),
                radio: Arc::clone(radio),
            }),
            run: None,
        }
    }

    /// What is under way is dropped at its await.
    pub(super) fn drop_run(&mut self) {
        self.run = None;
        let mut slot = held(&self.mast.slot);
        (slot.sent, slot.answer) = (None, None);
    }

    fn send(&mut self, app: &Homeround) {
        let (mast, app) = (Arc::clone(&self.mast), app.clone());
        self.run.get_or_insert_with(|| {
            Box::pin(async move {
                let cancel = Cancel::default();
                Done::Sent(app.send_attachments(&*mast, &*mast, &cancel, None).await)
            })
        });
    }

    fn fetch(&mut self, app: &Homeround, visit: VisitId, entry: EntryId) {
        let (mast, visit) = (Arc::clone(&self.mast), app.visit(visit));
        self.run.get_or_insert_with(|| {
            Box::pin(
                async move { Done::Fetched(visit.fetch_attachment(&*mast, &*mast, entry).await) },
            )
        });
    }

    fn poll(&mut self) -> (Option<Done>, Option<Question>, u64) {
        let mut context = Context::from_waker(Waker::noop());
        let polled = self.run.as_mut().map(|run| run.as_mut().poll(&mut context));
        let done = match polled {
            Some(Poll::Ready(done)) => {
                self.run = None;
                Some(done)
            }
            _ => None,
        };
        let mut slot = held(&self.mast.slot);
        (done, slot.sent.take(), slot.asked)
    }

    fn hand_in(&self, asked: u64, answer: Result<AttachmentResponse, Lost>) -> bool {
        let mut slot = held(&self.mast.slot);
        let awaited = slot.asked == asked && self.run.is_some();
        if awaited {
            slot.answer = Some(answer);
        }
        awaited
    }
}

impl World {
    /// A phone begins to send what only it has.
    pub(super) fn send_photos(&mut self, number: usize) {
        let Some(process) = &mut self.phones[number].process else {
            return;
        };
        if process
            .app
            .attachments_unsent()
            .is_ok_and(|unsent| unsent > 0)
        {
            let app = process.app.clone();
            process.files.send(&app);
            self.go_on_with_files(number);
        }
    }

    /// A phone begins to fetch a colleague's photo.
    pub(super) fn fetch_photo(&mut self, number: usize, visit: VisitId, entry: EntryId) {
        let Some(process) = &mut self.phones[number].process else {
            return;
        };
        if process.files.run.is_none() {
            let app = process.app.clone();
            process.files.fetch(&app, visit, entry);
            self.go_on_with_files(number);
        }
    }

    fn go_on_with_files(&mut self, number: usize) {
        let timers = self.server.timers();
        let Some(process) = &mut self.phones[number].process else {
            return;
        };
        let serial = process.serial;
        let (done, sent, asked) = process.files.poll();
        drop(timers);
        if self.phones[number].is_lent() && sent.is_some() {
            self.violated(format!("lent: phone {number} sends a photo"));
        }
        if let Some(done) = done {
            self.files_done(number, done);
        }
        self.look_for_death(number);
        if let Some(question) = sent
            && self.phones[number].process.is_some()
        {
            self.transmit_part(number, (serial, asked), &question);
        }
    }

    fn files_done(&mut self, number: usize, done: Done) {
        let (what, error) = match done {
            Done::Sent(Ok(report)) => {
                self.figures.photos_sent += report.sent;
                (format!("sent {}, left {}", report.sent, report.left), None)
            }
            Done::Fetched(Ok(())) => ("fetched".to_owned(), None),
            Done::Sent(Err(error)) | Done::Fetched(Err(error)) => {
                (format!("failed: {error:?}"), Some(error))
            }
        };
        self.note(&format!("phone {number} photos {what}"));
        let expected = error.is_none_or(|error| match error {
            AppError::Locked
            | AppError::NotFound { .. }
            | AppError::NotAllowed { .. }
            | AppError::LeaseEnded
            | AppError::Retry { .. } => true,
            other => self.trouble.is_disk_trouble(number, &other),
        });
        if !expected {
            self.violated(format!("photos: phone {number} {what}"));
        }
    }

    fn transmit_part(&mut self, number: usize, (serial, asked): (u64, u64), question: &Question) {
        let weather = self.weather_of(number);
        let answer = |answer| Event::File(number, serial, asked, Step::Answer(Box::new(answer)));
        let name = name_of(&question.request);
        if weather.cut || self.dice.chance(weather.loss) {
            self.note(&format!("phone {number} lost photo {name}"));
            let (fault, after) = match self.dice.chance(50) {
                true => (TransportFault::Unreachable, 500),
                false => (TransportFault::Timeout, PATIENCE_MS),
            };
            self.after(after, answer(Err(fault.into())));
            return;
        }
        self.note(&format!("phone {number} sent photo {name}"));
        let arrive = |question: &Question, answered| {
            let step = Step::Arrive(Box::new(question.clone()), answered);
            Event::File(number, serial, asked, step)
        };
        if self.dice.chance(weather.twice) {
            let later = self.draw_ms(600_000);
            self.after(later, arrive(question, false));
        }
        self.after(PATIENCE_MS, answer(Err(TransportFault::Timeout.into())));
        let delay = 5 + self.draw_ms(weather.delay_ms);
        self.after(delay, arrive(question, true));
    }

    /// Something of a photo's way happens.
    pub(super) fn file_step(&mut self, number: usize, (serial, asked): (u64, u64), step: Step) {
        match step {
            Step::Arrive(question, answered) => {
                let name = name_of(&question.request);
                let answer = self.ask_of_photo(*question);
                let told = answer.as_ref().map_or(0, |answer| answer.status);
                self.note(&format!("backend answers photo {name} of {number}: {told}"));
                let weather = self.weather_of(number);
                let gone = weather.cut || weather.half_open || self.dice.chance(weather.loss);
                if answered && !gone {
                    let delay = 5 + self.draw_ms(weather.delay_ms);
                    let step = Step::Answer(Box::new(answer));
                    self.after(delay, Event::File(number, serial, asked, step));
                }
            }
            Step::Answer(answer) => {
                let process = self.phones[number].process.as_ref();
                let process = process.filter(|process| process.serial == serial);
                if process.is_some_and(|process| process.files.hand_in(asked, *answer)) {
                    self.go_on_with_files(number);
                }
            }
        }
    }

    fn ask_of_photo(&mut self, question: Question) -> Result<AttachmentResponse, Lost> {
        self.figures.requests += 1;
        if let Some(answer) = self.bugs.answer_part(&question.request) {
            return Ok(answer);
        }
        let answer = self.server.ask_of_photo(
            &question.address,
            question.device,
            question.request,
            &question.token,
        );
        self.look_for_server_death();
        if !self.server.is_up() {
            return Err(TransportFault::Broken.into());
        }
        answer.ok_or_else(|| TransportFault::Unreachable.into())
    }

    /// Sends what only this phone has, over a network on which nothing goes wrong. Answers
    /// how many photos.
    pub(super) fn send_photos_now(&mut self, number: usize) -> u64 {
        let Some(process) = &mut self.phones[number].process else {
            return 0;
        };
        process.files.drop_run();
        let app = process.app.clone();
        process.files.send(&app);
        loop {
            let timers = self.server.timers();
            let Some(process) = &mut self.phones[number].process else {
                return 0;
            };
            let (done, sent, asked) = process.files.poll();
            drop(timers);
            if let Some(Done::Sent(Ok(report))) = &done {
                let sent = report.sent;
                if report.left > 0 || report.unreadable > 0 {
                    self.note(&format!("phone {number} keeps photos: {report:?}"));
                }
                self.figures.photos_sent += sent;
                return sent;
            }
            if let Some(done) = done {
                self.files_done(number, done);
                return 0;
            }
            let Some(question) = sent else { return 0 };
            self.time.set(self.time.ms() + 50);
            let answer = self.ask_of_photo(question);
            if let Some(process) = &self.phones[number].process {
                let _ = process.files.hand_in(asked, answer);
            }
        }
    }
}

const fn name_of(request: &AttachmentRequest) -> &'static str {
    match request {
        AttachmentRequest::Create { .. } => "create",
        AttachmentRequest::Offset => "offset",
        AttachmentRequest::Append { .. } => "append",
        AttachmentRequest::Fetch { .. } => "fetch",
    }
}
