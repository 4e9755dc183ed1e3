//! Checklist items: ticked by people, by automatic checks, or set aside with a reason (DESIGN 4.4).

use super::{Stop, Tx};
use crate::domain::deployment::{Deployment, DeploymentEvent as E, ItemMark, ItemState, ListState, Status, TickedBy};
use crate::domain::ids::{DeploymentId, PersonId};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::Phase;
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Span, after};

/// Automatic checks are read again no faster than this.
const RECHECK_MIN: Span = Span::secs(10);
/// And when the probes name no freshness, this often.
const RECHECK: Span = Span::mins(5);

/// The items of these numbers, or a refusal that names the first number that is none. `show`: what shows those of `name`.
pub(super) fn chosen<'a>(
    tx: &mut Tx<'_>,
    all: impl Iterator<Item = &'a ItemState>,
    numbers: &[u32],
    (name, show): (&str, &str),
) -> Option<Vec<ItemState>> {
    let all: Vec<&ItemState> = all.collect();
    let found = |no: &u32| all.iter().find(|i| i.no == *no).map(|i| (*i).clone()).ok_or(*no);
    match numbers.iter().map(found).collect::<Result<Vec<_>, _>>() {
        Ok(items) => Some(items),
        Err(none) => {
            let last = all.last().map_or(0, |i| i.no);
            let text = vec![
                plain(format!("{name} has no item {none}; its items are 1 to {last}. ")),
                code(format!("/{show} {name}")),
                plain(" shows them."),
            ];
            tx.refuse_text("unknown_item", text);
            None
        }
    }
}

fn items(tx: &mut Tx<'_>, d: &Deployment, numbers: &[u32]) -> Option<Vec<ItemState>> {
    chosen(tx, d.items().map(|(_, item)| item), numbers, (&d.id.to_string(), "checklist"))
}

/// Whether its checklists are still worth ticking: they are kept after the end as well, for the follow-ups.
fn open(tx: &mut Tx<'_>, d: &Deployment, touched: &[ItemState]) -> bool {
    let before = |no: u32| d.items().any(|(l, i)| i.no == no && l.phase == Phase::Before);
    let late = d.status != Status::Awaiting && touched.iter().any(|i| before(i.no));
    if late {
        let text =
            vec![plain(format!("{} is {}: its checklist from before the start is closed.", d.id, d.status.words()))];
        tx.refuse_text("too_late", text);
    }
    !late
}

pub(super) fn tick(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, numbers: &[u32]) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    let Some(items) = items(tx, &d, numbers) else { return Ok(()) };
    if !open(tx, &d, &items) {
        return Ok(());
    }
    if let Some(auto) = items.iter().find(|i| i.probe.is_some()) {
        if d.status.ended() && !d.checking && d.items_to_read().any(|(_, i)| i.no == auto.no) {
            tx.on(id, E::ChecksBegun)?;
            let text =
                format!("{id}: the automatic items are read once more; item {} ticks itself if it is well.", auto.no);
            tx.reply(Message::line(Tone::Neutral, text));
            return Ok(());
        }
        let read =
            auto.reading.as_ref().map_or_else(|| "nothing yet".to_owned(), |r| format!("{} ({})", r.verdict, r.text));
        let probe = auto.probe.clone().unwrap_or_default();
        let text = vec![
            plain(format!("Item {} ticks itself: {probe} reads {read}. If it does not apply, ", auto.no)),
            code(format!("/checklist na {id} {} reason", auto.no)),
            plain("."),
        ];
        tx.refuse_text("automatic_item", text);
        return Ok(());
    }
    let mut ticked = Vec::new();
    for item in items.iter().filter(|i| !matches!(i.mark, ItemMark::Ticked { .. })) {
        tx.on(id, E::ItemTicked { item: item.no, by: TickedBy::Person(by.clone()) })?;
        ticked.push(item.no.to_string());
    }
    let text = if ticked.is_empty() {
        format!("{id}: ticked already.")
    } else {
        format!("{id}: ticked {}.", ticked.join(", "))
    };
    tx.reply(Message::line(Tone::Good, text));
    Ok(())
}

