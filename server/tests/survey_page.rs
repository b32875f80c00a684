//! The page that a patient opens: over a real socket, and in a real browser
//! (`tests/browser/survey.py`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use homeround::model::HOUR_MS;
use homeround_server::auth::issuer::ISSUER;
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::Verifier;
use homeround_server::config::Server;
use serde_json::{Value, json};
use support::asked::Asked;
use support::site::*;

/// A site, the link of a letter, and the nurse's phone.
async fn site() -> (Site, Asked, String) {
    let mut asked = Asked::new().await;
    asked.invite(0).await;
    asked.turn(0).await;
    let link = asked.link();
    let world = asked.world.again();
    let keys = Keys::fixed(development_issuer(AUDIENCE).key_set().unwrap());
    let verifier = Verifier::new(expected(ISSUER), keys);
    let site = Site::start_over(world, verifier, &Server::default()).await;
    (site, asked, link)
}

/// Status, headers and text of an answer.
struct Shown {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

async fn shown(request: reqwest::RequestBuilder) -> Shown {
    let answer = request.send().await.unwrap();
    Shown {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        text: answer.text().await.unwrap(),
    }
}

/// No browser: it follows nothing by itself.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().no_proxy().redirect(policy);
    client.build().unwrap()
}

#[tokio::test]
async fn a_page_says_nothing_of_the_link_to_others_and_loads_nothing_from_elsewhere() {
    let (site, mut asked, link) = site().await;
    let page = site.url(&format!("/survey/{link}"));
    let open = shown(client().get(&page)).await;
    assert_eq!(open.status, 200);
    let head = |name: &str| open.headers[name].to_str().unwrap().to_owned();
    assert_eq!(head("referrer-policy"), "no-referrer");
    assert_eq!(head("cache-control"), "no-store");
    assert_eq!(head("x-robots-tag"), "noindex");
    let policy = head("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!open.text.contains("<script") && !open.text.contains("http://"));
    assert!(open.text.contains("lang=\"es\""), "the letter's language");
    assert!(!open.text.contains("Family1"), "the patient is not named");
    let english = shown(client().get(format!("{page}?lang=en"))).await;
    assert!(
        english
            .text
            .contains("Did we listen to your questions and wishes?")
    );
    let odd = shown(client().get(format!("{page}?lang=%3Cscript%3E"))).await;
    assert!(odd.text.contains("lang=\"es\"") && !odd.text.contains("<script"));
    let style = shown(client().get(site.url("/survey/style.css"))).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");

    // Nothing of it stands in the figures.
    let figures = shown(client().get(site.url("/metrics"))).await;
    assert!(figures.text.contains("/survey/{link}") && !figures.text.contains(&link));
    assert_eq!(
        asked.answered().await,
        [] as [Value; 0],
        "looking answers nothing"
    );
}

#[tokio::test]
async fn what_is_sent_is_kept_once_and_wrong_answers_are_shown_again_as_they_were() {
    let (site, mut asked, link) = site().await;
    let page = site.url(&format!("/survey/{link}"));
    let send = |fields: &'static str| {
        let form = "application/x-www-form-urlencoded";
        let post = client().post(&page).header("content-type", form);
        shown(post.body(fields))
    };
    let nobody = send("overall=9").await;
    assert_eq!(nobody.status, 422);
    assert!(nobody.text.contains("Diga quién contesta"));
    let eleven = send("lang=en&answered_by=patient&overall=11&comment=%3Cb%3Ewell%3C%2Fb%3E").await;
    assert_eq!(eleven.status, 422);
    assert!(eleven.text.contains("Please look at this answer again."));
    assert!(
        eleven.text.contains("&lt;b&gt;well&lt;/b&gt;"),
        "as it was typed, and no markup"
    );
    let odd = send("answered_by=patient&respect=gladly").await;
    assert_eq!(odd.status, 422);
    let nothing = send("answered_by=representative&comment=++").await;
    assert_eq!(nothing.status, 422);
    let rubbish = send("%%%=;&&").await;
    assert_eq!(rubbish.status, 422);
    assert_eq!(asked.answered().await.len(), 0);

    let sent = send("lang=en&answered_by=representative&overall=3&call-me=true&weight=1").await;
    assert_eq!(sent.status, 303);
    assert_eq!(sent.headers["location"], format!("/survey/{link}"));
    let thanks = shown(
        client()
            .get(&page)
            .header("accept-language", "de, es;q=0.8"),
    )
    .await;
    assert!(
        thanks.text.contains("Gracias."),
        "in the browser's language"
    );
    assert_eq!(send("answered_by=patient&overall=10").await.status, 303);
    let said = asked.answered().await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["answered_by"], "representative");
    assert_eq!(said[0]["answers"], json!({ "overall": 3, "call-me": true }));
    assert_eq!(said[0]["language"], "en");
}

