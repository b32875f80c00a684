//! Which folder may know which library, clock or source of randomness.

use super::Violation;
use super::lexer::find_words;
use super::source::Source;

/// One fence: words that only some files may hold.
struct Fence {
    rule: &'static str,
    words: &'static [&'static str],
    /// Path prefixes that the fence surrounds.
    within: &'static [&'static str],
    /// Path prefixes inside it that may.
    except: &'static [&'static str],
    /// Whether test code may.
    tests_may: bool,
    remedy: &'static str,
}

const FENCES: &[Fence] = &[
    Fence {
        rule: "sql-fence",
        words: &["rusqlite", "libsqlite3_sys"],
        within: &["core/", "server/", "bindings/", "xtask/"],
        except: &["core/src/store/", "server/src/store/"],
        tests_may: false,
        remedy: "SQL lives in the store rooms: ask store for a function that answers in model types",
    },
    Fence {
        rule: "automerge-fence",
        words: &["automerge"],
        within: &["core/", "server/", "bindings/", "xtask/"],
        except: &["core/src/merge/", "core/benches/", "core/examples/"],
        tests_may: true,
        remedy: "only core/src/merge knows automerge: go through merge::Document",
    },
    Fence {
        rule: "clock-fence",
        words: &[
            "SystemTime::now",
            "Instant::now",
            "Utc::now",
            "Local::now",
            "Uuid::now_v7",
        ],
        within: &["core/src/"],
        except: &["core/src/app/", "core/src/sync/http.rs"],
        tests_may: true,
        remedy: "time is an argument: take Millis; only app and the named shells read a clock",
    },
    Fence {
        rule: "dice-fence",
        words: &["getrandom", "rand::", "thread_rng", "OsRng", "Uuid::new_v4"],
        within: &["core/src/"],
        except: &[
            "core/src/app/",
            "core/src/sync/http.rs",
            "core/src/vault/software.rs",
            "core/src/store/cipher.rs",
        ],
        tests_may: true,
        remedy: "randomness is an argument: take the bytes; only app and the named shells draw them",
    },
    Fence {
        rule: "order-fence",
        words: &["HashMap", "HashSet"],
        within: &["core/src/sync/"],
        except: &[],
        tests_may: false,
        remedy: "their order differs from run to run: use BTreeMap or BTreeSet",
    },
    Fence {
        rule: "unsafe-fence",
        words: &["unsafe"],
        within: &[""],
        // The provider's tests call it as SQLCipher does.
        except: &[
            "core/src/store/cipher.rs",
            "core/src/store/cipher_tests.rs",
            // SQLite takes a VFS as C functions alone.
            "tests/src/disk/vfs.rs",
            // Functions that stand in for libc's are C functions.
            "tests/src/bin/homeround-crash/libc_calls.rs",
            // An allocator that counts is an unsafe trait.
            "tests/src/fuzz/meter.rs",
        ],
        tests_may: false,
        remedy: "the crypto provider is the one place for unsafe code: find a safe way",
    },
];

/// Reports what stands on the wrong side of a fence.
pub(crate) fn check(source: &Source, found: &mut Vec<Violation>) {
    let Some(rust) = &source.rust else { return };
    let under = |prefixes: &[&str]| prefixes.iter().any(|p| source.path.starts_with(p));
    for fence in FENCES {
        if !under(fence.within) || under(fence.except) {
            continue;
        }
        let places = fence.words.iter().flat_map(|word| {
            let found = find_words(&rust.lexed.code, word);
            found.into_iter().map(move |at| (at, *word))
        });
        for (at, word) in places {
            if !(fence.tests_may && source.in_test(at)) {
                let remedy = format!("`{word}` is not allowed here; {}", fence.remedy);
                found.push(Violation::new(source, source.line(at), fence.rule, remedy));
            }
        }
    }
}
