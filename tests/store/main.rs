//! The store's contract, held against every store: in memory, SQLite, PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod contract;
mod embedded;
mod kit;
mod postgres;
mod random;
mod replicas;
mod transfer;

/// Stamps each contract as a test of each store.
macro_rules! contracts {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { crate::contract::$name(crate::kit::memory()).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                let file = crate::kit::file().await;
                crate::contract::$name(file.store()).await;
            })*
        }
        mod pg {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
                let Some(schema) = crate::postgres::schema().await else { return };
                crate::contract::$name(schema.store()).await;
            })*
        }
    };
}

contracts!(
    a_batch_is_stored_whole,
    each_broken_expectation_stores_nothing,
    a_batch_that_cannot_be_stored_is_refused_before_it_begins,
    an_input_is_decided_once,
    only_one_of_many_continues_a_stream,
    what_was_read_as_empty_is_held_as_well,
    a_timer_fires_once_among_many,
    timers_come_by_both_clocks_earliest_first,
    timers_are_replaced_cancelled_and_fired,
    the_outbox_keeps_order_within_a_target,
    a_head_that_is_not_due_holds_its_target_back,
    a_replaced_row_outlives_its_receipt,
    a_lease_is_taken_over_and_fences,
    claims_of_many_never_overlap,
    leases_belong_to_one,
    history_pages_newest_first,
    messages_and_settings_are_replaced,
    streams_and_heads_page_by_name,
    the_inbox_is_pruned_oldest_first,
    text_survives_unchanged,
    pages_walk_every_table,
);
