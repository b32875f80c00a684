//! The functions, by name.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::eval::{Run, Subject, equal, exact, flag_of, number_of, rounded};
use super::parser::Tree;
use super::{Datum, PathError};

const SCORES: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
];

/// A function that expressions may call.
#[derive(Debug)]
pub struct Function {
    /// As it is called.
    pub name: &'static str,
    /// How many arguments it takes.
    pub takes: RangeInclusive<usize>,
    pub(super) what: What,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    All,
    Any,
    Avg,
    Children,
    Contains,
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exists,
    Extension,
    First,
    HasValue,
    If,
    Join,
    Last,
    Length,
    Lower,
    Max,
    Min,
    Not,
    Numeric(Numeric),
    Repeat,
    Select,
    Score,
    Skip,
    StartsWith,
    Sum,
    Tail,
    Take,
    ToDecimal,
    ToInteger,
    ToText,
    Upper,
    Where,
}

/// What is done to one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numeric {
    Abs,
    Ceiling,
    Floor,
    Round,
    Truncate,
}

const fn function(name: &'static str, takes: RangeInclusive<usize>, what: What) -> Function {
    Function { name, takes, what }
}

/// Every function, in the order of their names.
pub const FUNCTIONS: &[Function] = &[
    function("abs", 0..=0, What::Numeric(Numeric::Abs)),
    function("all", 1..=1, What::All),
    function("any", 1..=1, What::Any),
    function("avg", 0..=0, What::Avg),
    function("ceiling", 0..=0, What::Numeric(Numeric::Ceiling)),
    function("children", 0..=0, What::Children),
    function("contains", 1..=1, What::Contains),
    function("count", 0..=0, What::Count),
    function("descendants", 0..=0, What::Descendants),
    function("distinct", 0..=0, What::Distinct),
    function("empty", 0..=0, What::Empty),
    function("endsWith", 1..=1, What::EndsWith),
    function("exists", 0..=1, What::Exists),
    function("extension", 1..=1, What::Extension),
    function("first", 0..=0, What::First),
    function("floor", 0..=0, What::Numeric(Numeric::Floor)),
    function("hasValue", 0..=0, What::HasValue),
    function("iif", 2..=3, What::If),
    function("join", 0..=1, What::Join),
    function("last", 0..=0, What::Last),
    function("length", 0..=0, What::Length),
    function("lower", 0..=0, What::Lower),
    function("max", 0..=0, What::Max),
    function("min", 0..=0, What::Min),
    function("not", 0..=0, What::Not),
    function("ordinal", 0..=0, What::Score),
    function("repeat", 1..=1, What::Repeat),
    function("round", 0..=1, What::Numeric(Numeric::Round)),
    function("select", 1..=1, What::Select),
    function("skip", 1..=1, What::Skip),
    function("startsWith", 1..=1, What::StartsWith),
    function("sum", 0..=0, What::Sum),
    function("tail", 0..=0, What::Tail),
    function("take", 1..=1, What::Take),
    function("toDecimal", 0..=0, What::ToDecimal),
    function("toInteger", 0..=0, What::ToInteger),
    function("toString", 0..=0, What::ToText),
    function("truncate", 0..=0, What::Numeric(Numeric::Truncate)),
    function("upper", 0..=0, What::Upper),
    function("weight", 0..=0, What::Score),
    function("where", 1..=1, What::Where),
];

pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Calls a function on a collection.
pub(super) fn call<'a>(
    run: &Run<'a, '_>,
    at: usize,
    what: What,
    of: Vec<Datum<'a>>,
    given: &[Tree],
    around: &Subject<'a>,
) -> Result<Vec<Datum<'a>>, PathError> {
    let first = given.first();
    match what {
        What::Where | What::Select | What::All | What::Any | What::Repeat => {
            each(run, at, what, of, first)
        }
        What::Exists if first.is_some() => {
            let found = each(run, at, What::Where, of, first)?;
            Ok(vec![Datum::Bool(!found.is_empty())])
        }
        What::If => choose(run, at, &of, given, around),
        What::Contains | What::StartsWith | What::EndsWith => {
            let part = run.one_text(at, first, around)?;
            let (Some(text), Some(part)) = (text_of(at, &of)?, part) else {
                return Ok(Vec::new());
            };
            Ok(vec![Datum::Bool(match what {
                What::Contains => text.contains(&part),
                What::StartsWith => text.starts_with(&part),
                _ => text.ends_with(&part),
            })])
        }
        What::Skip | What::Take => {
            let number = run.one_number(at, first, around)?.unwrap_or(0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a negative or huge count takes none or all"
            )]
            let number = number.max(0.0) as usize;
            Ok(match what {
                What::Skip => of.into_iter().skip(number).collect(),
                _ => of.into_iter().take(number).collect(),
            })
        }
        What::Extension => {
            let url = run.one_text(at, first, around)?.unwrap_or_default();
            Ok(of.iter().flat_map(|it| extensions(it, &url)).collect())
        }
        What::Join => {
            let between = run.one_text(at, first, around)?.unwrap_or_default();
            let texts: Vec<String> = of.iter().map(written).collect();
            Ok(if texts.is_empty() {
                Vec::new()
            } else {
                vec![Datum::Text(texts.join(&between))]
            })
        }
        What::Numeric(numeric) => {
            let places = run.one_number(at, first, around)?.unwrap_or(0.0);
            let number = number_of(at, &of)?;
            Ok(number
                .map(|it| figure(numeric, it, places))
                .into_iter()
                .collect())
        }
        plain => simple(run, at, plain, of),
    }
}

