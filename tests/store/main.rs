//! The store's contract, held against every store: in memory, SQLite, PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod contract;
mod embedded;
mod inbound;
mod kit;
mod postgres;
mod random;
mod replicas;
mod transfer;

/// Stamps each contract as a test of each store.
macro_rules! contracts {
    ($($chapter:ident::$name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { crate::$chapter::$name(crate::kit::memory()).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                let file = crate::kit::file().await;
                crate::$chapter::$name(file.store()).await;
            })*
        }
        mod pg {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
                let Some(schema) = crate::postgres::schema().await else { return };
                crate::$chapter::$name(schema.store()).await;
            })*
        }
    };
}

contracts!(
    contract::a_batch_is_stored_whole,
    contract::each_broken_expectation_stores_nothing,
    contract::a_batch_that_cannot_be_stored_is_refused_before_it_begins,
    contract::an_input_is_decided_once,
    contract::only_one_of_many_continues_a_stream,
    contract::what_was_read_as_empty_is_held_as_well,
    contract::a_timer_fires_once_among_many,
    contract::timers_come_by_both_clocks_earliest_first,
    contract::timers_are_replaced_cancelled_and_fired,
    contract::the_outbox_keeps_order_within_a_target,
    contract::a_head_that_is_not_due_holds_its_target_back,
    contract::a_row_is_due_when_it_was_put_back_to,
    contract::a_replaced_row_outlives_its_receipt,
    contract::a_lease_is_taken_over_and_fences,
    contract::claims_of_many_never_overlap,
    contract::leases_belong_to_one,
    contract::history_pages_newest_first,
    contract::messages_and_settings_are_replaced,
    contract::streams_and_heads_page_by_name,
    contract::the_inbox_is_pruned_oldest_first,
    contract::text_survives_unchanged,
    contract::pages_walk_every_table,
    inbound::what_arrives_is_kept_once,
    inbound::what_was_kept_takes_one_answer,
    inbound::open_rows_are_worked_in_their_order_and_closed,
    inbound::what_the_dead_left_is_handed_over,
    inbound::only_a_claim_that_may_have_acted_leaves_a_doubt,
    inbound::reactions_are_replaced_and_forgotten,
    inbound::messages_that_nobody_edits_are_forgotten_oldest_first,
    inbound::leases_that_ran_out_long_ago_are_forgotten,
);
