//! What a database's error means to us.

use crate::store::StoreError;

/// PostgreSQL's SQLSTATE codes.
mod pg {
    pub const UNIQUE_VIOLATION: &str = "23505";
    pub const SERIALIZATION_FAILURE: &str = "40001";
    pub const DEADLOCK_DETECTED: &str = "40P01";
    pub const DISK_FULL: &str = "53100";
    pub const DATA_CORRUPTED: &str = "XX001";
    pub const INDEX_CORRUPTED: &str = "XX002";
}

/// SQLite's result codes; extended ones carry the primary one in their low byte.
mod lite {
    pub const CORRUPT: i32 = 11;
    pub const FULL: i32 = 13;
    pub const NOT_A_DATABASE: i32 = 26;
    pub const UNIQUE: i32 = 2067;
    pub const PRIMARY_KEY: i32 = 1555;
    pub const ROW_ID: i32 = 2579;
}

/// `table` is the one at work, for the message.
pub fn error(table: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| {
        let corrupt = |what: String| StoreError::Corrupt { table, row: "?".to_owned(), what };
        match &error {
            sqlx::Error::Database(e) => match e.code().as_deref() {
                Some(pg::UNIQUE_VIOLATION) => StoreError::Conflict(format!("{table}: a row is there already")),
                Some(pg::SERIALIZATION_FAILURE | pg::DEADLOCK_DETECTED) => {
                    StoreError::Conflict(format!("{table}: somebody else was at the same rows"))
                }
                Some(pg::DISK_FULL) => StoreError::Full,
                Some(pg::DATA_CORRUPTED | pg::INDEX_CORRUPTED) => corrupt(e.message().to_owned()),
                Some(code) if is_sqlite(e.as_ref()) => of_sqlite(table, code.parse().unwrap_or_default(), e.message()),
                _ => StoreError::Unavailable(format!("{table}: {}", e.message())),
            },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                corrupt(error.to_string())
            }
            _ => StoreError::Unavailable(format!("{table}: {error}")),
        }
    }
}

/// The same for the connection that writes the embedded database.
pub fn embedded(table: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match &error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let text = message.as_deref().map_or_else(|| code.to_string(), str::to_owned);
            of_sqlite(table, code.extended_code, &text)
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => StoreError::Corrupt { table, row: "?".to_owned(), what: error.to_string() },
        _ => StoreError::Unavailable(format!("{table}: {error}")),
    }
}

fn of_sqlite(table: &'static str, code: i32, message: &str) -> StoreError {
    match code {
        lite::UNIQUE | lite::PRIMARY_KEY | lite::ROW_ID => {
            StoreError::Conflict(format!("{table}: a row is there already"))
        }
        _ if code & 0xff == lite::FULL => StoreError::Full,
        _ if matches!(code & 0xff, lite::CORRUPT | lite::NOT_A_DATABASE) => {
            StoreError::Corrupt { table, row: "?".to_owned(), what: message.to_owned() }
        }
        _ => StoreError::Unavailable(format!("{table}: {message} (SQLite {code})")),
    }
}

fn is_sqlite(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
}
