//! The app in a desktop window, over a real encrypted store and a real server.

use std::process::ExitCode;

use super::build;
use super::junit::java;
use crate::Trouble;
use crate::exec;
use crate::house::House;

/// Opens the window; arguments go to the app.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn phone(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    let built = build(house)?;
    let mut command = java(house, &built);
    command
        .arg("-cp")
        .arg(built.class_path(&[], &["kit", "screens"]));
    command.arg("org.homeround.ui.desktop.MainKt").args(args);
    exec::handed_over(&mut command)
}
