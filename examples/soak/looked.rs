//! One look at the process: what the system, its metrics and its database say.

use super::judge::Sample;
use super::yard::Yard;
use sqlx::{ConnectOptions as _, Connection as _};
use std::collections::BTreeMap;
use std::path::Path;

const TABLES: [&str; 10] =
    ["events", "states", "history", "timers", "outbox", "inbox", "messages", "reactions", "leases", "settings"];

pub async fn at(yard: &Yard, at_ms: i64) -> Sample {
    let process = format!("/proc/{}", yard.process());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let of = |name: &str| -> i64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    let links: Vec<String> = std::fs::read_dir(format!("{process}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .map(|link| link.display().to_string())
        .collect();
    let count = |n: usize| i64::try_from(n).unwrap();
    let metrics = yard.metrics().await;
    Sample {
        at_ms,
        rss_kib: of("VmRSS:"),
        anon_kib: of("RssAnon:"),
        fds: count(links.len()),
        sockets: count(links.iter().filter(|link| link.starts_with("socket:")).count()),
        threads: of("Threads:"),
        tasks: told(&metrics, "signalbox_tasks"),
        open: told(&metrics, "signalbox_inbox_open"),
        remembered: told(&metrics, "signalbox_remembered"),
        rows: rows(&yard.database()).await,
    }
}

/// The sum over all labels.
fn told(metrics: &str, name: &str) -> i64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines.filter(|rest| rest.starts_with([' ', '{'])).filter_map(|rest| rest.rsplit(' ').next());
    values.filter_map(|value| value.parse::<i64>().ok()).sum()
}

async fn rows(database: &Path) -> BTreeMap<String, i64> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database).read_only(true);
    let mut conn = options.connect().await.unwrap();
    let mut out = BTreeMap::new();
    for table in TABLES {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let n: i64 = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
        out.insert(table.to_owned(), n);
    }
    conn.close().await.unwrap();
    out
}
