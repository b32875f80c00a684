//! A lexer just large enough to tell code from comments and texts.
//!
//! It answers with two copies of a Rust source of the same length and the same
//! lines: one in which everything but code is blank, one in which everything
//! but comments is. Rules then search plain text and can't be fooled by a
//! banned name inside a string, nor hidden from by a raw one.

/// One Rust source, taken apart.
#[derive(Debug)]
pub(crate) struct Lexed {
    /// The source with comments and the insides of texts blanked.
    pub(crate) code: Vec<u8>,
    /// The source with everything but comments blanked.
    pub(crate) comments: Vec<u8>,
}

/// Takes a Rust source apart.
pub(crate) fn lex(source: &str) -> Lexed {
    Lexer::new(source).run()
}

struct Lexer<'a> {
    source: &'a [u8],
    at: usize,
    code: Vec<u8>,
    comments: Vec<u8>,
}

impl<'a> Lexer<'a> {
    fn new(source: &'a str) -> Self {
        let blank: Vec<u8> = source
            .bytes()
            .map(|byte| if byte == b'\n' { b'\n' } else { b' ' })
            .collect();
        Self {
            source: source.as_bytes(),
            at: 0,
            code: blank.clone(),
            comments: blank,
        }
    }

    fn run(mut self) -> Lexed {
        while self.at < self.source.len() {
            self.step();
        }
        Lexed {
            code: self.code,
            comments: self.comments,
        }
    }

    fn step(&mut self) {
        match self.source[self.at] {
            b'/' if self.peek(1) == Some(b'/') => self.line_comment(),
            b'/' if self.peek(1) == Some(b'*') => self.block_comment(),
            b'"' => self.text(),
            b'\'' => self.quote(),
            byte if is_word(byte) => self.word(),
            _ => self.keep(1),
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.get(self.at + ahead).copied()
    }

    /// Copies bytes of code.
    fn keep(&mut self, count: usize) {
        let end = (self.at + count).min(self.source.len());
        self.code[self.at..end].copy_from_slice(&self.source[self.at..end]);
        self.at = end;
    }

    fn keep_comment_to(&mut self, end: usize) {
        self.comments[self.at..end].copy_from_slice(&self.source[self.at..end]);
        self.at = end;
    }

    fn line_comment(&mut self) {
        let rest = &self.source[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n');
        self.keep_comment_to(self.at + length.unwrap_or(rest.len()));
    }

    /// Rust's block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        let mut end = self.at;
        while end < self.source.len() {
            if self.source[end..].starts_with(b"/*") {
                depth += 1;
                end += 2;
            } else if self.source[end..].starts_with(b"*/") {
                depth -= 1;
                end += 2;
                if depth == 0 {
                    break;
                }
            } else {
                end += 1;
            }
        }
        self.keep_comment_to(end.min(self.source.len()));
    }

    /// A text in double quotes, with escapes.
    fn text(&mut self) {
        self.keep(1);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => return self.keep(1),
                _ => self.at += 1,
            }
        }
    }

    /// A word, or the prefix of a raw text: `r"`, `r#"`, `br##"`, `cr"`.
    fn word(&mut self) {
        let rest = &self.source[self.at..];
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        let raw = matches!(&rest[..length], b"r" | b"br" | b"cr");
        let hashes = rest[length..].iter().take_while(|b| **b == b'#').count();
        if raw && rest.get(length + hashes) == Some(&b'"') {
            self.raw_text(length, hashes);
        } else if matches!(&rest[..length], b"b" | b"c") && rest.get(length) == Some(&b'"') {
            self.keep(length);
            self.text();
        } else {
            self.keep(length);
        }
    }

    fn raw_text(&mut self, prefix: usize, hashes: usize) {
        let mut close = vec![b'"'];
        close.extend(std::iter::repeat_n(b'#', hashes));
        self.keep(prefix + hashes + 1);
        while self.at < self.source.len() && !self.source[self.at..].starts_with(&close) {
            self.at += 1;
        }
        self.keep(close.len());
    }

    /// A character, or the mark of a lifetime or a label.
    fn quote(&mut self) {
        let after = self.peek(1);
        if after == Some(b'\\') {
            // '\n', '\'', '\u{1F600}'
            let rest = self.source.get(self.at + 3..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'\'');
            self.at += 3 + length.map_or(rest.len(), |found| found + 1);
        } else {
            let width = after.map_or(1, utf8_width);
            if self.peek(1 + width) == Some(b'\'') {
                self.at += width + 2;
            } else {
                self.keep(1);
            }
        }
    }
}

/// True for what a Rust name is made of.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

const fn utf8_width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0..=0xEF => 3,
        0xC0..=0xDF => 2,
        _ => 1,
    }
}

/// Where `needle` starts in `haystack` as whole words: neither end of it may be
/// inside a longer name.
pub(crate) fn find_words(haystack: &[u8], needle: &str) -> Vec<usize> {
    let needle = needle.as_bytes();
    let (Some(first), Some(last)) = (needle.first(), needle.last()) else {
        return Vec::new();
    };
    let inside = |edge: u8, neighbour: Option<&u8>| {
        is_word(edge) && neighbour.is_some_and(|byte| is_word(*byte))
    };
    haystack
        .windows(needle.len())
        .enumerate()
        .filter(|(at, window)| {
            let before = at.checked_sub(1).and_then(|index| haystack.get(index));
            let after = haystack.get(at + needle.len());
            *window == needle && !inside(*first, before) && !inside(*last, after)
        })
        .map(|(at, _)| at)
        .collect()
}

/// The index of the bracket that closes the one at `open`, if there is one.
pub(crate) fn closing(code: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The line, from 1, that holds a byte.
pub(crate) fn line_of(text: &[u8], at: usize) -> usize {
    1 + text[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}
