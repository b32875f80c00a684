//! JSON as an export has it: whole numbers, no member twice. Read strictly, and
//! written in the one canonical form (RFC 8785 for what is taken here).

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Lists and objects inside each other at most.
const DEPTH_MAX: usize = 16;
/// Digits of a number at most.
const DIGITS_MAX: usize = 19;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Whole(i128),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

/// Why a text is not such JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes before it.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl Json {
    /// Reads a whole text.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader {
            text: text.as_bytes(),
            at: 0,
        };
        let value = reader.value(0)?;
        reader.skip();
        if reader.at == reader.text.len() {
            Ok(value)
        } else {
            Err(reader.fault("the end"))
        }
    }

    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.get(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn whole<T: TryFrom<i128>>(&self) -> Option<T> {
        match self {
            Self::Whole(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The canonical form.
    pub(super) fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Whole(number) => {
                // Writing to a String can't fail.
                let _ = write!(out, "{number}");
            }
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    const fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        self.skip();
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.fault(what))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.skip();
        if depth > DEPTH_MAX {
            return Err(self.fault("less depth"));
        }
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
        ] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fault("a value"))
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let begin = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let digits = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let count = self.at - digits;
        let padded = count > 1 && self.text.get(digits) == Some(&b'0');
        let fraction = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        let text = self.text.get(begin..self.at).unwrap_or_default();
        let number = std::str::from_utf8(text)
            .ok()
            .and_then(|it| it.parse().ok());
        match number {
            Some(number) if count <= DIGITS_MAX && !padded && !fraction && text != b"-0" => {
                Ok(Json::Whole(number))
            }
            _ => Err(self.fault("a whole number")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Json::List(items));
            }
            self.expect(b',', "a comma or ]")?;
        }
    }

    fn map(&mut self, depth: usize) -> Result<Json, Fault> {
        self.at += 1;
        let mut members = BTreeMap::new();
        self.skip();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Map(members));
        }
        loop {
            self.skip();
            let name = self.string()?;
            self.expect(b':', "a colon")?;
            let value = self.value(depth + 1)?;
            if members.insert(name, value).is_some() {
                return Err(self.fault("each member once"));
            }
            self.skip();
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Json::Map(members));
            }
            self.expect(b',', "a comma or }")?;
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a text"));
        }
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let byte = self.peek().ok_or_else(|| self.fault("the text's end"))?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let letter = self.escape()?;
                    let mut buffer = [0; 4];
                    bytes.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
                }
                0..=0x1f => return Err(self.fault("no bare control character")),
                other => bytes.push(other),
            }
        }
        String::from_utf8(bytes).map_err(|_| self.fault("UTF-8"))
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let byte = self.peek().ok_or_else(|| self.fault("an escape"))?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.fault("an escape")),
        })
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.four()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.fault("a character"));
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(b"\\u") {
            return Err(self.fault("the second half of a character"));
        }
        self.at += 2;
        let second = self.four()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
        let whole = low.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low);
        let letter = whole.and_then(char::from_u32);
        letter.ok_or_else(|| self.fault("the second half of a character"))
    }

    fn four(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.at..self.at + 4);
        let text = digits.and_then(|it| std::str::from_utf8(it).ok());
        let text = text.filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = text.and_then(|it| u32::from_str_radix(it, 16).ok());
        let number = number.ok_or_else(|| self.fault("four hexadecimal digits"))?;
        self.at += 4;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_what_serde_json_writes_compactly() {
        let text = r#" {"b" : [1, -2, true, null], "a": "é\"\\\u0001\ud83d\ude00\n" , "": {}} "#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(Json::parse(text).unwrap().canonical(), value.to_string());
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            "1.5",
            "1e3",
            "01",
            "-0",
            "[1,]",
            "{\"a\"}",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "nul",
            "1 2",
            "",
            "99999999999999999999",
        ] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert_eq!(Json::parse(&deep).unwrap_err().what, "less depth");
    }
}
