//! Every bound of the program, one constant each, with its reason. Tests hold each at the limit and one past it.

mod alerts;
mod arrivals;
mod incidents;
mod pages;
mod rhythm;
mod rosters;
mod runbooks;

pub use alerts::*;
pub use arrivals::*;
pub use incidents::*;
pub use pages::*;
pub use rhythm::*;
pub use rosters::*;
pub use runbooks::*;

/// Characters in one chat command. Longer text is a paste into the wrong place.
pub const COMMAND_CHARS: usize = 4_000;

/// Characters in a version: tags and image names fit, prose does not.
pub const VERSION_CHARS: usize = 100;

/// Rows that `/deploy history` shows at most.
pub const HISTORY_ROWS: u32 = 50;

/// Item numbers in one `/checklist tick`.
pub const CHECKLIST_ITEMS: usize = 100;

/// Completions offered at once; what chat platforms show.
pub const SUGGESTIONS: usize = 25;

/// Characters in a job's key; it is also the name of the job's folder.
pub const JOB_KEY_CHARS: usize = 120;

/// Bytes of a job's output that are kept; what follows is counted and thrown away, so that no job fills the disk.
pub const JOB_OUTPUT_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of a job's output read at once.
pub const JOB_OUTPUT_PIECE: u64 = 64 * 1024;

/// How long the folder of a job is kept after it was last touched, in days: as long as logs of builds.
pub const JOB_DAYS: i64 = 90;

/// How often a job's end is written again when the disk refuses, and the wait between two tries in milliseconds: a minute.
pub const JOB_END_TRIES: u32 = 120;
pub const JOB_END_PAUSE_MS: i64 = 500;

/// Bytes put aside on disk for a job's end, so that a full disk cannot swallow it.
pub const JOB_END_BYTES: usize = 4096;

/// How long a job that is told to end has before it is killed, in milliseconds.
pub const JOB_GRACE_MS: i64 = 5_000;

/// How long a job's supervisor may take to begin, in milliseconds. A machine under load needs some of it.
pub const SUPERVISOR_START_MS: i64 = 15_000;

/// How many times everything a job left behind is looked for and killed.
pub const KILL_ROUNDS: u32 = 200;

/// Bytes kept of the output of a command that is run for its answer (a probe, a revision).
pub const ANSWER_BYTES: u64 = 64 * 1024;

/// Bytes read of the body of an HTTP answer.
pub const HTTP_BODY_BYTES: usize = 256 * 1024;

/// How long a connection to the outside may take to come about, in milliseconds.
pub const HTTP_CONNECT_MS: u64 = 5_000;

/// Characters of what a probe read that are shown.
pub const READING_CHARS: usize = 160;

/// Characters in a command's or an argument's one-line description; what the narrowest chat platform shows.
pub const COMMAND_HELP_CHARS: usize = 100;

/// Bytes in a key of the store (a stream's name, an outbox key): PostgreSQL cannot index more than about 2 700.
pub const STORE_KEY_BYTES: usize = 1000;

/// How long a store call waits for a free connection.
pub const STORE_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Connections that read the embedded database, each a thread of its own. One more writes.
pub const SQLITE_READERS: u32 = 2;

/// Writes that may wait for the embedded database before whoever asks has to wait as well.
pub const SQLITE_QUEUE: usize = 1024;

/// Writes stored as one transaction at most: none waits for more than so many others.
pub const SQLITE_AT_ONCE: usize = 64;

/// Commits to the embedded database after which its log is carried over into the file. Four times as many were tried: each time
/// takes longer then, and commits beside it wait for more.
pub const SQLITE_CHECKPOINT_COMMITS: u32 = 64;

/// Pages of 4 KiB in the log of the embedded database above which the writer itself helps to carry it over.
pub const SQLITE_WAL_PAGES: i64 = 4096;

/// How long the embedded database waits for a lock that a backup or a checkpoint holds.
pub const SQLITE_BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Page cache of each connection to the embedded database, as SQLite takes it: minus KiB.
pub const SQLITE_CACHE: &str = "-2048";

/// Statements that the writer of the embedded database keeps prepared; it has fewer.
pub const SQLITE_STATEMENTS: usize = 64;

/// The write-ahead log is cut back to this many bytes once it was larger: twice what [`SQLITE_WAL_PAGES`] are, since a flush
/// takes four times as long where the file has to grow.
pub const SQLITE_WAL_BYTES: &str = "33554432";

