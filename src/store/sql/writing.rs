//! The connection that writes the embedded database: how it is opened, and what runs on it.
//!
//! It is rusqlite's and not sqlx's, so that a statement is a call on the writer's own thread. Through sqlx each was a trip to
//! another thread and back, which took longer than most statements do (`docs/adr/0018-the-writer-has-its-own-thread.md`).

pub(super) use super::error::embedded as error;
use crate::limits;
use crate::store::{Result, StoreError};
use rusqlite::{Connection, OpenFlags, Row, Statement, ToSql};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::thread::JoinHandle;

/// What every connection of ours is told, to read and to write.
pub(super) const PRAGMAS: [(&str, &str); 5] = [
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("cache_size", limits::SQLITE_CACHE),
    ("journal_size_limit", limits::SQLITE_WAL_BYTES),
    ("trusted_schema", "OFF"),
];

/// Names of parameters, as many as any statement has.
const NAMES: [&str; 5] = ["$1", "$2", "$3", "$4", "$5"];

/// A database that exists, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub path: PathBuf,
    /// It must not grow past so many pages of 4 KiB.
    pub pages: u32,
}

impl Opening {
    pub(super) fn open(&self) -> Result<Connection> {
        let failed = error("connection");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags).map_err(&failed)?;
        conn.busy_timeout(limits::SQLITE_BUSY).map_err(&failed)?;
        for (name, value) in PRAGMAS {
            conn.pragma_update(None, name, value).map_err(&failed)?;
        }
        conn.pragma_update(None, "max_page_count", self.pages).map_err(&failed)?;
        // Carried over by `checkpoint`.
        conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(&failed)?;
        let sync: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0)).map_err(&failed)?;
        if sync != 2 {
            return Err(StoreError::Refused(format!("synchronous is {sync}, not 2: commits would not be safe")));
        }
        conn.set_prepared_statement_cache_capacity(limits::SQLITE_STATEMENTS);
        Ok(conn)
    }
}

/// The connection, opened again when it was given up.
pub(super) struct Writer {
    opening: Opening,
    conn: Option<Connection>,
}

impl Writer {
    /// # Errors
    /// When the database cannot be opened.
    pub(super) fn new(opening: Opening) -> Result<Self> {
        let conn = Some(opening.open()?);
        Ok(Self { opening, conn })
    }

    /// `work` in a transaction. When it fails or panics, nothing of it stays; a connection whose transaction does not end is
    /// given up.
    pub(super) fn transaction(&mut self, work: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.opening.open()?,
        };
        let given_up = |_| Err(StoreError::Unavailable("the write was given up".into()));
        let done = plain(&conn, "connection", "BEGIN IMMEDIATE")
            .and_then(|()| std::panic::catch_unwind(AssertUnwindSafe(|| work(&conn))).unwrap_or_else(given_up))
            .and_then(|()| plain(&conn, "commit", "COMMIT"));
        // A full disk has ended it by itself.
        if conn.is_autocommit() || plain(&conn, "connection", "ROLLBACK").is_ok() {
            self.conn = Some(conn);
        }
        done
    }

    /// Carries over what can be without waiting for anybody, or when it is the `last` time, all of the log, which is then
    /// empty. Returns how many pages the log had.
    pub(super) fn carry_over(&mut self, last: bool) -> Result<i64> {
        let conn = match &self.conn {
            Some(conn) => conn,
            None => self.conn.insert(self.opening.open()?),
        };
        let how = if last { "TRUNCATE" } else { "PASSIVE" };
        let pages = |row: &Row<'_>| row.get(1);
        conn.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], pages).map_err(error("database"))
    }
}

fn plain(conn: &Connection, what: &'static str, sql: &str) -> Result<()> {
    conn.prepare_cached(sql).and_then(|mut s| s.execute([])).map(|_| ()).map_err(error(what))
}

/// A thread of the embedded database.
pub(super) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|e| StoreError::Refused(format!("no thread for the database: {e}")))
}

/// Parameters are bound by their number, wherever they stand. One that is left out would be NULL without a word, so each must
/// have its value.
fn bind(statement: &mut Statement<'_>, values: &[impl ToSql]) -> rusqlite::Result<()> {
    let (given, wanted) = (values.len(), statement.parameter_count());
    if given != wanted || given > NAMES.len() {
        return Err(rusqlite::Error::InvalidParameterCount(given, wanted));
    }
    for (name, value) in NAMES.iter().zip(values) {
        let index = statement.parameter_index(name)?;
        let index = index.ok_or_else(|| rusqlite::Error::InvalidParameterName((*name).to_owned()))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// One statement and how many rows it touched.
pub(super) fn execute(conn: &Connection, table: &'static str, sql: &str, values: &[impl ToSql]) -> Result<u64> {
    let run = || {
        let mut statement = conn.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        statement.raw_execute()
    };
    run().map(|rows| rows as u64).map_err(error(table))
}

/// All rows of a statement, each through `decode`.
pub(super) fn rows<T>(
    conn: &Connection,
    table: &'static str,
    sql: &str,
    values: &[impl ToSql],
    decode: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let run = || {
        let mut statement = conn.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let (mut rows, mut all) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            all.push(decode(row)?);
        }
        Ok(all)
    };
    run().map_err(error(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_their_numbers_stand_and_none_may_lack() {
        let conn = Connection::open_in_memory().unwrap();
        let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let ask = |sql, values: &[i64]| rows::<(i64, i64)>(&conn, "numbers", sql, values, pair);
        assert_eq!(ask("SELECT $2, $1 - $2", &[5, 3]).unwrap(), [(3, 2)]);
        for (sql, values) in [("SELECT $1, $2", &[1][..]), ("SELECT $1, $1", &[1, 2]), ("SELECT $1, $3", &[1, 2])] {
            assert!(matches!(ask(sql, values), Err(StoreError::Unavailable(_))), "{sql}");
        }
    }
}
