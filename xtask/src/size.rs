//! How large the phone's library is, and what of it is whose.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::{Map, Value, json};

use crate::exec;
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, play, setup, ui};

/// Bytes that the stripped library may have, for one ABI: see docs/adr/0017.
const BUDGET_BYTES: u64 = 13_250_000;
/// Where it is to get to.
const AIM_BYTES: u64 = 5_000_000;
/// Lines of a failed build that are worth showing.
const LINES_SHOWN: usize = 40;
/// Sections that hold how a panic unwinds, which the binding needs to stop one.
const UNWINDING: [&str; 3] = [".eh_frame", ".eh_frame_hdr", ".gcc_except_table"];
/// Identical code once, addresses that are filled in at loading packed, nothing unused.
const LINKING: &str = "-C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--gc-sections";

/// What was measured.
struct Size {
    bytes: u64,
    gzip_bytes: u64,
    components: BTreeMap<String, u64>,
}

/// Measures and prints; the exit code says whether the budget was kept.
///
/// # Errors
/// [`Trouble`] when the library can't be built or measured.
pub(crate) fn size(house: &House, as_json: bool) -> Result<ExitCode, Trouble> {
    let size = measure(house)?;
    if as_json {
        let components: Map<String, Value> = size
            .components
            .iter()
            .map(|(name, bytes)| (name.clone(), json!(bytes)))
            .collect();
        let told = json!({
            "bytes": size.bytes, "gzip_bytes": size.gzip_bytes, "budget_bytes": BUDGET_BYTES,
            "aim_bytes": AIM_BYTES, "components": components,
        });
        ui::out(&format!("{told}\n"));
    } else {
        print(&size);
    }
    Ok(if size.bytes <= BUDGET_BYTES {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The step of the test run.
///
/// # Errors
/// As [`size`], and when the budget was not kept.
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    let size = measure(house)?;
    ui::note(&format!(
        "   {} bytes, {} gzipped",
        size.bytes, size.gzip_bytes
    ));
    if size.bytes <= BUDGET_BYTES {
        return Ok(Verdict::Passed);
    }
    let what = format!(
        "the library has {} bytes, its budget is {BUDGET_BYTES}",
        size.bytes
    );
    Err(Trouble::new(what, "cargo xtask size tells what grew"))
}

fn print(size: &Size) {
    let mut largest: Vec<(&String, &u64)> = size.components.iter().collect();
    largest.sort_by(|a, b| b.1.cmp(a.1));
    for (name, bytes) in largest {
        ui::out(&format!("{bytes:>10}  {name}\n"));
    }
    let (bytes, gzip) = (size.bytes, size.gzip_bytes);
    ui::out(&format!(
        "{bytes:>10}  stripped, one ABI; budget {BUDGET_BYTES}, aim {AIM_BYTES}\n"
    ));
    ui::out(&format!("{gzip:>10}  gzipped\n"));
}

fn measure(house: &House) -> Result<Size, Trouble> {
    setup::for_building()?;
    let library = build(house)?;
    let stripped = library.with_extension("stripped");
    run(Command::new("strip")
        .arg("--strip-all")
        .arg("-o")
        .arg(&stripped)
        .arg(&library))?;
    let gzip = run(Command::new("gzip").args(["-9", "--stdout"]).arg(&stripped))?;
    let bytes = std::fs::metadata(&stripped).map_or(0, |meta| meta.len());
    Ok(Size {
        bytes,
        gzip_bytes: gzip.len() as u64,
        components: components(&library, &stripped)?,
    })
}

/// In a folder of its own: other flags would build everything else again.
fn build(house: &House) -> Result<PathBuf, Trouble> {
    let target = house.target.join("phone-size");
    let mut command = house.cargo(&["build", "--profile", "phone", "--locked"]);
    command
        .args(["--package", "homeround-ffi", "--target-dir"])
        .arg(&target);
    if cfg!(target_os = "linux") {
        command.env("RUSTFLAGS", LINKING);
    }
    let log = house.log("size");
    if !exec::logged("the phone's library", &mut command, &log)?.success() {
        play::show_end(&log, LINES_SHOWN);
        let what = "the phone's library does not build";
        return Err(Trouble::new(what, format!("see {}", log.display())));
    }
    let ending = if cfg!(target_os = "macos") {
        "dylib"
    } else {
        "so"
    };
    Ok(target
        .join("phone")
        .join(format!("libhomeround_ffi.{ending}")))
}

fn run(command: &mut Command) -> Result<Vec<u8>, Trouble> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        _ => Err(Trouble::new(
            format!("{program} failed"),
            "install binutils and gzip",
        )),
    }
}