/// A database file up to this size is looked through for damage at every start; a larger one would delay it too much.
pub const SQLITE_CHECKED_BYTES: u64 = 8 * 1024 * 1024;

/// Connections of one replica to PostgreSQL.
pub const PG_CONNECTIONS: u32 = 8;

/// Milliseconds that PostgreSQL lets one statement of ours wait for a row lock.
pub const PG_LOCK_MS: &str = "5000";

/// Milliseconds that PostgreSQL lets one statement of ours run.
pub const PG_STATEMENT_MS: &str = "30000";

/// Milliseconds after which PostgreSQL ends a transaction in which nothing happens.
pub const PG_IDLE_MS: &str = "10000";

/// Jobs that the demo's fleet remembers.
pub const FLEET_JOBS: usize = 1_000;

/// Synthetic requests of one place of the demo's fleet that may be on their way at once.
pub const FLEET_IN_FLIGHT: usize = 32;

/// Bytes in a config file or a calendar. Sixteen times the largest seen.
pub const CONFIG_BYTES: usize = 1 << 20;

/// Problems that one check of a config keeps; more would not be read.
pub const CONFIG_PROBLEMS: usize = 500;

/// Bytes in a name that people type in chat.
pub const CONFIG_NAME_BYTES: usize = 64;

/// Holidays of one calendar file, after repetition.
pub const HOLIDAYS: usize = 5_000;

/// How often one calendar event repeats before it is cut: a yearly day since 1970 does not reach it.
pub const CALENDAR_REPETITIONS: u16 = 500;

/// Checklists of one config.
pub const CHECKLISTS: usize = 200;

/// Bytes in one checklist file.
pub const CHECKLIST_BYTES: usize = 256 << 10;

/// Tasks in one checklist: twice the longest that ships.
pub const CHECKLIST_TASKS: usize = 200;

/// Characters in one task, with what it stands under.
pub const CHECKLIST_TASK_CHARS: usize = 300;

/// How deep lists and quotes nest in a checklist before they are left out.
pub const CHECKLIST_DEPTH: usize = 32;
/// Characters in one message typed on the console.
pub const CONSOLE_TEXT_CHARS: usize = 40_000;

/// Bytes of one request to the console: a message of [`CONSOLE_TEXT_CHARS`] with every character escaped as JSON allows.
pub const CONSOLE_BODY_BYTES: usize = 12 * CONSOLE_TEXT_CHARS + 32 * 1024;

/// Bytes of JSON of one message that signalbox posts on the console.
pub const CONSOLE_MESSAGE_BYTES: usize = 512 * 1024;

/// Messages in one answer to a reader.
pub const CONSOLE_PAGE: u32 = 200;

/// Changed messages read at once for a live stream.
pub const CONSOLE_STREAM_BATCH: u32 = 100;

/// Live streams open at once.
pub const CONSOLE_STREAMS: usize = 64;

/// Different emoji under one message.
pub const CONSOLE_EMOJI: i64 = 20;

/// Bytes of one emoji; flags and families are long.
pub const CONSOLE_EMOJI_BYTES: usize = 64;

/// Bytes of the name of a person or channel in a request.
pub const CONSOLE_NAME: usize = 80;

/// Bytes of an envelope id that a client chose.
pub const CONSOLE_ENVELOPE_ID: usize = 100;

/// Characters of a button's wire form.
pub const CONSOLE_ACTION_CHARS: usize = 100;

/// Fields of one submitted form.
pub const CONSOLE_FIELDS: usize = 30;

/// Connections of the console's file that read.
pub const CONSOLE_READERS: u32 = 3;

/// How long the console's file waits for another writer before it gives up.
pub const CONSOLE_BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Rows that an audit, an export or a move of the store holds at once.
pub const STORE_PAGE: i64 = 500;

/// Problems that an audit lists one by one; the rest is counted.
pub const AUDIT_PROBLEMS: usize = 100;

/// How often an audit goes back to a stream that grows while it is read.
pub const AUDIT_CATCH_UP: u32 = 10;

/// Inputs stored in one transaction at most.
pub const GROUP_COMMIT: usize = 256;

/// Inputs that wait for the writer before senders have to wait as well.
pub const WRITER_QUEUE: usize = 1024;

/// Timers fired in one go.
pub const TIMERS_AT_ONCE: i64 = 200;

/// Outbox rows one process has claimed at the same time.
pub const EFFECTS_AT_ONCE: usize = 256;

