//! The survey's page: opened by a link, without an account and without any code in the
//! browser. Opening it answers nothing; sending the form does, once.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use homeround::forms::{Answer, FormError};
use homeround::model::ReportedBy;
use homeround::notice::LANGUAGES;
use maud::Markup;
use serde::Deserialize;

use super::extract::bounded;
use super::survey_page::{self, Filled, Words};
use super::{App, SURVEY_SENT_MAX};
use crate::service::{ServiceError, SurveyAsked, SurveyFound, SurveyTaken};

const STYLE: &str = include_str!("survey.css");
/// Nothing is loaded from anywhere else, nothing runs, and nobody may put a frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    lang: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/survey/style.css", get(style))
        .route("/survey/{link}", get(page).post(answer))
}

async fn style() -> Response {
    let kind = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (kind, STYLE).into_response()
}

async fn page(
    State(app): State<App>,
    Path(link): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let now = app.inner.clock.now();
    let found = app.inner.backend.survey(&link, now).await;
    let language = |letter: Option<&'static str>| chosen(&wanted.lang, letter, &headers);
    match found {
        Ok(SurveyFound::Open(asked)) => {
            let words = Words::of(language(Some(asked.language)));
            show(StatusCode::OK, &survey_page::questions(&asked, words, None))
        }
        Ok(SurveyFound::Answered) => thanked(language(None)),
        Ok(SurveyFound::Over) => gone(language(None)),
        Ok(SurveyFound::Unknown) => unknown(language(None)),
        Err(error) => failed(&error),
    }
}

async fn answer(
    State(app): State<App>,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: HttpBody,
) -> Response {
    let Ok(body) = bounded(&headers, body, SURVEY_SENT_MAX, "answers").await else {
        return show(
            StatusCode::PAYLOAD_TOO_LARGE,
            &survey_page::note(Words::of(LANGUAGES[0]), |words| words.too_large),
        );
    };
    let sent: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    let sent: BTreeMap<String, String> = sent.into_iter().collect();
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let language = |letter| chosen(sent.get("lang").map_or("", |it| it), letter, &headers);
    let asked = match backend.survey(&link, now).await {
        Ok(SurveyFound::Open(asked)) => asked,
        Ok(SurveyFound::Answered) => return again(&link),
        Ok(SurveyFound::Over) => return gone(language(None)),
        Ok(SurveyFound::Unknown) => return unknown(language(None)),
        Err(error) => return failed(&error),
    };
    let words = Words::of(language(Some(asked.language)));
    let read = read(&asked, &sent);
    let wrong = match read {
        Ok((by, answers)) => {
            let who = (by, words.language);
            match backend.answer_survey(&link, who, &answers, now).await {
                Ok(SurveyTaken::Kept | SurveyTaken::Answered) => return again(&link),
                Ok(SurveyTaken::Over) => return gone(words.language),
                Ok(SurveyTaken::Unknown) => return unknown(words.language),
                Ok(SurveyTaken::Wrong(wrong)) => wrong,
                Err(error) => return failed(&error),
            }
        }
        Err(wrong) => wrong,
    };
    let filled = Filled {
        sent: &sent,
        wrong: &wrong,
    };
    let shown = survey_page::questions(&asked, words, Some(&filled));
    show(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

/// Who answers, and the answers; what can't be read as the question has it is named.
fn read(
    asked: &SurveyAsked,
    sent: &BTreeMap<String, String>,
) -> Result<(ReportedBy, BTreeMap<String, Answer>), FormError> {
    let wrong = |item: &str, field: &'static str, remedy: &str| FormError {
        item: item.to_owned(),
        field,
        remedy: remedy.to_owned(),
    };
    let by = match sent.get("answered_by").map(String::as_str) {
        Some("patient") => ReportedBy::Patient,
        Some("representative") => ReportedBy::Representative,
        _ => return Err(wrong("", "answered_by", "patient or representative")),
    };
    let mut answers = BTreeMap::new();
    for item in &asked.definition.items {
        let text = sent.get(&item.link_id).map_or("", |it| it.trim());
        if text.is_empty() {
            continue;
        }
        match Answer::from_page(item, text) {
            Some(answer) => answers.insert(item.link_id.clone(), answer),
            None => return Err(wrong(&item.link_id, "answer", item.kind.takes())),
        };
    }
    Ok((by, answers))
}

/// The language that was chosen on the page, else that of the letter, else of the browser.
fn chosen(asked: &str, letter: Option<&'static str>, headers: &HeaderMap) -> &'static str {
    let named = LANGUAGES.into_iter().find(|it| *it == asked);
    named.or(letter).unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let tags = accepted.split(',').map(|it| it.split(';').next());
        homeround::notice::language_of(tags.map(|tag| tag.unwrap_or_default().trim()))
    })
}

/// Sent: the browser asks for the page anew, so that a reload sends nothing again.
fn again(link: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // A link that led somewhere is of letters, digits, `-` and `_`.
    if let Ok(place) = HeaderValue::from_str(&format!("/survey/{link}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    guard(response)
}

fn thanked(language: &str) -> Response {
    let page = survey_page::note(Words::of(language), |words| words.thanks);
    show(StatusCode::OK, &page)
}

fn gone(language: &str) -> Response {
    let page = survey_page::note(Words::of(language), |words| words.over);
    show(StatusCode::GONE, &page)
}

fn unknown(language: &str) -> Response {
    let page = survey_page::note(Words::of(language), |words| words.unknown);
    show(StatusCode::NOT_FOUND, &page)
}

fn failed(error: &ServiceError) -> Response {
    tracing::error!(error = %error, "the survey could not be shown or kept");
    unavailable()
}

/// Too many requests, or the database does not answer.
pub(super) fn unavailable() -> Response {
    let page = survey_page::note(Words::of(LANGUAGES[0]), |words| words.later);
    show(StatusCode::SERVICE_UNAVAILABLE, &page)
}

fn show(status: StatusCode, page: &Markup) -> Response {
    guard((status, axum::response::Html(page.0.clone())).into_response())
}

/// The link is a secret: it is not told to other sites, kept by nobody and found by no search.
fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut say = |name, value| headers.insert(name, HeaderValue::from_static(value));
    say(header::CONTENT_SECURITY_POLICY, POLICY);
    say(header::CACHE_CONTROL, "no-store");
    say(header::REFERRER_POLICY, "no-referrer");
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::HeaderName::from_static("x-robots-tag"), "noindex");
    response
}
