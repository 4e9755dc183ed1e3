//! Every statement of the store, for both databases. They differ in a few words: how a JSON list becomes rows (`each`),
//! how rows are locked (`lock`: wait; `skip`: leave out what another replica holds), and whether one process has the
//! database to itself (`alone`).
//!
//! `CROSS JOIN` keeps SQLite from turning a join around and reading the whole table; to PostgreSQL it is a join like any other.
//! No clock, no randomness, no `SELECT *`. Parameters are written `$1`, which both databases take.

macro_rules! statements {
    (
        each = $each:literal, lock = $lock:literal, skip = $skip:literal, alone = $alone:literal
    ) => {
        // -- commit: one JSON list of lists per table, whatever the size of the batch -----------------------------------------

        /// Order matters: every replica locks in this order.
        pub const STATES_EXPECTED: &str = concat!(
            "SELECT s.stream, s.seq, s.hash FROM states s WHERE s.stream IN (SELECT j.value->>0 FROM ", $each, " AS j) ",
            "ORDER BY s.stream", $lock
        );
        /// What was kept and is undecided takes the answer; what is decided stays, and is missing in the count.
        pub const INBOX_PUT: &str = concat!(
            "INSERT INTO inbox (key, at, body, answer, kind, lane, proof, holder, open) ",
            "SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), j.value->>2, j.value->>3, j.value->>4, j.value->>5, ",
            "j.value->>6, j.value->>7, CAST(j.value->>8 AS BIGINT) FROM ", $each, " AS j WHERE true ",
            "ON CONFLICT (key) DO UPDATE SET answer = excluded.answer WHERE inbox.answer = ''"
        );
        pub const EVENTS_INSERT: &str = concat!(
            "INSERT INTO events (stream, seq, kind, actor, at, body, previous, hash) ",
            "SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT), ",
            "j.value->>5, j.value->>6, j.value->>7 FROM ", $each, " AS j"
        );
        pub const STATES_PUT: &str = concat!(
            "INSERT INTO states (stream, seq, hash, body) ",
            "SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), j.value->>2, j.value->>3 FROM ", $each, " AS j WHERE true ",
            "ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, body = excluded.body"
        );
        pub const TIMERS_FIRED: &str = concat!(
            "DELETE FROM timers WHERE id IN (SELECT t.id FROM ", $each, " AS j CROSS JOIN timers t WHERE t.id = j.value->>0 ",
            "AND t.due_at = CAST(j.value->>1 AS BIGINT))"
        );
        pub const TIMERS_CANCEL: &str =
            concat!("DELETE FROM timers WHERE id IN (SELECT j.value->>0 FROM ", $each, " AS j)");
        pub const TIMERS_SET: &str = concat!(
            "INSERT INTO timers (id, stream, due_at, work, body) ",
            "SELECT j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT), j.value->>4 FROM ",
            $each, " AS j WHERE true ON CONFLICT (id) DO UPDATE SET stream = excluded.stream, due_at = excluded.due_at, ",
            "work = excluded.work, body = excluded.body"
        );
        /// Rows acted on as they still are.
        pub const RECEIPTS_DELETE: &str = concat!(
            "DELETE FROM outbox WHERE id IN (SELECT o.id FROM ", $each, " AS j CROSS JOIN outbox o WHERE o.id = j.value->>0 ",
            "AND o.owner = j.value->>1 AND o.version = CAST(j.value->>2 AS BIGINT) AND o.lease_until > 0)"
        );
        /// Rows that were replaced while they were acted on.
        pub const RECEIPTS_RELEASE: &str = concat!(
            "UPDATE outbox SET owner = '', lease_until = 0, doubts = 0 WHERE id IN (SELECT o.id FROM ", $each, " AS j ",
            "CROSS JOIN outbox o WHERE o.id = j.value->>0 AND o.owner = j.value->>1 ",
            "AND o.version <> CAST(j.value->>2 AS BIGINT) AND o.lease_until > 0)"
        );
        pub const OUTBOX_CANCEL: &str =
            concat!("DELETE FROM outbox WHERE key IN (SELECT j.value->>0 FROM ", $each, " AS j)");
        pub const OUTBOX_PUT: &str = concat!(
            "INSERT INTO outbox (id, key, target, stream, due_at, attempts, body, owner, lease_until, version, doubts) ",
            "SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT), ",
            "CAST(j.value->>5 AS BIGINT), j.value->>6, '', 0, CAST(j.value->>7 AS BIGINT), CAST(j.value->>5 AS BIGINT) FROM ",
            $each, " AS j WHERE true ",
            "ON CONFLICT (key) DO UPDATE SET body = excluded.body, ",
            "due_at = CASE WHEN outbox.due_at > excluded.due_at THEN outbox.due_at ELSE excluded.due_at END, ",
            "version = outbox.version + excluded.version"
        );
        pub const HISTORY_PUT: &str = concat!(
            "INSERT INTO history (number, service, environment, version, revision, status, requester, requested_at, ",
            "started_at, ended_at, note) SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, j.value->>3, ",
            "j.value->>4, j.value->>5, j.value->>6, CAST(j.value->>7 AS BIGINT), CAST(j.value->>8 AS BIGINT), ",
            "CAST(j.value->>9 AS BIGINT), j.value->>10 FROM ", $each, " AS j WHERE true ",
            "ON CONFLICT (number) DO UPDATE SET service = excluded.service, environment = excluded.environment, ",
            "version = excluded.version, revision = excluded.revision, status = excluded.status, ",
            "requester = excluded.requester, requested_at = excluded.requested_at, started_at = excluded.started_at, ",
            "ended_at = excluded.ended_at, note = excluded.note"
        );
        pub const MESSAGES_PUT: &str = concat!(
            "INSERT INTO messages (platform, key, channel, id, shown, at) SELECT j.value->>0, j.value->>1, j.value->>2, ",
            "j.value->>3, j.value->>4, CAST(j.value->>5 AS BIGINT) FROM ", $each, " AS j WHERE true ",
            "ON CONFLICT (platform, key) DO UPDATE SET channel = excluded.channel, id = excluded.id, ",
            "shown = excluded.shown, at = excluded.at"
        );
        pub const REACTIONS_PUT: &str = concat!(
            "INSERT INTO reactions (platform, message, account, emoji, added, source, at) ",
            "SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT), j.value->>5, ",
            "CAST(j.value->>6 AS BIGINT) FROM ", $each, " AS j WHERE true ",
            "ON CONFLICT (platform, message, account, emoji) DO UPDATE SET added = excluded.added, ",
            "source = excluded.source, at = excluded.at"
        );

        // -- reading -----------------------------------------------------------------------------------------------------------

        pub const STATES: &str = concat!(
            "SELECT s.stream, s.seq, s.hash, s.body FROM states s ",
            "WHERE s.stream IN (SELECT j.value->>0 FROM ", $each, " AS j) ORDER BY s.stream"
        );
        pub const ANSWERS: &str = concat!(
            "SELECT i.key, i.answer FROM inbox i WHERE i.answer <> '' AND i.key IN (SELECT j.value->>0 FROM ", $each,
            " AS j) ORDER BY i.key"
        );
        pub const INBOX_OPEN: &str = "SELECT key, at, body, answer, kind, lane, proof, holder, open FROM inbox \
             WHERE holder = $1 AND (open, key) > ($2, $3) AND open > 0 ORDER BY open, key LIMIT $4";
        pub const INBOX_OPEN_COUNT: &str = "SELECT COUNT(*) FROM inbox WHERE open > 0";
        /// Jumps from name to name in the index.
        pub const INBOX_HOLDERS: &str = "WITH RECURSIVE names(holder) AS (\
             SELECT MIN(holder) FROM inbox WHERE open > 0 \
             UNION ALL SELECT (SELECT MIN(i.holder) FROM inbox i WHERE i.open > 0 AND i.holder > n.holder) FROM names n \
             WHERE n.holder IS NOT NULL) SELECT holder FROM names WHERE holder IS NOT NULL";
        pub const INBOX_LAST: &str = "SELECT COALESCE(MAX(open), 0) FROM inbox WHERE open > 0";
        pub const INBOX_ADOPT: &str = "UPDATE inbox SET holder = $1 WHERE holder = $2 AND open > 0";
        pub const REACTIONS: &str = "SELECT platform, message, account, emoji, added, source, at FROM reactions \
             WHERE platform = $1 AND message = $2 ORDER BY account, emoji";
        pub const EVENTS: &str = "SELECT stream, seq, kind, actor, at, body, previous, hash FROM events \
             WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        pub const HEADS: &str = "SELECT stream, seq, hash FROM states WHERE stream > $1 ORDER BY stream LIMIT $2";
        /// Jumps from name to name in the index instead of reading every event.
        pub const STREAMS: &str = "WITH RECURSIVE names(stream) AS (\
             SELECT MIN(stream) FROM events WHERE stream > $1 \
             UNION ALL SELECT (SELECT MIN(e.stream) FROM events e WHERE e.stream > n.stream) FROM names n \
             WHERE n.stream IS NOT NULL) SELECT stream FROM names WHERE stream IS NOT NULL LIMIT $2";
        pub const LAST_NUMBER: &str = "SELECT COALESCE(MAX(number), 0) FROM history";
        pub const HISTORY_ALL: &str = "SELECT number, service, environment, version, revision, status, requester, \
             requested_at, started_at, ended_at, note FROM history WHERE number < $1 ORDER BY number DESC LIMIT $2";
        pub const HISTORY_PLACE: &str = "SELECT number, service, environment, version, revision, status, requester, \
             requested_at, started_at, ended_at, note FROM history WHERE service = $1 AND environment = $2 AND number < $3 \
             ORDER BY number DESC LIMIT $4";
        /// `$1` and `$2` may be empty: any. May walk all of the history, which is short beside the journal.
        pub const HISTORY: &str = "SELECT number, service, environment, version, revision, status, requester, requested_at, \
             started_at, ended_at, note FROM history WHERE number < $3 AND ($1 = '' OR service = $1) \
             AND ($2 = '' OR environment = $2) ORDER BY number DESC LIMIT $4";
        /// Both parts in index order. A bare value in a limit would make SQLite plan anew each time.
        pub const TIMERS_DUE: &str = "SELECT id, stream, due_at, work, body FROM (\
             SELECT id, stream, due_at, work, body FROM (SELECT id, stream, due_at, work, body FROM timers WHERE work = 0 AND due_at <= $1 \
             ORDER BY due_at, id LIMIT 0 + $3) AS a UNION ALL \
             SELECT id, stream, due_at, work, body FROM (SELECT id, stream, due_at, work, body FROM timers WHERE work = 1 AND due_at <= $2 \
             ORDER BY due_at, id LIMIT 0 + $3) AS b) AS due ORDER BY due_at, id LIMIT 0 + $3";
        pub const TIMERS_NEXT: &str = "SELECT (SELECT MIN(due_at) FROM timers WHERE work = 0), \
             (SELECT MIN(due_at) FROM timers WHERE work = 1)";
        pub const OUTBOX: &str =
            "SELECT id, key, target, stream, due_at, attempts, body FROM outbox WHERE id > $1 ORDER BY id LIMIT $2";
        pub const MESSAGE: &str =
            "SELECT platform, key, channel, id, shown, at FROM messages WHERE platform = $1 AND key = $2";
        pub const MESSAGE_BY_ID: &str = "SELECT platform, key, channel, id, shown, at FROM messages \
             WHERE platform = $1 AND id = $2 ORDER BY key LIMIT 1";
        pub const SETTING: &str = "SELECT value FROM settings WHERE name = $1";
        pub const SETTING_PUT: &str = "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        pub const INBOX_PAGE: &str = "SELECT key, at, body, answer, kind, lane, proof, holder, open FROM inbox \
             WHERE key > $1 ORDER BY key LIMIT $2";
        pub const REACTIONS_PAGE: &str = "SELECT platform, message, account, emoji, added, source, at FROM reactions \
             WHERE (platform, message, account, emoji) > ($1, $2, $3, $4) \
             ORDER BY platform, message, account, emoji LIMIT $5";
        pub const TIMERS_PAGE: &str =
            "SELECT id, stream, due_at, work, body FROM timers WHERE id > $1 ORDER BY id LIMIT $2";
        pub const MESSAGES_PAGE: &str = "SELECT platform, key, channel, id, shown, at FROM messages \
             WHERE (platform, key) > ($1, $2) ORDER BY platform, key LIMIT $3";
        pub const SETTINGS_PAGE: &str = "SELECT name, value FROM settings WHERE name > $1 ORDER BY name LIMIT $2";

        // -- outbox and leases -------------------------------------------------------------------------------------------------

        /// The oldest row of each target, found by jumping from target to target in the index `outbox_order`. The pluses keep
        /// SQLite from holding the values against an index or into the plan: it would plan anew each time.
        pub const CLAIM: &str = concat!(
            "WITH RECURSIVE heads(id) AS (SELECT (SELECT n.id FROM outbox n ORDER BY n.target, n.id LIMIT 1) UNION ALL ",
            "SELECT (SELECT n.id FROM outbox n WHERE n.target > (SELECT c.target FROM outbox c WHERE c.id = h.id) ",
            "ORDER BY n.target, n.id LIMIT 1) FROM heads h WHERE h.id IS NOT NULL) ",
            "UPDATE outbox SET owner = $1, lease_until = $2, attempts = attempts + 1, doubts = doubts + 1 WHERE id IN (",
            "SELECT o.id FROM heads h CROSS JOIN outbox o WHERE o.id = h.id AND o.due_at <= $3 AND o.lease_until <= $3 ",
            "AND NOT EXISTS (SELECT 1 FROM outbox l WHERE l.target = o.target AND l.lease_until > 0 AND +l.lease_until > $3) ",
            "ORDER BY o.id LIMIT 0 + $4",
            $skip,
            ") RETURNING id, key, target, stream, due_at, attempts, body, version, doubts"
        );
        pub const OUTBOX_NEXT: &str = "WITH RECURSIVE heads(id) AS (\
             SELECT (SELECT n.id FROM outbox n ORDER BY n.target, n.id LIMIT 1) UNION ALL \
             SELECT (SELECT n.id FROM outbox n WHERE n.target > (SELECT c.target FROM outbox c WHERE c.id = h.id) \
             ORDER BY n.target, n.id LIMIT 1) FROM heads h WHERE h.id IS NOT NULL), \
             free(due_at, lease_until) AS (SELECT o.due_at, COALESCE((SELECT MAX(l.lease_until) FROM outbox l \
             WHERE l.target = o.target AND l.lease_until > 0), 0) FROM heads h CROSS JOIN outbox o WHERE o.id = h.id) \
             SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) FROM free";
        pub const OUTBOX_DUE: &str = "SELECT due_at FROM outbox WHERE key = $1";
        pub const RENEW: &str = "UPDATE outbox SET lease_until = $1 \
             WHERE id = $2 AND owner = $3 AND attempts = $4 AND lease_until > 0";
        pub const RELEASE: &str = "UPDATE outbox SET owner = '', lease_until = 0, \
             due_at = CASE WHEN version = $1 THEN $2 ELSE due_at END \
             WHERE id = $3 AND owner = $4 AND attempts = $5 AND lease_until > 0";
        pub const PUT_BACK: &str = "UPDATE outbox SET owner = '', lease_until = 0, doubts = doubts - 1, \
             due_at = CASE WHEN version = $1 THEN $2 ELSE due_at END \
             WHERE id = $3 AND owner = $4 AND attempts = $5 AND lease_until > 0";
        /// Empty where others may be at work.
        pub const BREAK: &str = $alone;
        pub const LEASE: &str = "INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until \
             WHERE leases.owner = excluded.owner OR leases.until <= $4";
        pub const INBOX_PRUNE: &str = concat!(
            "DELETE FROM inbox WHERE key IN (SELECT key FROM inbox WHERE at < $1 AND open = 0 ORDER BY at, key LIMIT $2", ")"
        );
        pub const REACTIONS_PRUNE: &str = "DELETE FROM reactions WHERE (platform, message, account, emoji) IN (\
             SELECT platform, message, account, emoji FROM reactions WHERE at < $1 ORDER BY at LIMIT $2)";
        pub const MESSAGES_PRUNE: &str = "DELETE FROM messages WHERE (platform, key) IN (\
             SELECT platform, key FROM messages WHERE at < $1 ORDER BY at LIMIT $2)";
        pub const LEASES_PRUNE: &str = "DELETE FROM leases WHERE until < $1";
        pub const PING: &str = "SELECT 1";
    };
}
pub(super) use statements;

