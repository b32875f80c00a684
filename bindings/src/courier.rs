//! For a platform that must do its own HTTP: requests out, answers in.
//!
//! The engine with its store lives on a thread of its own, so that a session can be
//! held, asked from anywhere and dropped at any time. After a kill a new session goes
//! on where the store says.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use homeround::app::Homeround;
use homeround::sync::{AccessToken, Courier, Event, Lost, Next, OpId, TokenReply, TransportFault};

use crate::error::HomeroundError;
use crate::guard::{PANICKED, guard};
use crate::platform::{HttpError, HttpRequest, HttpResponse, TokenError, as_http, from_http};
use crate::root::Phone;
use crate::serving::new_engine;
use crate::sync::{SyncReport, SyncState, Uptime};

/// What the network has to do next.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum CourierStep {
    /// Send this, then `deliver` or `fail` under the same id.
    Send {
        /// Names the request.
        id: u64,
        /// The request, with its token.
        request: HttpRequest,
    },
    /// Get an access token, then `token` or `no_token` under the same id.
    Token {
        /// Names the question.
        id: u64,
        /// The last one was refused: a cached one will not do.
        refresh: bool,
    },
    /// Something that was handed out before is still outstanding.
    Outstanding {
        /// What.
        id: u64,
    },
    /// Nothing more: the run is over.
    Rest {
        /// What it did.
        report: SyncReport,
        /// Where the sync stands.
        state: SyncState,
    },
}

enum Command {
    Next,
    Deliver(OpId, Result<HttpResponse, HttpError>),
    Token(OpId, Result<String, TokenError>),
}

/// One run whose requests the platform sends.
#[derive(uniffi::Object)]
pub struct CourierSession {
    commands: Sender<(Command, Sender<Option<CourierStep>>)>,
}

impl CourierSession {
    pub(crate) fn start(phone: &Arc<Phone>) -> Result<Arc<Self>, HomeroundError> {
        if phone.app.me()?.is_none() {
            return Err(HomeroundError::NotEnrolled);
        }
        let (commands, heard) = channel();
        let (app, base) = (Arc::clone(&phone.app), phone.backend_url.clone());
        thread::Builder::new()
            .name("homeround-courier".into())
            .spawn(move || serve(&app, &base, &heard))
            .map_err(|_| HomeroundError::failed("thread"))?;
        Ok(Arc::new(Self { commands }))
    }

    fn ask(&self, command: Command) -> Result<Option<CourierStep>, HomeroundError> {
        let (answer, answered) = channel();
        // The thread ends early only by a panic.
        let gone = || HomeroundError::failed(PANICKED);
        self.commands.send((command, answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())
    }
}

#[uniffi::export]
impl CourierSession {
    /// Does what the store has to do, up to the next thing for the network.
    pub fn next_request(&self) -> Result<CourierStep, HomeroundError> {
        guard(|| {
            let step = self.ask(Command::Next)?;
            step.ok_or_else(|| HomeroundError::failed(PANICKED))
        })
    }

    /// Hands in an answer, whatever its status.
    pub fn deliver(&self, id: u64, response: HttpResponse) -> Result<(), HomeroundError> {
        guard(|| self.ask(Command::Deliver(OpId(id), Ok(response))).map(drop))
    }

    /// No answer came.
    pub fn fail(&self, id: u64, why: HttpFailure) -> Result<(), HomeroundError> {
        guard(|| {
            self.ask(Command::Deliver(OpId(id), Err(why.into())))
                .map(drop)
        })
    }

    /// Hands in an access token.
    pub fn token(&self, id: u64, token: String) -> Result<(), HomeroundError> {
        guard(|| self.ask(Command::Token(OpId(id), Ok(token))).map(drop))
    }

    /// There is no token: the person has to sign in, or the source can't be reached.
    pub fn no_token(&self, id: u64, sign_in: bool) -> Result<(), HomeroundError> {
        let why = if sign_in {
            TokenError::SignIn
        } else {
            TokenError::Unavailable
        };
        guard(|| self.ask(Command::Token(OpId(id), Err(why))).map(drop))
    }
}

/// Why no answer came, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HttpFailure {
    /// No network, no such host, nobody listening.
    Unreachable,
    /// It took too long.
    Timeout,
    /// The connection broke on the way.
    Broken,
    /// The other end is not who it should be.
    Untrusted,
    /// The answer is larger than the request allows.
    TooLarge,
}

impl From<HttpFailure> for HttpError {
    fn from(why: HttpFailure) -> Self {
        match why {
            HttpFailure::Unreachable => Self::Unreachable,
            HttpFailure::Timeout => Self::Timeout,
            HttpFailure::Broken => Self::Broken,
            HttpFailure::Untrusted => Self::Untrusted,
            HttpFailure::TooLarge => Self::TooLarge,
        }
    }
}

/// Ends when the session is dropped.
fn serve(app: &Homeround, base: &str, heard: &Receiver<(Command, Sender<Option<CourierStep>>)>) {
    let (mut engine, mut store, ticks) = (new_engine(), app.sync_store(), Uptime);
    let mut courier = Courier::new(&mut engine, &mut store, &ticks);
    courier.event(Event::Start { budget_ms: None });
    let mut token: Option<AccessToken> = None;
    while let Ok((command, answer)) = heard.recv() {
        let step = match command {
            Command::Next => Some(match courier.next_request() {
                Next::Send(request) => CourierStep::Send {
                    id: request.id.0,
                    request: as_http(base, request, token.as_ref()),
                },
                Next::Token { id, refresh } => CourierStep::Token { id: id.0, refresh },
                Next::Outstanding(id) => CourierStep::Outstanding { id: id.0 },
                Next::Rest(state) => CourierStep::Rest {
                    report: SyncReport::of(courier.report()),
                    state: (&state).into(),
                },
            }),
            Command::Deliver(id, outcome) => {
                let lost = |error| Lost::from(TransportFault::from(error));
                let outcome = outcome.map(|response| from_http(response, 0));
                courier.deliver(id, outcome.map_err(lost));
                None
            }
            Command::Token(id, reply) => {
                let reply = match reply {
                    Ok(fresh) => {
                        token = Some(AccessToken::new(fresh));
                        TokenReply::Ready
                    }
                    Err(TokenError::SignIn) => TokenReply::SignIn,
                    Err(TokenError::Unavailable) => TokenReply::Unavailable,
                };
                courier.token(id, reply);
                None
            }
        };
        // Whoever asked may have gone.
        let _ = answer.send(step);
    }
}
