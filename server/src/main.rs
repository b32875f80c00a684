//! The backend's command line.

mod cli;
mod commands;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let env: BTreeMap<String, String> = std::env::vars().collect();
    match commands::run(cli, &env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // Nothing is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "homeround-server: {error}");
            ExitCode::FAILURE
        }
    }
}
