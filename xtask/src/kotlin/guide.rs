//! The Kotlin guide's snippets, as sources: what the guide shows is what compiles.

use std::path::{Path, PathBuf};

use crate::Trouble;
use crate::house::House;

const GUIDE: &str = "docs/kotlin.md";
const FENCE: &str = "```kotlin";

/// Writes each snippet into a file of its own under a package of its own.
pub(super) fn extract(house: &House, folder: &Path) -> Result<PathBuf, Trouble> {
    let to = folder.join("guide");
    let _ = std::fs::remove_dir_all(&to);
    let text = std::fs::read_to_string(house.root.join(GUIDE)).unwrap_or_default();
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&to)?;
        for (number, snippet) in snippets(&text).into_iter().enumerate() {
            let source = format!("package guide{number}\n\n{snippet}");
            std::fs::write(to.join(format!("Guide{number}.kt")), source)?;
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

fn snippets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines() {
        match &mut inside {
            None if line.trim() == FENCE => inside = Some(String::new()),
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
    fn kotlin_snippets_are_taken_and_others_are_not() {
        let text = "a\n```kotlin\nval a = 1\n```\n```toml\nb = 2\n```\n```kotlin\nval c = 3\n```\n";
        assert_eq!(snippets(text), ["val a = 1\n", "val c = 3\n"]);
    }
}
