//! The version catalog, and what Maven fetches of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{CATALOG, LINES_SHOWN};
use crate::exec;
use crate::house::House;
use crate::{Trouble, play, ui};

/// Jars by bundle.
pub(crate) struct Jars {
    by_bundle: BTreeMap<String, Vec<PathBuf>>,
}

impl Jars {
    pub(super) fn of<'j>(
        &'j self,
        bundles: &[&str],
    ) -> impl Iterator<Item = &'j PathBuf> + use<'j> {
        let wanted: Vec<&Vec<PathBuf>> = bundles
            .iter()
            .filter_map(|bundle| self.by_bundle.get(*bundle))
            .collect();
        wanted.into_iter().flatten()
    }
}

/// A library of the catalog.
struct Library {
    group: String,
    artifact: String,
    version: String,
}

/// Fetches each bundle into a folder of its own, unless it is there.
pub(super) fn fetch(house: &House, folder: &Path) -> Result<Jars, Trouble> {
    let text = std::fs::read_to_string(house.root.join(CATALOG));
    let text = text.map_err(|error| Trouble::new(format!("{CATALOG}: {error}"), "restore it"))?;
    let mut by_bundle = BTreeMap::new();
    for (bundle, libraries) in parse(&text)? {
        let to = folder.join("jars").join(&bundle);
        let pom = pom(&bundle, &libraries);
        let done = to.join("pom.xml");
        if std::fs::read_to_string(&done).ok().as_deref() != Some(&pom) {
            get(house, folder, &bundle, &pom, &to)?;
            write(&done, &pom)?;
        }
        by_bundle.insert(bundle, jars_in(&to));
    }
    Ok(Jars { by_bundle })
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| {
            let what = format!("{} can't be written: {error}", path.display());
            Trouble::new(
                what,
                "check the space and the permissions of the target folder",
            )
        })
}

fn get(house: &House, folder: &Path, bundle: &str, pom: &str, to: &Path) -> Result<(), Trouble> {
    ui::note(&format!("kotlin: fetching {bundle}"));
    let project = folder.join("poms").join(bundle).join("pom.xml");
    write(&project, pom)?;
    // What an earlier list had and this one does not must not stay on the class path.
    let _ = std::fs::remove_dir_all(to);
    let mut command = Command::new("mvn");
    command
        .args(["--batch-mode", "--quiet", "--file"])
        .arg(&project);
    command.arg("org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies");
    command.arg(format!("-DoutputDirectory={}", to.display()));
    let log = house.log("maven");
    if exec::logged("maven", &mut command, &log)?.success() {
        return Ok(());
    }
    play::show_end(&log, LINES_SHOWN);
    let what = format!("Maven can't fetch the bundle {bundle} of {CATALOG}");
    Err(Trouble::new(what, format!("see {}", log.display())))
}

fn jars_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut jars: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jar"))
        .collect();
    jars.sort();
    jars
}

/// Every library of the bundle and nothing that they ask for, but for the compiler,
/// which brings its own.
fn pom(bundle: &str, libraries: &[Library]) -> String {
    let alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
    let alone = if bundle == "compiler" { "" } else { alone };
    let listed: String = libraries
        .iter()
        .map(|library| {
            format!(
                "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>{alone}</dependency>\n",
                library.group, library.artifact, library.version
            )
        })
        .collect();
    // androidx is not on Maven Central everywhere: Google's repository has it.
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n\
         <groupId>org.homeround</groupId><artifactId>{bundle}</artifactId><version>1</version>\n\
         <dependencies>\n{listed}</dependencies></project>\n"
    )
}

/// Bundles with their libraries.
fn parse(text: &str) -> Result<Vec<(String, Vec<Library>)>, Trouble> {
    let wrong = |what: String| Trouble::new(format!("{CATALOG}: {what}"), "mend the catalog");
    let catalog: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().into()))?;
    let section = |name: &str| catalog.get(name).and_then(toml::Value::as_table);
    let (versions, libraries) = (section("versions"), section("libraries"));
    let library = |alias: &str| -> Option<Library> {
        let entry = libraries?.get(alias)?.as_table()?;
        let (group, artifact) = entry.get("module")?.as_str()?.split_once(':')?;
        let named = entry.get("version")?.as_table()?.get("ref")?.as_str()?;
        Some(Library {
            group: group.into(),
            artifact: artifact.into(),
            version: versions?.get(named)?.as_str()?.into(),
        })
    };
    let bundles = section("bundles").ok_or_else(|| wrong("no [bundles]".into()))?;
    let mut parsed = Vec::new();
    for (name, aliases) in bundles {
        let aliases = aliases.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut listed = Vec::new();
        for alias in aliases {
            let alias = alias.as_str().unwrap_or_default();
            let found = library(alias);
            listed.push(
                found.ok_or_else(|| wrong(format!("{name} names {alias}, which is not pinned")))?,
            );
        }
        parsed.push((name.clone(), listed));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = "[versions]\nkotlin = \"2.4.20\"\n[libraries]\n\
        stdlib = { module = \"org.jetbrains.kotlin:kotlin-stdlib\", version.ref = \"kotlin\" }\n";

    #[test]
    fn a_bundle_lists_its_libraries_with_their_pinned_versions() {
        let parsed = parse(&format!("{CATALOG}[bundles]\nkit = [\"stdlib\"]\n")).ok();
        let parsed = parsed.unwrap();
        assert_eq!(parsed[0].0, "kit");
        assert!(pom("kit", &parsed[0].1).contains("<version>2.4.20</version>"));
    }

    #[test]
    fn a_bundle_that_names_what_is_not_there_is_refused() {
        let parsed = parse(&format!("{CATALOG}[bundles]\nkit = [\"stdlip\"]\n"));
        assert!(parsed.err().unwrap().to_string().contains("stdlip"));
    }
}