/// Of these, messages that are being posted or edited; the others wait, and no job or probe waits for them.
pub const CHAT_AT_ONCE: usize = 16;

/// How long a claimed outbox row is leased, in milliseconds; longer than any one call outside may take. Renewed while somebody
/// acts on the row.
pub const LEASE_MS: i64 = 60_000;

/// A lease is renewed when half of it is over, and not more often than this, in milliseconds.
pub const RENEW_MIN_MS: i64 = 1_000;

/// Outbox rows looked at for the jobs whose folders must stay; with more under way, none is removed.
pub const JOBS_ASKED: i64 = 10_000;

/// How long one call outside may take before it counts as one without an answer, in milliseconds. Well within a lease.
pub const OUTSIDE_MS: i64 = 30_000;

/// How often the loops look even without a hint, in milliseconds.
pub const IDLE_POLL_MS: i64 = 1_000;

/// A card is edited at most this often on a platform, in milliseconds, the first time at once. With what sending and storing
/// takes, two platforms are in step within a second, as long as the platform's own limits allow.
pub const EDIT_EVERY_MS: i64 = 800;

/// How often a running job is asked how it stands, in milliseconds.
pub const JOB_POLL_MS: i64 = 250;

/// A message for a thread waits for the thread's first message until that is due, and at least this long, in milliseconds.
pub const THREAD_WAIT_MS: i64 = 50;

/// How long a reaction waits for the receipt of the message it is on, in milliseconds. Chat platforms answer within it.
pub const POSTING_WAIT_MS: i64 = 5_000;

/// How often a thread's first message is waited for before the message is posted outside.
pub const THREAD_WAITS: i64 = 1_200;

/// The longest wait before something outside is tried again, in milliseconds.
pub const RETRY_MAX_MS: i64 = 60_000;

/// How often a message is tried that waits for a person: a week at [`RETRY_MAX_MS`]. Cards wait for ever.
pub const CHAT_HELD_TRIES: i64 = 7 * 24 * 60;

/// How often a platform is asked with a token that it refused, in milliseconds.
pub const CHAT_TOKEN_MS: i64 = 10_000;

/// Lines of a job's output shown in chat.
pub const OUTPUT_LINES: usize = 20;

/// Characters of a line of output shown in chat.
pub const OUTPUT_LINE_CHARS: usize = 200;

/// Pieces of output read at one look, so that a flood cannot hold the loop.
pub const OUTPUT_PIECES: usize = 64;

/// Old rows deleted in one transaction.
pub const PRUNE_PAGE: i64 = 500;

/// How long inbox rows are kept for second arrivals, in days.
pub const INBOX_DAYS: i64 = 7;

/// How long after its last edit a message is known by its key, in days. What changes later is posted anew, and reactions on
/// what is older mean nothing.
pub const MESSAGE_DAYS: i64 = 180;

/// Open deployments that completion knows by heart; the oldest are forgotten.
pub const KNOWN_OPEN: usize = 500;

/// Jobs whose output is followed at the same time; the one shown longest ago is read again from its start.
pub const OUTPUT_TAILS: usize = 256;

/// How often the histograms of the metrics are folded up, in milliseconds, also when nobody reads them.
pub const METRICS_UPKEEP_MS: u64 = 5_000;

/// How long effects under way may take to end at shutdown, in milliseconds.
pub const SHUTDOWN_MS: u64 = 8_000;

/// The loops rest at least this long when nothing was found to do, in milliseconds.
pub const LOOP_MIN_MS: i64 = 2;

/// How long Discord's gateway may take to say HELLO, and then READY or RESUMED, in milliseconds.
pub const GATEWAY_START_MS: i64 = 20_000;

/// Between two heartbeats of the gateway, whatever it asks for, in milliseconds. Discord asks for about 41 s.
pub const GATEWAY_BEAT_MIN_MS: i64 = 20;
pub const GATEWAY_BEAT_MAX_MS: i64 = 60_000;

/// How long the gateway may take to acknowledge a heartbeat before it counts as dead, in milliseconds.
pub const GATEWAY_ACK_MS: i64 = 10_000;

/// What Discord takes on one connection: so many sends in so many milliseconds.
pub const GATEWAY_SENDS: usize = 120;
pub const GATEWAY_SENDS_MS: i64 = 60_000;

