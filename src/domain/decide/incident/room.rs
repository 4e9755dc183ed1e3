//! A channel of its own: wanted when a severity says so, heard of when a platform has answered, put aside in the end.

use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PlatformName};
use crate::domain::incident::{IncidentEvent as E, ROOM_NAME, RoomCame, room_name};
use crate::domain::window::zone;
use jiff::tz::TimeZone;

/// An incident whose severity wants a channel of its own gets one, once; or a new one after it was put aside.
pub fn opens(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let policy = tx.ctx.policy;
    let Some(i) = tx.incident(id)?.filter(|i| i.wants_room(&policy.response)) else { return Ok(()) };
    let template = policy.response.room_name.as_deref().unwrap_or(ROOM_NAME);
    let day = i.started.to_zoned(zone(&policy.zone).unwrap_or(TimeZone::UTC)).date();
    let name = room_name(template, id, &i.severity, i.service.as_ref(), day);
    tx.on_incident(id, E::RoomWanted { name, archive: policy.response.room_archive })
}

/// What became of it on a platform. A room that was there can be lost later.
pub fn came(tx: &mut Tx<'_>, id: IncidentId, platform: &PlatformName, came: &RoomCame) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)?.filter(|i| i.rooms.asked > 0 && !i.rooms.closed) else { return Ok(()) };
    let news = match (i.rooms.at.get(platform), came) {
        (None, _) => true,
        (Some(RoomCame::Made { .. }), RoomCame::Refused { .. }) => true,
        (Some(_), _) => false,
    };
    let (platform, came) = (platform.clone(), came.clone());
    if news { tx.on_incident(id, E::RoomCame { platform, came }) } else { Ok(()) }
}
