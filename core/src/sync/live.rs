//! The live stream: "there is news". A poke, never data.

use std::time::Duration;

use crate::wire;

use super::backoff::{Backoff, Jitter};
use super::{Cancel, Http, TokenFault, TokenSource, TransportFault};

/// Milliseconds of silence after which the stream is taken for dead; the
/// backend sends a comment more often than that.
pub const LIVE_SILENCE_MS: u64 = 90_000;
/// Most bytes of a line of the stream.
pub const LIVE_LINE_MAX: usize = 4 * 1024;

/// What the stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveNews {
    /// It is open; what came while it was not is unknown, so look once.
    Connected,
    /// There is news.
    News,
    /// It broke; it is opened again by itself.
    Lost,
}

/// Why listening ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEnd {
    /// It was cancelled.
    Canceled,
    /// The person must sign in.
    SignIn,
    /// The backend refuses this device or this version; the next run will say why.
    Refused {
        /// HTTP status.
        status: u16,
    },
}

/// Listens until it is cancelled or refused, and opens the stream again after
/// each loss, later each time in a row.
pub async fn listen<K: TokenSource>(
    http: &Http,
    tokens: &K,
    seed: u64,
    cancel: &Cancel,
    tell: &mut (dyn FnMut(LiveNews) + Send),
) -> LiveEnd {
    let (mut backoff, mut jitter) = (Backoff::default(), Jitter::new(seed));
    let mut refresh = false;
    loop {
        let mut alive = false;
        let end = tokio::select! {
            biased;
            () = cancel.canceled() => return LiveEnd::Canceled,
            end = hear(http, tokens, refresh, &mut alive, tell) => end,
        };
        if alive {
            tell(LiveNews::Lost);
            backoff.reset();
        }
        refresh = match end {
            Heard::Refused { status: 401 } if refresh && !alive => return LiveEnd::SignIn,
            Heard::Refused { status: 401 } => true,
            Heard::Refused {
                status: status @ (403 | 409 | 426),
            } => return LiveEnd::Refused { status },
            Heard::SignIn => return LiveEnd::SignIn,
            Heard::Refused { .. } | Heard::Over => false,
        };
        let wait = Duration::from_millis(backoff.fail(&mut jitter, None));
        tokio::select! {
            biased;
            () = cancel.canceled() => return LiveEnd::Canceled,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

enum Heard {
    Over,
    SignIn,
    Refused { status: u16 },
}

/// One stream, from its opening to its end.
async fn hear<K: TokenSource>(
    http: &Http,
    tokens: &K,
    refresh: bool,
    alive: &mut bool,
    tell: &mut (dyn FnMut(LiveNews) + Send),
) -> Heard {
    let silence = Duration::from_millis(LIVE_SILENCE_MS);
    let opened = async {
        let token = tokens.token(refresh).await.map_err(|fault| match fault {
            TokenFault::SignIn => Heard::SignIn,
            TokenFault::Unavailable => Heard::Over,
        })?;
        let opened: Result<_, TransportFault> = http.open_stream(wire::LIVE, &token).await;
        opened.map_err(|_| Heard::Over)
    };
    let mut stream = match tokio::time::timeout(silence, opened).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(heard)) => return heard,
        Err(_) => return Heard::Over,
    };
    let status = stream.status().as_u16();
    if status != 200 {
        return Heard::Refused { status };
    }
    *alive = true;
    tell(LiveNews::Connected);
    let mut reader = EventReader::default();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(silence, stream.chunk()).await {
        let Some(news) = reader.feed(&chunk) else {
            return Heard::Over;
        };
        // Several at once are one reason to look.
        if news > 0 {
            tell(LiveNews::News);
        }
    }
    Heard::Over
}

/// Reads server-sent events, as far as they are needed here: which of them are
/// called `news`.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    is_news: bool,
    after_return: bool,
}

impl EventReader {
    /// Takes in a piece of the stream and counts the news that it completes.
    /// None: a line is too long to be an event stream's.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Option<u32> {
        let mut news = 0;
        for &byte in piece {
            let pair = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                b'\n' if pair => {}
                b'\n' | b'\r' => news += u32::from(self.end_line()),
                _ if self.line.len() >= LIVE_LINE_MAX => return None,
                _ => self.line.push(byte),
            }
        }
        Some(news)
    }

    fn end_line(&mut self) -> bool {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return std::mem::take(&mut self.is_news);
        }
        if let Some(name) = line.strip_prefix(b"event:") {
            self.is_news = name.strip_prefix(b" ").unwrap_or(name) == b"news";
        }
        false
    }
}
