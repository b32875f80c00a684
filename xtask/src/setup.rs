//! Making a bare machine ready. Each part looks first and installs only what
//! is missing, so a second run changes nothing and takes a second.

mod fhir;

use std::process::Command;

use crate::exec;
use crate::house::House;
use crate::{Trouble, play, targets, ui};

pub(crate) use fhir::{definitions_folder, node, oracle_folder};

/// The release of cargo-deny that the checks were written for.
const CARGO_DENY: &str = "0.20.2";

/// Lines of a failed installation that are worth showing.
const LINES_SHOWN: usize = 25;

/// Something that Debian and Ubuntu have a package for.
struct Need {
    what: &'static str,
    is_there: fn() -> bool,
    apt: &'static [&'static str],
    macos: &'static str,
}

const COMPILER: Need = Need {
    what: "a C compiler (for SQLCipher and zstd)",
    is_there: compiles_c,
    apt: &["gcc", "libc6-dev"],
    macos: "xcode-select --install",
};

const FOR_TESTING: &[Need] = &[
    COMPILER,
    Need {
        what: "git (lists the files that tidy looks at)",
        is_there: || exec::succeeds("git", &["--version"]),
        apt: &["git"],
        macos: "xcode-select --install",
    },
    Need {
        what: "Python 3 with venv (for the FHIR validators)",
        is_there: || exec::succeeds("python3", &["-c", "import ensurepip, venv"]),
        apt: &["python3", "python3-venv"],
        macos: "xcode-select --install",
    },
    Need {
        what: "Chromium with its driver (opens the page that patients get; where apt-get has none, \
               as on Ubuntu: install Google Chrome and chromedriver)",
        is_there: || {
            let named = |name: &&str| exec::succeeds(name, &["--version"]);
            ["chromium", "google-chrome"].iter().any(named) && named(&"chromedriver")
        },
        // Without any letters to draw, Chromium draws nothing.
        apt: &["chromium", "chromium-driver", "fonts-liberation"],
        macos: "brew install --cask google-chrome chromedriver",
    },
];

/// What a build needs.
///
/// # Errors
/// [`Trouble`] when it is missing and can't be installed.
pub(crate) fn for_building() -> Result<(), Trouble> {
    provide(&[COMPILER])
}

/// What checking for the phones' targets needs.
///
/// # Errors
/// [`Trouble`] when it is missing and can't be installed.
pub(crate) fn for_targets() -> Result<(), Trouble> {
    provide(&[Need {
        what: "a Rust compiler with its library's source (for the phones' targets)",
        is_there: targets::is_there,
        apt: &["rustc-web", "cargo-web", "rust-web-src", "binutils"],
        macos: "rustup target add aarch64-apple-ios aarch64-linux-android, then cargo check --target each",
    }])
}

/// What the Swift side needs where Swift is not installed: a folder with Debian's.
///
/// # Errors
/// [`Trouble`] when it is missing and can't be installed.
pub(crate) fn for_swift() -> Result<(), Trouble> {
    provide(&[
        COMPILER,
        Need {
            what: "debootstrap (brings the Swift toolchain)",
            is_there: || exec::succeeds("debootstrap", &["--version"]),
            apt: &["debootstrap", "debian-archive-keyring"],
            macos: "xcode-select --install",
        },
    ])
}

/// What the Kotlin side needs. A JDK with its fonts and windows: pictures are drawn.
///
/// # Errors
/// [`Trouble`] when it is missing and can't be installed.
pub(crate) fn for_kotlin() -> Result<(), Trouble> {
    provide(&[
        COMPILER,
        Need {
            what: "a JDK (for the Kotlin compiler and the screens)",
            is_there: || exec::succeeds("javac", &["-version"]),
            apt: &["default-jdk", "fontconfig", "libgl1"],
            macos: "brew install openjdk",
        },
        Need {
            what: "Maven (fetches the Kotlin compiler and the libraries)",
            is_there: || exec::succeeds("mvn", &["--version"]),
            apt: &["maven"],
            macos: "brew install maven",
        },
    ])
}

/// What all tests need.
///
/// # Errors
/// [`Trouble`] names the first part that is missing and can't be installed.
pub(crate) fn for_testing(house: &House) -> Result<(), Trouble> {
    provide(FOR_TESTING)?;
    component(house, "rustfmt", "fmt")?;
    component(house, "clippy", "clippy")?;
    cargo_deny(house)?;
    fhir::validators(house)?;
    ui::note("setup: everything is there");
    Ok(())
}

