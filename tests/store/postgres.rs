//! A schema of its own for each test, in the cluster that `SIGNALBOX_TEST_POSTGRES` names.

use crate::kit::Any;
use signalbox::store::{PgStore, open_postgres};
use sqlx::{ConnectOptions as _, Executor as _};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Schema {
    pub url: String,
    pub store: Arc<PgStore>,
}

impl Schema {
    pub fn store(&self) -> Any {
        self.store.clone()
    }
}

/// None only when PostgreSQL is left out on purpose.
pub async fn url() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Ok(url) = std::env::var("SIGNALBOX_TEST_POSTGRES") else {
        assert!(
            std::env::var("SIGNALBOX_SKIP_POSTGRES").as_deref() == Ok("1"),
            "these tests need PostgreSQL: run ./scripts/test, which starts one (or set SIGNALBOX_TEST_POSTGRES to a URL)"
        );
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(b"PostgreSQL tests left out: SIGNALBOX_SKIP_POSTGRES is set\n");
        return None;
    };
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let options = sqlx::postgres::PgConnectOptions::from_str(&url).unwrap();
    let mut conn = options.connect().await.unwrap();
    let sql = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    conn.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    let and = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{and}options[search_path]={name}"))
}

pub async fn schema() -> Option<Schema> {
    let url = url().await?;
    let store = Arc::new(open_postgres(&url).await.unwrap());
    Some(Schema { url, store })
}
