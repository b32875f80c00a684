//! Running the Kotlin compiler, with warnings as errors, over what has changed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Built, LINES_SHOWN};
use crate::exec;
use crate::house::House;
use crate::{Trouble, play};

/// What a JVM of Android's and of a desktop's both run.
const JVM_TARGET: &str = "17";

/// The unit that is somebody's own, whose warnings are their own matter.
pub(super) const PROGRAM: &str = "program";

/// Something to compile in one go.
pub(super) struct Unit<'u> {
    pub(super) name: &'u str,
    pub(super) sources: &'u [PathBuf],
    pub(super) to: &'u Path,
    pub(super) bundles: &'u [&'u str],
    pub(super) compose: bool,
}

/// Compiles the unit unless neither its sources nor what it builds on changed.
pub(super) fn kotlin(house: &House, built: &Built, unit: &Unit<'_>) -> Result<(), Trouble> {
    let stamp = built.folder.join("stamps").join(unit.name);
    let now = fingerprint(built, unit);
    if std::fs::read_to_string(&stamp).ok().as_ref() == Some(&now) {
        return Ok(());
    }
    // Classes of sources that are gone must not stay.
    let _ = std::fs::remove_dir_all(unit.to);
    let compiler: Vec<String> = built
        .jars
        .of(&["compiler"])
        .map(|jar| jar.to_string_lossy().into_owned())
        .collect();
    let mut command = Command::new("java");
    command.args(["-Xmx2g", "-cp"]).arg(compiler.join(":"));
    command.arg("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler");
    command.args(["-no-stdlib", "-no-reflect", "-jvm-target", JVM_TARGET]);
    if unit.name != PROGRAM {
        command.arg("-Werror");
    }
    if unit.compose {
        let plugin = compiler
            .iter()
            .find(|jar| jar.contains("compose-compiler-plugin"));
        command.args(plugin.map(|plugin| format!("-Xplugin={plugin}")));
    }
    // The kit's tests look at what is the kit's own.
    let friends: Vec<String> = built
        .classes
        .iter()
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect();
    if unit.name == "tests" {
        command.arg(format!("-Xfriend-paths={}", friends.join(",")));
    }
    command.arg("-cp").arg(built.class_path(&[], unit.bundles));
    command.arg("-d").arg(unit.to);
    command.args(unit.sources.iter().filter(|folder| folder.exists()));
    let log = house.log(&format!("kotlinc-{}", unit.name));
    if !exec::logged(&format!("kotlinc {}", unit.name), &mut command, &log)?.success() {
        play::show_end(&log, LINES_SHOWN);
        let what = format!("the Kotlin of {} does not compile", unit.name);
        return Err(Trouble::new(what, format!("see {}", log.display())));
    }
    let folder = stamp.parent().unwrap_or(&stamp);
    // Without a stamp the next run compiles again, and that is all.
    let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&stamp, now));
    Ok(())
}

/// Changes with every source, every jar and everything compiled before.
fn fingerprint(built: &Built, unit: &Unit<'_>) -> String {
    let mut hash = DefaultHasher::new();
    (unit.bundles, unit.compose).hash(&mut hash);
    for folder in unit.sources {
        let own = folder.is_file().then(|| folder.clone());
        for path in own.into_iter().chain(files(folder)) {
            path.hash(&mut hash);
            std::fs::read(&path).unwrap_or_default().hash(&mut hash);
        }
    }
    for jar in built.jars.of(unit.bundles) {
        jar.hash(&mut hash);
    }
    for before in &built.classes {
        let name = before.file_name().unwrap_or_default();
        let stamp = built.folder.join("stamps").join(name);
        std::fs::read(stamp).unwrap_or_default().hash(&mut hash);
    }
    format!("{:016x}", hash.finish())
}

/// Every file under a folder, in order.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
