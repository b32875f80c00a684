//! Ids that a second import finds again, and references between entries.

use std::borrow::Cow;
use std::collections::HashMap;

use homeround::model::TenantId;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::types::{Identifier, Reference};

/// Makes a UUID (version 8) from a scope, as a tenant, and names: the same ones give the
/// same id, and no two lists of names run together.
pub(crate) fn derive(scope: Uuid, names: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"homeround/fhir/1");
    hash.update(scope.as_bytes());
    for name in names {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What is read of every resource before any is parsed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Header<'a> {
    #[serde(borrow, rename = "resourceType")]
    pub(crate) resource_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Option<&'a RawValue>,
}

impl Header<'_> {
    /// The identifiers; none where they are not a list of them.
    pub(crate) fn identifiers(&self) -> Vec<Identifier> {
        self.identifier
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }
}

/// The id that a resource gets here: its own if that is a UUID, else one made
/// from the tenant, the type and the best name that the source gives it.
pub(crate) fn identity(tenant: TenantId, header: &Header<'_>, full_url: &str, raw: &str) -> Uuid {
    if let Ok(own) = Uuid::try_parse(&header.id) {
        return own;
    }
    if let Some(own) = full_url.strip_prefix("urn:uuid:")
        && let Ok(own) = Uuid::try_parse(own)
    {
        return own;
    }
    let kind = header.resource_type.as_ref();
    if !header.id.is_empty() {
        return derive(tenant.0, &[kind, "id", &header.id]);
    }
    if !full_url.is_empty() {
        return derive(tenant.0, &[kind, "url", full_url]);
    }
    match header.identifiers().first() {
        Some(first) if !first.value.is_empty() => {
            derive(tenant.0, &[kind, "identifier", &first.system, &first.value])
        }
        // Nameless: the same content is the same thing.
        _ => derive(tenant.0, &[kind, "content", raw]),
    }
}

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The element is absent or has only a text.
    None,
    /// Another entry of the input.
    Entry(usize),
    /// A resource inside the one that refers, by position.
    Contained(usize),
    /// Nowhere.
    Dangling,
}

/// Every name under which entries can be referred to.
#[derive(Default)]
pub(crate) struct Index {
    by_url: HashMap<String, usize>,
    by_type_and_id: HashMap<String, usize>,
    by_identifier: HashMap<String, usize>,
}

impl Index {
    /// Adds an entry; a later one of the same name takes the name over. Says
    /// which earlier entry it replaces.
    pub(crate) fn add(&mut self, at: usize, header: &Header<'_>, full_url: &str) -> Option<usize> {
        let mut replaced = None;
        if !full_url.is_empty() {
            replaced = self.by_url.insert(full_url.to_owned(), at);
        }
        if !header.id.is_empty() {
            let name = format!("{}/{}", header.resource_type, header.id);
            replaced = self.by_type_and_id.insert(name, at).or(replaced);
        }
        replaced
    }

    /// Adds an entry's identifiers, for references that search by one.
    pub(crate) fn add_identifiers(&mut self, at: usize, header: &Header<'_>) {
        for identifier in header.identifiers() {
            if !identifier.value.is_empty() {
                let kind = &header.resource_type;
                let name = format!("{kind}?{}|{}", identifier.system, identifier.value);
                self.by_identifier.insert(name, at);
            }
        }
    }

    /// Follows a reference. `kind` is the type that a logical reference (an
    /// identifier alone) is taken to mean.
    pub(crate) fn find(&self, reference: &Reference, kind: &str) -> Target {
        let text = reference.reference.as_str();
        if text.is_empty() {
            return match &reference.identifier {
                Some(by) if !by.value.is_empty() => self
                    .identified(kind, &by.system, &by.value)
                    .map_or(Target::Dangling, Target::Entry),
                _ => Target::None,
            };
        }
        if text.starts_with('#') {
            return Target::Dangling;
        }
        if let Some((kind, query)) = text.split_once("?identifier=") {
            let query = unescape(query);
            let (system, value) = query.split_once('|').unwrap_or(("", &query));
            return self
                .identified(kind, system, value)
                .map_or(Target::Dangling, Target::Entry);
        }
        let text = text.split("/_history/").next().unwrap_or(text);
        if let Some(at) = self.by_url.get(text).or(self.by_type_and_id.get(text)) {
            return Target::Entry(*at);
        }
        // An absolute address names the type and the id at its end.
        let mut parts = text.rsplitn(3, '/');
        if let (Some(id), Some(kind)) = (parts.next(), parts.next())
            && let Some(at) = self.by_type_and_id.get(&format!("{kind}/{id}"))
        {
            return Target::Entry(*at);
        }
        self.bare_uuid(text).map_or(Target::Dangling, Target::Entry)
    }

    /// `Patient/<uuid>` where the input names the entry `urn:uuid:<uuid>`.
    fn bare_uuid(&self, text: &str) -> Option<usize> {
        let id = text.rsplit('/').next()?;
        self.by_url.get(&format!("urn:uuid:{id}")).copied()
    }

    fn identified(&self, kind: &str, system: &str, value: &str) -> Option<usize> {
        let name = format!("{kind}?{system}|{value}");
        self.by_identifier.get(&name).copied()
    }
}

/// Undoes percent encoding; what is not valid stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.map(|pair| u8::from_str_radix(pair, 16)) {
            Some(Ok(byte)) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Follows a reference into the resource itself.
pub(crate) fn find_contained(reference: &Reference, contained: &[serde_json::Value]) -> Target {
    let Some(id) = reference.reference.strip_prefix('#') else {
        return Target::None;
    };
    contained
        .iter()
        .position(|inner| inner.get("id").and_then(|it| it.as_str()) == Some(id))
        .map_or(Target::Dangling, Target::Contained)
}
