//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The backend that Homeround phones sync with.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "The backend that Homeround phones sync with.",
    long_about = "The backend that Homeround phones sync with: one process, one encrypted \
                  database file, tokens of any OpenID Connect issuer.",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  First start, from nothing:
    homeround-server init --config homeround.toml --tenant willow-creek --coordinator dana@willow.example
    homeround-server import --config homeround.toml --tenant willow-creek patients/*.json.gz
    homeround-server serve --config homeround.toml

  On a developer's machine, with the built-in issuer on a free port:
    homeround-server serve --config dev.toml --development --print-address

  Put a backup back (stop the server first):
    homeround-server restore --config homeround.toml --from backup.sqlite

  Show that nobody altered the audit trail:
    homeround-server verify-audit --config homeround.toml

  Export visit verification, and show that the file was not altered:
    homeround-server evv export --config homeround.toml --tenant willow-creek \\
      --from 2026-11-01 --to 2026-11-30 --out november.json
    homeround-server evv verify november.json

Every field of the configuration is explained in homeround-server.example.toml;
HOMEROUND_<SECTION>_<FIELD> in the environment replaces one, as in
HOMEROUND_SERVER_LISTEN=0.0.0.0:8080. HOMEROUND_DATABASE_KEY may hold the key.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve phones and the office until SIGTERM or SIGINT.
    Serve(Serve),
    /// Create the database, a tenant and its first coordinator.
    ///
    /// Makes the key file too if the configuration names one that is not
    /// there. Run it again with another tenant to add that one.
    Init(Init),
    /// Take FHIR R4 bundles or NDJSON in, gzipped or not.
    ///
    /// Prints one JSON object a file: what was taken, what was skipped and
    /// why. Taking the same file in twice changes nothing.
    Import(Import),
    /// Read the configuration and say what is wrong with it.
    CheckConfig(Configured),
    /// Put a backup in place of the database.
    ///
    /// What was there is set aside, not deleted. Every tenant gets a new
    /// epoch: phones start their pages over and offer everything again, so
    /// that nothing they hold is lost. Stop the server first.
    Restore(Restore),
    /// Follow the audit trail's hashes from the first line to the last.
    ///
    /// Prints one JSON object a tenant, and fails if a line was altered.
    VerifyAudit(Configured),
    /// Electronic visit verification: export it, verify an export, set its limits.
    #[command(subcommand)]
    Evv(Evv),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Evv {
    /// Write who gave which care to whom, where, and from when until when.
    ///
    /// One row is one person's time in one home, with the six elements of the
    /// 21st Century Cures Act and how sure they are. JSON carries the signed
    /// stamps and a seal; CSV is the rows alone.
    Export(EvvExport),
    /// Show that an export was not altered. Needs no database and no network.
    ///
    /// Prints one JSON object; fails, saying where, if anything was altered, left
    /// out, put in or moved.
    Verify(EvvVerify),
    /// Set when a stamp counts as verified; phones get it with their next page.
    Policy(EvvPolicy),
}

#[derive(Debug, Args)]
pub(crate) struct EvvExport {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The tenant's name or id.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// The first day, in the home's time zone, as in 2026-11-01.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: chrono::NaiveDate,
    /// The last day, included.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: chrono::NaiveDate,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = EvvFormat::Json)]
    pub(crate) format: EvvFormat,
    /// Where to; standard output unless given. A file that is there is kept.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum EvvFormat {
    /// One JSON document with its stamps and its seal.
    Json,
    /// The rows alone.
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct EvvVerify {
    /// The JSON export.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The backend's key, 64 hexadecimal digits; without it the file's own is
    /// taken and printed.
    #[arg(long, value_name = "HEX")]
    pub(crate) server_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EvvPolicy {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The tenant's name or id.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// How far from the home a stamp may be, beside the fix's accuracy; metres.
    #[arg(long, value_name = "METRES")]
    pub(crate) radius_m: Option<u32>,
    /// How far off a phone's clock may be, either way; milliseconds.
    #[arg(long, value_name = "MS")]
    pub(crate) clock_off_max_ms: Option<i64>,
    /// Faster than this a phone does not travel; kilometres an hour.
    #[arg(long, value_name = "KMH")]
    pub(crate) speed_max_kmh: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// The configuration file; without it, the environment alone.
    #[arg(long, value_name = "FILE", env = "HOMEROUND_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Allow the built-in issuer, which vouches for anybody.
    ///
    /// Needs auth.mode = "development" and a loopback listener too.
    #[arg(long)]
    pub(crate) development: bool,
    /// Print `listening` and the address on standard output once bound.
    #[arg(long)]
    pub(crate) print_address: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The tenant's name, as tokens carry it in the tenant claim.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// The first coordinator: the subject (`sub`) of their tokens.
    #[arg(long, value_name = "LOGIN")]
    pub(crate) coordinator: String,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The tenant's name or id.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// IANA time zone of homes whose patient has none.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: String,
    /// Bundles or NDJSON.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The backup: a copy of the database file.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
}
