//! How long a file and a function may be.

use super::Violation;
use super::lexer::{closing, find_words, is_word, line_of};
use super::source::Source;

/// Lines of a source file.
pub(crate) const FILE_LINES_MAX: usize = 500;
/// Lines of a file that holds tests alone.
pub(crate) const TEST_FILE_LINES_MAX: usize = 800;
/// Lines of code in the body of a function; comments and blank lines are free.
pub(crate) const FUNCTION_LINES_MAX: usize = 70;

const MEASURED: &[&str] = &["rs", "kt", "swift", "sql", "py"];

/// Reports files and functions that are too long.
pub(crate) fn check(source: &Source, found: &mut Vec<Violation>) {
    if !MEASURED.contains(&source.extension()) {
        return;
    }
    file(source, found);
    let functions = match (&source.rust, source.extension()) {
        (Some(rust), _) => rust_functions(&rust.lexed.code),
        (None, "py") => python_functions(&source.text),
        _ => Vec::new(),
    };
    for (line, name, length) in functions {
        if length > FUNCTION_LINES_MAX {
            let remedy = format!(
                "`{name}` has {length} lines of code, {FUNCTION_LINES_MAX} are the limit; \
                 name a part of it and take it out"
            );
            found.push(Violation::new(source, line, "function-length", remedy));
        }
    }
}

fn file(source: &Source, found: &mut Vec<Violation>) {
    let limit = if source.is_test_file() {
        TEST_FILE_LINES_MAX
    } else {
        FILE_LINES_MAX
    };
    let lines = source.text.lines().count();
    if lines > limit {
        let remedy = format!(
            "{lines} lines, {limit} are the limit; \
             split it by what its parts are for, or move its tests to a tests file beside it"
        );
        found.push(Violation::new(source, limit + 1, "file-length", remedy));
    }
}

/// Line, name and length of each function that has a body.
fn rust_functions(code: &[u8]) -> Vec<(usize, String, usize)> {
    let function = |start: usize| {
        let name_at = start + "fn ".len();
        // Without a blank it is the type of a function, `fn(u8)`.
        code.get(name_at - 1)?.is_ascii_whitespace().then_some(())?;
        let name = code.get(name_at..)?.iter().take_while(|b| is_word(**b));
        let name = String::from_utf8_lossy(&name.copied().collect::<Vec<u8>>()).into_owned();
        let open = body(code, name_at)?;
        let close = closing(code, open)?;
        let length = lines_of_code(&code[open + 1..close]);
        (!name.is_empty()).then(|| (line_of(code, start), name, length))
    };
    find_words(code, "fn")
        .into_iter()
        .filter_map(function)
        .collect()
}

/// The brace that opens a function's body; none for a declaration.
fn body(code: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match code.get(at)? {
            b'{' => return Some(at),
            b';' | b'}' => return None,
            b'(' | b'[' => at = closing(code, at)?,
            _ => {}
        }
        at += 1;
    }
}

fn lines_of_code(body: &[u8]) -> usize {
    let has_code = |line: &&[u8]| line.iter().any(|byte| !byte.is_ascii_whitespace());
    body.split(|byte| *byte == b'\n').filter(has_code).count()
}

/// The same for Python, by indentation.
fn python_functions(text: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let function = |(at, line): (usize, &&str)| {
        let head = line.trim_start();
        let rest = head
            .strip_prefix("def ")
            .or_else(|| head.strip_prefix("async def "))?;
        let name = rest.split('(').next().unwrap_or_default().to_owned();
        let body = lines[at + 1..].iter().take_while(|next| {
            next.trim().is_empty()
                || indent(next) > indent(line)
                || next.trim_start().starts_with(')')
        });
        let code = body.filter(|next| {
            let next = next.trim();
            !next.is_empty() && !next.starts_with('#')
        });
        Some((at + 1, name, code.count()))
    };
    lines.iter().enumerate().filter_map(function).collect()
}
