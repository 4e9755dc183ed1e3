//! The files of `commands/`, embedded, in the order in which help and the documentation show them.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../commands/", $name, ".md")))),*]
    };
}

/// File name without ending, and text.
pub const FILES: &[(&str, &str)] = files![
    "deploy",
    "deploy-status",
    "deploy-history",
    "cancel",
    "approve",
    "reject",
    "withdraw",
    "checklist",
    "checklist-tick",
    "checklist-untick",
    "checklist-na",
    "pause",
    "resume",
    "promote",
    "confirm",
    "rollback",
    "abort",
    "lock",
    "unlock",
    "window",
    "quarantine-list",
    "quarantine-release",
    "why",
    "when",
    "review",
    "help",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/commands");
        let on_disk: BTreeSet<String> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        let embedded: BTreeSet<String> = super::FILES.iter().map(|(name, _)| format!("{name}.md")).collect();
        assert_eq!(embedded, on_disk);
    }
}
