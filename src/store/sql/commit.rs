//! One batch, one transaction, a dozen statements at most whatever its size.

macro_rules! commit {
    ($Db:ty) => {
        async fn put(conn: &mut Conn, table: &'static str, sql: &'static str, part: &Part) -> Result<u64> {
            if part.rows == 0 {
                return Ok(0);
            }
            let done = sqlx::query::<$Db>(sql).bind(&part.json).execute(conn).await.map_err(error(table))?;
            Ok(done.rows_affected())
        }

        /// Expectations first, then the rows, in the order [`Batch`] promises.
        async fn write(conn: &mut Conn, batch: &Packed) -> Result<()> {
            expectations(conn, batch).await?;
            let fired = put(conn, "timers", sql::TIMERS_FIRED, &batch.timers_fired).await?;
            if fired != batch.timers_fired.rows as u64 {
                return Err(lost::timer());
            }
            if batch.receipts.rows > 0 {
                let mut held = put(conn, "outbox", sql::RECEIPTS_DELETE, &batch.receipts).await?;
                if held < batch.receipts.rows as u64 {
                    held += put(conn, "outbox", sql::RECEIPTS_RELEASE, &batch.receipts).await?;
                }
                if held != batch.receipts.rows as u64 {
                    return lost::lease();
                }
            }
            if put(conn, "inbox", sql::INBOX_PUT, &batch.inbox).await? != batch.inbox.rows as u64 {
                return Err(lost::input());
            }
            put(conn, "events", sql::EVENTS_INSERT, &batch.events).await?;
            put(conn, "states", sql::STATES_PUT, &batch.states).await?;
            put(conn, "timers", sql::TIMERS_CANCEL, &batch.timers_cancelled).await?;
            put(conn, "timers", sql::TIMERS_SET, &batch.timers_set).await?;
            put(conn, "outbox", sql::OUTBOX_CANCEL, &batch.outbox_cancelled).await?;
            put(conn, "outbox", sql::OUTBOX_PUT, &batch.outbox).await?;
            put(conn, "history", sql::HISTORY_PUT, &batch.history).await?;
            put(conn, "messages", sql::MESSAGES_PUT, &batch.messages).await?;
            put(conn, "reactions", sql::REACTIONS_PUT, &batch.reactions).await?;
            Ok(())
        }

        async fn expectations(conn: &mut Conn, batch: &Packed) -> Result<()> {
            if batch.expected.is_empty() {
                return Ok(());
            }
            // Before any row is locked, so that two replicas cannot wait for each other.
            if !sql::VACANT.is_empty() {
                put(conn, "states", sql::VACANT, &batch.vacant).await?;
            }
            let query = sqlx::query_as::<$Db, (String, i64, String)>(sql::STATES_EXPECTED).bind(&batch.streams.json);
            let mut found = query.fetch_all(conn).await.map_err(error("states"))?.into_iter().peekable();
            for (stream, seq, hash) in &batch.expected {
                let row = found.next_if(|(name, _, _)| name == stream);
                let (at, stored) = row.map_or((0, String::new()), |(_, at, stored)| (at, stored));
                if at != *seq {
                    return Err(lost::stream(stream, *seq, at));
                }
                if hash.as_ref().is_some_and(|hash| *hash != stored) {
                    return Err(lost::chain(stream, seq + 1));
                }
            }
            Ok(())
        }
    };
}
pub(super) use commit;
