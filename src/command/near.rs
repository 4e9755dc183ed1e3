//! "Did you mean": the known words that are closest to a wrong one, or that it shortens.

/// At most this many are worth reading.
const SHOWN: usize = 3;

/// Known words within a few typing slips of `word`, or that it begins or abbreviates, closest first. Case does not matter.
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let slips = match length {
        0 => return Vec::new(),
        1 | 2 => 1,
        3..=7 => 2,
        _ => 3,
    };
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&word, &lower);
            let begins = length >= 2 && lower.starts_with(&word);
            // Swapping every letter of a short word is not a slip.
            let slipped = distance <= slips && distance < length.max(2);
            let rank = if begins { distance.min(1) } else { distance.min(slips) };
            (begins || slipped || shortens(&word, &lower)).then_some((rank, candidate))
        })
        .collect();
    found.sort_unstable();
    found.truncate(SHOWN);
    found.into_iter().map(|(_, word)| word.to_owned()).collect()
}

/// `prd` for `production`: the first letter and then some of the others, in order.
fn shortens(word: &str, full: &str) -> bool {
    let mut letters = full.chars();
    let same_start = word.chars().next() == full.chars().next();
    same_start && word.chars().nth(1).is_some() && word.chars().all(|w| letters.any(|f| f == w))
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn slips_and_beginnings_are_found_and_strangers_are_not() {
        let known = ["deploy", "deploy status", "approve", "abort", "production", "staging"];
        assert_eq!(near("depoly", known), ["deploy"]);
        assert_eq!(near("PRODUCTON", known), ["production"]);
        assert_eq!(near("prod", known), ["production"]);
        assert_eq!(near("prd", known), ["production"]);
        assert_eq!(near("stg", known), ["staging"]);
        assert_eq!(near("p", known), [""; 0]);
        assert_eq!(near("aborrt", known), ["abort"]);
        assert_eq!(near("elephant", known), [""; 0]);
        assert_eq!(near("", known), [""; 0]);
    }
}
