//! `cargo xtask crash`: the power is cut at every operation of a day.

fn main() -> std::process::ExitCode {
    homeround_tests::crash::main()
}
