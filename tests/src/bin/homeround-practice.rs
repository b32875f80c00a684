//! A backend with a day of made-up visits: `homeround-practice --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    homeround_tests::demo::practice()
}
