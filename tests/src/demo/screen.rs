//! What the terminal shows: numbered steps, aligned columns, colours only
//! where they are welcome.

use std::io::{IsTerminal, Write};

/// Widest cell of a table, in characters.
const CELL_MAX: usize = 64;

/// How a line is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    Faint,
    Strong,
    Good,
    Bad,
}

/// Where progress goes: standard output, or standard error when standard
/// output belongs to a program.
pub(super) struct Screen {
    out: Box<dyn Write>,
    colour: bool,
    steps: u32,
}

impl Screen {
    pub(super) fn new(for_program: bool) -> Self {
        let (out, terminal): (Box<dyn Write>, bool) = if for_program {
            (Box::new(std::io::stderr()), std::io::stderr().is_terminal())
        } else {
            (Box::new(std::io::stdout()), std::io::stdout().is_terminal())
        };
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            out,
            colour: terminal && !refused,
            steps: 0,
        }
    }

    /// The next step of the day.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        let number = self.steps;
        self.put("");
        self.toned(Tone::Strong, &format!("{number:>2}  {title}"));
    }

    /// A line under the step.
    pub(super) fn line(&mut self, text: &str) {
        self.put(&format!("    {text}"));
    }

    /// A line that may be skipped.
    pub(super) fn aside(&mut self, text: &str) {
        self.toned(Tone::Faint, &format!("    {text}"));
    }

    /// A promise, held or not.
    pub(super) fn verdict(&mut self, held: bool, text: &str) {
        let (tone, mark) = if held {
            (Tone::Good, "ok")
        } else {
            (Tone::Bad, "FAILED")
        };
        let mark = self.painted(tone, mark);
        self.put(&format!("    {mark}  {text}"));
    }

    /// Columns under each other; those of figures to the right.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let cells = |row: &[String], at: usize| row.get(at).map_or("", String::as_str).to_owned();
        let figures =
            |at: usize| !rows.is_empty() && rows.iter().all(|row| is_figure(&cells(row, at)));
        let columns: Vec<(usize, bool)> = head
            .iter()
            .enumerate()
            .map(|(at, title)| {
                let widths = rows
                    .iter()
                    .map(|row| shown(&cells(row, at)).chars().count());
                let widest = widths.max().unwrap_or(0);
                (widest.max(title.chars().count()), figures(at))
            })
            .collect();
        let line = |row: &[String]| {
            let padded = columns.iter().enumerate().map(|(at, (width, right))| {
                let cell = shown(&cells(row, at));
                if *right {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
            padded
                .collect::<Vec<String>>()
                .join("  ")
                .trim_end()
                .to_owned()
        };
        let titles: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
        self.toned(Tone::Faint, &format!("    {}", line(&titles)));
        for row in rows {
            self.put(&format!("    {}", line(row)));
        }
    }

    pub(super) fn toned(&mut self, tone: Tone, text: &str) {
        let text = self.painted(tone, text);
        self.put(&text);
    }

    fn painted(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.colour => return text.to_owned(),
            Tone::Faint => "2",
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Bad => "1;31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn put(&mut self, text: &str) {
        // A closed terminal is no reason to stop half-way through the day.
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }
}

fn is_figure(cell: &str) -> bool {
    let mut letters = cell.chars();
    letters.next().is_some_and(|first| first.is_ascii_digit())
        && letters.all(|letter| letter.is_ascii_digit() || " .,".contains(letter))
}

/// On one line, and not too long.
fn shown(cell: &str) -> String {
    let flat: String = cell
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect();
    if flat.chars().count() <= CELL_MAX {
        return flat;
    }
    let cut: String = flat.chars().take(CELL_MAX - 3).collect();
    format!("{}...", cut.trim_end())
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<String> = [0, 999, 1_000, 1_234_567].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn a_long_cell_is_cut_and_stays_on_one_line() {
        let cell = shown(&format!("a\nb{}", "x".repeat(100)));
        assert!(cell.starts_with("a b") && cell.ends_with("...") && cell.len() == CELL_MAX);
    }
}
