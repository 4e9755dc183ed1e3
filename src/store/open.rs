//! From a URL to a store: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.

use super::{Dump, PgStore, Result, SqliteStore, Store, StoreError, open_postgres, open_sqlite};
use std::path::Path;
use std::sync::Arc;

enum Url<'a> {
    Sqlite(&'a Path),
    Postgres(&'a str),
}

fn parse(url: &str) -> Result<Url<'_>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Url::Postgres(url));
    }
    match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !path.is_empty() && !path.starts_with(':') => Ok(Url::Sqlite(Path::new(path))),
        // The rest is not repeated: it may hold a password.
        _ => Err(StoreError::Refused("store: give sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned())),
    }
}

/// Opens the store of this process, creating and migrating it as needed.
///
/// # Errors
/// As [`open_sqlite`] and [`open_postgres`]; `Refused` for any other URL.
pub async fn open(url: &str) -> Result<Arc<dyn Store>> {
    Ok(open_whole(url).await?)
}

/// As [`open`], with the pages that moving it to another database takes.
///
/// # Errors
/// As [`open`].
pub async fn open_whole(url: &str) -> Result<Arc<dyn Dump>> {
    Ok(match parse(url)? {
        Url::Sqlite(path) => Arc::new(open_sqlite(path).await?),
        Url::Postgres(url) => Arc::new(open_postgres(url).await?),
    })
}

/// Opens it to read only, also beside the process that works with it: for audits and backups.
///
/// # Errors
/// As [`open`]; also when there is no such database.
pub async fn open_read_only(url: &str) -> Result<Arc<dyn Dump>> {
    Ok(match parse(url)? {
        Url::Sqlite(path) => Arc::new(SqliteStore::read_only(path).await?),
        Url::Postgres(url) => Arc::new(PgStore::read_only(url).await?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_of_two_databases() {
        for url in ["sqlite:data/box.db", "sqlite://data/box.db"] {
            assert!(matches!(parse(url), Ok(Url::Sqlite(path)) if path == Path::new("data/box.db")), "{url}");
        }
        assert!(matches!(parse("sqlite:///var/box.db"), Ok(Url::Sqlite(path)) if path == Path::new("/var/box.db")));
        assert!(matches!(parse("postgres://me@host/box"), Ok(Url::Postgres(_))));
        for url in ["", "sqlite:", "sqlite::memory:", "mysql://me:secret@host/x", "/var/box.db"] {
            let said = parse(url).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(said.contains("give sqlite:PATH") && !said.contains("secret"), "{url}: {said}");
        }
    }
}
