//! Which room of the core may know which other room.

use super::Violation;
use super::lexer::{closing, find_words, is_word};
use super::source::Source;

/// A room and the rooms that it may use. `lib.rs` is not a room: it sees all.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("merge", &["model"]),
    ("access", &["model"]),
    ("clinical", &["model"]),
    ("forms", &["model"]),
    ("care", &["model", "forms"]),
    ("store", &["model"]),
    ("plan", &["model"]),
    ("notice", &["model"]),
    ("wire", &["model"]),
    ("vault", &["model"]),
    ("sync", &["model", "wire"]),
    (
        "app",
        &[
            "model", "merge", "access", "clinical", "forms", "care", "store", "plan", "notice",
            "wire", "vault", "sync",
        ],
    ),
];

const ROOT: &str = "core/src/";

/// Reports a use of a room that this file's room may not know. Test code may:
/// a test can need a neighbour, a build can not.
pub(crate) fn check(source: &Source, found: &mut Vec<Violation>) {
    let Some(rust) = &source.rust else { return };
    let Some((room, allowed)) = room_of(&source.path) else {
        return;
    };
    let code = &rust.lexed.code;
    let mut uses = from_crate(code);
    uses.extend(from_super(code, &source.path));
    for (at, other) in uses {
        let known = ROOMS.iter().any(|(name, _)| *name == other);
        let may = other == room || allowed.contains(&other.as_str());
        if known && !may && !source.in_test(at) {
            let list = match allowed {
                [] => "nothing".to_owned(),
                _ => allowed.join(", "),
            };
            let remedy = format!(
                "{room} may use {list}, not {other}; \
                 take what you need as an argument, or let app bring the two together"
            );
            found.push(Violation::new(
                source,
                source.line(at),
                "room-fence",
                remedy,
            ));
        }
    }
}

fn room_of(path: &str) -> Option<(&'static str, &'static [&'static str])> {
    let inside = path.strip_prefix(ROOT)?;
    let name = inside.split(['/', '.']).next()?;
    ROOMS.iter().find(|(room, _)| *room == name).copied()
}

/// Rooms named after `crate::`, one by one or in braces.
fn from_crate(code: &[u8]) -> Vec<(usize, String)> {
    find_words(code, "crate")
        .into_iter()
        .filter_map(|at| Some((at, skip_colons(code, at + "crate".len())?)))
        .flat_map(|(at, next)| names_at(code, next).into_iter().map(move |name| (at, name)))
        .collect()
}

/// Rooms reached by climbing to the root of the crate with `super::super::`.
fn from_super(code: &[u8], path: &str) -> Vec<(usize, String)> {
    let depth = module_depth(path);
    let mut uses = Vec::new();
    let mut done = 0;
    for at in find_words(code, "super") {
        if at < done {
            continue;
        }
        let mut climbed = 0;
        let mut next = at;
        while code[next..].starts_with(b"super") {
            let Some(after) = skip_colons(code, next + "super".len()) else {
                break;
            };
            climbed += 1;
            next = after;
        }
        done = next;
        if climbed == depth + inline_modules(code, at) {
            let names = names_at(code, next);
            uses.extend(names.into_iter().map(|name| (at, name)));
        }
    }
    uses
}

/// How many `super` lead from a file to the root of its crate.
fn module_depth(path: &str) -> usize {
    let inside = path.strip_prefix(ROOT).unwrap_or(path);
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") {
        parts - 1
    } else {
        parts
    }
}

/// How many inline `mod name { ... }` surround a byte.
fn inline_modules(code: &[u8], at: usize) -> usize {
    let surrounds = |start: &usize| {
        let length = code[*start..]
            .iter()
            .position(|byte| matches!(byte, b'{' | b';'));
        length.is_some_and(|length| {
            let open = start + length;
            code[open] == b'{' && closing(code, open).is_some_and(|end| open < at && at < end)
        })
    };
    let starts = find_words(code, "mod");
    starts.iter().filter(|start| surrounds(start)).count()
}

/// What follows `::`, if that comes next.
fn skip_colons(code: &[u8], from: usize) -> Option<usize> {
    let next = skip_blank(code, from);
    code.get(next..)?
        .starts_with(b"::")
        .then(|| skip_blank(code, next + 2))
}

fn skip_blank(code: &[u8], from: usize) -> usize {
    let blank = code.iter().skip(from);
    from + blank.take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The name at a place, or the first names of each branch of `{a::b, c}`.
fn names_at(code: &[u8], at: usize) -> Vec<String> {
    if code.get(at) != Some(&b'{') {
        return vec![word_at(code, at)];
    }
    let Some(end) = closing(code, at) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut next = at + 1;
    while next < end {
        next = skip_blank(code, next);
        names.push(word_at(code, next));
        next = branch_end(code, next, end) + 1;
    }
    names
}

/// The comma that ends a branch of a `use`, or the end of all.
fn branch_end(code: &[u8], from: usize, end: usize) -> usize {
    let mut at = from;
    while at < end {
        match code[at] {
            b',' => return at,
            b'{' => at = closing(code, at).unwrap_or(end),
            _ => {}
        }
        at += 1;
    }
    end
}

fn word_at(code: &[u8], at: usize) -> String {
    let word = code.iter().skip(at).take_while(|byte| is_word(**byte));
    String::from_utf8_lossy(&word.copied().collect::<Vec<u8>>()).into_owned()
}
