//! The value of a tree.

use std::cell::Cell;

use serde_json::Value;

use super::functions::{self, written};
use super::parser::{Sign, Tree};
use super::{Datum, PathError, STEPS_MAX, Scope};

/// Where a part of an expression begins: `$this` and `$index`.
#[derive(Debug, Clone)]
pub(super) struct Subject<'a> {
    this: Vec<Datum<'a>>,
    index: i64,
}

impl<'a> Subject<'a> {
    pub(super) fn nth(this: Datum<'a>, index: i64) -> Self {
        Self {
            this: vec![this],
            index,
        }
    }
}

pub(super) fn evaluate<'a>(
    tree: &Tree,
    scope: &Scope<'a, '_>,
) -> Result<Vec<Datum<'a>>, PathError> {
    let run = Run {
        scope,
        steps: Cell::new(0),
    };
    let this = Datum::of(scope.context).into_iter().collect();
    run.eval(tree, &Subject { this, index: 0 })
}

/// One evaluation, which takes so many steps and no more.
pub(super) struct Run<'a, 's> {
    scope: &'s Scope<'a, 's>,
    steps: Cell<u32>,
}

impl<'a> Run<'a, '_> {
    pub(super) fn step(&self, at: usize) -> Result<(), PathError> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > STEPS_MAX {
            return Err(PathError::new(at, "the expression takes too long"));
        }
        Ok(())
    }

    pub(super) fn eval(
        &self,
        tree: &Tree,
        subject: &Subject<'a>,
    ) -> Result<Vec<Datum<'a>>, PathError> {
        self.step(0)?;
        let single = |datum| Ok(vec![datum]);
        match tree {
            Tree::Bool(flag) => single(Datum::Bool(*flag)),
            Tree::Integer(number) => single(Datum::Integer(*number)),
            Tree::Decimal(number) => single(Datum::Decimal(*number)),
            Tree::Text(text) => single(Datum::Text(text.clone())),
            Tree::Empty => Ok(Vec::new()),
            Tree::This => Ok(subject.this.clone()),
            Tree::Index => single(Datum::Integer(subject.index)),
            Tree::Variable(at, name) => self.variable(*at, name),
            Tree::Part(of, name) => {
                let of = match of {
                    Some(of) => self.eval(of, subject)?,
                    None => subject.this.clone(),
                };
                self.parts(&of, name)
            }
            Tree::Call(at, of, function, given) => {
                let of = match of {
                    Some(of) => self.eval(of, subject)?,
                    None => subject.this.clone(),
                };
                functions::call(self, *at, function.what, of, given, subject)
            }
            Tree::At(at, of, index) => {
                let of = self.eval(of, subject)?;
                let index = self.eval(index, subject)?;
                let index = number_of(*at, &index)?.map_or(-1.0, |(number, _)| number);
                #[expect(clippy::cast_precision_loss, reason = "collections are small")]
                let found = of
                    .into_iter()
                    .enumerate()
                    .find(|(nth, _)| *nth as f64 == index);
                Ok(found.map(|(_, datum)| datum).into_iter().collect())
            }
            Tree::Minus(at, of) => {
                let number = number_of(*at, &self.eval(of, subject)?)?;
                Ok(number
                    .map(|(it, whole)| figure(-it, whole))
                    .into_iter()
                    .collect())
            }
            Tree::Binary(at, sign, left, right) => {
                let left = self.eval(left, subject)?;
                if let Some(decided) = decided(*at, *sign, &left)? {
                    return single(Datum::Bool(decided));
                }
                let right = self.eval(right, subject)?;
                self.binary(*at, *sign, left, right)
            }
        }
    }

    fn variable(&self, at: usize, name: &str) -> Result<Vec<Datum<'a>>, PathError> {
        let node = |value: &'a Value| Ok(Datum::of(value).into_iter().collect());
        match name {
            "resource" | "rootResource" => node(self.scope.resource),
            "context" => node(self.scope.context),
            "questionnaire" => node(self.scope.questionnaire),
            other => self
                .scope
                .variables
                .get(other)
                .cloned()
                .ok_or_else(|| PathError::new(at, format!("%{other} is not a variable here"))),
        }
    }

    fn parts(&self, of: &[Datum<'a>], name: &str) -> Result<Vec<Datum<'a>>, PathError> {
        let mut found = Vec::new();
        for datum in of {
            self.step(0)?;
            let Datum::Node(node) = datum else { continue };
            let Value::Object(fields) = node else {
                continue;
            };
            if fields.get("resourceType").is_some_and(|kind| kind == name) {
                found.push(datum.clone());
                continue;
            }
            let plain = fields.get(name);
            let value = plain.or_else(|| {
                // A choice of types: `value` is `valueCoding`, `valueDecimal`, ...
                let mut typed = fields.iter();
                let typed = typed.find(|(key, _)| {
                    let rest = key.strip_prefix(name);
                    rest.is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_uppercase()))
                });
                typed.filter(|_| name == "value").map(|(_, value)| value)
            });
            match value {
                Some(Value::Array(list)) => found.extend(list.iter().filter_map(Datum::of)),
                Some(one) => found.extend(Datum::of(one)),
                None => {}
            }
        }
        Ok(found)
    }

    fn binary(
        &self,
        at: usize,
        sign: Sign,
        left: Vec<Datum<'a>>,
        right: Vec<Datum<'a>>,
    ) -> Result<Vec<Datum<'a>>, PathError> {
        let truth = |flag: Option<bool>| Ok(flag.map(Datum::Bool).into_iter().collect());
        match sign {
            Sign::And | Sign::Or | Sign::Xor | Sign::Implies => {
                truth(logic(sign, flag_of(at, &left)?, flag_of(at, &right)?))
            }
            Sign::Same => truth(same(&left, &right)),
            Sign::Other => truth(same(&left, &right).map(|it| !it)),
            Sign::Union => {
                let mut all: Vec<Datum<'a>> = Vec::new();
                for datum in left.into_iter().chain(right) {
                    self.step(at)?;
                    if !all.iter().any(|known| equal(known, &datum)) {
                        all.push(datum);
                    }
                }
                Ok(all)
            }
            Sign::In => member(at, &left, &right),
            Sign::Contains => member(at, &right, &left),
            Sign::Above | Sign::Below | Sign::AtLeast | Sign::AtMost => {
                let order = order(at, &left, &right)?;
                truth(order.map(|it| match sign {
                    Sign::Above => it.is_gt(),
                    Sign::Below => it.is_lt(),
                    Sign::AtLeast => it.is_ge(),
                    _ => it.is_le(),
                }))
            }
            Sign::Join => {
                let text = |of: &[Datum<'a>]| match of {
                    [] => Ok(String::new()),
                    [one] => Ok(written(one)),
                    _ => Err(PathError::new(
                        at,
                        "one value belongs here, there are several",
                    )),
                };
                Ok(vec![Datum::Text(text(&left)? + &text(&right)?)])
            }
            _ => arithmetic(at, sign, &left, &right),
        }
    }

    /// The one string that an argument comes to.
    pub(super) fn one_text(
        &self,
        at: usize,
        tree: Option<&Tree>,
        subject: &Subject<'a>,
    ) -> Result<Option<String>, PathError> {
        let Some(tree) = tree else { return Ok(None) };
        match &self.eval(tree, subject)?[..] {
            [] => Ok(None),
            [Datum::Text(text)] => Ok(Some(text.clone())),
            _ => Err(PathError::new(at, "one string belongs here")),
        }
    }

    /// The one figure that an argument comes to.
    pub(super) fn one_number(
        &self,
        at: usize,
        tree: Option<&Tree>,
        subject: &Subject<'a>,
    ) -> Result<Option<f64>, PathError> {
        let Some(tree) = tree else { return Ok(None) };
        let found = self.eval(tree, subject)?;
        Ok(number_of(at, &found)?.map(|(number, _)| number))
    }
}

