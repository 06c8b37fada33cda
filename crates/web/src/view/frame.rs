//! The frame every signed-in page shares: rail, top bar, banner, toast; knows who looks, not what is looked at.

use super::piece::PersonChip;

/// What the viewer may do at large; decides which windows the rail offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs the installation.
    Administrator,
    /// Leads a team.
    Lead,
    /// Works tickets.
    Analyst,
    /// Opens and follows own tickets.
    Reporter,
    /// Reads all, changes nothing.
    Auditor,
}

impl Role {
    /// The word.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Lead => "Lead",
            Self::Analyst => "Analyst",
            Self::Reporter => "Reporter",
            Self::Auditor => "Auditor",
        }
    }
}

/// The colour scheme asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Whatever the device says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme` and of the theme cookie.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The windows of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    /// What needs me now.
    Watch,
    /// All tickets.
    Queue,
    /// What sources report.
    Alerts,
    /// What is due when.
    Clocks,
    /// Who is on call, and schedules.
    OnCall,
    /// Values seen in tickets.
    Observables,
    /// What the organisation has.
    Assets,
    /// Feeds and what they assert.
    Intelligence,
    /// What tickets point to in ATT&CK.
    Attack,
    /// Logs that are searched.
    Logs,
    /// Templates.
    Templates,
    /// Procedures.
    Procedures,
    /// Escalation policies.
    Policies,
    /// The record.
    Record,
    /// The log of messages.
    Deliveries,
    /// People and teams.
    People,
    /// Settings.
    Settings,
    /// None of them.
    None,
}

/// One entry of the rail.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its word.
    pub label: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// Letter pressed after `g`.
    pub key: &'static str,
    /// Number that calls for action, 0 for none.
    pub count: u32,
    /// Whether it is where we are.
    pub current: bool,
}

/// The person looking.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who it is.
    pub person: PersonChip,
    /// What they may do at large.
    pub role: Role,
}

/// Numbers on the rail, each a call for action.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Things that need me now.
    pub watch: u32,
    /// Tickets nobody has acknowledged yet.
    pub queue: u32,
    /// Alerts that wait for somebody to decide.
    pub alerts: u32,
    /// Swaps that wait for my answer.
    pub on_call: u32,
    /// What I was told and have not seen.
    pub notices: u32,
    /// Messages of the last day that did not go out, for those who can do something about it.
    pub dead: u32,
    /// Procedures I should read, or drafts waiting for my approval.
    pub procedures: u32,
}

/// A short message after an act.
#[derive(Debug, Clone)]
pub struct Toast {
    /// What was done.
    pub text: String,
    /// Address that takes it back by a POST; empty where there is no undo.
    pub undo: String,
}

/// What every signed-in page needs to draw its frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Title of the page.
    pub title: String,
    /// Where in the rail we are.
    pub nav: Nav,
    /// Who looks.
    pub viewer: Viewer,
    /// Numbers on the rail.
    pub counts: Counts,
    /// Who is on call now for the viewer's team.
    pub duty: Option<PersonChip>,
    /// Whether they answer only because nobody is on call.
    pub duty_fallback: bool,
    /// Who is next and when: `Cleo Lindqvist Mon 08:00`; empty if nothing is planned.
    pub duty_next: String,
    /// The instant the page is rendered at, RFC 3339; the page's script corrects a wrong desktop clock by it.
    pub now_iso: String,
    /// Path segment of the assets, changes with their content.
    pub asset_version: String,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// Whether letters are kept on this machine, where they can be read.
    pub mailbox: bool,
    /// How many minutes pass in one; 1 outside of demos.
    pub pace: i64,
    /// Colour scheme asked for.
    pub theme: Theme,
    /// Whether the rail is folded to icons (cookie `rail=narrow`).
    pub rail_narrow: bool,
    /// Message about the act just done.
    pub toast: Option<Toast>,
    /// Name of the organisation.
    pub organisation: String,
    /// Topics of the live connection, comma-separated; no connection when empty.
    pub topics: String,
    /// Where the page is, sent along so that a theme or language switch can return to it.
    pub path: String,
}