fn provide(needs: &[Need]) -> Result<(), Trouble> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        ui::note(&format!("setup: missing: {}", need.what));
    }
    if cfg!(target_os = "macos") {
        let commands: Vec<&str> = missing.iter().map(|need| need.macos).collect();
        let what = "macOS installs these itself, on request";
        return Err(Trouble::new(what, commands.join("; ")));
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.apt).copied().collect();
    apt(&packages)?;
    match missing.iter().find(|need| !(need.is_there)()) {
        None => Ok(()),
        Some(need) => Err(Trouble::new(
            format!(
                "{} is still missing after {}",
                need.what,
                packages.join(", ")
            ),
            "see what apt-get said above",
        )),
    }
}

/// Installs packages, through sudo unless this is root.
fn apt(packages: &[&str]) -> Result<(), Trouble> {
    let list = packages.join(" ");
    if !exec::succeeds("apt-get", &["--version"]) {
        let what = "this is neither Debian nor Ubuntu nor macOS";
        return Err(Trouble::new(what, format!("install the like of: {list}")));
    }
    let is_root = exec::succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]);
    if !is_root && !exec::succeeds("sudo", &["-V"]) {
        let remedy = format!("as root: apt-get install {list}");
        return Err(Trouble::new("packages are missing and sudo is too", remedy));
    }
    let install = [
        &["install", "-qq", "--yes", "--no-install-recommends"],
        packages,
    ]
    .concat();
    for args in [&["update", "-qq"][..], &install] {
        let mut command = if is_root {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.arg("apt-get");
            command
        };
        ui::note(&format!("setup: apt-get {}", args.join(" ")));
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        exec::on_stderr(&mut command)?;
    }
    Ok(())
}

/// Compiles four lines of C: a compiler without headers would not do.
fn compiles_c() -> bool {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let probe = "printf '#include <stdio.h>\\nint main(void) { return 0; }\\n' \
                 | \"$0\" -x c -fsyntax-only -";
    exec::succeeds("sh", &["-c", probe, &compiler])
}

/// A part of the Rust toolchain that a minimal installation lacks.
fn component(house: &House, name: &str, subcommand: &str) -> Result<(), Trouble> {
    let is_there = || {
        let mut command = house.cargo(&[subcommand, "--version"]);
        command.output().is_ok_and(|output| output.status.success())
    };
    if is_there() {
        return Ok(());
    }
    ui::note(&format!("setup: rustup component add {name}"));
    let mut command = Command::new("rustup");
    command.args(["component", "add", name]);
    let added = exec::on_stderr(command.current_dir(&house.root));
    if added.is_ok() && is_there() {
        return Ok(());
    }
    let remedy = format!("rustup component add {name}, or your system's package of it");
    Err(Trouble::new(
        format!("cargo {subcommand} is missing"),
        remedy,
    ))
}

/// Builds the pinned cargo-deny once. Its dev profile is three times quicker to
/// build and still checks this workspace in a second or two.
fn cargo_deny(house: &House) -> Result<(), Trouble> {
    let program = house.cargo_deny();
    let version = Command::new(&program).arg("--version").output();
    let wanted = format!("cargo-deny {CARGO_DENY}");
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == wanted) {
        return Ok(());
    }
    ui::note(&format!(
        "setup: {wanted} into target/tools (a minute, once)"
    ));
    let tools = house.target.join("tools");
    let build = tools.join("build");
    let mut command = house.cargo(&["install", "--debug", "--locked", "--force", "cargo-deny"]);
    command.args(["--version", CARGO_DENY]);
    command.arg("--root").arg(&tools);
    command.arg("--target-dir").arg(&build);
    run(house, "cargo-deny", &mut command, "cargo xtask setup")?;
    // Half a gigabyte that nothing needs any more; a leftover does no harm.
    let _ = std::fs::remove_dir_all(build);
    Ok(())
}

fn run(house: &House, name: &str, command: &mut Command, remedy: &str) -> Result<(), Trouble> {
    let log = house.log(&format!("setup-{name}"));
    if exec::logged(name, command, &log)?.success() {
        return Ok(());
    }
    play::show_end(&log, LINES_SHOWN);
    let what = format!("{name} could not be set up; its log is {}", log.display());
    Err(Trouble::new(what, remedy))
}
