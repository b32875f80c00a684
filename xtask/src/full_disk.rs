//! Lets a test's process meet a full disk: a small library, preloaded, that refuses writes
//! to a phone's store while a file is there. Linux only.

use std::path::Path;
use std::process::Command;

use crate::Trouble;
use crate::exec;
use crate::house::House;

const SOURCE: &str = "tests/native/full_disk.c";

/// Sets up `command` so that its process can play a full disk. The flag lies in `folder`.
///
/// # Errors
/// [`Trouble`] when the library can't be compiled.
pub(crate) fn lend(house: &House, folder: &Path, command: &mut Command) -> Result<(), Trouble> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let library = folder.join("libfulldisk.so");
    let mut compile = Command::new("cc");
    compile.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]);
    compile.arg(&library).arg(house.root.join(SOURCE));
    compile.arg("-ldl");
    let log = house.log("full-disk");
    if !exec::logged("full disk", &mut compile, &log)?.success() {
        return Err(Trouble::new(
            format!("{SOURCE} does not compile"),
            format!("see {}", log.display()),
        ));
    }
    let flag = folder.join("full-disk");
    // Of a run that was killed.
    let _ = std::fs::remove_file(&flag);
    command.env("LD_PRELOAD", library);
    command.env("HOMEROUND_FULL_DISK", flag);
    Ok(())
}
