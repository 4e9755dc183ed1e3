//! From files to a checked policy.

use super::context::Context;
use super::place::{At, Place};
use super::problem::Code;
use super::raw::Root;
use super::read::Read as _;
use super::report::Report;
use super::service::{self, ServiceConfig};
use super::{build, checklists, embedded, ics, overrides, runbooks, tree};
use crate::domain::plan::hex;
use crate::domain::policy::Policy;
use crate::domain::render::{post_mortem_problem, template_problem};
use crate::domain::status::Template;
use crate::domain::window::Calendar;
use crate::limits;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A config that may be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub policy: Policy,
    pub service: ServiceConfig,
    /// How many times faster than written the demo runs.
    pub demo_pace: u32,
    /// Warnings only.
    pub report: Report,
}

impl Loaded {
    /// The same setup at the demo's pace.
    #[must_use]
    pub fn for_demo(mut self) -> Self {
        self.policy.pace = self.demo_pace.max(1);
        self.policy.hash = hash(&self.policy);
        self
    }
}

/// Where the files of a config come from.
pub trait Folder {
    /// The text of a file, by its path relative to the config's folder.
    ///
    /// # Errors
    /// A short reason for people.
    fn read(&self, path: &str) -> Result<String, String>;

    /// The names of the files directly inside a folder; `None` when it is not a folder.
    fn list(&self, path: &str) -> Option<Vec<String>>;
}

/// What a check is given besides the files.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `SIGNALBOX__SECTION__KEY` variables, of which those of the process's sections count.
    pub env: Vec<(String, String)>,
    /// From when on a window must be reachable. Absent: at some time between 2020 and 2040.
    pub now: Option<Timestamp>,
}

/// Reads and checks a config file, with overrides from the environment.
///
/// # Errors
/// With every problem at once when there is any error.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let env = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    load_with(path, &Given { env, now: None })
}

/// As [`load`], with everything given.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, given: &Given) -> Result<Loaded, Report> {
    let path = if path.is_dir() { path.join("signalbox.toml") } else { path.to_owned() };
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = folder.to_string_lossy().trim_end_matches('/').to_owned();
    load_from(&Disk(folder), &name, &shown, given)
}

/// The example setup that is part of the program.
///
/// # Panics
/// Never: a test loads it, and what cannot be read is an empty policy.
#[must_use]
pub fn load_embedded() -> Loaded {
    match load_from(&embedded::Embedded, "signalbox.toml", "", &Given::default()) {
        Ok(loaded) => loaded,
        Err(report) => {
            // Unreachable while the tests pass; the demo says so instead of ending in a panic.
            tracing::error!(problems = %report, "config.embedded the example setup is broken");
            let mut cx = Context::default();
            let root = empty_root(&mut cx);
            let mut policy = build::policy(&root, Calendar::default(), Vec::new(), &mut cx);
            policy.hash = hash(&policy);
            Loaded { policy, service: service::build(&root, &mut cx), demo_pace: 1, report }
        }
    }
}

/// The example setup at the demo's pace.
#[must_use]
pub fn load_embedded_for_demo() -> Loaded {
    load_embedded().for_demo()
}

/// Reads and checks a config from any folder; `shown` stands before file names in the report.
///
/// # Errors
/// With every problem at once when there is any error.
pub fn load_from(folder: &dyn Folder, name: &str, shown: &str, given: &Given) -> Result<Loaded, Report> {
    let mut cx = Context::default();
    let Some(file) = read_file(folder, name, limits::CONFIG_BYTES, None, &mut cx) else {
        return Err(Report::new(cx, shown));
    };
    let mut node = tree::parse(file, &mut cx);
    // Before the overrides: a password in the process's environment is where it belongs.
    super::check::secrets(&node, &mut cx);
    overrides::graft(&mut node, &given.env, &mut cx);
    let root = Root::read(&node, &mut cx).unwrap_or_else(|| empty_root(&mut Context::default()));
    let zone = root.zone.0.as_ref().map_or("UTC", |z| z.value.0.as_str());

    let mut calendar = Calendar::default();
    for at in root.calendars.iter().flatten() {
        if let Some(file) = read_file(folder, &at.value, limits::CONFIG_BYTES, Some(&at.place), &mut cx) {
            calendar.holidays.extend(ics::holidays(file, zone, &mut cx));
        }
    }
    let lists = checklists::read(folder, &root, &mut cx);
    let mut policy = build::policy(&root, calendar, lists, &mut cx);
    policy.response.post_mortem = post_mortem(folder, &root, &mut cx);
    policy.response.status.templates = templates(folder, &root, &mut cx);
    checklists::maintenance(folder, &root, &mut policy.rhythm, &mut cx);
    policy.runbooks = runbooks::read(folder, &root, &mut cx);
    let service = service::build(&root, &mut cx);
    super::check::all(&root, &policy, given.now, &mut cx);
    let demo_pace = root.demo.as_ref().and_then(|d| d.pace.as_ref()).map_or(1, |at| at.value);

    policy.hash = hash(&policy);
    let failed = cx.has_errors();
    let report = Report::new(cx, shown);
    if failed { Err(report) } else { Ok(Loaded { policy, service, demo_pace, report }) }
}