/// Of these, kept for our own heartbeats when the gateway asks for many.
pub const GATEWAY_SENDS_SPARE: usize = 20;

/// How long one send to the gateway, or the close, may take, in milliseconds.
pub const GATEWAY_SEND_MS: u64 = 5_000;

/// How often a session is tried at its own address before the bot's usual one is asked for.
pub const GATEWAY_RESUME_TRIES: u32 = 3;

/// A new session is begun at most this often, in milliseconds: every 5 s is Discord's rule for small bots, and what is sent
/// 5 s apart can arrive closer together.
pub const GATEWAY_IDENTIFY_MS: i64 = 5_500;

/// After a hundred of them, at most this often, in milliseconds: 964 in a day, where Discord resets the token at 1 000.
pub const GATEWAY_IDENTIFY_DAY_MS: i64 = 100_000;

/// The longest that Discord's own count of new sessions is waited for, in milliseconds: a day.
pub const GATEWAY_DAY_MS: u64 = 86_400_000;

/// A connection that stood this long, in milliseconds, makes the next wait a short one again.
pub const GATEWAY_STEADY_MS: i64 = 30_000;

/// How long the seat at the gateway is leased, and how often that is renewed, in milliseconds.
pub const GATEWAY_LEASE_MS: i64 = 30_000;
pub const GATEWAY_CHORE_MS: u64 = 5_000;

/// Events of the gateway that wait to be stored; with more, it is not read.
pub const GATEWAY_QUEUE: usize = 256;

/// Events of the gateway being stored side by side.
pub const GATEWAY_KEEPS: usize = 64;

/// Interactions being acknowledged side by side.
pub const GATEWAY_ANSWERS: usize = 64;

/// How long the first response to an interaction may take, in milliseconds; Discord waits no longer.
pub const DISCORD_FIRST_MS: u64 = 3_000;

/// The shortest wait before a first response is sent again, in milliseconds.
pub const DISCORD_FIRST_AGAIN_MS: i64 = 200;

/// How long work on an interaction waits for its first response, in milliseconds.
pub const DISCORD_FIRST_WAIT_MS: u64 = 5_000;

/// Interactions whose first response is remembered.
pub const DISCORD_FIRSTS: usize = 1_024;

/// Channels of direct messages that are remembered.
pub const DISCORD_DIRECTS: usize = 1_024;

/// Characters of an id that Discord gave; its own have up to 20.
pub const DISCORD_ID_CHARS: usize = 40;

/// Types of what a platform sent and nobody could read that are counted by name, and characters of such a name.
pub const UNREAD_KINDS: usize = 100;
pub const UNREAD_KIND_CHARS: usize = 60;

/// What could not be worked now is worked again after this, in milliseconds.
pub const WORK_AGAIN_MS: i64 = 1_000;

/// Messages that one long answer is told in.
pub const ANSWER_PARTS: usize = 5;

/// Messages of one answer that are told by themselves on Slack, joined beyond that: a response URL takes five.
pub const SLACK_ANSWERS: usize = 4;

/// Arrivals remembered whose senders were told that storing them hangs.
pub const SLACK_TOLD: usize = 1_000;

/// How far the time of a signed request of Slack's may be from ours, in seconds; what Slack's documentation says.
pub const SLACK_AGE_S: i64 = 300;

/// How long after its signature a second try of Slack's can look like the first, in seconds: it is sent at once, and what is
/// tried again later is signed anew.
pub const SLACK_AT_ONCE_S: i64 = 3;

/// Requests that Slack did not sign are logged at most this often, in milliseconds; they are counted each.
pub const SLACK_UNSIGNED_MS: i64 = 60_000;

/// Bytes of one signed request of Slack's; a view's state with a long text has some 100 kB.
pub const SLACK_BODY_BYTES: usize = 1 << 20;

/// How long the body of a signed request may take to arrive, in milliseconds. Slack itself gives up after three seconds.
pub const SLACK_BODY_MS: u64 = 5_000;

/// Sockets to Slack opened within [`SLACK_OPENS_MS`] at most, however the server behaves: Slack's lowest tier.
pub const SLACK_OPENS: usize = 5;
pub const SLACK_OPENS_MS: u64 = 60_000;

/// How long Slack may take to say hello on a new socket, in milliseconds.
pub const SLACK_HELLO_MS: u64 = 10_000;

/// How often a socket is pinged, in milliseconds, and after how many such spans without a sign of life it counts as dead.
pub const SLACK_PING_MS: u64 = 5_000;
pub const SLACK_PINGS: u32 = 2;

