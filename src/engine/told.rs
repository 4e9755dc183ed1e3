//! What the operators of signalbox are told: log lines and metrics, in one place, after the commit.

use crate::store::Batch;

/// A group was committed.
pub(super) fn committed(batch: &Batch, seconds: f64) {
    metrics::histogram!("signalbox_commit_seconds").record(seconds);
    #[expect(clippy::cast_precision_loss, reason = "groups are small")]
    metrics::histogram!("signalbox_commit_events").record(batch.events.len() as f64);
    for event in &batch.events {
        metrics::counter!("signalbox_events_total", "kind" => event.kind.clone()).increment(1);
        let (stream, seq, kind, actor) = (&event.stream, event.seq, &event.kind, &event.actor);
        tracing::info!(name: "journal.stored", %stream, seq, %kind, %actor, "{stream} {seq}: {kind} by {actor}");
    }
    for row in batch.history.iter().filter(|r| r.ended_at > 0) {
        let labels = [
            ("service", row.service.clone()),
            ("environment", row.environment.clone()),
            ("status", row.status.clone()),
        ];
        // A row is stored with every change; the end itself is the event that counts.
        let ended = |e: &&crate::store::EventRow| e.kind == "ended" && e.stream.name() == format!("D-{}", row.number);
        if batch.events.iter().any(|e| ended(&e)) {
            metrics::counter!("signalbox_deployments_total", &labels).increment(1);
            if row.started_at > 0 {
                #[expect(clippy::cast_precision_loss, reason = "seconds for a graph")]
                let took = (row.ended_at - row.started_at) as f64 / 1000.0;
                metrics::histogram!("signalbox_deployment_seconds", &labels).record(took);
            }
        }
    }
}

/// A command was decided; `refused` is the code of its refusal.
pub(super) fn command(name: &'static str, refused: Option<&'static str>) {
    metrics::counter!("signalbox_commands_total", "command" => name, "outcome" => refused.unwrap_or("done"))
        .increment(1);
}