/// What the left side alone decides, so that the right one is left alone.
fn decided(at: usize, sign: Sign, left: &[Datum<'_>]) -> Result<Option<bool>, PathError> {
    Ok(match sign {
        Sign::And if flag_of(at, left)? == Some(false) => Some(false),
        Sign::Or if flag_of(at, left)? == Some(true) => Some(true),
        Sign::Implies if flag_of(at, left)? == Some(false) => Some(true),
        _ => None,
    })
}

/// FHIRPath's logic of three values; none is empty.
const fn logic(sign: Sign, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (sign, left, right) {
        (Sign::And, Some(false), _) | (Sign::And, _, Some(false)) => Some(false),
        (Sign::And, Some(true), Some(true)) => Some(true),
        (Sign::Or, Some(true), _) | (Sign::Or, _, Some(true)) => Some(true),
        (Sign::Or, Some(false), Some(false)) => Some(false),
        (Sign::Xor, Some(one), Some(other)) => Some(one != other),
        (Sign::Implies, Some(false), _) | (Sign::Implies, _, Some(true)) => Some(true),
        (Sign::Implies, Some(true), Some(false)) => Some(false),
        _ => None,
    }
}

fn arithmetic<'a>(
    at: usize,
    sign: Sign,
    left: &[Datum<'a>],
    right: &[Datum<'a>],
) -> Result<Vec<Datum<'a>>, PathError> {
    if let (Sign::Plus, [Datum::Text(one)], [Datum::Text(other)]) = (sign, left, right) {
        return Ok(vec![Datum::Text(format!("{one}{other}"))]);
    }
    let (Some((one, left)), Some((other, right))) = (number_of(at, left)?, number_of(at, right)?)
    else {
        return Ok(Vec::new());
    };
    let whole = left && right;
    if matches!(sign, Sign::Over | Sign::Div | Sign::Mod) && other == 0.0 {
        return Ok(Vec::new());
    }
    let number = match sign {
        Sign::Times => one * other,
        Sign::Over => one / other,
        Sign::Div => (one / other).trunc(),
        Sign::Mod => one % other,
        Sign::Plus => one + other,
        _ => one - other,
    };
    let whole = sign == Sign::Div || (whole && sign != Sign::Over);
    Ok(vec![figure(rounded(number), whole)])
}

fn figure<'a>(number: f64, whole: bool) -> Datum<'a> {
    if whole {
        exact(number)
    } else {
        Datum::Decimal(number)
    }
}

/// A whole number; one that is too large stays a figure.
pub(super) fn exact<'a>(number: f64) -> Datum<'a> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if number.abs() < 9e15 {
        Datum::Integer(number as i64)
    } else {
        Datum::Decimal(number)
    }
}

