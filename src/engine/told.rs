//! What the operators of signalbox are told: log lines and metrics, in one place, after the commit.

use crate::store::Batch;

/// Says what each metric means, in its `# HELP` line. Once, after the recorder is installed.
pub fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_histogram!("signalbox_intake_seconds", "From an envelope's arrival to its answer, by kind");
    describe_histogram!("signalbox_commit_seconds", "One commit of the writer");
    describe_histogram!("signalbox_commit_events", "Events in one commit");
    describe_histogram!("signalbox_timer_lateness_seconds", "How late timers fire");
    describe_histogram!("signalbox_deployment_seconds", "From start to end, by service, environment and status");
    describe_counter!("signalbox_events_total", "Events stored, by kind");
    describe_counter!(
        "signalbox_commands_total",
        "Commands decided, by command and outcome (done, or the refusal's code)"
    );
    describe_counter!("signalbox_deployments_total", "Deployments ended, by service, environment and status");
    describe_histogram!("signalbox_inbox_keep_seconds", "From an arrival to its being stored");
    describe_histogram!("signalbox_inbox_wait_seconds", "From an arrival to the begin of its work, by platform");
    describe_gauge!("signalbox_inbox_open", "Arrivals that are kept and not yet worked");
    describe_counter!(
        "signalbox_inbox_kept_total",
        "Arrivals, by platform, kind and outcome (new, again, replayed, failed)"
    );
    describe_counter!("signalbox_inbox_worked_total", "Kept arrivals that were worked, by platform, kind and outcome");
    describe_gauge!("signalbox_chat_connected", "1 while a platform's connection stands and its token is taken");
    describe_gauge!("signalbox_chat_barred", "Channels in which nothing can be said before a person changes something");
    describe_gauge!("signalbox_remembered", "How much is in memory, by what; each has its bound");
    describe_gauge!("signalbox_tasks", "Tasks of the runtime that have not ended");
    describe_counter!(
        "signalbox_pages_total",
        "Pages, by channel and outcome (delivered, failed, not_needed: somebody had it before it was sent)"
    );
    describe_histogram!("signalbox_page_seconds", "From the begin of a way to its being taken, by channel");
    describe_gauge!(
        "signalbox_unreachable_levels",
        "Levels of ladders that would page nobody at some time of the coming week"
    );
    describe_counter!(
        "signalbox_status_posts_total",
        "Mails about incidents and posts on status pages, by place and outcome (delivered, failed)"
    );
    // Of the last 30 days, every ten minutes.
    describe_gauge!("signalbox_delivery_per_day", "Deployments that succeeded, a day, by environment");
    describe_gauge!(
        "signalbox_delivery_failure_ratio",
        "Deployments that were taken back or failed, of 1, by environment"
    );
    describe_gauge!(
        "signalbox_delivery_seconds",
        "Medians by environment and what (lead: request to success, approval: request to the last key, way_back)"
    );
    describe_gauge!(
        "signalbox_delivery_closed_seconds",
        "Time lost to closed windows, holidays and freezes, by environment"
    );
    describe_gauge!("signalbox_delivery_taken_back", "Releases taken back, by environment and how far they had come");
    describe_gauge!("signalbox_incident_seconds", "Medians of incidents by what (acknowledge, restore, reach: a page)");
    describe_gauge!("signalbox_pages_of_person", "Pages by person and when (day, night)");
    describe_counter!(
        "signalbox_alerts_total",
        "Alerts, by source and outcome: what was heard (fires, fired_before, ends, again, late, damaged), and what came of it \
         (dropped, line, silenced, joined, opened, rearmed)"
    );
    describe_counter!(
        "signalbox_alert_requests_total",
        "Requests that bring alerts, by source and outcome (kept, again, or why they were refused)"
    );
    // The adapters count these themselves.
    describe_counter!("signalbox_chat_connected_total", "Sockets to a platform that stood, by platform");
    describe_counter!("signalbox_chat_limited_total", "Calls that a platform answered with 429, by platform");
    describe_counter!("signalbox_chat_refused_total", "Messages that a chat platform will never take");
    describe_counter!(
        "signalbox_chat_unread_total",
        "What a platform sent and nobody could read, by platform and kind; kept all the same"
    );
    describe_counter!(
        "signalbox_chat_unsigned_total",
        "Requests that are not signed as they must be, by platform and why (missing, age, wrong)"
    );
}

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

/// How the last 30 days were, for gauges.
#[expect(clippy::cast_precision_loss, reason = "seconds for a graph")]
pub(super) fn delivery(summary: &crate::domain::numbers::Summary) {
    use crate::domain::time::Span;
    let seconds = |span: Span| span.as_millis() as f64 / 1000.0;
    for (environment, place) in &summary.places {
        let at = || [("environment", environment.to_string())];
        let per_day = f64::from(place.succeeded) / summary.asked.days();
        metrics::gauge!("signalbox_delivery_per_day", &at()).set(per_day);
        metrics::gauge!("signalbox_delivery_failure_ratio", &at()).set(place.failure_rate().unwrap_or(0.0));
        metrics::gauge!("signalbox_delivery_closed_seconds", &at()).set(seconds(place.closed));
        for (what, median) in [("lead", place.lead), ("approval", place.approval), ("way_back", place.way_back)] {
            if let Some(span) = median.at {
                let labels = [("environment", environment.to_string()), ("what", what.to_owned())];
                metrics::gauge!("signalbox_delivery_seconds", &labels).set(seconds(span));
            }
        }
        for (taken, n) in &place.taken {
            let labels = [("environment", environment.to_string()), ("stage", taken.words())];
            metrics::gauge!("signalbox_delivery_taken_back", &labels).set(f64::from(*n));
        }
    }
    for (what, median) in
        [("acknowledge", summary.acknowledged), ("restore", summary.restored), ("reach", summary.reached)]
    {
        if let Some(span) = median.at {
            metrics::gauge!("signalbox_incident_seconds", "what" => what).set(seconds(span));
        }
    }
    for (person, pages) in &summary.pages {
        let day = pages.all.saturating_sub(pages.by_night);
        for (when, n) in [("day", day), ("night", pages.by_night)] {
            let labels = [("person", person.to_string()), ("when", when.to_owned())];
            metrics::gauge!("signalbox_pages_of_person", &labels).set(f64::from(n));
        }
    }
}

/// A command was decided; `refused` is the code of its refusal.
pub(super) fn command(name: &'static str, refused: Option<&'static str>) {
    metrics::counter!("signalbox_commands_total", "command" => name, "outcome" => refused.unwrap_or("done"))
        .increment(1);
}
