//! Words and signs of an expression.

use super::PathError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, also one in back ticks.
    Name(String),
    /// `%name`.
    Variable(String),
    /// `$this`, `$index`, without the sign.
    Dollar(String),
    Text(String),
    Integer(i64),
    Decimal(f64),
    Sign(&'static str),
    End,
}

/// Longer signs first.
const SIGNS: [&str; 20] = [
    "!=", ">=", "<=", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "=",
    ">", "<",
];

/// The tokens with their places; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, PathError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = one(rest, first).map_err(|what| PathError::new(at, what))?;
        found.push((at, token));
        at += length;
    }
    found.push((text.len(), Token::End));
    Ok(found)
}

fn one(rest: &str, first: char) -> Result<(Token, usize), String> {
    match first {
        '\'' => quoted(rest, '\'').map(|(text, length)| (Token::Text(text), length)),
        '`' => quoted(rest, '`').map(|(text, length)| (Token::Name(text), length)),
        '%' => after(rest, 1, Token::Variable),
        '$' => after(rest, 1, Token::Dollar),
        '@' => date(rest),
        '0'..='9' => number(rest),
        letter if letter.is_ascii_alphabetic() || letter == '_' => after(rest, 0, Token::Name),
        _ => {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            sign.map(|sign| (Token::Sign(sign), sign.len()))
                .ok_or_else(|| format!("{first} means nothing here"))
        }
    }
}

/// A name that begins after `skip` bytes.
fn after(rest: &str, skip: usize, make: fn(String) -> Token) -> Result<(Token, usize), String> {
    let name = rest.get(skip..).unwrap_or_default();
    if let Some('`') = name.chars().next() {
        let (text, length) = quoted(name, '`')?;
        return Ok((make(text), skip + length));
    }
    let end = name.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
    if name.is_empty() {
        return Err("a name belongs here".into());
    }
    Ok((make(name.to_owned()), skip + name.len()))
}

fn quoted(rest: &str, mark: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == mark => return Ok((text, at + 1)),
            '\\' => match letters.next().map(|(_, escaped)| escaped) {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some(plain @ ('\'' | '`' | '"' | '\\' | '/')) => text.push(plain),
                _ => return Err("an escape of \\' \\` \\\" \\\\ \\/ \\n \\r \\t".into()),
            },
            other => text.push(other),
        }
    }
    Err(format!("{mark} is never closed"))
}

/// `@2024-05-01`, `@2024-05-01T10:00:00Z`, `@T10:00`.
fn date(rest: &str) -> Result<(Token, usize), String> {
    let body = rest.get(1..).unwrap_or_default();
    let end = body.find(|it: char| !(it.is_ascii_digit() || "-:TZ+.".contains(it)));
    let text = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
    let text = text.trim_end_matches('.');
    if text.len() < 4 {
        return Err("a date after @, as @2024-05-01".into());
    }
    let length = 1 + text.len();
    let text = text.strip_prefix('T').unwrap_or(text);
    Ok((Token::Text(text.to_owned()), length))
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let digits = |text: &str| {
        text.find(|it: char| !it.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let whole = digits(rest);
    let fraction = rest
        .get(whole..)
        .and_then(|tail| tail.strip_prefix('.'))
        .map_or(0, digits);
    let length = if fraction > 0 {
        whole + 1 + fraction
    } else {
        whole
    };
    let text = rest.get(..length).unwrap_or_default();
    let token = if fraction > 0 {
        text.parse().ok().map(Token::Decimal)
    } else {
        text.parse().ok().map(Token::Integer)
    };
    token
        .map(|token| (token, length))
        .ok_or_else(|| "a figure of at most 18 digits".into())
}
