//! The bill of materials of what is shipped: everything that is linked into the phone's
//! library and into the backend, as CycloneDX 1.6. The same lock file gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::{Value, json};

use crate::exec;
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, play, ui};

/// What is shipped: the package, the platform it is resolved for, and the file.
const SHIPPED: [(&str, &str, &str); 2] = [
    ("homeround-ffi", "aarch64-linux-android", "phone.cdx.json"),
    (
        "homeround-server",
        "x86_64-unknown-linux-gnu",
        "backend.cdx.json",
    ),
];
/// Sources in C that a crate carries and that are linked: the crate, the component, and
/// what stands before its version in the crate's own.
const CARRIED: [(&str, &str, &str); 3] = [
    ("sqlcipher-src", "sqlcipher", "sqlcipher-"),
    ("sqlcipher-src", "sqlite", "sqlite-"),
    ("zstd-sys", "zstd", "zstd."),
];

/// Validates bills with the schema's own library.
const SCRIPT: &str = "tests/sbom/validate.py";
/// Lines of a failed step's log that are worth showing.
const LINES_SHOWN: usize = 40;

/// Writes both bills, and shows them to an independent validator.
///
/// # Errors
/// As [`sbom`].
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    sbom(house, false)?;
    let folder = house.target.join("sbom");
    let mut command = Command::new(house.venv("python"));
    command.arg(SCRIPT).current_dir(&house.root);
    command.args(SHIPPED.map(|(_, _, file)| folder.join(file)));
    let log = house.log("sbom");
    if exec::logged("sbom", &mut command, &log)?.success() {
        return Ok(Verdict::Passed);
    }
    play::show_end(&log, LINES_SHOWN);
    Ok(Verdict::Failed)
}

