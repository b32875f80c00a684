//! From bytes to the raw text of each entry: inflating, bounds, and telling a
//! bundle from NDJSON. Nothing here looks inside a resource.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most bytes of JSON that one import reads, after inflating.
pub const INFLATED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Deepest nesting of objects and arrays; FHIR's own examples stay below 20.
pub const DEPTH_MAX: usize = 64;
/// Most entries that one import reads.
pub const ENTRIES_MAX: usize = 1_000_000;

/// Longest path of an element that a report names, in characters.
const PATH_CHARS_MAX: usize = 120;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &str = "\u{feff}";
const BUNDLES_TAKEN: [&str; 5] = [
    "transaction",
    "collection",
    "batch",
    "searchset",
    "document",
];

/// Why an input could not be read at all. Offsets count bytes after inflating.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The sender must split the input.
    #[error("input is larger than {limit} bytes")]
    TooLarge {
        /// [`INFLATED_BYTES_MAX`].
        limit: usize,
    },
    /// The sender must split the input.
    #[error("input has more than {limit} entries")]
    TooManyEntries {
        /// [`ENTRIES_MAX`].
        limit: usize,
    },
    /// The file is cut off: fetch it again.
    #[error("input ends early, at byte {offset}")]
    Truncated {
        /// Where it ends.
        offset: usize,
    },
    /// The compressed file is damaged: fetch it again.
    #[error("gzip data is damaged after {offset} inflated bytes")]
    BadGzip {
        /// How much could be inflated.
        offset: usize,
    },
    /// Not text: export as UTF-8.
    #[error("input is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first wrong byte.
        offset: usize,
    },
    /// Not JSON: export as FHIR JSON, not XML.
    #[error("input is not JSON at byte {offset}")]
    NotJson {
        /// Where it stops being JSON.
        offset: usize,
    },
    /// No sender needs this; it is refused before it costs memory.
    #[error("input is nested deeper than {limit} at byte {offset}")]
    TooDeep {
        /// Where the limit is passed.
        offset: usize,
        /// [`DEPTH_MAX`].
        limit: usize,
    },
    /// JSON, but not of FHIR.
    #[error("input is not FHIR: {field} is missing")]
    NotFhir {
        /// The element that every resource has.
        field: &'static str,
    },
    /// A bundle whose shape is not R4's.
    #[error("bundle is not FHIR R4 in {field}")]
    WrongShape {
        /// The element, as in `Bundle.entry`.
        field: &'static str,
    },
    /// The caller's own mistake.
    #[error("default_time_zone is not an IANA time zone")]
    TimeZone,
}

impl ImportError {
    /// A stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::TooManyEntries { .. } => "too_many_entries",
            Self::Truncated { .. } => "truncated",
            Self::BadGzip { .. } => "bad_gzip",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::TooDeep { .. } => "too_deep",
            Self::NotFhir { .. } => "not_fhir",
            Self::WrongShape { .. } => "wrong_shape",
            Self::TimeZone => "time_zone",
        }
    }

    /// What to do about it, for people.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooManyEntries { .. } => {
                "split the export into several files, one patient's resources together"
            }
            Self::Truncated { .. } | Self::BadGzip { .. } => {
                "fetch the file again and compare its size"
            }
            Self::NotUtf8 { .. } => "export as UTF-8",
            Self::NotJson { .. } => "export as FHIR JSON or NDJSON; XML is not read",
            Self::TooDeep { .. } => {
                "check where the file comes from; no FHIR resource is nested so deep"
            }
            Self::NotFhir { .. } => "send a FHIR R4 Bundle, or NDJSON with one resource a line",
            Self::WrongShape { .. } => "send an R4 (4.0.1) transaction or collection Bundle",
            Self::TimeZone => "set an IANA name, as in America/New_York",
        }
    }
}

/// One entry, not looked into yet.
pub(crate) struct Entry<'a> {
    /// The entry's `fullUrl`; empty in NDJSON.
    pub(crate) full_url: Cow<'a, str>,
    /// The resource's JSON; none when the entry has none.
    pub(crate) resource: Result<&'a str, Broken>,
}