/// The template of post-mortems, when there is one of their own.
fn post_mortem(folder: &dyn Folder, root: &Root, cx: &mut Context) -> Option<String> {
    let at = root.templates.as_ref()?.post_mortem.as_ref()?;
    template(folder, at, "of post-mortems", post_mortem_problem, cx)
}

/// The text of a template, checked.
fn template(
    folder: &dyn Folder,
    at: &At<String>,
    name: &str,
    problem: impl FnOnce(&str) -> Option<(u32, String)>,
    cx: &mut Context,
) -> Option<String> {
    let file = read_file(folder, &at.value, limits::CONFIG_BYTES, Some(&at.place), cx)?;
    let text = cx.files.get(file).map(|f| f.text.clone())?;
    if let Some((line, what)) = problem(&text) {
        let place = cx.files.whole_line(file, line);
        cx.error(Code::BadTemplate, &place, format!("the template {name} does not work: {what}"));
    }
    Some(text)
}

/// Templates of status posts, of their own.
fn templates(folder: &dyn Folder, root: &Root, cx: &mut Context) -> BTreeMap<Template, String> {
    let mut out = BTreeMap::new();
    let Some(raw) = &root.templates else { return out };
    for of in Template::ALL {
        let named = match of {
            Template::Declared => &raw.declared,
            Template::Update => &raw.update,
            Template::Mitigated => &raw.mitigated,
            Template::Resolved => &raw.resolved,
            Template::Reopened => &raw.reopened,
            Template::Email => &raw.email,
            Template::PublicTitle => &raw.public_title,
            Template::PublicDeclared => &raw.public_declared,
            Template::PublicUpdate => &raw.public_update,
            Template::PublicMitigated => &raw.public_mitigated,
            Template::PublicResolved => &raw.public_resolved,
        };
        let Some(at) = named else { continue };
        let (name, problem) = (format!("`{}`", of.key()), |text: &str| template_problem(of, text));
        out.extend(template(folder, at, &name, problem, cx).map(|text| (of, text)));
    }
    out
}

/// Adds a file to the context, or says why not at the place that names it.
pub fn read_file(
    folder: &dyn Folder,
    name: &str,
    most: usize,
    named_at: Option<&Place>,
    cx: &mut Context,
) -> Option<usize> {
    let text = if Path::new(name).components().any(|c| !matches!(c, std::path::Component::Normal(_))) {
        Err("files of a config stand in its folder".to_owned())
    } else {
        folder.read(name)
    };
    let text = text.and_then(|t| if t.len() > most { Err(format!("it has more than {most} bytes")) } else { Ok(t) });
    match text {
        Ok(text) => Some(cx.files.add(name, &text)),
        Err(why) => {
            let message = format!("`{name}` cannot be read: {why}");
            match named_at {
                Some(place) => cx.error(Code::Unreadable, place, message),
                None => cx.error_nowhere(Code::Unreadable, message),
            };
            None
        }
    }
}

/// SHA-256 (hex) over the policy's canonical text with an empty hash.
#[must_use]
pub fn hash(policy: &Policy) -> String {
    let bare = Policy { hash: String::new(), ..policy.clone() };
    hex(&Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
}

fn empty_root(cx: &mut Context) -> Root {
    use super::read::Section as _;
    Root::fields(&[], &Place::default(), cx)
}

struct Disk(PathBuf);

impl Folder for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        let path = self.0.join(path);
        let size = std::fs::metadata(&path).map_err(|e| e.to_string())?.len();
        if size > limits::CONFIG_BYTES as u64 {
            return Err(format!("it has more than {} bytes", limits::CONFIG_BYTES));
        }
        let bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let entries = std::fs::read_dir(self.0.join(path)).ok()?;
        let files = entries.flatten().filter(|e| e.path().is_file());
        Some(files.filter_map(|e| e.file_name().into_string().ok()).collect())
    }
}