pub(super) fn untick(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, numbers: &[u32]) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    let Some(items) = items(tx, &d, numbers) else { return Ok(()) };
    if !open(tx, &d, &items) {
        return Ok(());
    }
    let reason = format!("taken back by {}", tx.ctx.policy.person_name(by));
    for item in items.iter().filter(|i| i.settled()) {
        tx.on(id, E::ItemUnticked { item: item.no, reason: reason.clone() })?;
    }
    tx.reply(Message::line(Tone::Neutral, format!("{id}: open again.")));
    Ok(())
}

pub(super) fn not_applicable(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: DeploymentId,
    no: u32,
    reason: &str,
) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    let Some(items) = items(tx, &d, &[no]) else { return Ok(()) };
    if !open(tx, &d, &items) {
        return Ok(());
    }
    if reason.trim().is_empty() {
        let text =
            vec![plain("Say why it does not apply: "), code(format!("/checklist na {id} {no} reason")), plain(".")];
        tx.refuse_text("reason_missing", text);
        return Ok(());
    }
    tx.on(id, E::ItemNotApplicable { item: no, person: by.clone(), reason: reason.trim().to_owned() })?;
    tx.reply(Message::line(Tone::Good, format!("{id}: item {no} does not apply.")));
    Ok(())
}

/// Begins to read automatic items that have never been read: of a list that was opened just now.
pub(super) fn read_new(tx: &mut Tx<'_>, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.deployment(id)? else { return Ok(()) };
    let new = d.status != Status::Awaiting && !d.checking && d.items_to_read().any(|(_, i)| i.reading.is_none());
    if new { tx.on(id, E::ChecksBegun) } else { Ok(()) }
}

/// The automatic checks were read: healthy ticks, anything else unticks, and each says what was read.
pub(super) fn checks_read(tx: &mut Tx<'_>, d: &Deployment, readings: &[Reading]) -> Result<(), Stop> {
    let fresh = |probe: &str| tx.ctx.policy.probes.get(probe).map(|p| p.fresh_for).filter(|s| *s > Span::ZERO);
    let soonest = readings.iter().filter_map(|r| fresh(&r.probe)).min().unwrap_or(RECHECK).max(RECHECK_MIN);
    let said = |list: &ListState, item: &ItemState| {
        let r = readings.iter().find(|r| item.probe.as_deref() == Some(r.probe.as_str()))?;
        Some((verdict(d, list.phase, r), r))
    };
    let red = |(l, i): (&ListState, &ItemState)| said(l, i).is_some_and(|(v, _)| v != Verdict::Healthy);
    // A start that does not come to be goes back to awaiting, and its checks go on.
    let before = matches!(d.status, Status::Awaiting | Status::Starting);
    let again = before || (d.status.active() && d.items_to_read().any(red));
    let next = again.then(|| after(tx.ctx.now.wall, soonest));
    tx.on(d.id, E::ChecksRead { readings: readings.to_vec(), next })?;
    for (list, item) in d.items_to_read() {
        let Some((verdict, r)) = said(list, item) else { continue };
        match (verdict, &item.mark) {
            (Verdict::Healthy, ItemMark::Open) => {
                tx.on(d.id, E::ItemTicked { item: item.no, by: TickedBy::Check })?;
            }
            (Verdict::Unhealthy | Verdict::Inconclusive, ItemMark::Ticked { by: TickedBy::Check, .. }) => {
                let reason = format!("{} reads {}: {}", r.probe, r.verdict, r.text);
                tx.on(d.id, E::ItemUnticked { item: item.no, reason })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a reading means for an item. From the start on, the live version is right only when it is the one that should serve.
fn verdict(d: &Deployment, phase: Phase, r: &Reading) -> Verdict {
    let due = match phase {
        Phase::Before => return r.verdict,
        Phase::AfterRollback if !d.is_rollback() => d.previous.as_ref(),
        _ => Some(&d.plan.release),
    };
    let live = d.plan.live_probe.as_deref() == Some(r.probe.as_str()) && r.verdict == Verdict::Healthy;
    match due {
        Some(due) if live && !super::receipt::same_version(&r.text, &due.version) => Verdict::Unhealthy,
        _ => r.verdict,
    }
}
