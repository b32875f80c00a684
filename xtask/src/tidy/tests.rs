//! Each rule is shown to see what it is for: the violation is planted in a tree
//! of its own and found, and its harmless neighbour is left alone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::lexer::lex;
use super::{check, shape};

/// A folder that is gone when the test is over.
struct Tree(PathBuf);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("homeround-tidy-{}-{number}", std::process::id());
        let tree = Self(std::env::temp_dir().join(name));
        for (path, text) in files {
            let full = tree.0.join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, text).unwrap();
        }
        tree
    }

    /// `file:line: rule` of every violation.
    fn violations(&self) -> Vec<String> {
        let found = check(&self.0).unwrap();
        let short = found
            .iter()
            .map(|one| format!("{}:{}: {}", one.path, one.line, one.rule));
        short.collect()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // A folder left in the system's temporary one is not worth a panic.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Asserts that a planted text is found, on its line, by its rule and no other.
#[track_caller]
fn found(path: &str, text: &str, line_and_rule: &str) {
    let violations = Tree::new(&[(path, text)]).violations();
    assert_eq!(violations, [format!("{path}:{line_and_rule}")], "{text}");
}

/// Asserts that nothing is wrong with a text in its place.
#[track_caller]
fn fine(path: &str, text: &str) {
    let violations = Tree::new(&[(path, text)]).violations();
    assert_eq!(violations, Vec::<String>::new(), "{text}");
}

#[test]
fn sql_outside_the_store_rooms_is_found() {
    let text = "//! Doc.\nuse rusqlite::Connection;\n";
    found("core/src/app/mod.rs", text, "2: sql-fence");
    found("server/src/http/mod.rs", text, "2: sql-fence");
    found(
        "core/src/merge/mod.rs",
        "use libsqlite3_sys as f;",
        "1: sql-fence",
    );
    fine("core/src/store/open.rs", text);
    fine("server/src/store/open.rs", text);
    fine("tests/src/bench.rs", text);
}

#[test]
fn automerge_outside_the_merge_room_is_found_but_not_in_tests() {
    let text = "use automerge::AutoCommit;\n";
    found("core/src/sync/mod.rs", text, "1: automerge-fence");
    found("server/src/lib.rs", text, "1: automerge-fence");
    fine("core/src/merge/view.rs", text);
    fine("core/benches/merge.rs", text);
    fine("core/src/store/tests.rs", text);
    fine(
        "core/src/store/mod.rs",
        "#[cfg(test)]\nmod tests {\n    use automerge::AutoCommit;\n}\n",
    );
}

#[test]
fn what_follows_a_test_module_is_not_taken_for_a_test() {
    found(
        "core/src/store/mod.rs",
        "#[cfg(test)]\nmod tests {}\nuse automerge::X;\n",
        "3: automerge-fence",
    );
    found(
        "core/src/store/mod.rs",
        "#[cfg(not(test))]\nmod real {\n    use automerge::X;\n}\n",
        "3: automerge-fence",
    );
}

#[test]
fn a_clock_or_dice_outside_app_and_the_shells_is_found() {
    for clock in [
        "std::time::SystemTime::now()",
        "tokio::time::Instant::now()",
        "Utc::now()",
        "chrono::Local::now()",
    ] {
        let text = format!("fn f() {{\n    let t = {clock};\n}}\n");
        found("core/src/sync/engine.rs", &text, "2: clock-fence");
        fine("core/src/app/mod.rs", &text);
        fine("core/src/sync/http.rs", &text);
    }
    for dice in [
        "getrandom::fill(b)",
        "rand::random()",
        "Uuid::new_v4()",
        "OsRng",
    ] {
        let text = format!("fn f() {{\n    let r = {dice};\n}}\n");
        found("core/src/merge/mod.rs", &text, "2: dice-fence");
        fine("core/src/vault/software.rs", &text);
        fine("core/src/store/cipher.rs", &text);
    }
}

#[test]
fn a_map_without_order_in_sync_is_found() {
    let text = "use std::collections::HashMap;\n";
    found("core/src/sync/engine.rs", text, "1: order-fence");
    fine("core/src/store/mod.rs", text);
    fine("core/src/sync/mod.rs", "use std::collections::BTreeMap;\n");
}

#[test]
fn unsafe_code_outside_the_cipher_is_found() {
    let text = "fn f() {\n    unsafe { g() }\n}\n";
    found("server/src/lib.rs", text, "2: unsafe-fence");
    fine("core/src/store/cipher.rs", text);
    fine("core/src/lib.rs", "#![deny(unsafe_code)]\n");
}

#[test]
fn a_room_that_reaches_past_its_neighbours_is_found() {
    found(
        "core/src/merge/mod.rs",
        "use crate::store::S;\n",
        "1: room-fence",
    );
    found(
        "core/src/model/id.rs",
        "fn f(x: crate::wire::W) {}\n",
        "1: room-fence",
    );
    found(
        "core/src/sync/http.rs",
        "use crate::store;\n",
        "1: room-fence",
    );
    found(
        "core/src/wire/mod.rs",
        "use crate::app::Core;\n",
        "1: room-fence",
    );
    found(
        "core/src/plan/mod.rs",
        "use crate::{\n    model::{Fix, Visit},\n    store::S,\n};\n",
        "1: room-fence",
    );
    fine(
        "core/src/sync/engine.rs",
        "use crate::{model::Fix, wire::Push};\n",
    );
    fine("core/src/app/mod.rs", "use crate::{store, sync, vault};\n");
    fine("core/src/lib.rs", "pub use crate::app::Core;\n");
    fine("core/src/merge/mod.rs", "use crate::Refused;\n");
}

#[test]
fn climbing_to_the_root_with_super_is_found_as_well() {
    found(
        "core/src/merge/mod.rs",
        "use super::store::S;\n",
        "1: room-fence",
    );
    found(
        "core/src/merge/view.rs",
        "use super::super::store;\n",
        "1: room-fence",
    );
    found(
        "core/src/merge/mod.rs",
        "mod inner {\n    use super::super::store::S;\n}\n",
        "2: room-fence",
    );
    fine("core/src/merge/view.rs", "use super::store::S;\n");
    fine("core/src/merge/view.rs", "use super::super::model::Fix;\n");
}

#[test]
fn a_long_function_is_found_and_comments_do_not_count() {
    let body = |line: &str| line.repeat(shape::FUNCTION_LINES_MAX + 1);
    let long = format!("\nfn long() {{\n{}}}\n", body("    f();\n"));
    found("core/src/lib.rs", &long, "2: function-length");
    let commented = format!("fn f() {{\n{}}}\n", body("    // why\n\n"));
    fine("core/src/lib.rs", &commented);
    let python = format!("def long():\n{}\nx = 1\n", body("    f()\n"));
    found("tests/fhir/validate.py", &python, "1: function-length");
}

#[test]
fn a_long_file_is_found_and_a_file_of_tests_may_be_longer() {
    let text = "\n".repeat(shape::FILE_LINES_MAX + 1);
    for path in [
        "core/src/lib.rs",
        "android/A.kt",
        "ios/A.swift",
        "a.sql",
        "a.py",
    ] {
        found(path, &text, "501: file-length");
    }
    fine("core/src/merge/tests.rs", &text);
    fine("tests/tests/day.rs", &text);
    fine("docs/long.md", &text);
    let longer = "\n".repeat(shape::TEST_FILE_LINES_MAX + 1);
    found("core/src/merge/tests.rs", &longer, "801: file-length");
    found("tests/src/lib.rs", &text, "501: file-length");
}

#[test]
fn unfinished_work_is_found() {
    for word in ["TODO", "FIXME", "XXX", "HACK"] {
        let text = format!("fn f() {{}}\n// {word}: later\n");
        found("core/src/lib.rs", &text, "2: unfinished");
        found("a.sql", &format!("-- {word}\n"), "1: unfinished");
    }
    fine("core/src/lib.rs", "const T: &str = \"TODO\";\n");
    fine("core/src/lib.rs", "// TODOS is a name\n");
}

#[test]
fn debugging_left_behind_and_tests_not_run_are_found() {
    found("core/src/lib.rs", "fn f() { dbg!(1); }\n", "1: left-over");
    found(
        "core/src/lib.rs",
        "#[ignore]\nfn f() {}\n",
        "1: ignored-test",
    );
    found(
        "core/src/lib.rs",
        "#[ignore = \"slow\"]\nfn f() {}\n",
        "1: ignored-test",
    );
}

#[test]
fn an_exception_without_a_reason_is_found() {
    found(
        "core/src/lib.rs",
        "#[allow(dead_code)]\nfn f() {}\n",
        "1: unexplained",
    );
    found(
        "core/src/lib.rs",
        "#![expect(\n    dead_code\n)]\n",
        "1: unexplained",
    );
    fine(
        "core/src/lib.rs",
        "#[allow(dead_code, reason = \"later\")]\nfn f() {}\n",
    );
}

#[test]
fn a_path_of_one_machine_is_found() {
    let path = |first: &str| format!("see\n`/{first}/me/notes`\n");
    found("docs/a.md", &path("home"), "2: machine-path");
    found("docs/a.md", &path("Users"), "2: machine-path");
    found("docs/a.md", &path("root"), "2: machine-path");
    fine(
        "docs/a.md",
        "see docs/home/page, ./builds/it and https://a.example/home/page\n",
    );
}

#[test]
fn a_host_that_is_not_public_is_found() {
    let url = |host: &str| format!("url = \"http://{host}/x\"\n");
    found("a.toml", &url("build.corp"), "1: private-host");
    found("a.toml", &url("registry"), "1: private-host");
    found(
        "a.toml",
        &format!("ip = \"{}.1.2.3\"\n", 10),
        "1: private-host",
    );
    found(
        "a.toml",
        &format!("ip = \"192.{}.0.1\"\n", 168),
        "1: private-host",
    );
    for host in [
        "localhost:80",
        "127.0.0.1:80",
        "care.example.org",
        "hl7.org",
    ] {
        fine("a.toml", &url(host));
    }
    fine("a.rs", "fn f() { format!(\"http://{host}/\") }\n");
}

#[test]
fn a_decision_must_be_indexed_numbered_once_and_cited_right() {
    let (index, a, b) = (
        "docs/adr/README.md",
        "docs/adr/0001-a.md",
        "docs/adr/0001-b.md",
    );
    let listed = Tree::new(&[(index, "[a](0001-a.md)"), (a, "# A")]);
    assert_eq!(listed.violations(), Vec::<String>::new());
    let unlisted = Tree::new(&[(index, "none"), (a, "# A")]);
    assert_eq!(unlisted.violations(), [format!("{a}:1: decision-index")]);
    let twice = Tree::new(&[(index, "(0001-a.md) (0001-b.md)"), (a, "# A"), (b, "# B")]);
    assert_eq!(twice.violations(), [format!("{b}:1: decision-number")]);
    let cites = format!("// see docs/{}/9999\n", "adr");
    found("core/src/lib.rs", &cites, "1: decision-cited");
}

#[test]
fn the_lexer_tells_code_from_comments_and_texts() {
    let cases = [
        ("a // unsafe\nb", "a          \nb"),
        ("a /* x /* y */ z */ b", "a                   b"),
        (r#"f("un\"safe") g"#, r#"f("        ") g"#),
        ("r#\"a\"b\"# c", "r#\"   \"# c"),
        ("br##\"x\"#\"## c", "br##\"   \"## c"),
        ("'\"' x '\\'' y", "    x      y"),
        ("'\\u{1F600}' x", "            x"),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("r#type x", "r#type x"),
        ("b\"x\" y", "b\" \" y"),
        ("\"never closed", "\"            "),
    ];
    for (source, code) in cases {
        let lexed = lex(source);
        assert_eq!(
            String::from_utf8(lexed.code).unwrap().trim_end(),
            code.trim_end()
        );
        assert_eq!(lexed.comments.len(), source.len());
    }
}

#[test]
fn the_lexer_survives_every_cut_of_a_file() {
    let source = include_str!("lexer.rs");
    for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
        let lexed = lex(&source[..end]);
        assert_eq!(lexed.code.len(), end);
    }
}

#[test]
fn a_test_that_a_paper_names_and_that_does_not_exist_is_found() {
    let paper = "| a | `it_is_shown_here` and `it_is_not` by `a_word` |\n";
    let test = "//! Doc.\n#[test]\nfn it_is_shown_here() {}\n";
    let violations = Tree::new(&[("SECURITY.md", paper), ("tests/tests/x.rs", test)]).violations();
    assert_eq!(violations, ["SECURITY.md:1: named-test"]);
    fine("docs/other.md", paper);
}
