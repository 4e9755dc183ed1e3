//! `[severities.*]` and `[ladders.*]`.

use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::scalars::Length;

section! {
    /// A severity of incidents. The first in the file is the worst.
    SeverityEntry {
        /// What it means: `full outage`.
        title: Req<At<String>>,
        /// Within this it should be acknowledged.
        respond: Req<At<Length>>,
        /// So often people are told how it stands.
        update: Req<At<Length>>,
        /// The ladder of pages that it climbs. Default: nobody is paged.
        ladder: Option<At<String>>,
        /// Its pages are urgent also by day: each person's `page_urgent` is used. Default false.
        urgent: Option<At<bool>>,
        /// An update that does not come pages the next level. Default false.
        overdue_goes_up: Option<At<bool>>,
        /// After this, an incident that follows a deployment is reminded of the way back. Default: never.
        rollback_reminder: Option<At<Length>>,
        /// A post-mortem is due so long after the end. Default: none is needed.
        post_mortem: Option<At<Length>>,
        /// Channels of `[channels]` in which its status is posted as well. Default: only the incidents channel.
        announce: Option<Vec<At<String>>>,
        /// Who gets mails about how it stands: addresses, or people who have one. Needs `[paging.email]`. Default: nobody.
        email: Option<Vec<At<String>>>,
        /// Customers are told from the beginning, in the words of the public templates. Needs `[status_page]`. Default false.
        publish: Option<At<bool>>,
        /// Its war room is a channel of its own, and not the thread of its card. Default false.
        own_channel: Option<At<bool>>,
    }
}

section! {
    /// Templates in the language of Jinja, as files relative to this one.
    TemplatesEntry {
        /// The draft of a post-mortem, in Markdown. Default: ours.
        post_mortem: Option<At<String>>,
        /// A post in the channels of `announce`: an incident is declared.
        declared: Option<At<String>>,
        /// It is told how it stands, or its severity changes.
        update: Option<At<String>>,
        /// It is under control; also in the incidents channel.
        mitigated: Option<At<String>>,
        /// It is over; also in the incidents channel.
        resolved: Option<At<String>>,
        /// It is open again; also in the incidents channel.
        reopened: Option<At<String>>,
        /// The body of each mail, with the post of its moment in it.
        email: Option<At<String>>,
        /// The headline on the status page, where nobody typed one.
        public_title: Option<At<String>>,
        /// The first that customers read, where nobody typed it.
        public_declared: Option<At<String>>,
        /// What they read at an update for which nobody typed something public. Empty: nothing.
        public_update: Option<At<String>>,
        /// The same, when it is mitigated.
        public_mitigated: Option<At<String>>,
        /// The same, when it is resolved.
        public_resolved: Option<At<String>>,
    }
}

section! {
    /// What stands in the war room of incidents, and what it is called where it is a channel.
    IncidentsEntry {
        /// The first questions of every urgent one, ticked by whoever answers them. Nothing waits for them.
        questions: Option<Vec<At<String>>>,
        /// What often helps, below the questions.
        quick_wins: Option<Vec<At<String>>>,
        /// The name of a channel of its own, from `{number}`, `{severity}`, `{service}` and `{date}`. Default `inc-{number}`.
        room_name: Option<At<String>>,
        /// Such a channel is put aside so long after the end, and not before a post-mortem that is owed is reviewed. Default: never.
        room_archive: Option<At<Length>>,
    }
}

section! {
    /// Who is paged about an incident, in which order.
    LadderEntry {
        /// The levels, the first one first.
        levels: Req<Vec<At<LevelEntry>>>,
        /// How often all levels are gone through again when nobody answers. Default 2.
        repeat: Option<At<u32>>,
        /// From the last level to the next round. Default 15m.
        pause: Option<At<Length>>,
    }
}

section! {
    /// A level of a ladder.
    LevelEntry {
        /// As cards show it. Default: `L1`, `L2` and so on.
        name: Option<At<String>>,
        /// How long after the start it is reached when nobody has acknowledged.
        after: Req<At<Length>>,
        /// How long after the start it is reached also when somebody has, unless it is mitigated. Default: never.
        unresolved: Option<At<Length>>,
        /// Holders of any of these roles are paged.
        roles: Option<Vec<At<String>>>,
        /// These people are paged.
        people: Option<Vec<At<String>>>,
        /// Everybody on it must acknowledge; the ladder goes on for those who have not. Default false.
        all: Option<At<bool>>,
        /// Whoever is on call in any of these rosters then is paged.
        rosters: Option<Vec<At<String>>>,
    }
}
