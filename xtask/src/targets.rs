//! Checks the core and its binding for the phones' own targets, on a machine that has
//! neither their SDKs nor their standard libraries: Debian's compiler carries its
//! library's source and checks it along. Nothing is linked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, play, setup, ui};

/// What phones run on.
const TARGETS: [&str; 2] = ["aarch64-apple-ios", "aarch64-linux-android"];
/// The oldest iOS that the apps are for.
const IOS: &str = "17.0";
/// Debian's compiler and cargo, which have the standard library's source beside them.
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// Lines of a failed check that are worth showing.
const LINES_SHOWN: usize = 60;

/// Stands in for the targets' C compilers: what is checked is Rust. Objects are empty; a
/// question about what a compiler can do is answered with no.
const STUB: &str = r#"#!/bin/sh
out=
compile=
while [ $# -gt 0 ]; do
    case "$1" in
        -o) out="$2"; shift ;;
        -c) compile=1 ;;
    esac
    shift
done
[ -n "$compile" ] && [ -n "$out" ] && : > "$out" && exit 0
exit 1
"#;

/// Checks every target.
///
/// # Errors
/// [`Trouble`] when the machine can't, or something does not compile.
pub(crate) fn targets(house: &House) -> Result<ExitCode, Trouble> {
    setup::for_targets()?;
    check_all(house).map(|()| ExitCode::SUCCESS)
}

/// The step of the test run; skipped where the compiler is not to be had.
///
/// # Errors
/// [`Trouble`] when something does not compile.
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    if let Err(trouble) = setup::for_targets() {
        return Ok(Verdict::Skipped(trouble.to_string()));
    }
    check_all(house).map(|()| Verdict::Passed)
}

/// Whether Debian's compiler with its library's source is there.
pub(crate) fn is_there() -> bool {
    [RUSTC, CARGO, "/usr/lib/rustlib/src"]
        .iter()
        .all(|path| Path::new(path).exists())
}

fn check_all(house: &House) -> Result<(), Trouble> {
    let folder = house.target.join("phone-targets");
    let stub = stub(&folder)?;
    TARGETS
        .iter()
        .try_for_each(|target| check(house, &folder, &stub, target))
}

fn stub(folder: &Path) -> Result<PathBuf, Trouble> {
    let stub = folder.join("cc");
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder.join("iPhoneOS.sdk"))?;
        fs::write(&stub, STUB)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&stub, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    };
    write().map_err(|error| {
        let what = format!("{} can't be written: {error}", folder.display());
        Trouble::new(
            what,
            "check the space and the permissions of the target folder",
        )
    })?;
    Ok(stub)
}

fn check(house: &House, folder: &Path, stub: &Path, target: &str) -> Result<(), Trouble> {
    let name = target.replace('-', "_");
    let mut command = Command::new(CARGO);
    command.args([
        "check",
        "--locked",
        "--profile=targets",
        "-Zbuild-std=std,panic_unwind",
        "--target",
        target,
    ]);
    command.args(["--package", "homeround", "--package", "homeround-ffi"]);
    command
        .arg("--target-dir")
        .arg(folder)
        .current_dir(&house.root);
    command.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
    // Cargo's own settings of the outer run name another compiler.
    for outer in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC_WRAPPER", "RUSTFLAGS"] {
        command.env_remove(outer);
    }
    command
        .env(format!("CC_{name}"), stub)
        .env(format!("AR_{name}"), "ar");
    command
        .env("SDKROOT", folder.join("iPhoneOS.sdk"))
        .env("IPHONEOS_DEPLOYMENT_TARGET", IOS);
    let log = house.log(&format!("targets-{target}"));
    ui::note(&format!("targets: {target}"));
    if exec::logged(target, &mut command, &log)?.success() {
        return Ok(());
    }
    play::show_end(&log, LINES_SHOWN);
    let what = format!("the core does not compile for {target}");
    Err(Trouble::new(what, format!("see {}", log.display())))
}