#[cfg(test)]
mod tests {
    use crate::store::sql::open_sqlite;
    use crate::store::sql::sqlite::{INBOX_CLOSE, INBOX_KEEP, INBOX_PROOF, sql};
    use sqlx::{ConnectOptions as _, Row as _};

    /// Held against the plan SQLite makes on empty tables, so with nothing to go by but the indexes.
    #[tokio::test]
    async fn hot_statements_read_no_whole_table() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("box.db");
        let _store = open_sqlite(&path).await.unwrap();
        let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        let hot = [
            (sql::STATES_EXPECTED, 1),
            (sql::TIMERS_FIRED, 1),
            (sql::TIMERS_CANCEL, 1),
            (sql::RECEIPTS_DELETE, 1),
            (sql::RECEIPTS_RELEASE, 1),
            (sql::OUTBOX_CANCEL, 1),
            (sql::STATES, 1),
            (sql::ANSWERS, 1),
            (sql::EVENTS, 3),
            (sql::HEADS, 2),
            (sql::STREAMS, 2),
            (sql::LAST_NUMBER, 0),
            (sql::HISTORY_ALL, 2),
            (sql::HISTORY_PLACE, 4),
            (sql::TIMERS_DUE, 3),
            (sql::TIMERS_NEXT, 0),
            (sql::OUTBOX_DUE, 1),
            (sql::MESSAGE, 2),
            (sql::MESSAGE_BY_ID, 2),
            (sql::CLAIM, 4),
            (sql::OUTBOX_NEXT, 0),
            (sql::RENEW, 4),
            (sql::RELEASE, 5),
            (sql::INBOX_PRUNE, 2),
            (INBOX_CLOSE, 1),
            (INBOX_KEEP, 9),
            (INBOX_PROOF, 1),
            (sql::INBOX_OPEN, 4),
            (sql::INBOX_HOLDERS, 0),
            (sql::INBOX_ADOPT, 2),
            (sql::REACTIONS, 2),
            (sql::REACTIONS_PRUNE, 2),
            (sql::MESSAGES_PRUNE, 2),
            (sql::PUT_BACK, 5),
        ];
        // The lists that a statement makes itself: the JSON rows, the names and targets jumped through, the merged timers.
        let own = ["j", "names", "heads", "h", "free", "due", "a", "b", "CONSTANT", "(subquery"];
        // One row of the whole, taken from the front of an index.
        let in_order = |s: &&str| *s == "n";
        for (statement, parameters) in hot {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
            for _ in 0..parameters {
                query = query.bind("[]");
            }
            let rows = query.fetch_all(&mut conn).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.get(3)).collect();
            let scans = steps.iter().filter_map(|s| s.strip_prefix("SCAN ")).filter_map(|s| s.split(' ').next());
            let read: Vec<&str> = scans.filter(|s| !own.contains(s) && !in_order(s)).collect();
            let made = steps.iter().any(|s| s.contains("AUTOMATIC"));
            assert!(read.is_empty() && !made, "{statement}\nreads all of {read:?}: {steps:#?}");
        }
    }

    /// Against rows enough that reading them all would be dear, before and after the database has counted them.
    #[tokio::test]
    async fn hot_statements_read_no_whole_table_of_postgres() {
        use crate::store::sql::postgres::{INBOX_CLOSE, INBOX_PROOFS, options, sql};
        use sqlx::{AssertSqlSafe, Executor as _};
        let Ok(url) = std::env::var("SIGNALBOX_TEST_POSTGRES") else {
            let left_out = std::env::var("SIGNALBOX_SKIP_POSTGRES").as_deref() == Ok("1");
            assert!(left_out, "run ./scripts/test, which starts a PostgreSQL, or set SIGNALBOX_TEST_POSTGRES");
            return;
        };
        let schema = format!("plans_{}", std::process::id());
        let mut conn = options(&url).unwrap().connect().await.unwrap();
        let tables = concat!(
            include_str!("../../../migrations/postgres/0001_store.sql"),
            include_str!("../../../migrations/postgres/0002_inbound.sql"),
            include_str!("../../../migrations/postgres/0003_messages.sql")
        );
        let rows = "INSERT INTO events SELECT 's' || n / 50, n % 50 + 1, 'k', 'a', n, '{}', '', '' FROM generate_series(0, 49999) n;\
            INSERT INTO states SELECT 's' || n, 50, 'h', '{}' FROM generate_series(1, 10000) n;\
            INSERT INTO timers SELECT 't' || n, 's1', n, n % 2, '{}' FROM generate_series(1, 50000) n;\
            INSERT INTO inbox SELECT 'i' || n, n, '{}', '{}', 'k', 'l', '', 'h' || n % 9, n % 3 FROM generate_series(1, 50000) n;\
            INSERT INTO outbox SELECT 'o' || n, 'k' || n, 't' || n % 500, 's', n, 0, '{}', '', 0, 1 FROM generate_series(1, 20000) n;\
            INSERT INTO history SELECT n, 's' || n % 20, 'e' || n % 3, 'v', 'r', 's', 'q', n, n, n, '' FROM generate_series(1, 10000) n";
        let made = format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {tables}; {rows}");
        conn.execute(AssertSqlSafe(made)).await.unwrap();
        let hot = [
            (sql::STATES_EXPECTED, "'[[\"s7\"]]'"),
            (sql::STATES, "'[[\"s7\"]]'"),
            (sql::ANSWERS, "'[[\"i7\"]]'"),
            (sql::TIMERS_FIRED, "'[[\"t7\", 7]]'"),
            (sql::RECEIPTS_DELETE, "'[[\"o7\", \"me\", 1]]'"),
            (sql::OUTBOX_CANCEL, "'[[\"k7\"]]'"),
            (sql::EVENTS, "'s7', 3, 100"),
            (sql::HEADS, "'s7', 100"),
            (sql::LAST_NUMBER, ""),
            (sql::HISTORY_ALL, "9999, 10"),
            (sql::HISTORY_PLACE, "'s7', 'e1', 9999, 10"),
            (sql::TIMERS_DUE, "500, 500, 200"),
            (sql::TIMERS_NEXT, ""),
            (sql::CLAIM, "'me', 60000, 500, 16"),
            (sql::OUTBOX_NEXT, ""),
            (sql::INBOX_PRUNE, "500, 100"),
            (INBOX_PROOFS, "'[[\"i7\"]]'"),
            (INBOX_CLOSE, "'[[\"i7\"]]'"),
            (sql::INBOX_OPEN, "'h7', 7, 'i7', 100"),
            (sql::INBOX_HOLDERS, ""),
            (sql::INBOX_ADOPT, "'me', 'h7'"),
        ];
        // Once as a plan for these values, once as the plan for any: the database chooses between them.
        for (mode, counted) in
            [("force_custom_plan", false), ("force_generic_plan", false), ("force_generic_plan", true)]
        {
            let count = if counted { "ANALYZE" } else { "SELECT 1" };
            conn.execute(AssertSqlSafe(format!("{count}; SET plan_cache_mode = {mode}"))).await.unwrap();
            for (statement, values) in hot {
                let values = if values.is_empty() { String::new() } else { format!("({values})") };
                conn.execute(AssertSqlSafe(format!("PREPARE plan_of AS {statement}"))).await.unwrap();
                let explain = format!("EXPLAIN (COSTS OFF) EXECUTE plan_of{values}");
                let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut conn).await.unwrap();
                conn.execute("DEALLOCATE plan_of").await.unwrap();
                let steps: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
                assert!(!steps.iter().any(|s| s.contains("Seq Scan")), "{mode}, {counted}: {statement}\n{steps:#?}");
            }
        }
        conn.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.unwrap();
    }
}
