//! What Gradle and Android read and nothing here compiles: held against each other.

use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};

const ANDROID: &str = "http://schemas.android.com/apk/res/android";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../android")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(folder().join(path)).unwrap()
}

/// An attribute of Android's own.
fn said<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute((ANDROID, name)).unwrap_or_default()
}

#[test]
fn the_manifest_names_classes_and_resources_that_exist_and_gives_nothing_away() {
    let text = read("app/src/main/AndroidManifest.xml");
    let manifest = Document::parse(&text).unwrap();
    let app = manifest
        .descendants()
        .find(|node| node.has_tag_name("application"))
        .unwrap();
    assert_eq!(
        (said(app, "allowBackup"), said(app, "usesCleartextTraffic")),
        ("false", "false")
    );
    for node in manifest.descendants() {
        // A class of the app's own is written with a dot before it.
        if let Some(class) = said(node, "name").strip_prefix('.') {
            let file = format!("app/src/main/kotlin/org/homeround/app/{class}.kt");
            assert!(read(&file).contains(&format!("class {class}")), "{class}");
        }
        for attribute in node.attributes() {
            if let Some(name) = attribute.value().strip_prefix("@xml/") {
                let rules = read(&format!("app/src/main/res/xml/{name}.xml"));
                Document::parse(&rules).unwrap();
            }
        }
        // Nothing but the launcher's activity is open to other apps.
        let launches = node
            .descendants()
            .any(|one| said(one, "name").ends_with("category.LAUNCHER"));
        if said(node, "exported") == "true" {
            assert!(node.has_tag_name("activity") && launches);
        }
    }
    let rules = read("app/src/main/res/xml/data_extraction_rules.xml");
    let rules = Document::parse(&rules).unwrap();
    for way in ["cloud-backup", "device-transfer"] {
        let way = rules
            .descendants()
            .find(|node| node.has_tag_name(way))
            .unwrap();
        assert!(
            way.children()
                .any(|one| one.attribute("domain") == Some("root"))
        );
    }
}

#[test]
fn every_module_and_every_alias_of_the_builds_is_in_the_settings_and_the_catalog() {
    let catalog: toml::Table = toml::from_str(&read("gradle/libs.versions.toml")).unwrap();
    let settings = read("settings.gradle.kts");
    let mut aliases = 0;
    for module in ["", "kit/", "ui/", "app/"] {
        let build = read(&format!("{module}build.gradle.kts"));
        for part in build.split("libs.").skip(1) {
            let end = part
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .unwrap();
            // `get` and what follows are calls of the alias's own.
            let alias = part[..end].split(".get").next().unwrap();
            let alias = alias.trim_end_matches('.').replace('.', "-");
            let (table, key) = match alias.strip_prefix("plugins-") {
                Some(plugin) => ("plugins", plugin),
                None => ("libraries", alias.as_str()),
            };
            assert!(
                catalog[table].get(key).is_some(),
                "{module}: {table} has no {key}"
            );
            aliases += 1;
        }
        for part in build.split("project(\":").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(settings.contains(&format!("\":{name}\"")) && folder().join(name).is_dir());
        }
    }
    assert!(aliases > 10);
    // Every version that is referred to is one.
    for table in ["libraries", "plugins"] {
        for (name, entry) in catalog[table].as_table().unwrap() {
            let version = entry["version"]["ref"].as_str().unwrap();
            assert!(
                catalog["versions"].get(version).is_some(),
                "{name}: {version}"
            );
        }
    }
}

#[test]
fn the_shrinker_keeps_what_is_called_by_name() {
    let rules = read("kit/consumer-rules.pro");
    for package in ["com.sun.jna.**", "org.homeround.core.**"] {
        let keep = |line: &str| line.starts_with("-keep class ") && line.contains(package);
        assert!(rules.lines().any(keep), "{package}");
    }
    let kit = read("kit/build.gradle.kts");
    assert!(kit.contains("consumerProguardFiles(\"consumer-rules.pro\")"));
    assert!(kit.contains("max-page-size=16384"));
}