/// Writes both bills below `target/sbom`, or prints where they are as JSON.
///
/// # Errors
/// [`Trouble`] when cargo can't resolve, or a file can't be written.
pub(crate) fn sbom(house: &House, as_json: bool) -> Result<ExitCode, Trouble> {
    let folder = house.target.join("sbom");
    let lock = read(&house.root.join("Cargo.lock"))?;
    let checksums = checksums(&lock)?;
    let mut written = Vec::new();
    for (package, platform, file) in SHIPPED {
        let metadata = metadata(house, platform)?;
        let bill = bill(&metadata, package, &checksums)?;
        let path = folder.join(file);
        let text = format!("{bill:#}\n");
        let save = || fs::create_dir_all(&folder).and_then(|()| fs::write(&path, &text));
        save().map_err(|error| {
            let what = format!("{} can't be written: {error}", path.display());
            Trouble::new(
                what,
                "check the space and the permissions of the target folder",
            )
        })?;
        let components = bill["components"].as_array().map_or(0, Vec::len);
        ui::note(&format!(
            "sbom: {} with {components} components",
            path.display()
        ));
        written.push(json!({ "file": path, "components": components }));
    }
    if as_json {
        ui::out(&format!("{}\n", json!({ "written": written })));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String, Trouble> {
    fs::read_to_string(path).map_err(|error| {
        let what = format!("{} can't be read: {error}", path.display());
        Trouble::new(what, "run it in the project's folder")
    })
}

fn metadata(house: &House, platform: &str) -> Result<Value, Trouble> {
    let mut command: Command = house.cargo(&["metadata", "--format-version", "1", "--locked"]);
    let failed = |why: String| Trouble::new(format!("cargo metadata: {why}"), "cargo fetch");
    let output = command
        .args(["--filter-platform", platform])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}

/// SHA-256 of each package's archive, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>, Trouble> {
    let failed = |_| Trouble::new("Cargo.lock can't be read", "cargo generate-lockfile");
    let lock: toml::Table = toml::from_str(lock).map_err(failed)?;
    let packages = lock.get("package").and_then(|list| list.as_array());
    let named = packages.into_iter().flatten().filter_map(|package| {
        let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
        Some(((text("name")?, text("version")?), text("checksum")?))
    });
    Ok(named.collect())
}

/// The bill of one package: itself, and everything that is linked into it.
fn bill(
    metadata: &Value,
    root: &str,
    checksums: &BTreeMap<(String, String), String>,
) -> Result<Value, Trouble> {
    let packages: BTreeMap<&str, &Value> = list(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let start = packages.iter().find(|(_, package)| package["name"] == root);
    let (start, package) = start.ok_or_else(|| {
        Trouble::new(
            format!("there is no package {root}"),
            "see the workspace's Cargo.toml",
        )
    })?;
    let mut linked = BTreeSet::from([*start]);
    let mut left = vec![*start];
    let mut dependencies = Vec::new();
    while let Some(id) = left.pop() {
        let below: BTreeSet<&str> = nodes.get(id).map_or_else(BTreeSet::new, |node| {
            let linking = list(&node["deps"]).filter(|dep| is_linked(dep, &packages));
            linking.filter_map(|dep| dep["pkg"].as_str()).collect()
        });
        let refs: Vec<String> = below.iter().map(|id| purl(packages[id])).collect();
        dependencies.push(json!({ "ref": purl(packages[id]), "dependsOn": refs }));
        left.extend(below.iter().filter(|id| linked.insert(id)));
    }
    dependencies.sort_by_key(|one| one["ref"].to_string());
    let others = linked
        .iter()
        .filter(|id| *id != start)
        .map(|id| packages[id]);
    let mut components: Vec<Value> = others
        .clone()
        .map(|package| component(package, checksums))
        .collect();
    components.extend(others.flat_map(carried));
    components.sort_by_key(|one| one["bom-ref"].to_string());
    let mut about = component(package, checksums);
    about["type"] = json!(if root.ends_with("server") {
        "application"
    } else {
        "library"
    });
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": about },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Neither a build script's nor a test's, and no macro: those leave nothing of themselves.
/// But for a crate of sources that a build script compiles.
fn is_linked(dep: &Value, packages: &BTreeMap<&str, &Value>) -> bool {
    let normal = list(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null());
    let package = dep["pkg"].as_str().and_then(|id| packages.get(id));
    let is_macro = package.is_some_and(|package| {
        list(&package["targets"])
            .any(|target| list(&target["kind"]).any(|kind| kind == "proc-macro"))
    });
    let is_source = package.is_some_and(|package| text(package, "name").ends_with("-src"));
    (normal || is_source) && !is_macro
}

fn text<'v>(package: &'v Value, key: &str) -> &'v str {
    package[key].as_str().unwrap_or_default()
}

fn purl(package: &Value) -> String {
    format!(
        "pkg:cargo/{}@{}",
        text(package, "name"),
        text(package, "version")
    )
}

fn component(package: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let mut told = json!({
        "type": "library",
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "purl": purl(package),
    });
    if let Some(licence) = package["license"].as_str() {
        // Old manifests write a slash for a choice.
        told["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        told["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    told
}

/// Sources in C that a crate carries are components of their own: their flaws are
/// reported under their own names.
fn carried(package: &Value) -> Vec<Value> {
    let ours = CARRIED.iter().filter(|one| one.0 == text(package, "name"));
    let found = ours.filter_map(|(_, name, before)| {
        let (_, parts) = text(package, "version").split_once('+')?;
        let (_, rest) = parts.split_once(before)?;
        let version = rest.split('-').next()?;
        Some(json!({
            "type": "library",
            "bom-ref": format!("pkg:generic/{name}@{version}"),
            "name": name,
            "version": version,
            "purl": format!("pkg:generic/{name}@{version}"),
        }))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, kind: &str) -> Value {
        json!({
            "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0",
            "manifest_path": "/nowhere/Cargo.toml", "targets": [{ "kind": [kind] }],
        })
    }

    #[test]
    fn what_is_linked_is_told_and_builders_and_macros_are_not() {
        let dep = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [
                package("homeround-ffi", "lib"), package("b", "lib"), package("c", "lib"),
                package("d", "proc-macro"), package("e", "lib"),
            ],
            "resolve": { "nodes": [
                { "id": "homeround-ffi", "deps": [
                    dep("b", Value::Null), dep("d", Value::Null), dep("e", json!("build")),
                ] },
                { "id": "b", "deps": [dep("c", Value::Null)] },
                { "id": "c", "deps": [] },
            ] },
        });
        let sums = BTreeMap::from([(("c".into(), "1.0.0".into()), "ab".into())]);
        let bill = bill(&metadata, "homeround-ffi", &sums).unwrap();
        let names: Vec<&str> = list(&bill["components"])
            .map(|one| text(one, "name"))
            .collect();
        assert_eq!(names, ["b", "c"]);
        let told = &bill["components"][1];
        assert_eq!(told["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(told["hashes"][0]["content"], "ab");
        assert_eq!(
            bill["dependencies"][0]["dependsOn"],
            json!(["pkg:cargo/c@1.0.0"])
        );
        assert_eq!(bill["metadata"]["component"]["name"], "homeround-ffi");
        assert!(super::bill(&metadata, "x", &sums).is_err());
        let source =
            json!({ "name": "sqlcipher-src", "version": "4.1.0+sqlcipher-4.19.0-sqlite-3.53.4" });
        let carried: Vec<String> = carried(&source)
            .iter()
            .map(|one| text(one, "purl").into())
            .collect();
        assert_eq!(
            carried,
            ["pkg:generic/sqlcipher@4.19.0", "pkg:generic/sqlite@3.53.4"]
        );
    }
}
