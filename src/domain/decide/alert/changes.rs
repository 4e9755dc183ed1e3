//! What one input changes of what fires: gathered, then opened, joined and written at once.

use super::{line, linked, review};
use crate::domain::alert::{AlertBoard, AlertBoardEvent, AlertEvent, AlertState, Entry, Line, Phase};
use crate::domain::decide::incident::alerts::{self, Wanted};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Suspect;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Changes {
    /// As it was; loaded with the first change.
    board: Option<AlertBoard>,
    put: BTreeMap<String, Entry>,
    gone: BTreeSet<String>,
    lines: Vec<Line>,
    wanted: BTreeMap<String, Wanted>,
    /// Incidents whose alerts changed.
    touched: BTreeSet<IncidentId>,
}

impl Changes {
    fn board<'a>(&'a mut self, tx: &mut Tx<'_>) -> Result<&'a AlertBoard, Stop> {
        if self.board.is_none() {
            self.board = Some(tx.alerts()?);
        }
        Ok(self.board.get_or_insert_default())
    }

    /// A key changed. `begins`: one of its alerts fires that did not; `was_quiet`: nothing of it did.
    pub fn stands(
        &mut self,
        tx: &mut Tx<'_>,
        key: &str,
        state: &AlertState,
        begins: bool,
        was_quiet: bool,
    ) -> Result<(), Stop> {
        let now = tx.ctx.now.wall;
        if state.phase == Phase::Quiet {
            return Ok(());
        }
        let settles = state.phase != Phase::Firing;
        let mut entry = Entry::of(&state.face, state.since.unwrap_or(now), settles, state.incident);
        entry.held = self.board(tx)?.held(&tx.ctx.policy.alerts, key, &entry, now);
        if begins {
            self.begins(tx, key, state, &entry, was_quiet)?;
        }
        self.touched.extend(entry.incident);
        self.gone.remove(key);
        self.put.insert(key.to_owned(), entry);
        Ok(())
    }

    fn begins(
        &mut self,
        tx: &mut Tx<'_>,
        key: &str,
        state: &AlertState,
        entry: &Entry,
        was_quiet: bool,
    ) -> Result<(), Stop> {
        let held = entry.held.is_some();
        let Some(severity) = &entry.severity else {
            if was_quiet && !held {
                self.lines.push(line(&state.face, true));
            }
            tx.count(if held { "silenced" } else { "line" });
            return Ok(());
        };
        if let Some(i) = alerts::open(tx, state.incident)? {
            if was_quiet {
                alerts::fires(tx, i.id, vec![linked(key, &state.face, true)], held)?;
            }
            tx.count("joined");
            return alerts::worse(tx, i.id, severity, &state.face.title);
        }
        if held {
            tx.count("silenced");
            return Ok(());
        }
        self.wants(key, entry);
        Ok(())
    }

    /// A key that fires and has no incident.
    pub fn wants(&mut self, key: &str, entry: &Entry) {
        let Some(severity) = entry.severity.clone() else { return };
        let linked = crate::domain::alert::Linked {
            key: key.to_owned(),
            title: entry.title.clone(),
            service: entry.service.clone(),
            link: entry.link.clone(),
            again: false,
        };
        self.wanted.insert(key.to_owned(), Wanted { linked, severity, ladder: entry.ladder.clone() });
    }

    /// An entry of the board is another now.
    pub fn put(&mut self, key: &str, entry: Entry) {
        self.touched.extend(entry.incident);
        self.put.insert(key.to_owned(), entry);
    }

    pub fn say(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Opens what is wanted, and writes everything down.
    pub fn finish(mut self, tx: &mut Tx<'_>, suspects: &[Suspect]) -> Result<(), Stop> {
        let (opened, storm) = self.open(tx, suspects)?;
        if self.put.is_empty() && self.gone.is_empty() && self.lines.is_empty() {
            return Ok(());
        }
        let (put, gone) = (self.put.into_iter().collect(), self.gone.into_iter().collect());
        tx.on_alerts(AlertBoardEvent::AlertsChanged { put, gone, opened, storm, lines: self.lines })?;
        for id in self.touched {
            review::hush(tx, id)?;
        }
        Ok(())
    }

    fn open(&mut self, tx: &mut Tx<'_>, suspects: &[Suspect]) -> Result<(u32, Option<IncidentId>), Stop> {
        let wanted: Vec<Wanted> = std::mem::take(&mut self.wanted).into_values().collect();
        if wanted.is_empty() {
            return Ok((0, None));
        }
        let (now, most) = (tx.ctx.now.wall, tx.ctx.policy.alerts.storm);
        let board = self.board(tx)?;
        let lately = board.lately(now);
        let standing = board.storm.as_ref().filter(|s| s.lasts(now)).map(|s| s.incident);
        if let Some(i) = alerts::open(tx, standing)? {
            alerts::joins(tx, i.id, &wanted)?;
            self.bind(tx, &wanted, i.id)?;
            return Ok((0, Some(i.id)));
        }
        if most > 0 && lately + wanted.len() > usize::try_from(most).unwrap_or(usize::MAX) && wanted.len() + lately > 1
        {
            let Some(id) = alerts::storms(tx, &wanted, suspects)? else { return Ok((0, None)) };
            self.bind(tx, &wanted, id)?;
            return Ok((1, Some(id)));
        }
        let mut opened = 0;
        for key in wanted {
            if let Some(id) = alerts::opens(tx, &key, suspects)? {
                self.bind(tx, std::slice::from_ref(&key), id)?;
                opened += 1;
            }
        }
        Ok((opened, None))
    }

    fn bind(&mut self, tx: &mut Tx<'_>, keys: &[Wanted], id: IncidentId) -> Result<(), Stop> {
        for key in keys {
            tx.count("opened");
            tx.on_alert(&key.linked.key, AlertEvent::AlertBound { incident: id })?;
            if let Some(entry) = self.put.get_mut(&key.linked.key) {
                entry.incident = Some(id);
            }
        }
        self.touched.insert(id);
        Ok(())
    }
}