#[tokio::test]
async fn links_that_lead_nowhere_and_too_much_text_get_a_page_that_says_so() {
    let (site, mut asked, link) = site().await;
    let other = shown(client().get(site.url("/survey/abc"))).await;
    assert_eq!(other.status, 404);
    assert!(other.text.contains("This link does not work."));
    let huge = "x".repeat(homeround_server::http::SURVEY_SENT_MAX + 1);
    let page = site.url(&format!("/survey/{link}"));
    let refused = shown(client().post(&page).body(huge)).await;
    assert_eq!(refused.status, 413);
    site.clock
        .0
        .fetch_add(22 * 24 * HOUR_MS, std::sync::atomic::Ordering::Relaxed);
    let late = shown(client().get(&page)).await;
    assert_eq!(late.status, 410);
    assert!(late.text.contains("no sirve") || late.text.contains("does not work any more"));
    let sent = shown(client().post(&page).body("answered_by=patient&overall=9")).await;
    assert_eq!(sent.status, 410);
    assert_eq!(asked.answered().await.len(), 0);
}

/// The Python that the tests' browser is driven by.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("venv").join("bin").join("python")
}

#[tokio::test]
async fn a_patient_answers_in_a_browser_as_large_as_a_phone() {
    let (site, mut asked, link) = site().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser/survey.py");
    let mut command = Command::new(python());
    command
        .arg(script)
        .args(["--url", &site.url(&format!("/survey/{link}"))])
        .args(["--comment", "Everything was <i>fine</i> & on time"]);
    if let Some(folder) = std::env::var_os("HOMEROUND_SURVEY_PICTURES") {
        command.arg("--pictures").arg(folder);
    }
    let run = tokio::task::spawn_blocking(move || command.output());
    let run = run
        .await
        .unwrap()
        .unwrap_or_else(|error| panic!("no browser ({error}): `cargo xtask setup` installs it"));
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{told}");
    let seen: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(seen["opened"]["language"], "es");
    assert_eq!(seen["switched"]["language"], "en");
    assert_eq!(seen["switched"]["groups"].as_array().unwrap().len(), 7);
    for name in ["opened", "switched", "empty"] {
        let page = &seen[name];
        assert_eq!(page["scrolls_sideways"], false, "{name}");
        assert!(page["smallest_target"].as_f64().unwrap() >= 44.0, "{page}");
        assert_eq!((&page["unnamed"], &page["scripts"]), (&json!(0), &json!(0)));
    }
    assert_eq!(seen["held_back"], true, "it asks who answers first");
    let alert = "Please answer at least one question.";
    assert_eq!(seen["empty"]["alerts"], json!([alert]));
    for name in ["sent", "again"] {
        let text = seen[name]["text"].as_str().unwrap();
        assert!(
            text.contains("Your answers have reached your care team"),
            "{text}"
        );
    }
    assert_eq!(
        seen["complaints"],
        json!([]),
        "nothing was blocked or missing"
    );
    let said = asked.answered().await;
    assert_eq!(said.len(), 1);
    let answers = &said[0]["answers"];
    assert_eq!(answers["comment"], "Everything was <i>fine</i> & on time");
    assert_eq!(
        (&answers["overall"], &answers["call-me"]),
        (&json!(9), &json!(false))
    );
    assert_eq!(answers["respect"]["code"], "yes");
}
