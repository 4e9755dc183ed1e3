//! The files of `commands/`, embedded, in the order in which help and the documentation show them.

/// File name without ending, and text.
pub const FILES: &[(&str, &str)] = &[
    ("deploy", include_str!("../../commands/deploy.md")),
    ("deploy-status", include_str!("../../commands/deploy-status.md")),
    ("deploy-history", include_str!("../../commands/deploy-history.md")),
    ("cancel", include_str!("../../commands/cancel.md")),
    ("approve", include_str!("../../commands/approve.md")),
    ("reject", include_str!("../../commands/reject.md")),
    ("withdraw", include_str!("../../commands/withdraw.md")),
    ("checklist", include_str!("../../commands/checklist.md")),
    ("checklist-tick", include_str!("../../commands/checklist-tick.md")),
    ("checklist-untick", include_str!("../../commands/checklist-untick.md")),
    ("checklist-na", include_str!("../../commands/checklist-na.md")),
    ("pause", include_str!("../../commands/pause.md")),
    ("resume", include_str!("../../commands/resume.md")),
    ("promote", include_str!("../../commands/promote.md")),
    ("confirm", include_str!("../../commands/confirm.md")),
    ("rollback", include_str!("../../commands/rollback.md")),
    ("abort", include_str!("../../commands/abort.md")),
    ("lock", include_str!("../../commands/lock.md")),
    ("unlock", include_str!("../../commands/unlock.md")),
    ("window", include_str!("../../commands/window.md")),
    ("quarantine-list", include_str!("../../commands/quarantine-list.md")),
    ("quarantine-release", include_str!("../../commands/quarantine-release.md")),
    ("incident", include_str!("../../commands/incident.md")),
    ("incident-ack", include_str!("../../commands/incident-ack.md")),
    ("incident-update", include_str!("../../commands/incident-update.md")),
    ("incident-impact", include_str!("../../commands/incident-impact.md")),
    ("incident-action", include_str!("../../commands/incident-action.md")),
    ("incident-plan", include_str!("../../commands/incident-plan.md")),
    ("incident-done", include_str!("../../commands/incident-done.md")),
    ("incident-lessons", include_str!("../../commands/incident-lessons.md")),
    ("incident-review", include_str!("../../commands/incident-review.md")),
    ("incident-postmortem", include_str!("../../commands/incident-postmortem.md")),
    ("incident-mitigate", include_str!("../../commands/incident-mitigate.md")),
    ("incident-resolve", include_str!("../../commands/incident-resolve.md")),
    ("incident-publish", include_str!("../../commands/incident-publish.md")),
    ("incident-reopen", include_str!("../../commands/incident-reopen.md")),
    ("page", include_str!("../../commands/page.md")),
    ("escalate", include_str!("../../commands/escalate.md")),
    ("drill", include_str!("../../commands/drill.md")),
    ("incident-severity", include_str!("../../commands/incident-severity.md")),
    ("incident-assign", include_str!("../../commands/incident-assign.md")),
    ("incident-escalate", include_str!("../../commands/incident-escalate.md")),
    ("incident-snooze", include_str!("../../commands/incident-snooze.md")),
    ("incident-join", include_str!("../../commands/incident-join.md")),
    ("incident-status", include_str!("../../commands/incident-status.md")),
    ("incident-timeline", include_str!("../../commands/incident-timeline.md")),
    ("incident-list", include_str!("../../commands/incident-list.md")),
    ("oncall", include_str!("../../commands/oncall.md")),
    ("oncall-week", include_str!("../../commands/oncall-week.md")),
    ("oncall-override", include_str!("../../commands/oncall-override.md")),
    ("oncall-cancel", include_str!("../../commands/oncall-cancel.md")),
    ("oncall-swap", include_str!("../../commands/oncall-swap.md")),
    ("oncall-take", include_str!("../../commands/oncall-take.md")),
    ("oncall-decline", include_str!("../../commands/oncall-decline.md")),
    ("oncall-handoff", include_str!("../../commands/oncall-handoff.md")),
    ("oncall-accept", include_str!("../../commands/oncall-accept.md")),
    ("oncall-simulate", include_str!("../../commands/oncall-simulate.md")),
    ("digest", include_str!("../../commands/digest.md")),
    ("stats", include_str!("../../commands/stats.md")),
    ("maintenance", include_str!("../../commands/maintenance.md")),
    ("maintenance-tick", include_str!("../../commands/maintenance-tick.md")),
    ("maintenance-untick", include_str!("../../commands/maintenance-untick.md")),
    ("maintenance-na", include_str!("../../commands/maintenance-na.md")),
    ("runbook", include_str!("../../commands/runbook.md")),
    ("runbook-run", include_str!("../../commands/runbook-run.md")),
    ("runbook-confirm", include_str!("../../commands/runbook-confirm.md")),
    ("runbook-stop", include_str!("../../commands/runbook-stop.md")),
    ("alerts", include_str!("../../commands/alerts.md")),
    ("silence", include_str!("../../commands/silence.md")),
    ("silence-list", include_str!("../../commands/silence-list.md")),
    ("silence-cancel", include_str!("../../commands/silence-cancel.md")),
    ("why", include_str!("../../commands/why.md")),
    ("when", include_str!("../../commands/when.md")),
    ("review", include_str!("../../commands/review.md")),
    ("help", include_str!("../../commands/help.md")),
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
