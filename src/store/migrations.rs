//! The numbered SQL of `migrations/`, built in, the same names for both databases.
//!
//! A migration must leave the tables so that the version before still works (add first, remove a version later): replicas
//! are replaced one by one. Files that were released are never edited; their checksums are kept in the database.

use super::{Result, StoreError};
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! embedded {
    ($folder:literal) => {
        [
            (1, "store", SqlStr::from_static(include_str!(concat!("../../migrations/", $folder, "/0001_store.sql")))),
            (
                2,
                "inbound",
                SqlStr::from_static(include_str!(concat!("../../migrations/", $folder, "/0002_inbound.sql"))),
            ),
            (
                3,
                "messages",
                SqlStr::from_static(include_str!(concat!("../../migrations/", $folder, "/0003_messages.sql"))),
            ),
        ]
    };
}

/// `run_direct` and not `run`: the future of the latter cannot be sent to another thread.
fn migrator(list: impl IntoIterator<Item = (i64, &'static str, SqlStr)>) -> Migrator {
    let migration = |(version, name, sql): (i64, &'static str, SqlStr)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(list.into_iter().map(migration).collect())
}

pub(super) async fn sqlite(conn: &mut sqlx::SqliteConnection) -> Result<()> {
    migrator(embedded!("sqlite")).run_direct(None, conn, false).await.map_err(failed)
}

/// Takes an advisory lock meanwhile: the other replicas wait, then find nothing left to do.
pub(super) async fn postgres(conn: &mut sqlx::PgConnection) -> Result<()> {
    for sql in ["SET statement_timeout = 0", "SET lock_timeout = 0"] {
        sqlx::query(sql).execute(&mut *conn).await.map_err(super::sql::failed("migration"))?;
    }
    migrator(embedded!("postgres")).run_direct(None, conn, false).await.map_err(failed)
}

fn failed(error: sqlx::migrate::MigrateError) -> StoreError {
    use sqlx::migrate::MigrateError as E;
    match error {
        E::VersionMissing(version) => StoreError::Refused(format!(
            "the database has migration {version}, which this version does not know: start the newer signalbox that made it"
        )),
        E::VersionMismatch(version) => StoreError::Refused(format!(
            "migration {version} of the database is not the one of this version: this is not its database"
        )),
        E::Execute(e) | E::ExecuteMigration(e, _) => super::sql::failed("migration")(e),
        other => StoreError::Refused(format!("migration: {other}")),
    }
}
