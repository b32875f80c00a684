//! `cargo xtask sim`: the promise as a figure.

fn main() -> std::process::ExitCode {
    homeround_tests::sim::cli::main()
}
