//! The XCFramework that Apple's platforms link: a phone, a simulator and a Mac slice.
//! Only a Mac with Xcode can make it.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::KIT;
use crate::house::House;
use crate::{Trouble, exec, kotlin, play, ui};

/// Each slice: what it is for, and the targets whose libraries become one.
const SLICES: [(&str, &[&str]); 3] = [
    ("phone", &["aarch64-apple-ios"]),
    ("simulator", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("mac", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];
const STATIC: &str = "libhomeround_ffi.a";
/// What the map says on Linux, and not in a framework that carries its library.
const LINKED: &str = "    link \"homeround\"\n";

/// Makes `ios/HomeroundKit/HomeroundFFI.xcframework`.
///
/// # Errors
/// [`Trouble`] elsewhere than on a Mac, and where a stage fails.
pub(crate) fn ios(house: &House) -> Result<ExitCode, Trouble> {
    if !cfg!(target_os = "macos") {
        return Err(Trouble::new(
            "an XCFramework can only be made on a Mac with Xcode",
            "run it there; here, cargo xtask targets checks the core for iOS and cargo xtask swift tests the kit",
        ));
    }
    let folder = house.target.join("ios");
    let native = kotlin::native(house, &house.target.join("swift"))?;
    super::generate(house, &native, &folder.join("binding"))?;
    let headers = headers(house, &folder)?;
    let mut make = Command::new("xcodebuild");
    make.arg("-create-xcframework");
    for (name, targets) in SLICES {
        let library = slice(house, &folder.join(name), targets)?;
        make.arg("-library").arg(library);
        make.arg("-headers").arg(&headers);
    }
    let framework = house.root.join(KIT).join("HomeroundFFI.xcframework");
    let _ = std::fs::remove_dir_all(&framework);
    make.arg("-output").arg(&framework);
    run(house, "xcframework", &mut make)?;
    ui::note(&format!("ios: made {}", framework.display()));
    Ok(ExitCode::SUCCESS)
}

/// The header and its map, in a folder of their own.
fn headers(house: &House, folder: &Path) -> Result<std::path::PathBuf, Trouble> {
    let from = house.root.join(KIT).join("Sources/HomeroundFFI");
    let to = folder.join("headers");
    let copy = || -> std::io::Result<()> {
        std::fs::create_dir_all(&to)?;
        std::fs::copy(from.join("HomeroundFFI.h"), to.join("HomeroundFFI.h"))?;
        let map = std::fs::read_to_string(from.join("module.modulemap"))?;
        std::fs::write(to.join("module.modulemap"), map.replace(LINKED, ""))
    };
    copy().map_err(|error| {
        Trouble::new(
            format!("the framework's headers can't be written: {error}"),
            "check the space and the permissions of the target folder",
        )
    })?;
    Ok(to)
}

/// Builds each target's library and joins them into one.
fn slice(house: &House, folder: &Path, targets: &[&str]) -> Result<std::path::PathBuf, Trouble> {
    let _ = std::fs::create_dir_all(folder);
    let mut join = Command::new("lipo");
    join.arg("-create");
    for target in targets {
        let mut add = Command::new("rustup");
        add.args(["target", "add", target]);
        run(house, &format!("target-{target}"), &mut add)?;
        let arguments = ["build", "--locked", "--profile", "phone", "--package"];
        let mut build = house.cargo(&arguments);
        build.args(["homeround-ffi", "--target", target]);
        run(house, target, &mut build)?;
        join.arg(house.target.join(target).join("phone").join(STATIC));
    }
    let library = folder.join("libhomeround.a");
    join.arg("-output").arg(&library);
    run(house, "lipo", &mut join)?;
    Ok(library)
}

fn run(house: &House, label: &str, command: &mut Command) -> Result<(), Trouble> {
    let log = house.log(&format!("ios-{label}"));
    if exec::logged(label, command, &log)?.success() {
        return Ok(());
    }
    play::show_end(&log, super::LINES_SHOWN);
    Err(Trouble::new(
        format!("ios: {label} failed"),
        format!("see {}", log.display()),
    ))
}
