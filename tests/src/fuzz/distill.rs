//! The committed inputs: for each way that a door answers, the smallest input that makes it.
//! They are read at the start of every run, so that what a long run reached need not be
//! found again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::doors::{DOORS, Door};
use super::{committed, report};

/// Most inputs of one door.
const INPUTS_MAX: usize = 40;
/// Largest input that is committed.
const INPUT_BYTES_MAX: usize = 8 * 1024;

/// Every input of a folder; none where there is no such folder.
pub(crate) fn inputs_in(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// Puts what is committed and what earlier runs found through fresh doors, and commits
/// the smallest input of each answer.
pub(crate) fn distill(found: &Path) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    for (name, build) in DOORS {
        let folder = committed(name);
        let mut inputs = inputs_in(&folder)?;
        inputs.extend(inputs_in(&found.join("corpus").join(name))?);
        let mut door = build();
        let seeds = door.seeds();
        inputs.extend(seeds.iter().cloned());
        let mut kept = smallest(&mut *door, inputs);
        // A door makes its seeds itself, anew in each build: what is honest in one, as a
        // seal over a document of an earlier shape, is a stranger's in the next.
        kept.retain(|input| !seeds.contains(input));
        // The smallest first: they say the most for their bytes.
        kept.sort_by_key(Vec::len);
        kept.truncate(INPUTS_MAX);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        for input in &kept {
            fs::write(folder.join(super::worker::file_name(input)), input)?;
        }
        let bytes: usize = kept.iter().map(Vec::len).sum();
        report::say(&format!("{name}: {} inputs, {bytes} bytes", kept.len()));
    }
    Ok(())
}

/// For each answer of a door, the smallest input that makes it; what makes it fail is
/// left out, as that is a finding and belongs into a test of its own.
fn smallest(door: &mut dyn Door, inputs: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut best: BTreeMap<(String, bool), Vec<u8>> = BTreeMap::new();
    for input in inputs {
        if input.len() > INPUT_BYTES_MAX {
            continue;
        }
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| door.knock(&input))) else {
            continue;
        };
        let key = (outcome.code, outcome.accepted);
        let smaller = best.get(&key).is_none_or(|known| input.len() < known.len());
        if smaller && !outcome.poisoned {
            best.insert(key, input);
        }
    }
    best.into_values().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// All of them together.
    const BYTES_MAX: usize = 1 << 20;

    #[test]
    fn committed_inputs_are_small_and_are_there_for_every_door() {
        let mut all = 0;
        for (name, _) in DOORS {
            let inputs = inputs_in(&committed(name)).unwrap_or_default();
            assert!(!inputs.is_empty() && inputs.len() <= INPUTS_MAX, "{name}");
            assert!(inputs.iter().all(|input| input.len() <= INPUT_BYTES_MAX));
            all += inputs.iter().map(Vec::len).sum::<usize>();
        }
        assert!(all < BYTES_MAX, "{all}");
    }

    #[test]
    fn committed_inputs_harm_no_door_and_nearly_each_goes_its_own_way() {
        let (mut ways, mut many) = (BTreeSet::new(), 0);
        for (name, build) in DOORS {
            let inputs = inputs_in(&committed(name)).unwrap_or_default();
            let mut door = build();
            many += inputs.len();
            for input in inputs {
                let outcome = door.knock(&input);
                assert!(!outcome.poisoned, "{name}: {}", outcome.code);
                ways.insert((*name, outcome.code, outcome.accepted));
            }
        }
        // Some doors remember: what is taken the first time is known the second.
        assert!(ways.len() * 10 >= many * 9, "{} of {many}", ways.len());
    }
}