/// Why an entry has no resource to look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Nothing there.
    Missing,
    /// A deletion, which an import does not carry out.
    Deletion,
    /// Not the shape of an entry, or not JSON (a line of NDJSON).
    Malformed,
}

/// What the input turned out to be.
pub(crate) struct Entries<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    /// What was odd about it.
    pub(crate) note: Option<&'static str>,
}

/// Inflates if need be, and checks size, encoding and depth.
pub(crate) fn text(input: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    let text = if input.starts_with(&GZIP_MAGIC) {
        let bytes = inflate(input)?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| error.utf8_error().valid_up_to())
    } else if input.len() > INFLATED_BYTES_MAX {
        return Err(too_large());
    } else {
        std::str::from_utf8(input)
            .map(Cow::Borrowed)
            .map_err(|error| error.valid_up_to())
    };
    let text = text.map_err(|offset| ImportError::NotUtf8 { offset })?;
    check_depth(text.as_bytes())?;
    Ok(text)
}

const fn too_large() -> ImportError {
    ImportError::TooLarge {
        limit: INFLATED_BYTES_MAX,
    }
}

fn inflate(input: &[u8]) -> Result<Vec<u8>, ImportError> {
    let mut bytes = Vec::new();
    let bound = INFLATED_BYTES_MAX as u64 + 1;
    let outcome = MultiGzDecoder::new(input)
        .take(bound)
        .read_to_end(&mut bytes);
    let offset = bytes.len();
    match outcome {
        Ok(_) if offset > INFLATED_BYTES_MAX => Err(too_large()),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(ImportError::Truncated { offset })
        }
        Err(_) => Err(ImportError::BadGzip { offset }),
    }
}

/// One pass over the bytes. It runs before any parser, so a line of NDJSON
/// that is not JSON can only make it count too little: a quote left open hides
/// what follows on the same line, and a line end closes it.
fn check_depth(bytes: &[u8]) -> Result<(), ImportError> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (offset, byte) in bytes.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            b'{' | b'[' if !quoted => {
                depth += 1;
                if depth > DEPTH_MAX {
                    let limit = DEPTH_MAX;
                    return Err(ImportError::TooDeep { offset, limit });
                }
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct TopIn<'a> {
    #[serde(borrow, default, rename = "resourceType")]
    resource_type: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct EntryIn<'a> {
    #[serde(borrow, default, rename = "fullUrl")]
    full_url: Cow<'a, str>,
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(default)]
    request: RequestIn,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RequestIn {
    method: String,
}

/// Splits the text into entries.
pub(crate) fn entries(text: &str) -> Result<Entries<'_>, ImportError> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let skipped = text.len() - body.len();
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() {
        return Err(ImportError::Truncated { offset: text.len() });
    }
    if is_ndjson(trimmed) {
        return ndjson(trimmed);
    }
    let leading = skipped + (body.len() - body.trim_ascii_start().len());
    let top: &RawValue = serde_json::from_str(trimmed).map_err(|error| {
        let offset = leading + offset_of(trimmed, &error);
        if error.is_eof() {
            ImportError::Truncated { offset }
        } else {
            ImportError::NotJson { offset }
        }
    })?;
    let not_fhir = ImportError::NotFhir {
        field: "resourceType",
    };
    let parsed: TopIn<'_> = serde_json::from_str(top.get()).map_err(|_| not_fhir.clone())?;
    let kind = parsed.resource_type.and_then(string).ok_or(not_fhir)?;
    if kind != "Bundle" {
        let entry = Entry {
            full_url: Cow::Borrowed(""),
            resource: Ok(trimmed),
        };
        return Ok(Entries {
            entries: vec![entry],
            note: Some("single_resource"),
        });
    }
    bundle(&parsed)
}

fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<String>(raw.get())
        .ok()
        .map(Cow::Owned)
}