/// To the eight decimal places that FHIRPath asks for.
pub(super) fn rounded(number: f64) -> f64 {
    if number.abs() < 1e7 {
        (number * 1e8).round() / 1e8
    } else {
        number
    }
}

/// The one truth of a collection: a single value that is no boolean is true.
pub(super) fn flag_of(at: usize, of: &[Datum<'_>]) -> Result<Option<bool>, PathError> {
    match of {
        [] => Ok(None),
        [Datum::Bool(flag)] => Ok(Some(*flag)),
        [_] => Ok(Some(true)),
        _ => Err(PathError::new(
            at,
            "one value belongs here, there are several",
        )),
    }
}

/// The one figure of a collection, and whether it is a whole one.
#[expect(
    clippy::cast_precision_loss,
    reason = "forms hold no figure above 2^53"
)]
pub(super) fn number_of(at: usize, of: &[Datum<'_>]) -> Result<Option<(f64, bool)>, PathError> {
    match of {
        [] => Ok(None),
        [Datum::Integer(number)] => Ok(Some((*number as f64, true))),
        [Datum::Decimal(number)] => Ok(Some((*number, false))),
        [_] => Err(PathError::new(at, "a figure belongs here")),
        _ => Err(PathError::new(
            at,
            "one value belongs here, there are several",
        )),
    }
}

pub(super) fn equal(one: &Datum<'_>, other: &Datum<'_>) -> bool {
    let number = |datum: &Datum<'_>| number_of(0, std::slice::from_ref(datum)).ok().flatten();
    match (number(one), number(other)) {
        (Some((one, _)), Some((other, _))) => (one - other).abs() < 1e-8,
        _ => one == other,
    }
}

/// Whether two collections are equal; none where one is empty.
fn same(left: &[Datum<'_>], right: &[Datum<'_>]) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    let alike = left.iter().zip(right).all(|(one, other)| equal(one, other));
    Some(left.len() == right.len() && alike)
}

fn member<'a>(
    at: usize,
    one: &[Datum<'a>],
    all: &[Datum<'a>],
) -> Result<Vec<Datum<'a>>, PathError> {
    match one {
        [] => Ok(Vec::new()),
        [one] => Ok(vec![Datum::Bool(all.iter().any(|it| equal(it, one)))]),
        _ => Err(PathError::new(
            at,
            "one value belongs here, there are several",
        )),
    }
}

fn order(
    at: usize,
    left: &[Datum<'_>],
    right: &[Datum<'_>],
) -> Result<Option<std::cmp::Ordering>, PathError> {
    if let ([Datum::Text(one)], [Datum::Text(other)]) = (left, right) {
        return Ok(Some(one.cmp(other)));
    }
    let (one, other) = (number_of(at, left)?, number_of(at, right)?);
    Ok(one
        .zip(other)
        .and_then(|((one, _), (other, _))| one.partial_cmp(&other)))
}