/// Envelopes of one socket that are being stored at the same time; more wait in the socket.
pub const SLACK_IN_FLIGHT: usize = 256;

/// How long a socket that is to be replaced still takes envelopes after its successor stands, in milliseconds.
pub const SLACK_DRAIN_MS: u64 = 10_000;

/// How long a socket may take to send, or to end, in milliseconds.
pub const SLACK_CLOSE_MS: u64 = 3_000;

/// How long nobody asks again once Slack said that it will not open a socket, in milliseconds.
pub const SLACK_REFUSED_MS: u64 = 300_000;

/// How long a socket must stand before the next failure counts as the first again, in milliseconds.
pub const SLACK_SETTLED_MS: u64 = 60_000;

/// How long a WebSocket to a chat platform may take to open, in milliseconds.
pub const SOCKET_CONNECT_MS: u64 = 10_000;

/// Bytes of one message on a WebSocket; the largest that a platform was seen to send has 67 kB.
pub const SOCKET_MESSAGE_BYTES: usize = 4 << 20;

/// How long one call of Discord's REST API may take, in milliseconds; well within [`OUTSIDE_MS`].
pub const DISCORD_CALL_MS: u64 = 10_000;

/// Bytes of an answer of Discord's REST API: a hundred messages at their longest.
pub const DISCORD_BODY_BYTES: usize = 8 << 20;

/// The longest pause that Discord is believed to want, in milliseconds; asked again after it.
pub const DISCORD_PAUSE_MS: i64 = 600_000;

/// Answers that count towards a ban, and in which time in milliseconds, before signalbox stops by itself. Discord bans at ten
/// thousand in ten minutes.
pub const DISCORD_INVALID: u32 = 2_000;
pub const DISCORD_INVALID_MS: i64 = 600_000;

/// How long something that Discord refused for want of a right is not asked again, in milliseconds, and how many are remembered.
pub const DISCORD_DENIED_MS: i64 = 60_000;
pub const DISCORD_DENIED: usize = 1_000;

/// Messages of Discord's whose key and title are remembered; threads and questions as many each.
pub const DISCORD_RECENT: usize = 1_000;

/// Channels of a server that are read; Discord allows five hundred.
pub const DISCORD_CHANNELS: usize = 1_000;

/// How long a server's channels are believed before a name that is missing is looked for again, in milliseconds.
pub const DISCORD_CHANNELS_MS: i64 = 60_000;

/// Pages of a hundred messages that are looked through for one whose answer was lost.
pub const DISCORD_FIND_PAGES: usize = 5;

/// Pages of a hundred people who reacted with one emoji.
pub const DISCORD_REACTION_PAGES: usize = 5;

/// Characters of Discord's reason for a refusal that are told.
pub const DISCORD_SAID_CHARS: usize = 300;
/// Fields of a refused body that are logged.
pub const DISCORD_WRONG_FIELDS: usize = 10;

/// How long one call of Slack's Web API may take, in milliseconds; three of them end within [`OUTSIDE_MS`].
pub const SLACK_CALL_MS: u64 = 8_000;

/// How long Slack is left alone when it cannot be reached, in milliseconds.
pub const SLACK_REACH_MS: i64 = 5_000;

/// How long Slack is left alone when it says "too often" without saying how long, in milliseconds.
pub const SLACK_RETRY_MS: i64 = 5_000;

/// Characters of an error word of Slack's that are kept.
pub const SLACK_CODE_CHARS: usize = 80;

/// Characters of all texts of one Slack message. Slack refuses somewhere above 13 200 and does not say where.
pub const SLACK_MESSAGE_CHARS: usize = 12_000;

/// Blocks of one Slack message, and of a view.
pub const SLACK_BLOCKS: usize = 50;
pub const SLACK_VIEW_BLOCKS: usize = 100;

/// Characters of the text of a section or a context on Slack; code is held to the same.
pub const SLACK_SECTION_CHARS: usize = 3_000;

/// Fields of one section on Slack, and characters of each.
pub const SLACK_FIELDS: usize = 10;
pub const SLACK_FIELD_CHARS: usize = 2_000;

/// Sections that the fields of one neutral block may fill on Slack.
pub const SLACK_FIELD_SECTIONS: usize = 10;

/// Characters of what a Slack notification shows of a message.
pub const SLACK_TEXT_CHARS: usize = 4_000;

