//! The journal as it lies on disk, read beside the program or after it.

use signalbox::domain::ids::Stream;
use signalbox::store::{EventRow, open_read_only};
use std::path::Path;

/// All events of a stream such as `deployment/D-1`.
pub async fn events(data: &Path, stream: &str) -> Vec<EventRow> {
    let url = format!("sqlite:{}", data.join("signalbox.db").display());
    let store = open_read_only(&url).await.unwrap();
    let events = store.events(&Stream::new(stream), 0, 100_000).await.unwrap();
    store.close().await.unwrap();
    events
}

/// How many events of this kind there are.
pub fn count(events: &[EventRow], kind: &str) -> usize {
    events.iter().filter(|e| e.kind == kind).count()
}