impl Frame {
    /// The rail, as far as the viewer's role reaches.
    #[must_use]
    pub fn rail(&self) -> Vec<NavItem> {
        let item = |nav: Nav, href, label, icon, key, count| NavItem {
            href,
            label,
            icon,
            key,
            count,
            current: self.nav == nav,
        };
        let counts = self.counts;
        if self.viewer.role == Role::Reporter {
            return vec![
                item(Nav::Watch, "/", "My reports", "watch", "w", counts.watch),
                item(
                    Nav::Procedures,
                    "/procedures",
                    "Procedures",
                    "book",
                    "p",
                    counts.procedures,
                ),
            ];
        }
        vec![
            item(Nav::Watch, "/", "My watch", "watch", "w", counts.watch),
            item(Nav::Queue, "/tickets", "Queue", "queue", "q", counts.queue),
            item(
                Nav::Alerts,
                "/alerts",
                "Alerts",
                "alert",
                "l",
                counts.alerts,
            ),
            item(Nav::Clocks, "/clocks", "Clocks", "clock", "c", 0),
            item(
                Nav::OnCall,
                "/oncall",
                "On call",
                "phone",
                "d",
                counts.on_call,
            ),
            item(
                Nav::Observables,
                "/observables",
                "Observables",
                "eye",
                "i",
                0,
            ),
            item(Nav::Assets, "/inventory", "Assets", "columns", "v", 0),
            item(
                Nav::Intelligence,
                "/intelligence",
                "Intelligence",
                "shield",
                "f",
                0,
            ),
            item(Nav::Attack, "/attack", "ATT&CK", "columns", "a", 0),
            item(Nav::Logs, "/logs", "Logs", "note", "l", 0),
            item(
                Nav::Templates,
                "/templates",
                "Templates",
                "template",
                "t",
                0,
            ),
            item(
                Nav::Procedures,
                "/procedures",
                "Procedures",
                "book",
                "p",
                counts.procedures,
            ),
            item(Nav::Policies, "/policies", "Escalation", "bell", "e", 0),
            item(
                Nav::Deliveries,
                "/deliveries",
                "Deliveries",
                "send",
                "m",
                counts.dead,
            ),
            item(Nav::Record, "/record", "Record", "chain", "r", 0),
            item(Nav::People, "/people", "People", "people", "o", 0),
            item(Nav::Settings, "/settings", "Settings", "gear", "s", 0),
        ]
    }

    /// How fast the time of the demo runs, as a sentence.
    #[must_use]
    pub fn pace_words(&self) -> String {
        pace_words(self.pace)
    }

    /// Whether the viewer may open tickets.
    #[must_use]
    pub fn may_open(&self) -> bool {
        self.viewer.role != Role::Auditor
    }

    /// Where a ticket is opened: the whole form, or the reporter's three questions.
    #[must_use]
    pub fn new_href(&self) -> &'static str {
        match self.viewer.role {
            Role::Reporter => "/report",
            _ => "/tickets/new",
        }
    }

    /// Word on the button that leads there.
    #[must_use]
    pub fn new_word(&self) -> &'static str {
        match self.viewer.role {
            Role::Reporter => "Report",
            _ => "New ticket",
        }
    }

    /// Whether the search window is offered.
    #[must_use]
    pub fn may_search(&self) -> bool {
        self.viewer.role != Role::Reporter
    }
}

/// How fast a desk's time runs, as a sentence.
#[must_use]
pub fn pace_words(pace: i64) -> String {
    match pace {
        1 => "Time runs as it does for everybody.".to_owned(),
        60 => "A minute passes in a second.".to_owned(),
        3600 => "An hour passes in a second.".to_owned(),
        n => format!("Time runs {n} times as fast as outside."),
    }
}
