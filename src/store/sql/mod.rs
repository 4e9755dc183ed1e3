//! The store on SQLite and on PostgreSQL: one body of code, stamped for each by [`store!`].
//!
//! Every write runs in a task or on a thread of its own, so that a caller that stops waiting cannot cut a transaction in half:
//! it is then stored or not, and the inbox tells which. Reads are single statements. What differs, each store brings along:
//! `write` for a single statement, `commit_packed`, `keep_rows`, `claim_rows` and `shut`.

mod checkpoint;
mod commit;
mod dump;
mod error;
mod group;
mod packed;
mod postgres;
mod read;
mod sqlite;
mod statements;
mod value;
mod writing;

pub(super) use error::error as failed;
pub use postgres::{PgStore, open_postgres};
pub use sqlite::{SqliteStore, open_sqlite};

macro_rules! store {
    (
        $Store:ident, $Db:ty, each = $each:literal, lock = $lock:literal, skip = $skip:literal, alone = $alone:literal
    ) => {
        use crate::chat::Kept;
        use crate::domain::ids::{PlatformName, Stream};
        use crate::store::net;
        use crate::store::sql::error::error;
        use crate::store::sql::packed::{Packed, Part, list};
        use crate::store::sql::value::Value;
        use crate::store::sql::{commit::commit, dump::dump, read::read, statements::statements};
        use crate::store::{
            Batch, Claim, EventRow, HistoryQuery, HistoryRow, InboxRow, MessageRow, OutboxRow, ReactionRow, Result,
            StateRow, Store, StoreError, TimerRow,
        };
        use async_trait::async_trait;
        use sqlx::{Database, Row as _};
        use std::collections::{BTreeMap, BTreeSet};

        pub mod sql {
            super::statements!(each = $each, lock = $lock, skip = $skip, alone = $alone);
        }

        type Query<'q> = sqlx::query::Query<'q, $Db, <$Db as Database>::Arguments>;

        commit!($Db);
        read!($Db, <$Db as Database>::Row);
        dump!($Store, $Db);

        impl $Store {
            /// `sql` for a row of the outbox that is claimed, with `first` before the row's own values.
            async fn held<const N: usize>(&self, sql: &'static str, claim: &Claim, first: [i64; N]) -> Result<u64> {
                let own = [claim.row.id.as_str().into(), claim.owner.as_str().into(), claim.row.attempts.into()];
                self.write("outbox", sql, first.map(Value::from).into_iter().chain(own).collect()).await
            }
        }

        #[async_trait]
        impl Store for $Store {
            async fn commit(&self, batch: &Batch) -> Result<()> {
                self.commit_packed(Packed::of(batch)?).await
            }

            async fn states(&self, streams: &[Stream]) -> Result<Vec<StateRow>> {
                let names = list(streams.iter().map(|s| (s,)))?;
                rows(&self.reader, "states", sqlx::query(sql::STATES).bind(names), state).await
            }

            async fn answers(&self, keys: &[String]) -> Result<Vec<(String, String)>> {
                let keys = list(keys.iter().map(|k| (k,)))?;
                let pair = |row: &<$Db as Database>::Row| Ok((row.try_get(0)?, row.try_get(1)?));
                rows(&self.reader, "inbox", sqlx::query(sql::ANSWERS).bind(keys), pair).await
            }

            async fn keep(&self, arrivals: &[InboxRow], closed: &[String]) -> Result<Vec<Kept>> {
                if arrivals.is_empty() && closed.is_empty() {
                    return Ok(Vec::new());
                }
                // In key order, as every replica takes its locks.
                let standing = self.keep_rows(net::keeping(arrivals)?, closed.iter().collect()).await?;
                Ok(net::kept(arrivals, &standing))
            }

            async fn open_inbox(&self, holder: &str, after: (i64, &str), limit: i64) -> Result<Vec<InboxRow>> {
                let query = sqlx::query(sql::INBOX_OPEN).bind(holder).bind(after.0).bind(after.1).bind(limit.max(0));
                rows(&self.reader, "inbox", query, inbox).await
            }

            async fn open_inbox_count(&self) -> Result<i64> {
                let query = sqlx::query_scalar::<$Db, i64>(sql::INBOX_OPEN_COUNT);
                query.fetch_one(&self.reader).await.map_err(error("inbox"))
            }

            async fn inbox_holders(&self) -> Result<Vec<String>> {
                rows(&self.reader, "inbox", sqlx::query(sql::INBOX_HOLDERS), |row| row.try_get(0)).await
            }

            async fn last_place(&self) -> Result<i64> {
                sqlx::query_scalar::<$Db, i64>(sql::INBOX_LAST).fetch_one(&self.reader).await.map_err(error("inbox"))
            }

            async fn adopt_inbox(&self, from: &str, to: &str) -> Result<u64> {
                self.write("inbox", sql::INBOX_ADOPT, vec![to.into(), from.into()]).await
            }

            fn shared(&self) -> bool {
                sql::BREAK.is_empty()
            }

            async fn events(&self, stream: &Stream, after: i64, limit: i64) -> Result<Vec<EventRow>> {
                let query = sqlx::query(sql::EVENTS).bind(stream.as_str()).bind(after).bind(limit.max(0));
                rows(&self.reader, "events", query, event).await
            }

            async fn heads(&self, after: &str, limit: i64) -> Result<Vec<(Stream, i64, String)>> {
                let head = |row: &<$Db as Database>::Row| Ok((stream(row, 0)?, row.try_get(1)?, row.try_get(2)?));
                rows(&self.reader, "states", sqlx::query(sql::HEADS).bind(after).bind(limit.max(0)), head).await
            }

            async fn streams(&self, after: &str, limit: i64) -> Result<Vec<Stream>> {
                let query = sqlx::query(sql::STREAMS).bind(after).bind(limit.max(0));
                rows(&self.reader, "events", query, |row| stream(row, 0)).await
            }

            async fn last_number(&self) -> Result<i64> {
                let query = sqlx::query_scalar::<$Db, i64>(sql::LAST_NUMBER);
                query.fetch_one(&self.reader).await.map_err(error("history"))
            }

            async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>> {
                let (service, environment) = (query.service.as_deref(), query.environment.as_deref());
                let sql = match (service, environment) {
                    (None, None) => sqlx::query(sql::HISTORY_ALL),
                    (Some(service), Some(environment)) => {
                        sqlx::query(sql::HISTORY_PLACE).bind(service).bind(environment)
                    }
                    _ => sqlx::query(sql::HISTORY).bind(service.unwrap_or("")).bind(environment.unwrap_or("")),
                };
                let sql = sql.bind(query.before.unwrap_or(i64::MAX)).bind(query.limit.max(0));
                rows(&self.reader, "history", sql, history).await
            }

            async fn due_timers(&self, wall: i64, work: i64, limit: i64) -> Result<Vec<TimerRow>> {
                let query = sqlx::query(sql::TIMERS_DUE).bind(wall).bind(work).bind(limit.max(0));
                rows(&self.reader, "timers", query, timer).await
            }

            async fn next_timers(&self) -> Result<(Option<i64>, Option<i64>)> {
                let query = sqlx::query_as::<$Db, (Option<i64>, Option<i64>)>(sql::TIMERS_NEXT);
                query.fetch_one(&self.reader).await.map_err(error("timers"))
            }

            async fn claim(&self, now: i64, owner: &str, lease_until: i64, limit: i64) -> Result<Vec<Claim>> {
                let values = vec![owner.into(), lease_until.into(), now.into(), limit.max(0).into()];
                let claim = |(row, version, begun): (OutboxRow, i64, i64)| Claim {
                    row,
                    owner: owner.to_owned(),
                    lease_until,
                    version,
                    doubt: begun > 1,
                };
                let mut claims: Vec<Claim> = self.claim_rows(values).await?.into_iter().map(claim).collect();
                claims.sort_unstable_by(|a, b| a.row.id.cmp(&b.row.id));
                Ok(claims)
            }

            async fn renew(&self, claim: &Claim, lease_until: i64) -> Result<bool> {
                Ok(self.held(sql::RENEW, claim, [lease_until]).await? == 1)
            }

            async fn release(&self, claim: &Claim, due_at: i64) -> Result<()> {
                self.held(sql::RELEASE, claim, [claim.version, due_at]).await.map(|_| ())
            }

            async fn put_back(&self, claim: &Claim, due_at: i64) -> Result<()> {
                self.held(sql::PUT_BACK, claim, [claim.version, due_at]).await.map(|_| ())
            }

            async fn break_leases(&self) -> Result<u64> {
                match sql::BREAK {
                    "" => Ok(0),
                    sql => self.write("outbox", sql, Vec::new()).await,
                }
            }

            async fn next_outbox(&self) -> Result<Option<i64>> {
                let query = sqlx::query_scalar::<$Db, Option<i64>>(sql::OUTBOX_NEXT);
                query.fetch_one(&self.reader).await.map_err(error("outbox"))
            }

            async fn outbox_due(&self, key: &str) -> Result<Option<i64>> {
                let query = sqlx::query_scalar::<$Db, i64>(sql::OUTBOX_DUE).bind(key);
                query.fetch_optional(&self.reader).await.map_err(error("outbox"))
            }

            async fn outbox(&self, limit: i64) -> Result<Vec<OutboxRow>> {
                rows(&self.reader, "outbox", sqlx::query(sql::OUTBOX).bind("").bind(limit.max(0)), outbox).await
            }

            async fn timers(&self, limit: i64) -> Result<Vec<TimerRow>> {
                self.due_timers(i64::MAX, i64::MAX, limit).await
            }

            async fn message(&self, platform: &PlatformName, key: &str) -> Result<Option<MessageRow>> {
                let query = sqlx::query(sql::MESSAGE).bind(platform.as_str()).bind(key);
                Ok(rows(&self.reader, "messages", query, message).await?.pop())
            }

            async fn message_by_id(&self, platform: &PlatformName, id: &str) -> Result<Option<MessageRow>> {
                let query = sqlx::query(sql::MESSAGE_BY_ID).bind(platform.as_str()).bind(id);
                Ok(rows(&self.reader, "messages", query, message).await?.pop())
            }

            async fn reactions(&self, platform: &PlatformName, message: &str) -> Result<Vec<ReactionRow>> {
                let query = sqlx::query(sql::REACTIONS).bind(platform.as_str()).bind(message);
                rows(&self.reader, "reactions", query, reaction).await
            }

            async fn lease(&self, name: &str, owner: &str, now: i64, until: i64) -> Result<bool> {
                let values = vec![name.into(), owner.into(), until.into(), now.into()];
                self.write("leases", sql::LEASE, values).await.map(|n| n == 1)
            }

            async fn prune_inbox(&self, before: i64, limit: i64) -> Result<u64> {
                self.write("inbox", sql::INBOX_PRUNE, vec![before.into(), limit.max(0).into()]).await
            }

            async fn prune_reactions(&self, before: i64, limit: i64) -> Result<u64> {
                self.write("reactions", sql::REACTIONS_PRUNE, vec![before.into(), limit.max(0).into()]).await
            }

            async fn prune_messages(&self, before: i64, limit: i64) -> Result<u64> {
                self.write("messages", sql::MESSAGES_PRUNE, vec![before.into(), limit.max(0).into()]).await
            }

            async fn prune_leases(&self, before: i64) -> Result<u64> {
                self.write("leases", sql::LEASES_PRUNE, vec![before.into()]).await
            }

            async fn setting(&self, name: &str) -> Result<Option<String>> {
                let query = sqlx::query_scalar::<$Db, String>(sql::SETTING).bind(name);
                query.fetch_optional(&self.reader).await.map_err(error("settings"))
            }

            async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
                self.write("settings", sql::SETTING_PUT, vec![name.into(), value.into()]).await.map(|_| ())
            }

            async fn ping(&self) -> Result<()> {
                sqlx::query::<$Db>(sql::PING).execute(&self.reader).await.map(|_| ()).map_err(error("connection"))
            }

            async fn close(&self) -> Result<()> {
                self.shut().await
            }
        }
    };
}
use store;
