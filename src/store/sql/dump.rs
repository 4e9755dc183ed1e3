//! [`Dump`](crate::store::Dump) on the databases.

macro_rules! dump {
    ($Store:ident, $Db:ty) => {
        #[async_trait]
        impl crate::store::Dump for $Store {
            async fn inbox_page(&self, after: &str, limit: i64) -> Result<Vec<InboxRow>> {
                rows(&self.reader, "inbox", sqlx::query(sql::INBOX_PAGE).bind(after).bind(limit.max(0)), inbox).await
            }

            async fn timers_page(&self, after: &str, limit: i64) -> Result<Vec<TimerRow>> {
                rows(&self.reader, "timers", sqlx::query(sql::TIMERS_PAGE).bind(after).bind(limit.max(0)), timer).await
            }

            async fn outbox_page(&self, after: &str, limit: i64) -> Result<Vec<OutboxRow>> {
                rows(&self.reader, "outbox", sqlx::query(sql::OUTBOX).bind(after).bind(limit.max(0)), outbox).await
            }

            async fn messages_page(&self, after: (&PlatformName, &str), limit: i64) -> Result<Vec<MessageRow>> {
                let query = sqlx::query(sql::MESSAGES_PAGE).bind(after.0.as_str()).bind(after.1).bind(limit.max(0));
                rows(&self.reader, "messages", query, message).await
            }

            async fn reactions_page(&self, after: [&str; 4], limit: i64) -> Result<Vec<ReactionRow>> {
                let query =
                    sqlx::query(sql::REACTIONS_PAGE).bind(after[0]).bind(after[1]).bind(after[2]).bind(after[3]);
                rows(&self.reader, "reactions", query.bind(limit.max(0)), reaction).await
            }

            async fn settings_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>> {
                let pair = |row: &<$Db as Database>::Row| Ok((row.try_get(0)?, row.try_get(1)?));
                rows(&self.reader, "settings", sqlx::query(sql::SETTINGS_PAGE).bind(after).bind(limit.max(0)), pair)
                    .await
            }
        }
    };
}
pub(super) use dump;
