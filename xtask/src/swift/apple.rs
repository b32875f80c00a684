//! What only Apple's platforms have, type-checked elsewhere: the kit's Apple part and the
//! SwiftUI shell, against small modules with the names and shapes they use.

use super::{Bench, KIT, sources};
use crate::Trouble;

/// In the order in which they use each other.
const STUBS: [&str; 8] = [
    "UIKit",
    "UniformTypeIdentifiers",
    "AVFoundation",
    "SwiftUI",
    "Security",
    "BackgroundTasks",
    "Network",
    "LocalAuthentication",
];
const APPLE: &str = "HomeroundApple";

/// Type-checks both, and answers where the modules are found. A Mac has the real ones.
///
/// # Errors
/// [`Trouble`] when something does not fit.
pub(super) fn check(bench: &Bench<'_>) -> Result<Vec<String>, Trouble> {
    if !cfg!(target_os = "linux") {
        return Ok(Vec::new());
    }
    let modules = bench.house.target.join("swift/stubs");
    std::fs::create_dir_all(&modules).map_err(|error| {
        Trouble::new(
            format!("the folder of the stubs can't be made: {error}"),
            "check the space and the permissions of the target folder",
        )
    })?;
    let found = [
        "-I".to_owned(),
        bench.inside(&modules).display().to_string(),
    ];
    for name in STUBS {
        let file = bench.house.root.join(format!("ios/Stubs/{name}.swift"));
        emit(bench, name, &found, &[file], &["-suppress-warnings"])?;
    }
    let kit = bench.house.root.join(KIT).join("Sources").join(APPLE);
    emit(
        bench,
        APPLE,
        &found,
        &sources(&[kit], "swift"),
        &["-warnings-as-errors"],
    )?;
    let app = bench.house.root.join("ios/App/Sources");
    bench.check("app", &[app], &found)?;
    Ok(found.to_vec())
}

/// Type-checks sources and writes their module, so that others can be checked against it.
fn emit(
    bench: &Bench<'_>,
    name: &str,
    found: &[String],
    files: &[std::path::PathBuf],
    flags: &[&str],
) -> Result<(), Trouble> {
    let modules = bench.house.target.join("swift/stubs");
    let to = modules.join(format!("{name}.swiftmodule"));
    let mut words: Vec<String> = [
        "swiftc",
        "-emit-module",
        "-swift-version",
        "6",
        "-module-name",
        name,
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(["-parse-as-library".into(), "-o".into()]);
    words.push(bench.inside(&to).display().to_string());
    words.extend(flags.iter().map(|flag| (*flag).to_owned()));
    words.extend(found.iter().cloned());
    words.extend(bench.search());
    words.extend(
        files
            .iter()
            .map(|file| bench.inside(file).display().to_string()),
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    bench
        .run(&format!("stub-{name}"), "ios", &words)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use saphyr::{LoadableYamlNode, Yaml};

    fn read(path: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        std::fs::read_to_string(root.join(path)).unwrap()
    }

    fn yaml(text: &str) -> Yaml<'_> {
        let mut documents = Yaml::load_from_str(text).unwrap();
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }

    #[test]
    fn the_apps_plist_permits_what_the_kit_asks_for_and_says_why_in_both_languages() {
        let text = read("ios/App/Info.plist");
        let plist: serde_json::Value = plist::from_bytes(text.as_bytes()).unwrap();
        let kit = read("ios/HomeroundKit/Sources/HomeroundApple/BackgroundSync.swift");
        let identifier = plist["BGTaskSchedulerPermittedIdentifiers"][0]
            .as_str()
            .unwrap();
        assert!(kit.contains(&format!("identifier = \"{identifier}\"")));
        let backend = plist["HomeroundBackendURL"].as_str().unwrap();
        assert!(read("ios/App/Sources/HomeroundApp.swift").contains("\"HomeroundBackendURL\""));
        assert!(read("ios/App/project.yml").contains(backend.trim_matches(['$', '(', ')'])));
        let words: serde_json::Value =
            serde_json::from_str(&read("ios/App/Resources/InfoPlist.xcstrings")).unwrap();
        for (key, value) in plist.as_object().unwrap() {
            if key.ends_with("UsageDescription") {
                let told = &words["strings"][key]["localizations"];
                assert_eq!(told["en"]["stringUnit"]["value"], *value, "{key}");
                assert!(told["es"]["stringUnit"]["value"].is_string(), "{key}");
            }
        }
    }

    #[test]
    fn the_xcode_project_names_folders_and_products_that_exist() {
        let text = read("ios/App/project.yml");
        let project = yaml(&text);
        let app = &project["targets"]["Homeround"];
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ios/App");
        for source in app["sources"].as_vec().unwrap() {
            assert!(base.join(source["path"].as_str().unwrap()).is_dir());
        }
        assert!(
            base.join(app["settings"]["base"]["INFOPLIST_FILE"].as_str().unwrap())
                .is_file()
        );
        assert!(
            base.join(
                project["packages"]["HomeroundKit"]["path"]
                    .as_str()
                    .unwrap()
            )
            .is_dir()
        );
        let package = read("ios/HomeroundKit/Package.swift");
        for used in app["dependencies"].as_vec().unwrap() {
            let product = used["product"].as_str().unwrap();
            assert!(package.contains(&format!(".library(name: \"{product}\"")));
        }
    }

    #[test]
    fn the_forges_workflow_builds_both_apps_by_commands_that_exist() {
        let text = read(".github/workflows/apps.yml");
        let jobs = &yaml(&text)["jobs"];
        let mut commands = 0;
        for job in ["ios", "android"] {
            assert!(jobs[job]["runs-on"].as_str().is_some());
            for step in jobs[job]["steps"].as_vec().unwrap() {
                let said = |key| step.as_mapping_get(key).and_then(Yaml::as_str);
                assert!(said("uses").is_some() || said("run").is_some());
                let run = said("run").unwrap_or_default();
                if let Some(name) = run.strip_prefix("cargo xtask ") {
                    use clap::CommandFactory;
                    let cli = crate::cli::Cli::command();
                    assert!(cli.find_subcommand(name).is_some(), "{name}");
                    commands += 1;
                }
                if let Some(folder) = said("working-directory") {
                    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
                    assert!(root.join(folder).is_dir(), "{folder}");
                }
            }
        }
        assert_eq!(commands, 2);
        let modules = read("android/settings.gradle.kts");
        for module in [":kit", ":app"] {
            assert!(modules.contains(&format!("\"{module}\"")) && text.contains(module));
        }
    }
}
