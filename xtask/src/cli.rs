//! The commands, as `--help` tells them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::house::House;
use crate::{
    Trouble, access, fuzz, kotlin, play, sbom, setup, sim, size, steps, swift, targets, tidy,
};

/// Developer commands of Homeround.
///
/// Two are enough to begin with:
///   cargo xtask demo     plays a day of home visits on two phones and a server
///   cargo xtask test     installs what the tests need and runs every test there is
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    verbatim_doc_comment,
    after_help = "Everything is built into the one target folder with one set of features, so that no \
                  command undoes another's work.\nLogs of every step: target/xtask/*.log."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what the tests need, and only what is missing
    ///
    /// On Debian and Ubuntu: a C compiler, Python with its venv, and Chromium with its driver, by
    /// apt-get (through sudo unless you are root). On macOS it names what to install. In target/,
    /// touching nothing else: cargo-deny, a Python environment with the pinned packages of the
    /// requirements.txt below tests/, and HL7's definitions of FHIR R4. Run it as often as you like.
    Setup {
        /// Only what is needed to build: no Python, no browser, no cargo-deny
        #[arg(long)]
        build_only: bool,
    },
    /// Run every test there is: the command of the README and of CI
    ///
    /// Steps: setup, tidy, fmt, clippy, test, doc, deny, sbom, demo, crash, fuzz, sim, access, fhir, kotlin, swift,
    /// size, targets. A failing step does not keep the later ones from running; the table at the end tells each step's result and time, and
    /// how to run a failed one alone.
    Test {
        /// Only these steps, as in `--only tidy,fmt`
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
        only: Vec<steps::Step>,
        /// Print one JSON object: ok, seconds, tests and steps
        #[arg(long)]
        json: bool,
    },
    /// Check the fences between rooms and the lengths of things
    ///
    /// Prints each violation as `file:line: rule: remedy`. CONTRIBUTING.md gives the reasons.
    Tidy,
    /// Play a day of home visits: two phones, a server, no signal, and back again
    ///
    /// Builds what it needs and hands every argument to the demo: `--serve` leaves the server up,
    /// `--input FILE...` takes your own FHIR R4 bundles, `--json` prints one object for a program,
    /// `-- --help` tells the rest.
    Demo(Passed),
    /// Measure speed and size in a release build
    ///
    /// Prints a table, or with `--json` one line a measure. Other arguments go to the benchmark.
    Bench(Passed),
    /// Cut the power at every operation of a day, and open what a disk may have kept
    ///
    /// `--images N` says how many; a long run prints progress, can be stopped, and goes on with
    /// `--resume`. `--synchronous normal` is the control, which must show losses. `-- --help` tells
    /// the rest.
    Crash(Passed),
    /// Simulate phones and a backend for hours, with everything that goes wrong
    ///
    /// In a release build, seeds side by side, each played twice. `--seed S --hours H`, or
    /// `--seeds A..B`; `--json` ends with one object; `-- --help` tells the rest. An
    /// interrupted run goes on with `--resume`; stories of failures are in target/sim/.
    Sim(Passed),
    /// Try who may see and change what, in random histories, against a reference
    ///
    /// `--histories N` says how many; some more run over the real backend and real phones. A long
    /// run prints progress, can be stopped, and goes on with `--resume`; `--json` ends with one
    /// object; `-- --help` tells the rest. The report is in target/access.
    Access(Passed),
    /// Compile the binding, the kit and the screens for Kotlin, and run their tests
    ///
    /// On the JVM, against the real native library and a real server process. Installs a JDK and
    /// Maven if they are missing; Maven fetches what android/gradle/libs.versions.toml lists.
    /// HOMEROUND_GOLDEN=write draws the golden pictures anew.
    Kotlin {
        /// Print one JSON object: ok, tests, written
        #[arg(long)]
        json: bool,
        /// Compile this program against the kit, and run it beside a backend with a day of
        /// made-up visits
        ///
        /// Its environment is that of `cargo xtask practice`. docs/kotlin.md has such a program.
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        run: Option<PathBuf>,
    },
    /// Open the app in a desktop window, over a real encrypted store and the demo's server
    ///
    /// `-- --help` tells its arguments.
    Phone(Passed),
    /// Measure the phone's library: stripped, gzipped, and by component
    ///
    /// Fails when it is over its budget.
    Size {
        /// Print one JSON object: bytes, gzip_bytes, budget_bytes, aim_bytes, components
        #[arg(long)]
        json: bool,
    },
    /// Build and test the Swift side
    ///
    /// Generates the binding, builds the kit, checks the guide's snippets, and runs the tests
    /// against the real library and a real server. Where Swift 6 is not installed, it is
    /// fetched once into the target folder (Debian, Ubuntu, as root).
    Swift {
        /// Write the iOS string catalog from Android's string resources instead
        #[arg(long)]
        strings: bool,
        /// End with one JSON object: ok, tests
        #[arg(long)]
        json: bool,
        /// Compile this program against the kit, and run it beside a backend with a day of
        /// made-up visits
        ///
        /// Its environment is that of `cargo xtask practice`. docs/swift.md has such a program.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "strings"])]
        run: Option<PathBuf>,
    },
    /// Make the XCFramework that Apple's platforms link (on a Mac)
    Ios,
    /// Check the core and its binding for the phones' own targets
    ///
    /// iOS and Android on arm64, without their SDKs: on Debian, with the compiler of its packages,
    /// which are installed if they are missing. Nothing is linked.
    Targets,
    /// Write the bills of materials of the phone's library and of the backend
    ///
    /// CycloneDX 1.6, below target/sbom: everything that is linked, with versions, licences and
    /// checksums, and the C sources that crates carry.
    Sbom {
        /// Print one JSON object: written, with file and components of each
        #[arg(long)]
        json: bool,
    },
    /// Compare the binding's public face with bindings/api.txt
    Face {
        /// Write the file instead
        #[arg(long)]
        write: bool,
    },
    /// Try hostile input at every door that takes bytes
    ///
    /// `--seconds T` says how long, `--door D` where; a long run prints progress, can be stopped, and
    /// goes on with `--resume`. Findings are kept in target/fuzz. `-- --help` tells the rest.
    Fuzz(Passed),
    /// Serve a day of made-up visits on this machine, for the first hours of an app
    ///
    /// A real backend with its encrypted store. Prints its address and access tokens, and serves
    /// until Ctrl-C; `-- COMMAND` runs that beside it. `-- --help` tells the rest.
    Practice(Passed),
    /// Run the server from this source tree
    ///
    /// Arguments go to homeround-server: `cargo xtask server -- --help` tells them.
    Server(Passed),
}

