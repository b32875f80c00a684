//! `cargo xtask crash`: the power is cut at every operation of a day.

#[cfg(target_os = "linux")]
mod libc_calls;

fn main() -> std::process::ExitCode {
    homeround_tests::crash::main()
}
