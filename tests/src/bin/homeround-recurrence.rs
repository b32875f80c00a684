//! Random recurrence rules with their occurrences, to be compared with another program.

fn main() -> std::process::ExitCode {
    homeround_tests::recurrence::main()
}
