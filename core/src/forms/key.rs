//! Where an answer lies in the flat map of a form's answers.

use crate::model::EntryId;

/// Bytes of a key, at most: what a document takes.
pub(super) const KEY_BYTES_MAX: usize = 128;
/// Bytes of one repetition in a key: `@` and an id.
pub(super) const ROW_BYTES: usize = 37;

/// The place of an answer: the item, and in which repetitions of it and of the
/// groups around it, outermost first.
///
/// Written `linkId`, or `linkId@id@id…` where something repeats. Ids are minted
/// by whoever adds a repetition, so two phones that add one at once never mean
/// the same place. `%`, `/` and `@` of a link id are written `%25`, `%2F` and
/// `%40`; a key of a form that does not repeat is the link id itself in nearly
/// every questionnaire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The item's link id.
    pub link_id: String,
    /// The repetitions, outermost first.
    pub rows: Vec<EntryId>,
}

impl Key {
    /// The place of an item that does not repeat, nor anything around it.
    #[must_use]
    pub fn of(link_id: &str) -> Self {
        Self {
            link_id: link_id.to_owned(),
            rows: Vec::new(),
        }
    }

    /// The same item's place in repetitions.
    #[must_use]
    pub fn within(link_id: &str, rows: &[EntryId]) -> Self {
        Self {
            link_id: link_id.to_owned(),
            rows: rows.to_vec(),
        }
    }

    /// Reads a key as it is written; none: it is no key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('@');
        let link_id = unescape(parts.next()?)?;
        let mut rows = Vec::new();
        for part in parts {
            let id: EntryId = part.parse().ok()?;
            // One spelling an id, so that one place never has two keys.
            if id.to_string() != part {
                return None;
            }
            rows.push(id);
        }
        (!link_id.is_empty()).then_some(Self { link_id, rows })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&escape(&self.link_id))?;
        self.rows.iter().try_for_each(|row| write!(f, "@{row}"))
    }
}

/// A link id as it is written in a key.
pub(super) fn escape(link_id: &str) -> String {
    let mut written = String::with_capacity(link_id.len());
    for letter in link_id.chars() {
        match letter {
            '%' => written.push_str("%25"),
            '/' => written.push_str("%2F"),
            '@' => written.push_str("%40"),
            other => written.push(other),
        }
    }
    written
}

fn unescape(written: &str) -> Option<String> {
    let mut parts = written.split('%');
    let mut link_id = parts.next()?.to_owned();
    for part in parts {
        let code = part.get(..2)?;
        link_id.push(match code {
            "25" => '%',
            "2F" => '/',
            "40" => '@',
            _ => return None,
        });
        link_id.push_str(part.get(2..)?);
    }
    Some(link_id)
}
