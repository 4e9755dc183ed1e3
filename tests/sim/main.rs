//! The seeded simulation: over a hundred seeds, the same history for the same seed, and proof that it can fail.

#![expect(clippy::panic, reason = "a simulation that fails says so")]

mod simulator;

use simulator::{Options, Sabotage, run};

fn seeds(range: std::ops::Range<u64>, steps: u32) {
    let mut failed = 0;
    for seed in range {
        if let Err(failure) = run(seed, &Options { steps, ..Options::default() }) {
            println!("{failure}\n");
            failed += 1;
        }
        assert!(failed < 3, "several seeds fail; the first ones are above");
    }
    assert!(failed == 0, "{failed} seeds fail; they are above");
}

#[test]
fn the_first_seeds_hold() {
    seeds(0..30, 300);
}

#[test]
fn the_next_seeds_hold() {
    seeds(100..130, 300);
}

#[test]
fn more_seeds_hold() {
    seeds(200..230, 300);
}

#[test]
fn long_seeds_hold() {
    seeds(300..315, 700);
}

#[test]
fn one_seed_is_one_history() {
    for seed in [3, 4, 5] {
        let (one, two) = (run(seed, &Options::default()), run(seed, &Options::default()));
        match (one, two) {
            (Ok(one), Ok(two)) => assert_eq!(one, two, "seed {seed}"),
            (one, two) => panic!("seed {seed}: {:?} {:?}", one.err().map(|f| f.what), two.err().map(|f| f.what)),
        }
    }
}

#[test]
fn a_planted_bug_is_found() {
    for sabotage in Sabotage::ALL {
        let found = (0..40).find(|seed| run(*seed, &Options { sabotage, ..Options::default() }).is_err());
        match found {
            Some(seed) => println!("{sabotage:?} is found by seed {seed}"),
            None => panic!("{sabotage:?} is not found"),
        }
    }
}

/// Each by the invariant that is about it.
#[test]
fn each_of_these_bugs_is_found_by_what_it_breaks() {
    for (sabotage, words) in Sabotage::BY_WORDS {
        let found = (0..60).find_map(|seed| {
            let failure = run(seed, &Options { sabotage, ..Options::default() }).err()?;
            failure.what.contains(words).then_some(failure)
        });
        match found {
            Some(failure) => println!("{sabotage:?} is found by seed {}: {}", failure.seed, failure.what),
            None => panic!("{sabotage:?} is not found as something that {words}"),
        }
    }
}