fn bundle<'a>(top: &TopIn<'a>) -> Result<Entries<'a>, ImportError> {
    let wrong = |field| ImportError::WrongShape { field };
    let kind = top.kind.and_then(string).ok_or(wrong("Bundle.type"))?;
    if !BUNDLES_TAKEN.contains(&kind.as_ref()) {
        return Err(wrong("Bundle.type"));
    }
    let raws: Vec<&'a RawValue> = match top.entry {
        None => Vec::new(),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| wrong("Bundle.entry"))?,
    };
    check_count(raws.len())?;
    let note = match kind.as_ref() {
        "batch" => Some("bundle_batch"),
        "searchset" => Some("bundle_searchset"),
        "document" => Some("bundle_document"),
        _ => None,
    };
    Ok(Entries {
        entries: raws.into_iter().map(entry).collect(),
        note,
    })
}

const fn check_count(count: usize) -> Result<(), ImportError> {
    if count > ENTRIES_MAX {
        return Err(ImportError::TooManyEntries { limit: ENTRIES_MAX });
    }
    Ok(())
}

fn entry(raw: &RawValue) -> Entry<'_> {
    let Ok(parsed) = serde_json::from_str::<EntryIn<'_>>(raw.get()) else {
        return Entry {
            full_url: Cow::Borrowed(""),
            resource: Err(Broken::Malformed),
        };
    };
    let resource = match parsed.resource {
        _ if parsed.request.method == "DELETE" => Err(Broken::Deletion),
        Some(raw) => Ok(raw.get()),
        None => Err(Broken::Missing),
    };
    Entry {
        full_url: parsed.full_url,
        resource,
    }
}

/// NDJSON: the first line is a whole object, and something follows it.
fn is_ndjson(trimmed: &str) -> bool {
    let Some((first, _)) = trimmed.split_once('\n') else {
        return false;
    };
    let first = first.trim_ascii();
    first.starts_with('{') && serde_json::from_str::<&RawValue>(first).is_ok()
}

fn ndjson(text: &str) -> Result<Entries<'_>, ImportError> {
    let lines = text.lines().filter(|line| !line.trim_ascii().is_empty());
    check_count(lines.clone().count())?;
    let entries = lines
        .map(|line| Entry {
            full_url: Cow::Borrowed(""),
            resource: match serde_json::from_str::<&RawValue>(line) {
                Ok(raw) => Ok(raw.get()),
                Err(_) => Err(Broken::Malformed),
            },
        })
        .collect();
    Ok(Entries {
        entries,
        note: None,
    })
}

/// The byte offset of a parser's error in the text that it parsed.
pub(crate) fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    (line_start + error.column()).min(text.len())
}

/// The path of the element that the parser was in at `offset`, as in
/// `name[0].family`. The text up to there is well-formed.
pub(crate) fn path_at(text: &str, offset: usize) -> String {
    /// One open object or array.
    enum Open {
        Object(String),
        Array(usize),
    }
    let mut open: Vec<Open> = Vec::new();
    let mut quote: Option<usize> = None;
    let mut escaped = false;
    let mut is_key = true;
    // The error points just behind the token, or at it: the byte before counts.
    for (at, byte) in text.bytes().enumerate().take(offset.saturating_sub(1)) {
        if let Some(start) = quote {
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                quote = None;
                if let (true, Some(Open::Object(key))) = (is_key, open.last_mut()) {
                    text.get(start + 1..at).unwrap_or("").clone_into(key);
                }
            }
            continue;
        }
        match byte {
            b'"' => quote = Some(at),
            b'{' => {
                open.push(Open::Object(String::new()));
                is_key = true;
            }
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' => {
                open.pop();
                is_key = false;
            }
            b':' => is_key = false,
            b',' => match open.last_mut() {
                Some(Open::Array(index)) => *index += 1,
                _ => is_key = true,
            },
            _ => {}
        }
    }
    let mut path = String::new();
    for level in &open {
        match level {
            Open::Object(key) if path.is_empty() => path.push_str(key),
            Open::Object(key) => path.extend([".", key]),
            Open::Array(index) => path.push_str(&format!("[{index}]")),
        }
    }
    if path.is_empty() {
        path.push_str("resource");
    }
    // A key is the sender's own text: no FHIR path is this long.
    path.chars().take(PATH_CHARS_MAX).collect()
}