/// Code and constants by the crate that a symbol is of; unwinding and the rest by section.
fn components(library: &Path, stripped: &Path) -> Result<BTreeMap<String, u64>, Trouble> {
    let mut components = BTreeMap::new();
    let symbols = run(Command::new("nm")
        .args(["--demangle", "--print-size"])
        .arg(library))?;
    for line in String::from_utf8_lossy(&symbols).lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(bytes), Some(_), Some(symbol)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if let Ok(bytes) = u64::from_str_radix(bytes, 16) {
            *components.entry(owner(symbol)).or_default() += bytes;
        }
    }
    let sections = run(Command::new("size")
        .args(["--format=sysv", "--radix=10"])
        .arg(stripped))?;
    for line in String::from_utf8_lossy(&sections).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [name, bytes, ..] = words[..]
            && UNWINDING.contains(&name)
        {
            *components.entry("unwinding".into()).or_default() += bytes.parse().unwrap_or(0);
        }
    }
    Ok(components)
}

/// Whose a symbol is.
fn owner(symbol: &str) -> String {
    let Some((path, _)) = symbol.split_once("::") else {
        return c_owner(symbol).into();
    };
    let path = path.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
    let name = path.rsplit([' ', '<', '&', '(']).next().unwrap_or(path);
    match name {
        "core" | "alloc" | "std" | "hashbrown" | "gimli" | "addr2line" | "rustc_demangle" => {
            "rust's own"
        }
        "automerge" | "hexane" => "automerge",
        "homeround" => "core",
        "homeround_ffi" | "uniffi_core" | "uniffi" => "binding",
        "rustls" | "ring" | "webpki" | "untrusted" | "reqwest" | "hyper" | "hyper_util"
        | "http" | "h2" | "tokio" | "url" | "idna" => "tls and http",
        "rusqlite" | "libsqlite3_sys" => "sqlite",
        "serde_json" | "serde" | "serde_core" => "json",
        "chrono" | "chrono_tz" => "time zones",
        _ => "other crates",
    }
    .into()
}

fn c_owner(symbol: &str) -> &'static str {
    const SQLITE: [&str; 9] = [
        "sqlite",
        "fts5",
        "fts3",
        "json",
        "sqlcipher",
        "btree",
        "pager",
        "wal",
        "vdbe",
    ];
    if symbol.starts_with("ring_core") || symbol.starts_with("ecp_") {
        "tls and http"
    } else if symbol.starts_with("ZSTD") || symbol.starts_with("HUF") || symbol.starts_with("FSE") {
        "zstd"
    } else if SQLITE.iter().any(|start| symbol.starts_with(start)) {
        "sqlite"
    } else {
        "other c"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_counted_to_whom_it_belongs() {
        assert_eq!(
            owner("<automerge::Automerge as core::fmt::Debug>::fmt"),
            "automerge"
        );
        assert_eq!(owner("homeround::merge::pack::unpack"), "core");
        assert_eq!(owner("sqlite3VdbeExec"), "sqlite");
        assert_eq!(owner("ring_core_0_17_14__x"), "tls and http");
        assert_eq!(owner("core::ptr::drop_in_place"), "rust's own");
    }
}
