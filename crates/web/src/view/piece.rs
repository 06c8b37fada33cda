//! The small pieces every page is built from: severity, TLP, phase, person, clock, value, problem; display data only.

use super::moment::Moment;
use askama::{Template, filters::HtmlSafe};

/// How bad it is; shown as a letter in a shape of its own beside the word, so colour is never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Low: a ring.
    Low,
    /// Medium: a square.
    Medium,
    /// High: a diamond.
    High,
    /// Critical: an octagon.
    Critical,
}

impl Level {
    /// All levels, worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word, as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }

    /// The word, as forms, queries and CSS classes write it.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The letter inside the shape.
    #[must_use]
    pub fn letter(self) -> &'static str {
        &self.label()[..1]
    }
}

/// The severity badge.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "pieces/severity.html")]
pub struct Severity(
    /// The level shown.
    pub Level,
);
impl HtmlSafe for Severity {}

/// Traffic Light Protocol 2.0 marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "pieces/tlp.html")]
pub enum Tlp {
    /// For the named recipients only.
    Red,
    /// The organisation only.
    AmberStrict,
    /// The organisation and its clients.
    Amber,
    /// The community.
    Green,
    /// Everybody.
    Clear,
}
impl HtmlSafe for Tlp {}

impl Tlp {
    /// All markings, most secret first.
    pub const ALL: [Self; 5] = [
        Self::Red,
        Self::AmberStrict,
        Self::Amber,
        Self::Green,
        Self::Clear,
    ];

    /// The marking as the standard writes it, without the prefix.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Red => "RED",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Amber => "AMBER",
            Self::Green => "GREEN",
            Self::Clear => "CLEAR",
        }
    }

    /// The CSS class that colours it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::AmberStrict | Self::Amber => "amber",
            Self::Green => "green",
            Self::Clear => "clear",
        }
    }
}

/// The phases of a ticket, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Something was noticed.
    Detection,
    /// It is being understood.
    Analysis,
    /// It is being stopped from spreading.
    Containment,
    /// Its cause is being removed.
    Eradication,
    /// Service is being restored.
    Recovery,
    /// It is over and documented.
    Closed,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 6] = [
        Self::Detection,
        Self::Analysis,
        Self::Containment,
        Self::Eradication,
        Self::Recovery,
        Self::Closed,
    ];

    /// Those before the end, in order.
    pub const OPEN: [Self; 5] = [
        Self::Detection,
        Self::Analysis,
        Self::Containment,
        Self::Eradication,
        Self::Recovery,
    ];

    /// The word, as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Detection => "Detection",
            Self::Analysis => "Analysis",
            Self::Containment => "Containment",
            Self::Eradication => "Eradication",
            Self::Recovery => "Recovery",
            Self::Closed => "Closed",
        }
    }

    /// The word, as forms, queries and CSS classes write it.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Analysis => "analysis",
            Self::Containment => "containment",
            Self::Eradication => "eradication",
            Self::Recovery => "recovery",
            Self::Closed => "closed",
        }
    }
}

/// A person: initials, name, and a dot when on duty now.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/person.html")]
pub struct PersonChip {
    /// Identifier, used in links and filters.
    pub id: String,
    /// The name in full; an API token or the system is named here too.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// Whether the person is on duty now.
    pub on_duty: bool,
}
impl HtmlSafe for PersonChip {}

impl PersonChip {
    /// A chip with initials derived from the name.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, on_duty: bool) -> Self {
        let name = name.into();
        Self {
            id: id.into(),
            initials: initials(&name),
            name,
            on_duty,
        }
    }

    /// The first name, for narrow places.
    #[must_use]
    pub fn first(&self) -> &str {
        self.name.split_whitespace().next().unwrap_or(&self.name)
    }
}

/// The first letters of the first and last word of a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let text: String = first
        .into_iter()
        .chain(words.next_back())
        .flat_map(char::to_uppercase)
        .collect();
    if text.is_empty() {
        "?".to_owned()
    } else {
        text
    }
}

/// What a clock is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Running, with room.
    Running,
    /// Running out.
    Near,
    /// The target has passed.
    Passed,
    /// Stopped for a reason.
    Paused,
    /// Reached in time.
    Met,
    /// Reached after the target had passed.
    Late,
    /// Nobody has answered since; counts up.
    Waiting,
}

/// A target and how it stands: time left, paused, met or passed, in words and in colour.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/clock.html")]
pub struct Clock {
    /// What must happen: `to acknowledge`, `to accept`, `to contain`.
    pub what: String,
    /// How it stands.
    pub state: ClockState,
    /// When it is, or was, due.
    pub due: Moment,
    /// Text of the time left or over, as of rendering: `14 min left`, `2 h over`.
    pub left: String,
}
impl HtmlSafe for Clock {}

