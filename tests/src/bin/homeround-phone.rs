//! One phone as a process of its own: `homeround-phone --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    homeround_tests::phone::main()
}
