//! The survey's HTML and its words beside the questions.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use homeround::forms::{Answer, FormError, Item, ItemKind};
use homeround::notice::{LANGUAGES, day_in_words};
use maud::{DOCTYPE, Markup, html};

use crate::service::SurveyAsked;

/// Whole numbers up to so many are chosen, and not typed.
const CHOSEN_MAX: i64 = 11;

/// What was sent and not taken.
pub(super) struct Filled<'f> {
    pub(super) sent: &'f BTreeMap<String, String>,
    pub(super) wrong: &'f FormError,
}

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) language: &'static str,
    title: &'static str,
    /// Between a day and its year.
    of_year: &'static str,
    other: &'static str,
    who: &'static str,
    patient: &'static str,
    representative: &'static str,
    yes: &'static str,
    no: &'static str,
    send: &'static str,
    wrong: &'static str,
    nothing: &'static str,
    who_first: &'static str,
    pub(super) thanks: &'static str,
    pub(super) over: &'static str,
    pub(super) unknown: &'static str,
    pub(super) later: &'static str,
    pub(super) too_large: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    title: "Your visit",
    of_year: ", ",
    other: "Español",
    who: "Who answers?",
    patient: "I am the patient",
    representative: "I speak for the patient",
    yes: "Yes",
    no: "No",
    send: "Send",
    wrong: "Please look at this answer again.",
    nothing: "Please answer at least one question.",
    who_first: "Please say who answers.",
    thanks: "Thank you. Your answers have reached your care team. This link can't be used again.",
    over: "This link does not work any more. If you want to tell us something, call your care team.",
    unknown: "This link does not work. Please open it from the message again, whole.",
    later: "We can't take your answers just now. Please open the link again in a few minutes.",
    too_large: "That is more text than we can take. Please go back and make it shorter.",
};

const SPANISH: Words = Words {
    language: "es",
    title: "Su visita",
    of_year: " de ",
    other: "English",
    who: "¿Quién contesta?",
    patient: "Soy el paciente o la paciente",
    representative: "Hablo en nombre del paciente",
    yes: "Sí",
    no: "No",
    send: "Enviar",
    wrong: "Revise esta respuesta, por favor.",
    nothing: "Conteste al menos una pregunta, por favor.",
    who_first: "Diga quién contesta, por favor.",
    thanks: "Gracias. Sus respuestas han llegado a su equipo de atención. Este enlace ya no se puede usar.",
    over: "Este enlace ya no sirve. Si quiere decirnos algo, llame a su equipo de atención.",
    unknown: "Este enlace no sirve. Ábralo otra vez desde el mensaje, completo.",
    later: "Ahora mismo no podemos recibir sus respuestas. Abra el enlace otra vez dentro de unos minutos.",
    too_large: "Es más texto del que podemos recibir. Vuelva atrás y acórtelo, por favor.",
};

impl Words {
    /// Of one of [`LANGUAGES`].
    pub(super) fn of(language: &str) -> Self {
        if language == SPANISH.language {
            SPANISH
        } else {
            ENGLISH
        }
    }
}

/// The questions; `filled`: with what was sent, and what is wrong with it.
pub(super) fn questions(asked: &SurveyAsked, words: Words, filled: Option<&Filled<'_>>) -> Markup {
    let definition = &asked.definition;
    let language = words.language;
    let day = day_in_words(asked.day, language);
    let title = definition.title.in_language(language);
    let text = definition.description.in_language(language);
    frame(
        words,
        &html! {
            nav { (switch(words)) }
            main {
                h1 { (title) }
                p { strong {
                    @if !asked.who.is_empty() { (asked.who) " · " }
                    (day) (words.of_year) (asked.day.year())
                } }
                p { (text) }
                @if let Some(said) = filled.and_then(|it| said(it, words)) {
                    p.wrong role="alert" { (said) }
                }
                form method="post" accept-charset="utf-8" {
                    input type="hidden" name="lang" value=(language);
                    (who(words, filled))
                    @for item in &definition.items { (question(item, words, filled)) }
                    p { button type="submit" { (words.send) } }
                }
            }
        },
    )
}

