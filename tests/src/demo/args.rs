//! What the command line takes.

use std::path::PathBuf;

use clap::Parser;

/// Plays a day of home visits: the real server, three real phones, each a
/// process of its own with an encrypted store of its own.
#[derive(Debug, Parser)]
#[command(
    name = "homeround-demo",
    bin_name = "cargo xtask demo",
    version,
    about = "Plays a day of home visits on a real server and three real phones.",
    long_about = LONG,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// FHIR R4 bundles or NDJSON of your own, gzipped or not, in place of the
    /// five synthetic patients that come with the repository.
    ///
    /// The day needs three living patients; if your files hold fewer, the
    /// synthetic ones are taken in too.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Leave the server up at the end, with the day in it, and print its
    /// address, a token and what to try. Ctrl-C ends it.
    #[arg(long)]
    pub(super) serve: bool,
    /// Print one JSON object on standard output, for a program; what people
    /// read goes to standard error.
    #[arg(long)]
    pub(super) json: bool,
    /// Where the FHIR export, the stores and the logs go
    /// [default: demo/ beside the folder of the programs].
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
    /// Keep the phones' and the server's stores and logs.
    #[arg(long)]
    pub(super) keep: bool,
    /// IANA time zone of the homes: "today" is a day there.
    #[arg(long, value_name = "ZONE", default_value = "America/New_York")]
    pub(super) time_zone: String,
}

const LONG: &str = "\
Plays a day of home visits on a real server and three real phones.

It starts homeround-server with an embedded encrypted store on a free loopback
port, imports FHIR R4 bundles, books a day of visits for a nurse, a therapist
and an aide, and gives each a phone: a process of its own with an encrypted
store. The phones sync, go offline, and edit the same visits; one is killed
with SIGKILL in the middle of a write; the aide loses access to one patient.
Then everybody comes back, and the demo shows what became of every edit: the
merged visit with who wrote what, the conflicts and how one is settled, the
rejected edits and the purge with its receipt, the signature and what happens
to an edit that came too late for it, and the visit as a FHIR R4 bundle.

The figures at the end are counted from the stores, not from the script. The
exit code is 0 only if every promise held.";

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo
  cargo xtask demo --serve
  cargo xtask demo --input my-bundle.json other.ndjson.gz
  cargo xtask demo --json | jq '{acknowledged, lost, converged}'

NO_COLOR is honoured; there are no colours without a terminal anyway.";