/// Arguments for the program that is started.
#[derive(Debug, clap::Args)]
struct Passed {
    /// Handed on as they are
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    args: Vec<String>,
}

impl Cli {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Trouble`] says what could not be done and what to do about it.
    pub(crate) fn run(self) -> Result<ExitCode, Trouble> {
        let house = House::find()?;
        match self.command {
            Task::Setup { build_only: true } => setup::for_building().map(|()| ExitCode::SUCCESS),
            Task::Setup { build_only: false } => {
                setup::for_testing(&house).map(|()| ExitCode::SUCCESS)
            }
            Task::Test { only, json } => steps::run(&house, &only, json),
            Task::Tidy => tidy::run(&house.root).map(|()| ExitCode::SUCCESS),
            Task::Demo(passed) => play::demo(&house, &passed.args),
            Task::Bench(passed) => play::bench(&house, &passed.args),
            Task::Sim(passed) => sim::sim(&house, &passed.args),
            Task::Access(passed) => access::access(&house, &passed.args),
            Task::Crash(passed) => play::crash(&house, &passed.args),
            Task::Kotlin {
                run: Some(program), ..
            } => kotlin::run(&house, &program),
            Task::Kotlin { json, run: None } => kotlin::kotlin(&house, json),
            Task::Size { json } => size::size(&house, json),
            Task::Swift {
                run: Some(program), ..
            } => swift::run(&house, &program),
            Task::Swift { strings, json, .. } => swift::swift(&house, strings, json),
            Task::Ios => swift::ios(&house),
            Task::Targets => targets::targets(&house),
            Task::Phone(passed) => kotlin::phone(&house, &passed.args),
            Task::Sbom { json } => sbom::sbom(&house, json),
            Task::Face { write } => {
                play::build(&house, play::Profile::Dev)?;
                kotlin::face(&house, write).map(|()| ExitCode::SUCCESS)
            }
            Task::Fuzz(passed) => fuzz::fuzz(&house, &passed.args),
            Task::Practice(passed) => play::practice(&house, &passed.args),
            Task::Server(passed) => play::server(&house, &passed.args),
        }
    }
}
