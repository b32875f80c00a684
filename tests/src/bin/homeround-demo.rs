//! Plays a day of home visits: `homeround-demo --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    homeround_tests::demo::main()
}
