//! `cargo xtask access`: who may see and change what, held against a reference.

fn main() -> std::process::ExitCode {
    homeround_tests::access::cli::main()
}