impl Clock {
    /// The CSS class of the state.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.state {
            ClockState::Running => "running",
            ClockState::Near => "near",
            ClockState::Passed => "passed",
            ClockState::Paused => "paused",
            ClockState::Met => "met",
            ClockState::Late => "late",
            ClockState::Waiting => "waiting",
        }
    }

    /// The icon of the state.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        match self.state {
            ClockState::Running | ClockState::Near | ClockState::Waiting => "clock",
            ClockState::Passed | ClockState::Late => "alert",
            ClockState::Paused => "pause",
            ClockState::Met => "check",
        }
    }

    /// Whether it counts up from a moment rather than down to one.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.state == ClockState::Waiting
    }

    /// Whether the page's script keeps the text current.
    #[must_use]
    pub fn ticks(&self) -> bool {
        matches!(
            self.state,
            ClockState::Running | ClockState::Near | ClockState::Passed
        )
    }
}

/// A value in monospace, copied by a click.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/value.html")]
pub struct ValueChip {
    /// What is copied.
    pub text: String,
    /// What is shown: the same, shortened or defanged.
    pub shown: String,
    /// What it is, for readers who cannot see the icon: `SHA-256`, `IPv4 address`.
    pub kind: String,
}
impl HtmlSafe for ValueChip {}

impl ValueChip {
    /// A value shown as it is.
    #[must_use]
    pub fn plain(kind: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            shown: text.clone(),
            text,
            kind: kind.into(),
        }
    }

    /// A hash shown by its first characters and copied whole.
    #[must_use]
    pub fn hash(text: impl Into<String>) -> Self {
        let text = text.into();
        let shown = text.chars().take(12).collect();
        Self {
            text,
            shown,
            kind: "hash".to_owned(),
        }
    }
}

/// What went wrong: what happened, what was kept, what to do.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "pieces/problem.html")]
pub struct Problem {
    /// What happened, in a few words.
    pub title: String,
    /// What was expected and what was kept.
    pub detail: String,
    /// What to do now.
    pub remedy: String,
    /// Single findings, each about one field.
    pub items: Vec<String>,
    /// Where it is settled: a word and an address.
    pub way: Option<(String, String)>,
}
impl HtmlSafe for Problem {}

/// An empty place: what it is for, and the act that fills it.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/empty.html")]
pub struct Empty {
    /// Icon name in the sprite.
    pub icon: String,
    /// What is not here.
    pub title: String,
    /// What this place is for.
    pub detail: String,
    /// Words on the act that fills it; no button when empty.
    pub act: String,
    /// Where the act is done.
    pub href: String,
}
impl HtmlSafe for Empty {}

impl Empty {
    /// An empty state without an act.
    #[must_use]
    pub fn new(icon: &str, title: &str, detail: &str) -> Self {
        Self {
            icon: icon.to_owned(),
            title: title.to_owned(),
            detail: detail.to_owned(),
            act: String::new(),
            href: String::new(),
        }
    }

    /// The same with the act that fills it.
    #[must_use]
    pub fn with_act(mut self, act: &str, href: &str) -> Self {
        act.clone_into(&mut self.act);
        href.clone_into(&mut self.href);
        self
    }
}

/// Keyset paging: where earlier and later rows are.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "pieces/pager.html")]
pub struct Pager {
    /// What is shown: `1–50 of 214`.
    pub summary: String,
    /// Link to the previous page.
    pub earlier: Option<String>,
    /// Link to the next page.
    pub later: Option<String>,
}
impl HtmlSafe for Pager {}

/// HTML that a sanitiser has already made safe (rendered Markdown, a server-made SVG); shown without escaping.
#[derive(Debug, Clone, Default)]
pub struct CleanHtml(String);

impl CleanHtml {
    /// Vouch that `html` came out of the Markdown sanitiser or was written by the server itself.
    #[must_use]
    pub fn vouched(html: String) -> Self {
        Self(html)
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for CleanHtml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl HtmlSafe for CleanHtml {}

#[cfg(test)]
mod tests {
    use super::{PersonChip, initials};

    #[test]
    fn initials_survive_odd_names() {
        assert_eq!(initials("Mara Kessler"), "MK");
        assert_eq!(initials("Juan Carlos de la Vega"), "JV");
        assert_eq!(initials("ops"), "O");
        assert_eq!(initials("  — "), "?");
    }

    #[test]
    fn a_hostile_name_is_escaped() {
        let html = PersonChip::new("x", "<script>alert(1)</script>", false).to_string();
        assert!(!html.contains("<script>"), "{html}");
    }
}