fn figure<'a>(numeric: Numeric, (number, whole): (f64, bool), places: f64) -> Datum<'a> {
    match numeric {
        Numeric::Abs if whole => exact(number.abs()),
        Numeric::Abs => Datum::Decimal(number.abs()),
        Numeric::Ceiling => exact(number.ceil()),
        Numeric::Floor => exact(number.floor()),
        Numeric::Truncate => exact(number.trunc()),
        Numeric::Round => {
            let scale = 10f64.powf(places.clamp(0.0, 8.0).trunc());
            Datum::Decimal(rounded((number * scale).round() / scale))
        }
    }
}

/// Functions that look at the collection alone.
fn simple<'a>(
    run: &Run<'a, '_>,
    at: usize,
    what: What,
    of: Vec<Datum<'a>>,
) -> Result<Vec<Datum<'a>>, PathError> {
    let count = i64::try_from(of.len()).unwrap_or(i64::MAX);
    Ok(match what {
        What::Empty => vec![Datum::Bool(of.is_empty())],
        What::Exists => vec![Datum::Bool(!of.is_empty())],
        What::Count => vec![Datum::Integer(count)],
        What::First => of.into_iter().take(1).collect(),
        What::Last => of.into_iter().next_back().into_iter().collect(),
        What::Tail => of.into_iter().skip(1).collect(),
        What::Not => flag_of(at, &of)?
            .map(|it| Datum::Bool(!it))
            .into_iter()
            .collect(),
        What::HasValue => vec![Datum::Bool(
            matches!(&of[..], [one] if !matches!(one, Datum::Node(_))),
        )],
        What::Distinct => {
            let mut distinct: Vec<Datum<'a>> = Vec::new();
            for datum in of {
                run.step(at)?;
                if !distinct.iter().any(|known| equal(known, &datum)) {
                    distinct.push(datum);
                }
            }
            distinct
        }
        What::Children => children(run, at, &of)?,
        What::Descendants => {
            let (mut all, mut level) = (Vec::new(), of);
            while !level.is_empty() {
                level = children(run, at, &level)?;
                all.extend(level.iter().cloned());
            }
            all
        }
        What::Score => of.iter().filter_map(score).collect(),
        What::Sum | What::Avg | What::Min | What::Max => fold(at, what, &of)?,
        What::ToInteger | What::ToDecimal | What::ToText => convert(what, at, of)?,
        What::Length => text_of(at, &of)?
            .map(|text| exact_len(text.chars().count()))
            .into_iter()
            .collect(),
        What::Lower => text_of(at, &of)?
            .map(|it| Datum::Text(it.to_lowercase()))
            .into_iter()
            .collect(),
        What::Upper => text_of(at, &of)?
            .map(|it| Datum::Text(it.to_uppercase()))
            .into_iter()
            .collect(),
        _ => return Err(PathError::new(at, "a function with arguments")),
    })
}

fn exact_len<'a>(length: usize) -> Datum<'a> {
    Datum::Integer(i64::try_from(length).unwrap_or(i64::MAX))
}

fn each<'a>(
    run: &Run<'a, '_>,
    at: usize,
    what: What,
    of: Vec<Datum<'a>>,
    with: Option<&Tree>,
) -> Result<Vec<Datum<'a>>, PathError> {
    let Some(with) = with else { return Ok(of) };
    let mut kept = Vec::new();
    let mut queue: std::collections::VecDeque<Datum<'a>> = of.into();
    let mut index = 0;
    while let Some(datum) = queue.pop_front() {
        run.step(at)?;
        let subject = Subject::nth(datum.clone(), index);
        index += 1;
        let found = run.eval(with, &subject)?;
        match what {
            What::Select => kept.extend(found),
            What::Repeat => {
                queue.extend(found.iter().cloned());
                kept.extend(found);
            }
            _ => match (what, flag_of(at, &found)? == Some(true)) {
                (What::All, false) => return Ok(vec![Datum::Bool(false)]),
                (What::Any, true) => return Ok(vec![Datum::Bool(true)]),
                (What::Where, true) => kept.push(datum),
                _ => {}
            },
        }
    }
    Ok(match what {
        What::All => vec![Datum::Bool(true)],
        What::Any => vec![Datum::Bool(false)],
        _ => kept,
    })
}

