//! Commands about forms.

use homeround::app::{Homeround, Saved};
use homeround::forms::Answer;
use homeround::model::{Coding, EntryId, VisitId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// An answer as a command says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Said {
    /// Yes or no.
    Flag(bool),
    /// A figure.
    Figure(f64),
    /// Words.
    Text(String),
    /// An option.
    Choice(Coding),
}

impl From<&Said> for Answer {
    fn from(said: &Said) -> Self {
        match said {
            Said::Flag(yes) => Self::Bool(*yes),
            Said::Figure(figure) => Self::Decimal(*figure),
            Said::Text(text) => Self::Text(text.clone()),
            Said::Choice(coding) => Self::Coding(coding.clone()),
        }
    }
}

/// Does what fills a form; none for another kind of command.
pub(super) fn fill(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::FormStart {
            visit,
            questionnaire,
        } => app.visit(*visit).start_form(questionnaire),
        Command::FormAnswer {
            visit,
            form,
            key,
            answer,
        } => app.visit(*visit).set_answer(*form, key, &answer.into()),
        Command::FormAdd { visit, form, key } => app.visit(*visit).add_repetition(*form, key),
        Command::FormComplete { visit, form } => app.visit(*visit).complete_form(*form),
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// A form: the values of what is shown outside of repetitions, what is missing,
/// and the keys on which people disagree.
pub(super) fn read(app: &Homeround, visit: VisitId, form: EntryId) -> Result<Value, Refusal> {
    let form = app.visit(visit).form(form)?;
    let filled = form.filled().ok_or_else(|| Refusal::code("definition"))?;
    let shown = filled.shown();
    let outermost = shown
        .iter()
        .filter(|it| it.enabled && it.key.rows.is_empty());
    let values: serde_json::Map<String, Value> = outermost
        .filter_map(|it| {
            let answer = it.answers.first()?.answer.as_ref()?;
            Some((it.key.link_id.clone(), answer.to_value()))
        })
        .collect();
    let missing: Vec<String> = filled
        .completion()
        .missing
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(json!({
        "questionnaire": form.questionnaire,
        "values": values,
        "missing": missing,
        "conflicts": form.conflicts,
        "completed": form.completed_at.is_some(),
    }))
}
