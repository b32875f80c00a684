//! Decisions are indexed and what cites them is right; no file names a machine
//! or a network that only its author has.

use std::collections::BTreeMap;

use super::Violation;
use super::source::Source;

const DECISIONS: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";

/// Papers that prove what they say by the names of tests.
const PROVING: &[&str] = &["SECURITY.md", "docs/reliability.md"];

/// First folders of paths that exist on one machine alone.
const PRIVATE_FOLDERS: &[&str] = &["home", "Users", "root", "work", "workspace", "builds"];
/// Last labels of names that public DNS does not know.
const PRIVATE_LABELS: &[&str] = &["internal", "intranet", "corp", "lan", "local", "home"];

/// Reports absolute machine paths and hosts that are not public.
pub(crate) fn check_places(source: &Source, found: &mut Vec<Violation>) {
    for (index, line) in source.text.lines().enumerate() {
        let mut report = |rule, remedy: String| {
            found.push(Violation::new(source, index + 1, rule, remedy));
        };
        if let Some(path) = machine_path(line) {
            report(
                "machine-path",
                format!("`{path}` is on one machine alone: make it relative, or an argument"),
            );
        }
        if let Some(host) = private_host(line) {
            report(
                "private-host",
                format!("`{host}` is not public: use a name under .example, or the loopback"),
            );
        }
    }
}

/// Every test that a paper names exists. A test's name is a sentence: it has two
/// underscores at least.
pub(crate) fn check_named_tests(sources: &[Source], found: &mut Vec<Violation>) {
    for paper in sources
        .iter()
        .filter(|source| PROVING.contains(&&*source.path))
    {
        for (index, line) in paper.text.lines().enumerate() {
            for name in line
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|name| is_test_name(name))
            {
                let written = format!("fn {name}(");
                let mut rust = sources.iter().filter(|source| source.rust.is_some());
                if !rust.any(|source| source.text.contains(&written)) {
                    let remedy = format!("there is no test `{name}`: name one that shows it");
                    found.push(Violation::new(paper, index + 1, "named-test", remedy));
                }
            }
        }
    }
}

fn is_test_name(name: &str) -> bool {
    name.matches('_').count() >= 2
        && (name.chars()).all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// An absolute path into somebody's folder.
fn machine_path(line: &str) -> Option<String> {
    for (at, _) in line.match_indices('/') {
        let before = line[..at].chars().next_back();
        let glued = |c: char| c.is_alphanumeric() || "./}_-~*>$)".contains(c);
        if before.is_some_and(glued) {
            continue;
        }
        let mut parts = line[at + 1..].split('/');
        let (first, second) = (parts.next()?, parts.next());
        let named = |part: &str| part.starts_with(|c: char| c.is_alphanumeric());
        if PRIVATE_FOLDERS.contains(&first) && second.is_some_and(named) {
            return Some(format!("/{first}/"));
        }
    }
    let windows = line.find(":\\Users\\");
    windows.map(|at| line[at.saturating_sub(1)..at + 8].to_owned())
}

/// The host of a URL, or an address, that means nothing elsewhere.
fn private_host(line: &str) -> Option<String> {
    for scheme in ["http://", "https://"] {
        for (at, _) in line.match_indices(scheme) {
            let rest = &line[at + scheme.len()..];
            let is_name = |c: char| c.is_alphanumeric() || ".-".contains(c);
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let host = rest[..end].trim_end_matches('.');
            // What goes on with a brace or a dollar is put together later.
            let whole = !rest[end..].starts_with(['{', '$', '<', '(', '%']);
            if whole && !host.is_empty() && is_private_name(host) {
                return Some(host.to_owned());
            }
        }
    }
    private_address(line)
}

fn is_private_name(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let single = !host.contains('.') && host != "localhost";
    single || PRIVATE_LABELS.contains(&last)
}

/// An address of a private range, as 10.1.2.3.
fn private_address(line: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    line.split(|c| !is_part(c))
        .find(|word| {
            let octets: Vec<u8> = word
                .split('.')
                .filter_map(|part| part.parse().ok())
                .collect();
            word.split('.').count() == 4
                && matches!(
                    octets[..],
                    [10, _, _, _] | [172, 16..=31, _, _] | [192, 168, _, _]
                )
        })
        .map(str::to_owned)
}

/// Reports decisions that the index lacks, numbers used twice, and citations
/// of decisions that do not exist.
pub(crate) fn check_decisions(sources: &[Source], found: &mut Vec<Violation>) {
    let index = sources.iter().find(|source| source.path == INDEX);
    let listed = index.map_or("", |source| source.text.as_str());
    let mut numbers: BTreeMap<String, &Source> = BTreeMap::new();
    for source in sources {
        let Some(name) = source.path.strip_prefix(DECISIONS) else {
            continue;
        };
        let Some(number) = number_of(name) else {
            continue;
        };
        if !listed.contains(&format!("({name})")) {
            let remedy = format!("add a line with ({name}) to {INDEX}");
            found.push(Violation::new(source, 1, "decision-index", remedy));
        }
        if let Some(other) = numbers.insert(number, source) {
            let remedy = format!("{} has the same number: take the next free one", other.path);
            found.push(Violation::new(source, 1, "decision-number", remedy));
        }
    }
    for source in sources {
        citations(source, &numbers, found);
    }
}

fn number_of(text: &str) -> Option<String> {
    let number = text.get(..4)?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| number.to_owned())
}

fn citations(source: &Source, known: &BTreeMap<String, &Source>, found: &mut Vec<Violation>) {
    for (index, line) in source.text.lines().enumerate() {
        for (at, _) in line.match_indices(DECISIONS) {
            let number = number_of(&line[at + DECISIONS.len()..]);
            if let Some(number) = number.filter(|number| !known.contains_key(number)) {
                let remedy = format!("there is no decision {number}: write it, or cite another");
                found.push(Violation::new(source, index + 1, "decision-cited", remedy));
            }
        }
    }
}
