//! Which tests failed, read from what their programs said.

/// How much of what a test said is worth a line.
const WORDS_SHOWN: usize = 160;

/// The failed tests that a log of cargo, of JUnit or of Swift names, each with what it said
/// where that stands beside it, in the log's order.
pub(crate) fn tests(log: &str) -> Vec<String> {
    let mut failed = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = rust(line) {
            failed.push(name.to_owned());
        } else if let Some(name) = line.trim_start().strip_prefix("JUnit Jupiter:") {
            let place = lines.next_if(|next| next.trim_start().starts_with("MethodSource "));
            // Without its place it is a line of the tree, not of the failures.
            if place.is_some() {
                let said = lines
                    .peek()
                    .and_then(|next| next.trim().strip_prefix("=> "));
                failed.push(shortened(&format!("{name}: {}", said.unwrap_or_default())));
            }
        } else if let Some((name, said)) = swift(line) {
            failed.push(shortened(&format!("{name}: {said}")));
        }
    }
    failed
}

/// `test sync::tests::a_page_is_applied ... FAILED`
fn rust(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// `✘ Test "a name" recorded an issue at DayTests.swift:12:9: Expectation failed: …`
fn swift(line: &str) -> Option<(&str, &str)> {
    let (name, said) = line
        .strip_prefix("✘ Test ")?
        .split_once(" recorded an issue ")?;
    Some((name, said.strip_prefix("at ").unwrap_or(said)))
}

fn shortened(text: &str) -> String {
    let mut kept: String = text.chars().take(WORDS_SHOWN).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_is_named_with_what_it_said() {
        let cargo = "test a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n    a::c\n";
        assert_eq!(tests(cargo), ["a::c"]);
        let junit = "\
            '-- JUnit Jupiter [OK]\n\n\
            Failures (1):\n  JUnit Jupiter:LeakTest:nothing stays(Path)\n    \
            MethodSource [className = 'org.homeround.kit.LeakTest', methodName = 'nothing stays']\n    \
            => java.lang.AssertionError: file handles\n       kotlin.test.AssertionsKt.assertTrue(Unknown Source)\n";
        assert_eq!(
            tests(junit),
            ["LeakTest:nothing stays(Path): java.lang.AssertionError: file handles"]
        );
        let swift = "\
            ✔ Test \"a day\" passed after 0.2 seconds.\n\
            ✘ Test \"a way\" recorded an issue at WayTests.swift:9:5: Expectation failed: 1 == 2\n\
            ✘ Test \"a way\" failed after 0.2 seconds with 1 issue.\n";
        assert_eq!(
            tests(swift),
            ["\"a way\": WayTests.swift:9:5: Expectation failed: 1 == 2"]
        );
    }

    #[test]
    fn what_a_test_said_is_cut_to_a_line_of_a_screen() {
        let long = format!("✘ Test \"a\" recorded an issue at {}", "ü".repeat(500));
        let failed = tests(&long);
        assert_eq!(failed[0].chars().count(), WORDS_SHOWN + 1);
        assert!(failed[0].ends_with('…'));
    }
}
