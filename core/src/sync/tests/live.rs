//! The live stream against real servers on the loopback.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;

use super::http::{Tokens, block_on, http_to, serve_app};
use crate::sync::live::EventReader;
use crate::sync::*;
use crate::wire;

#[test]
fn live_news_become_pokes_across_a_lost_stream() {
    let opened = Arc::new(AtomicU32::new(0));
    let count = opened.clone();
    let app = Router::new().route(
        wire::LIVE,
        get(move |headers: HeaderMap| async move {
            assert_eq!(headers.get_all(header::ACCEPT).iter().count(), 1);
            assert_eq!(headers[header::ACCEPT], "text/event-stream");
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => (
                    StatusCode::OK,
                    ":hello\n\nevent: news\ndata: 1\n\n".to_owned(),
                ),
                1 => (StatusCode::UNAUTHORIZED, String::new()),
                2 => (StatusCode::OK, "event: news\r\n\r\n".to_owned()),
                _ => (StatusCode::FORBIDDEN, String::new()),
            }
        }),
    );
    let mut heard = Vec::new();
    let tokens = Tokens(AtomicU32::new(0));
    let end = block_on(async {
        let http = http_to(serve_app(app).await);
        let mut tell = |news| heard.push(news);
        listen(&http, &tokens, 7, &Cancel::default(), &mut tell).await
    });
    let once = [LiveNews::Connected, LiveNews::News, LiveNews::Lost];
    assert_eq!(heard, [once, once].concat());
    assert_eq!(end, LiveEnd::Refused { status: 403 });
    assert_eq!(opened.load(Ordering::SeqCst), 4);
}

#[test]
fn listening_ends_when_it_is_cancelled_and_when_somebody_must_sign_in() {
    let refuse = || async { StatusCode::UNAUTHORIZED };
    let app = Router::new().route(wire::LIVE, get(refuse));
    let hang = || async {
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>())
    };
    let hanging = Router::new().route(wire::LIVE, get(hang));
    block_on(async {
        let tokens = Tokens(AtomicU32::new(0));
        let http = http_to(serve_app(app).await);
        let end = listen(&http, &tokens, 7, &Cancel::default(), &mut |_| {}).await;
        assert_eq!(end, LiveEnd::SignIn);
        let http = http_to(serve_app(hanging).await);
        let cancel = Cancel::default();
        let stop = cancel.clone();
        let mut tell = |news| {
            if news == LiveNews::Connected {
                stop.cancel();
            }
        };
        let end = listen(&http, &tokens, 7, &cancel, &mut tell).await;
        assert_eq!(end, LiveEnd::Canceled);
    });
}

#[test]
fn events_are_counted_however_the_stream_is_cut_and_a_long_line_ends_it() {
    let stream = b":c\n\nevent: news\ndata: x\n\nevent:news\r\n\r\nevent: other\n\ndata: news\n\n\
                   event: news\r\revent: news\n\n";
    for size in 1..stream.len() {
        let mut reader = EventReader::default();
        let pieces = stream.chunks(size);
        let news: u32 = pieces.map(|piece| reader.feed(piece).unwrap()).sum();
        assert_eq!(news, 4, "in pieces of {size}");
    }
    let long = vec![b'x'; LIVE_LINE_MAX + 1];
    assert_eq!(EventReader::default().feed(&long), None);
}