/// Characters of the words that stand for a picture on Slack, and of a field's hint.
pub const SLACK_ALT_CHARS: usize = 2_000;

/// Buttons in one row of blocks on Slack, and rows of one message.
pub const SLACK_BUTTONS: usize = 25;
pub const SLACK_BUTTON_ROWS: usize = 4;

/// Characters of a button's label on Slack, and of what comes back with its click.
pub const SLACK_LABEL_CHARS: usize = 75;
pub const SLACK_VALUE_CHARS: usize = 2_000;

/// Characters of the question before a click counts on Slack, and of its two buttons.
pub const SLACK_CONFIRM_CHARS: usize = 300;
pub const SLACK_CONFIRM_LABEL_CHARS: usize = 30;

/// Characters of the title and of the buttons of a Slack modal.
pub const SLACK_TITLE_CHARS: usize = 24;

/// Characters of what travels with a Slack modal, and of the name of one of its fields.
pub const SLACK_META_CHARS: usize = 3_000;
pub const SLACK_ID_CHARS: usize = 255;

/// Options of a select on Slack, characters of what one shows, and of what it stands for.
pub const SLACK_OPTIONS: usize = 100;
pub const SLACK_OPTION_CHARS: usize = 75;
pub const SLACK_OPTION_VALUE_CHARS: usize = 150;

/// Characters typed into one field of a Slack modal.
pub const SLACK_INPUT_CHARS: usize = 3_000;

/// Arrivals worked at the same time, each of another lane. Most of it is waiting for a platform.
pub const WORK_AT_ONCE: usize = 64;

/// Kept arrivals in memory, and their bytes; the others wait in the store.
pub const LANES_HELD: usize = 4_096;
pub const LANES_BYTES: usize = 16 << 20;

/// Kept arrivals read back from the store at once.
pub const WORK_PAGE: i64 = 128;

/// How long the next arrival's work waits for others to be kept first, in milliseconds: work goes on under any load.
pub const WORK_YIELD_MS: u64 = 5;

/// For how long nobody must have handed in before many arrivals are worked at their full pace again, in milliseconds.
pub const WORK_QUIET_MS: u64 = 2;

/// How often an arrival is worked again when its platform is not to be had, and when the store is not: half a day, since it
/// was acknowledged.
pub const WORK_TRIES: u32 = 10;
pub const WORK_STORE_TRIES: u32 = 720;

/// How often a platform is asked for the reactions on one card after a connection was away.
pub const READ_BACK_TRIES: i64 = 5;

/// How often platforms are asked for the roles that their groups give, in milliseconds.
pub const ROLES_EVERY_MS: u64 = 300_000;

/// How often a process looks for arrivals of processes that died, in milliseconds, and how long after its last sign of life a
/// process counts as dead.
pub const SWEEP_MS: u64 = 5_000;
pub const INBOX_LEASE_MS: i64 = 20_000;

/// Channels of a Slack workspace that are remembered by name.
pub const SLACK_CHANNELS: usize = 20_000;

/// Rows of one page of a list on Slack, and pages read of the list of channels.
pub const SLACK_PAGE: usize = 200;
pub const SLACK_LIST_PAGES: usize = 8;

/// Channels of a Slack workspace are listed at most this often, in milliseconds.
pub const SLACK_LIST_EVERY_MS: i64 = 60_000;

/// Pages of messages looked through for one whose answer was lost.
pub const SLACK_FIND_PAGES: usize = 5;

/// How long after its wait a post that was held back counts as not posted, in milliseconds.
pub const SLACK_UNSENT_MS: i64 = 400;

/// Pictures whose files on Slack are remembered, and characters of the words stored with a file.
pub const SLACK_PICTURES: usize = 64;
pub const SLACK_ALT_TEXT_CHARS: usize = 1_000;

/// A file may need this long before Slack shows it, and is asked for again this often, in milliseconds.
pub const SLACK_PICTURE_READY_MS: i64 = 15_000;
pub const SLACK_PICTURE_WAIT_MS: i64 = 1_500;

/// How long after a failure a picture is uploaded again, in milliseconds.
pub const SLACK_PICTURE_AGAIN_MS: i64 = 60_000;

/// How long the doctor waits for one answer, in milliseconds.
pub const DOCTOR_MS: u64 = 10_000;

/// Pages of 200 channels that the doctor reads.
pub const DOCTOR_PAGES: usize = 25;