/// A page with one sentence.
pub(super) fn note(words: Words, said: impl Fn(&Words) -> &'static str) -> Markup {
    frame(
        words,
        &html! {
            main { h1 { (words.title) } p role="status" { (said(&words)) } }
        },
    )
}

fn frame(words: Words, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (words.title) }
                link rel="stylesheet" href="/survey/style.css";
            }
            body { (body) }
        }
    }
}

/// The other language, for who reads it better.
fn switch(words: Words) -> Markup {
    let others = LANGUAGES.into_iter().find(|it| *it != words.language);
    let other = others.unwrap_or(LANGUAGES[0]);
    html! { a href={ "?lang=" (other) } lang=(other) hreflang=(other) { (words.other) } }
}

/// What to tell above the form, where it is about no question.
fn said(filled: &Filled<'_>, words: Words) -> Option<&'static str> {
    let wrong = filled.wrong;
    match wrong.field {
        _ if !wrong.item.is_empty() => Some(words.wrong),
        "answered_by" => Some(words.who_first),
        _ => Some(words.nothing),
    }
}

fn who(words: Words, filled: Option<&Filled<'_>>) -> Markup {
    let name = "answered_by";
    let choices = [
        ("patient", words.patient),
        ("representative", words.representative),
    ];
    let wrong = filled.is_some_and(|it| it.wrong.field == name);
    html! {
        fieldset.wrong[wrong] {
            legend { (words.who) }
            div.choices {
                @for (value, text) in choices {
                    (radio(name, value, text, Some(value) == given(filled, name), true))
                }
            }
        }
    }
}

fn question(item: &Item, words: Words, filled: Option<&Filled<'_>>) -> Markup {
    let id = item.link_id.as_str();
    let text = item.text.in_language(words.language);
    let stands = given(filled, id);
    let wrong = filled.is_some_and(|it| it.wrong.item == id);
    let wrong_words = html! { @if wrong { p { (words.wrong) } } };
    match choices(item, words) {
        Some(choices) => html! {
            fieldset.wrong[wrong] {
                legend { (text) }
                (wrong_words)
                div.choices {
                    @for (value, shown) in &choices {
                        (radio(id, value, shown, stands == Some(value), false))
                    }
                }
            }
        },
        None => html! {
            div.words.wrong[wrong] {
                label for=(id) { (text) }
                (wrong_words)
                @if item.kind == ItemKind::Integer {
                    input type="number" id=(id) name=(id) value=[stands];
                } @else {
                    textarea id=(id) name=(id) rows="5" maxlength=[item.max_length] {
                        (stands.unwrap_or_default())
                    }
                }
            }
        },
    }
}

fn radio(name: &str, value: &str, text: &str, chosen: bool, required: bool) -> Markup {
    html! {
        label {
            input type="radio" name=(name) value=(value) checked[chosen] required[required];
            (text)
        }
    }
}

/// What there is to choose, as it is sent and as it is read; none: it is typed.
fn choices(item: &Item, words: Words) -> Option<Vec<(String, String)>> {
    match item.kind {
        ItemKind::Choice => {
            let options = item.options.iter().filter_map(|option| {
                let Answer::Coding(coding) = &option.answer else {
                    return None;
                };
                let text = option.text.in_language(words.language);
                Some((coding.code.clone(), text.to_owned()))
            });
            Some(options.collect())
        }
        ItemKind::Boolean => Some(vec![
            ("true".to_owned(), words.yes.to_owned()),
            ("false".to_owned(), words.no.to_owned()),
        ]),
        ItemKind::Integer => {
            let (Some(Answer::Integer(least)), Some(Answer::Integer(most))) =
                (&item.range.min, &item.range.max)
            else {
                return None;
            };
            let figures = (most - least < CHOSEN_MAX).then_some(*least..=*most)?;
            Some(figures.map(|it| (it.to_string(), it.to_string())).collect())
        }
        _ => None,
    }
}

fn given<'f>(filled: Option<&'f Filled<'_>>, name: &str) -> Option<&'f str> {
    filled?.sent.get(name).map(String::as_str)
}