/// `iif(condition, then, otherwise)`: only what is chosen is evaluated.
fn choose<'a>(
    run: &Run<'a, '_>,
    at: usize,
    of: &[Datum<'a>],
    given: &[Tree],
    around: &Subject<'a>,
) -> Result<Vec<Datum<'a>>, PathError> {
    let subject = match of {
        [one] => Subject::nth(one.clone(), 0),
        _ => around.clone(),
    };
    let condition = match given.first() {
        Some(condition) => run.eval(condition, &subject)?,
        None => Vec::new(),
    };
    let chosen = usize::from(flag_of(at, &condition)? != Some(true)) + 1;
    given
        .get(chosen)
        .map_or(Ok(Vec::new()), |tree| run.eval(tree, &subject))
}

fn children<'a>(
    run: &Run<'a, '_>,
    at: usize,
    of: &[Datum<'a>],
) -> Result<Vec<Datum<'a>>, PathError> {
    let mut found = Vec::new();
    for datum in of {
        let Datum::Node(Value::Object(fields)) = datum else {
            continue;
        };
        for value in fields.values() {
            run.step(at)?;
            match value {
                Value::Array(list) => found.extend(list.iter().filter_map(Datum::of)),
                other => found.extend(Datum::of(other)),
            }
        }
    }
    Ok(found)
}

fn extensions<'a>(of: &Datum<'a>, url: &str) -> Vec<Datum<'a>> {
    let Datum::Node(node) = of else {
        return Vec::new();
    };
    let listed = node["extension"].as_array().map_or(&[][..], Vec::as_slice);
    let wanted = listed.iter().filter(|it| it["url"] == url);
    wanted.map(Datum::Node).collect()
}

/// What a coding scores.
fn score<'a>(of: &Datum<'a>) -> Option<Datum<'a>> {
    let found = SCORES.iter().flat_map(|url| extensions(of, url)).next()?;
    let Datum::Node(node) = found else {
        return None;
    };
    node.get("valueDecimal").and_then(Datum::of)
}

fn fold<'a>(at: usize, what: What, of: &[Datum<'a>]) -> Result<Vec<Datum<'a>>, PathError> {
    let mut numbers = Vec::with_capacity(of.len());
    for datum in of {
        let number = number_of(at, std::slice::from_ref(datum))?;
        numbers.extend(number);
    }
    let whole = numbers.iter().all(|(_, whole)| *whole);
    let figures = || numbers.iter().map(|(number, _)| *number);
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let folded = match what {
        _ if numbers.is_empty() => return Ok(Vec::new()),
        What::Sum => figures().sum(),
        What::Avg => figures().sum::<f64>() / numbers.len() as f64,
        What::Min => figures().fold(f64::INFINITY, f64::min),
        _ => figures().fold(f64::NEG_INFINITY, f64::max),
    };
    let folded = rounded(folded);
    Ok(vec![if whole && what != What::Avg {
        exact(folded)
    } else {
        Datum::Decimal(folded)
    }])
}

fn convert<'a>(what: What, at: usize, of: Vec<Datum<'a>>) -> Result<Vec<Datum<'a>>, PathError> {
    let mut of = of.into_iter();
    let (one, more) = (of.next(), of.next());
    if more.is_some() {
        return Err(PathError::new(
            at,
            "one value belongs here, there are several",
        ));
    }
    let Some(one) = one else {
        return Ok(Vec::new());
    };
    let converted = match (what, &one) {
        (What::ToText, Datum::Node(_)) => None,
        (What::ToText, other) => Some(Datum::Text(written(other))),
        (What::ToInteger, Datum::Integer(_)) => Some(one),
        (What::ToInteger, Datum::Bool(flag)) => Some(Datum::Integer(i64::from(*flag))),
        (What::ToInteger, Datum::Text(text)) => text.parse().ok().map(Datum::Integer),
        (What::ToDecimal, Datum::Decimal(_)) => Some(one),
        #[expect(
            clippy::cast_precision_loss,
            reason = "forms hold no figure above 2^53"
        )]
        (What::ToDecimal, Datum::Integer(number)) => Some(Datum::Decimal(*number as f64)),
        (What::ToDecimal, Datum::Bool(flag)) => Some(Datum::Decimal(f64::from(u8::from(*flag)))),
        (What::ToDecimal, Datum::Text(text)) => text
            .parse()
            .ok()
            .filter(|it: &f64| it.is_finite())
            .map(Datum::Decimal),
        _ => None,
    };
    Ok(converted.into_iter().collect())
}

/// The one string of a collection; none where it is empty.
fn text_of(at: usize, of: &[Datum<'_>]) -> Result<Option<String>, PathError> {
    match of {
        [] => Ok(None),
        [Datum::Text(text)] => Ok(Some(text.clone())),
        _ => Err(PathError::new(at, "one string belongs here")),
    }
}

/// A value as text.
pub(super) fn written(datum: &Datum<'_>) -> String {
    match datum {
        Datum::Text(text) => text.clone(),
        other => other.to_value().to_string(),
    }
}
