//! The guides' snippets, as sources: what a guide shows is what compiles.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Trouble;
use crate::house::House;

/// A guide: its text, the language of its snippets, and how each becomes a source.
pub(crate) struct Guide {
    pub(crate) text: &'static str,
    pub(crate) language: &'static str,
    pub(crate) extension: &'static str,
    /// What stands above the snippet of this number.
    pub(crate) head: fn(usize) -> String,
}

/// Writes each snippet of a guide into a file of its own, into `folder/guide`.
///
/// # Errors
/// [`Trouble`] when the files can't be written.
pub(crate) fn extract(house: &House, guide: &Guide, folder: &Path) -> Result<PathBuf, Trouble> {
    let to = folder.join("guide");
    let _ = std::fs::remove_dir_all(&to);
    let text = std::fs::read_to_string(house.root.join(guide.text)).unwrap_or_default();
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&to)?;
        for (number, snippet) in snippets(&text, guide.language).into_iter().enumerate() {
            let source = format!("{}{snippet}", (guide.head)(number));
            let name = format!("Guide{number}.{}", guide.extension);
            std::fs::write(to.join(name), source)?;
        }
        Ok(())
    };
    write().map_err(|error| {
        let what = format!("{} can't be written: {error}", to.display());
        Trouble::new(
            what,
            "check the space and the permissions of the target folder",
        )
    })?;
    Ok(to)
}

/// The guide's whole program, which begins with `main`, and what the guide says that it
/// prints: the next block of text.
///
/// # Errors
/// [`Trouble`] when the guide has no such program, or doesn't say.
pub(crate) fn program(
    house: &House,
    guide: &Guide,
    main: &str,
) -> Result<(String, String), Trouble> {
    let text = std::fs::read_to_string(house.root.join(guide.text)).unwrap_or_default();
    let found = snippets(&text, guide.language)
        .into_iter()
        .find(|snippet| snippet.contains(main));
    let prints = found.as_ref().and_then(|program| {
        let (_, after) = text.split_once(program.as_str())?;
        snippets(after, "text").into_iter().next()
    });
    found.zip(prints).ok_or_else(|| {
        Trouble::new(
            format!(
                "{} has no program with {main} and what it prints",
                guide.text
            ),
            "restore both",
        )
    })
}

/// Runs the guide's program as its reader does, and holds what it prints against the guide.
///
/// # Errors
/// [`Trouble`] with what it printed in place of that.
pub(crate) fn follow(guide: &Guide, mut command: Command, expected: &str) -> Result<(), Trouble> {
    let output = command.output().map_err(|error| {
        let what = format!("the program of {} can't be run: {error}", guide.text);
        Trouble::new(what, "see the error")
    })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && said == expected {
        return Ok(());
    }
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Trouble::new(
        format!("the program of {} prints:\n{said}{failed}", guide.text),
        "make the guide tell the truth again",
    ))
}

fn snippets(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines() {
        match &mut inside {
            None if line.trim() == fence => inside = Some(String::new()),
            None => {}
            Some(_) if line.trim() == "```" => found.extend(inside.take()),
            Some(snippet) => {
                snippet.push_str(line);
                snippet.push('\n');
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_of_the_language_are_taken_and_others_are_not() {
        let text = "a\n```kotlin\nval a = 1\n```\n```toml\nb = 2\n```\n```kotlin\nval c = 3\n```\n";
        assert_eq!(snippets(text, "kotlin"), ["val a = 1\n", "val c = 3\n"]);
    }
}
