//! A Swift toolchain: the machine's own, or Debian's in a folder of its own, entered by
//! chroot in a mount namespace of its own. Nothing of the machine is changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house::House;
use crate::{Trouble, exec, play, setup, ui};

/// Debian's release that has Swift 6.
const RELEASE: &str = "trixie";
const PACKAGES: &str = "swiftlang,libc6-dev,libstdc++-14-dev";
/// Says that the folder is whole.
const MARK: &str = ".homeround-complete";
/// Lines of a failed installation that are worth showing.
const LINES_SHOWN: usize = 30;

/// Where Swift is, and what the project and the target folder are called there.
pub(super) struct Toolchain {
    /// The folder with Debian's; none: the machine's own.
    root: Option<PathBuf>,
    pub(super) project: PathBuf,
    pub(super) target: PathBuf,
}

impl Toolchain {
    /// The machine's own Swift 6, else Debian's, fetched once.
    ///
    /// # Errors
    /// [`Trouble`] where neither is to be had, with the remedy.
    pub(super) fn ready(house: &House) -> Result<Self, Trouble> {
        if own_is_new_enough() {
            return Ok(Self {
                root: None,
                project: house.root.clone(),
                target: house.target.clone(),
            });
        }
        setup::for_swift()?;
        let root = house.target.join("swift/root");
        if !root.join(MARK).exists() {
            fetch(house, &root)?;
        }
        Ok(Self {
            root: Some(root),
            project: "/src".into(),
            target: "/built".into(),
        })
    }

    /// `swift` or another of its programs, in a folder of the project, with these
    /// variables set.
    pub(super) fn command(
        &self,
        house: &House,
        folder: &str,
        variables: &[(&str, &Path)],
        words: &[&str],
    ) -> Command {
        let Some(root) = &self.root else {
            let mut command = Command::new(words[0]);
            command
                .args(&words[1..])
                .current_dir(house.root.join(folder));
            command.envs(variables.iter().copied());
            return command;
        };
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-euc", ENTER, "sh"]);
        command.arg(root).arg(&house.root).arg(&house.target);
        command.arg(self.project.join(folder));
        command.args(["HOME=/root", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"]);
        for (name, value) in variables {
            let mut set = OsString::from(format!("{name}="));
            set.push(value);
            command.arg(set);
        }
        command.args(words);
        command
    }
}

/// `$1`: the folder with the toolchain, `$2`: the project, `$3`: the target folder, `$4`:
/// where to run; the rest: variables and the program. A program beside a practice backend
/// gets the folder that it was given, under the same name.
const ENTER: &str = r#"
root=$1 project=$2 target=$3 folder=$4
shift 4
mkdir -p "$root/src" "$root/built"
mount -t proc proc "$root/proc"
mount --bind "$project" "$root/src"
mount --bind "$target" "$root/built"
if [ -n "${HOMEROUND_FOLDER-}" ]; then
  mkdir -p "$root$HOMEROUND_FOLDER"
  mount --bind "$HOMEROUND_FOLDER" "$root$HOMEROUND_FOLDER"
fi
exec chroot "$root" /usr/bin/env -i -C "$folder" "HOMEROUND_BACKEND=${HOMEROUND_BACKEND-}" \
  "HOMEROUND_TOKEN=${HOMEROUND_TOKEN-}" "HOMEROUND_FOLDER=${HOMEROUND_FOLDER-}" "$@"
"#;

fn own_is_new_enough() -> bool {
    let output = Command::new("swift").arg("--version").output();
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        major(&said).is_some_and(|major| major >= 6)
    })
}

/// Of `Swift version 6.0.3 (swift-6.0.3-RELEASE)` the 6.
fn major(said: &str) -> Option<u32> {
    let (_, rest) = said.split_once("Swift version ")?;
    rest.split('.').next()?.parse().ok()
}

fn fetch(house: &House, root: &Path) -> Result<(), Trouble> {
    if !exec::succeeds("unshare", &["--mount", "true"]) {
        return Err(Trouble::new(
            "Swift is not installed, and this user may not enter a folder with Debian's",
            "install Swift 6 from swift.org, or run as root",
        ));
    }
    ui::note("swift: fetching the toolchain, 3 GB, once");
    // What an earlier try left is not whole.
    let _ = fs::remove_dir_all(root);
    let mut command = Command::new("debootstrap");
    command.arg("--variant=minbase");
    command.arg(format!("--include={PACKAGES}"));
    command.arg(RELEASE).arg(root);
    let log = house.log("swift-toolchain");
    if !exec::logged("swift toolchain", &mut command, &log)?.success() {
        play::show_end(&log, LINES_SHOWN);
        return Err(Trouble::new(
            "the Swift toolchain can't be fetched",
            format!("see {}", log.display()),
        ));
    }
    fs::write(root.join(MARK), "").map_err(|error| {
        Trouble::new(
            format!("{} can't be written: {error}", root.display()),
            "check the space of the target folder",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_swift_says() {
        let said = "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-pc-linux-gnu\n";
        assert_eq!(major(said), Some(6));
        let apple = "Apple Swift version 5.10 (swiftlang-5.10.0.13)";
        assert_eq!(major(apple), Some(5));
        assert_eq!(major("none"), None);
    }
}
