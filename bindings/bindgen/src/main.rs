//! `uniffi-bindgen` of the version that the library is built with, and one command
//! more: `api LIBRARY` prints the library's public face as text, so that a change to
//! it is seen in review. It fails when something public has no documentation.

mod face;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("api") {
        uniffi::uniffi_bindgen_main();
        return ExitCode::SUCCESS;
    }
    let told = match args.next() {
        Some(library) => face::print(&library),
        None => Err("usage: homeround-bindgen api LIBRARY".into()),
    };
    match told {
        Ok(face) => match std::io::stdout().write_all(face.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(why) => {
            // Where nobody listens there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}
