//! Where things are: the root of the repository, its target folder, and the
//! programs that its packages build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Trouble;

/// The repository that this command was started for.
#[derive(Debug)]
pub(crate) struct House {
    /// Root of the repository.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    binaries: Vec<String>,
}

impl House {
    /// Asks cargo.
    ///
    /// # Errors
    /// [`Trouble`] when the workspace can't be read.
    pub(crate) fn find() -> Result<Self, Trouble> {
        // Cargo says it at run time too: right even where the tree was moved.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().unwrap_or(Path::new(".")).to_path_buf();
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&root)
            .output()
            .map_err(|error| {
                Trouble::new(format!("cargo can't be run: {error}"), "install Rust")
            })?;
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Trouble::new(said, "mend the Cargo.toml that cargo names")
        })?;
        let target = answer["target_directory"].as_str().unwrap_or("target");
        Ok(Self {
            target: root.join(target),
            binaries: binaries(&answer),
            root,
        })
    }

    /// True if a package of the workspace builds this program.
    pub(crate) fn builds(&self, binary: &str) -> bool {
        self.binaries.iter().any(|name| name == binary)
    }

    /// A command of cargo's, run from the root.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo());
        command.args(args).current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            if is_of_this_package(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Where a step leaves what its programs said.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        self.target.join("xtask").join(format!("{step}.log"))
    }

    /// A program of the Python environment under the target folder.
    pub(crate) fn venv(&self, program: &str) -> PathBuf {
        self.target.join("venv").join("bin").join(program)
    }

    /// The pinned cargo-deny under the target folder.
    pub(crate) fn cargo_deny(&self) -> PathBuf {
        self.target.join("tools").join("bin").join("cargo-deny")
    }
}

/// Whether cargo set a variable to tell this program about itself. Build scripts of
/// dependencies look at such, ring's among them: handed on, each of these commands would
/// build half of the workspace again after a plain `cargo build`, and the other way round.
fn is_of_this_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn binaries(metadata: &Value) -> Vec<String> {
    let targets = |package: &Value| package["targets"].as_array().cloned().unwrap_or_default();
    let is_binary = |target: &Value| {
        let kinds = target["kind"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"))
    };
    let packages = metadata["packages"].as_array();
    packages
        .into_iter()
        .flatten()
        .flat_map(targets)
        .filter(is_binary)
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect()
}
