//! Random sets of vital signs with their NEWS2, to be compared with another score.

fn main() -> std::process::ExitCode {
    homeround_tests::news2::main()
}
