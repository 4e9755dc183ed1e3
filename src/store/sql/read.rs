//! Rows back out of the databases.

macro_rules! read {
    ($Db:ty, $Row:ty) => {
        fn event(row: &$Row) -> sqlx::Result<EventRow> {
            Ok(EventRow {
                stream: stream(row, 0)?,
                seq: row.try_get(1)?,
                kind: row.try_get(2)?,
                actor: row.try_get(3)?,
                at: row.try_get(4)?,
                body: row.try_get(5)?,
                previous: row.try_get(6)?,
                hash: row.try_get(7)?,
            })
        }

        fn state(row: &$Row) -> sqlx::Result<StateRow> {
            Ok(StateRow { stream: stream(row, 0)?, seq: row.try_get(1)?, hash: row.try_get(2)?, body: row.try_get(3)? })
        }

        fn timer(row: &$Row) -> sqlx::Result<TimerRow> {
            let work = row.try_get::<i64, _>(3)? != 0;
            Ok(TimerRow {
                id: row.try_get(0)?,
                stream: stream(row, 1)?,
                due_at: row.try_get(2)?,
                work,
                body: row.try_get(4)?,
            })
        }

        fn outbox(row: &$Row) -> sqlx::Result<OutboxRow> {
            Ok(OutboxRow {
                id: row.try_get(0)?,
                key: row.try_get(1)?,
                target: row.try_get(2)?,
                stream: stream(row, 3)?,
                due_at: row.try_get(4)?,
                attempts: row.try_get(5)?,
                body: row.try_get(6)?,
            })
        }

        fn inbox(row: &$Row) -> sqlx::Result<InboxRow> {
            Ok(InboxRow {
                key: row.try_get(0)?,
                at: row.try_get(1)?,
                body: row.try_get(2)?,
                answer: row.try_get(3)?,
                kind: row.try_get(4)?,
                lane: row.try_get(5)?,
                proof: row.try_get(6)?,
                holder: row.try_get(7)?,
                open: row.try_get(8)?,
            })
        }

        fn reaction(row: &$Row) -> sqlx::Result<ReactionRow> {
            Ok(ReactionRow {
                platform: PlatformName::new(row.try_get(0)?),
                message: row.try_get(1)?,
                account: row.try_get(2)?,
                emoji: row.try_get(3)?,
                added: row.try_get::<i64, _>(4)? != 0,
                source: row.try_get(5)?,
                at: row.try_get(6)?,
            })
        }

        fn history(row: &$Row) -> sqlx::Result<HistoryRow> {
            Ok(HistoryRow {
                number: row.try_get(0)?,
                service: row.try_get(1)?,
                environment: row.try_get(2)?,
                version: row.try_get(3)?,
                revision: row.try_get(4)?,
                status: row.try_get(5)?,
                requester: row.try_get(6)?,
                requested_at: row.try_get(7)?,
                started_at: row.try_get(8)?,
                ended_at: row.try_get(9)?,
                note: row.try_get(10)?,
            })
        }

        fn message(row: &$Row) -> sqlx::Result<MessageRow> {
            Ok(MessageRow {
                platform: PlatformName::new(row.try_get(0)?),
                key: row.try_get(1)?,
                channel: row.try_get(2)?,
                id: row.try_get(3)?,
                shown: row.try_get(4)?,
                at: row.try_get(5)?,
            })
        }

        fn stream(row: &$Row, column: usize) -> sqlx::Result<Stream> {
            row.try_get(column).map(Stream::new)
        }

        /// All rows of `query`, each through `decode`; one that cannot be read is named by its first column.
        async fn rows<T>(
            from: impl sqlx::Executor<'_, Database = $Db>,
            table: &'static str,
            query: Query<'_>,
            decode: fn(&$Row) -> sqlx::Result<T>,
        ) -> Result<Vec<T>> {
            let rows = query.fetch_all(from).await.map_err(error(table))?;
            let decode = |row: &$Row| {
                decode(row).map_err(|e| {
                    let name = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string()));
                    StoreError::Corrupt { table, row: name.unwrap_or_else(|_| "?".to_owned()), what: e.to_string() }
                })
            };
            rows.iter().map(decode).collect()
        }
    };
}
pub(super) use read;
