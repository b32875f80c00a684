//! A program of one's own over the kit, beside a real backend: the guide's first one too.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::{Bench, GUIDE, KIT, generate, sources};
use crate::house::House;
use crate::{Trouble, exec, guide, kotlin, play};

/// Where a program is put, so that every toolchain finds it.
const FOLDER: &str = "swift/program";

/// Compiles a program and runs it beside a backend with a day of made-up visits.
///
/// # Errors
/// [`Trouble`] when it does not compile, or can't be started.
pub(crate) fn run(house: &House, file: &Path) -> Result<ExitCode, Trouble> {
    let source = std::fs::read_to_string(file).map_err(|error| {
        Trouble::new(
            format!("{} can't be read: {error}", file.display()),
            "name a Swift source with a type marked @main, as in docs/swift.md",
        )
    })?;
    let toolchain = super::Toolchain::ready(house)?;
    let folder = house.target.join("swift");
    let native = kotlin::native(house, &folder)?;
    generate(house, &native, &folder.join("binding"))?;
    let bench = Bench {
        house,
        toolchain: &toolchain,
    };
    bench.build()?;
    exec::handed_over(&mut bench.program(&source)?)
}

/// Runs the guide's program, and holds what it prints against what the guide says.
pub(super) fn follow(bench: &Bench<'_>) -> Result<(), Trouble> {
    let (source, prints) = guide::program(bench.house, &GUIDE, "@main")?;
    guide::follow(&GUIDE, bench.program(&source)?, &prints)
}

impl Bench<'_> {
    /// Compiles a program against the kit as it was built, and answers how to run it.
    fn program(&self, source: &str) -> Result<Command, Trouble> {
        let folder = self.house.target.join(FOLDER);
        let file = folder.join("Program.swift");
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, source))
            .map_err(|error| {
                Trouble::new(
                    format!("{} can't be written: {error}", file.display()),
                    "check the space of the target folder",
                )
            })?;
        let inside = |path: &Path| self.inside(path).display().to_string();
        let native = inside(&self.house.target.join("swift/native"));
        let program = inside(&folder.join("Program"));
        let mut words: Vec<String> = ["swiftc", "-swift-version", "6", "-parse-as-library", "-o"]
            .map(str::to_owned)
            .to_vec();
        words.extend([program.clone(), inside(&file)]);
        words.extend(self.search());
        words.extend(self.objects().iter().map(|object| inside(object)));
        words.extend([format!("-L{native}"), "-lhomeround".into()]);
        if cfg!(target_os = "linux") {
            // The library is linked against the machine's own C library.
            words.extend(["-Xlinker".into(), "--allow-shlib-undefined".into()]);
        } else {
            words.extend(["-Xlinker".into(), "-rpath".into()]);
            words.extend(["-Xlinker".into(), native.clone()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run("program", "ios", &words)?;
        let variables = [("LD_LIBRARY_PATH", Path::new(&native))];
        let command = self
            .toolchain
            .command(self.house, KIT, &variables, &[&program]);
        play::beside_practice(self.house, &command)
    }

    /// What building the kit left behind.
    fn objects(&self) -> Vec<std::path::PathBuf> {
        let built = self.house.target.join("swift/build/debug");
        let folders = ["HomeroundCore.build", "HomeroundKit.build"].map(|name| built.join(name));
        sources(&folders, "o")
    }
}
