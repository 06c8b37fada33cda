//! A small cast and a fixed moment for the gallery's pages.

use jiff::tz::TimeZone;
use midwatch_web::view::{
    form::Choice,
    frame::{Counts, Frame, Nav, Role, Theme, Toast, Viewer},
    moment::{Moment, Now, span},
    piece::{CleanHtml, Clock, ClockState, Level, PersonChip, Phase, Severity, Tlp, ValueChip},
    queue::{Offer, TicketRow},
    ticket::TicketHead,
    ticket_parts::{Detail, Entry, EntryKind, FieldFact, Step, StepState},
};

/// A page's file name and its HTML.
pub(crate) type Page = (&'static str, String);

/// One minute.
pub(crate) const MIN: i64 = 60_000;
/// One hour.
pub(crate) const HOUR: i64 = 60 * MIN;
/// One day.
pub(crate) const DAY: i64 = 24 * HOUR;
/// Text as an attacker would type it.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u{202e}gnp.exe {{7*7}} AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) fn now() -> Now {
    Now::new(
        1_795_314_720_000,
        TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
    )
}

pub(crate) fn ago(ms: i64) -> Moment {
    let now = now();
    now.moment(now.ms - ms)
}

pub(crate) fn clock(what: &str, state: ClockState, left: i64) -> Clock {
    let now = now();
    let due = now.ms + left;
    Clock {
        what: what.to_owned(),
        state,
        due: now.moment(due),
        left: match state {
            ClockState::Paused => "paused".to_owned(),
            ClockState::Met => "met".to_owned(),
            _ => now.left(due),
        },
    }
}

pub(crate) fn mara() -> PersonChip {
    PersonChip::new("mara", "Mara Kessler", true)
}
pub(crate) fn leo() -> PersonChip {
    PersonChip::new("leo", "Leo Brandt", false)
}
pub(crate) fn aiko() -> PersonChip {
    PersonChip::new("aiko", "Aiko Tanaka", false)
}
pub(crate) fn sam() -> PersonChip {
    PersonChip::new("sam", "Samuel Okonkwo-Lindqvist", false)
}
pub(crate) fn system() -> PersonChip {
    PersonChip::new("system", "Midwatch", false)
}

pub(crate) fn people() -> Vec<Choice> {
    [mara(), leo(), aiko(), sam()]
        .map(|p| Choice::new(p.id, p.name))
        .to_vec()
}

pub(crate) fn frame(title: &str, nav: Nav) -> Frame {
    Frame {
        title: title.to_owned(),
        nav,
        viewer: Viewer {
            person: mara(),
            role: Role::Lead,
        },
        counts: Counts {
            on_call: 0,
            notices: 2,
            dead: 0,
            watch: 3,
            queue: 2,
            alerts: 0,
            procedures: 1,
        },
        duty: Some(mara()),
        duty_fallback: false,
        duty_next: "Leo Brandt, Tue 24 Nov, 08:00".to_owned(),
        now_iso: now().moment(now().ms).iso,
        asset_version: "gallery".to_owned(),
        demo: true,
        mailbox: false,
        pace: 1,
        theme: Theme::System,
        rail_narrow: false,
        toast: None,
        organisation: "Nordhaven Logistics".to_owned(),
        topics: String::new(),
        path: "/".to_owned(),
    }
}

pub(crate) fn toast() -> Option<Toast> {
    Some(Toast {
        text: "MW-1042 acknowledged".to_owned(),
        undo: String::new(),
    })
}

pub(crate) fn row(
    number: u32,
    title: &str,
    level: Level,
    phase: Phase,
    owner: PersonChip,
) -> TicketRow {
    TicketRow {
        number: format!("MW-{number}"),
        title: title.to_owned(),
        severity: Severity(level),
        tlp: Tlp::Amber,
        restricted: false,
        phase,
        phase_age: span(i64::from(number % 17) * HOUR + 23 * MIN),
        mine: owner.id == "mara",
        owner,
        offer: None,
        clock: None,
        acknowledged: true,
        team: "Security Operations".to_owned(),
        tags: Vec::new(),
        open_tasks: number % 4,
        updated: ago(i64::from(number % 11) * 37 * MIN + 2 * MIN),
    }
}

pub(crate) fn rows() -> Vec<TicketRow> {
    use ClockState::{Near, Passed, Paused, Running};
    use Level::{Critical, High, Low, Medium};
    use Phase::{Analysis, Containment, Detection, Eradication, Recovery};
    let mut all = vec![
        row(
            1042,
            "SSH password spray against bastion-2 from 41 addresses, two logins succeeded",
            High,
            Detection,
            mara(),
        ),
        row(
            1041,
            "Access key AKIA...Q7 used from an unknown network",
            Critical,
            Containment,
            leo(),
        ),
        row(
            1039,
            "Invoice mail with look-alike domain nordhavem-logistics.com",
            Medium,
            Analysis,
            aiko(),
        ),
        row(
            1037,
            "LockBit note on file server FS-03, share \\\\fs-03\\planning encrypted",
            Critical,
            Eradication,
            mara(),
        ),
        row(1036, "Laptop LT-2281 left in a taxi", Low, Analysis, sam()),
        row(
            1033,
            "Outbound traffic to 203.0.113.77 matches a feed",
            Medium,
            Detection,
            aiko(),
        ),
        row(
            1030,
            "Customer list mailed to a private address",
            High,
            Analysis,
            mara(),
        ),
        row(
            1028,
            "Login page probed for SQL injection",
            Low,
            Recovery,
            leo(),
        ),
        row(
            1027,
            "Impossible travel for j.moreau: Lyon and Jakarta within 40 min",
            Medium,
            Analysis,
            mara(),
        ),
        row(
            1021,
            "Unpatched VPN gateway reported by an outside researcher",
            High,
            Recovery,
            sam(),
        ),
        row(
            1019,
            "powershell -enc from a scheduled task on HR-114",
            High,
            Containment,
            leo(),
        ),
        row(
            1014,
            "Volume flood on the tracking portal, 9 Gbit/s for 14 minutes",
            Medium,
            Recovery,
            aiko(),
        ),
    ];
    all[0].clock = Some(clock("to acknowledge", Near, 4 * MIN + 12_000));
    all[0].acknowledged = false;
    all[0].tags = vec!["vpn".to_owned(), "bastion".to_owned()];
    all[1].clock = Some(clock("to contain", Passed, -38 * MIN));
    all[1].offer = Some(offer(true));
    all[2].clock = Some(clock("to analyse", Running, 3 * HOUR + 20 * MIN));
    all[3].clock = Some(clock("to recover", Running, 9 * HOUR));
    all[3].tlp = Tlp::Red;
    all[3].restricted = true;
    all[4].clock = Some(clock("waiting for the reporter", Paused, HOUR));
    all[6].restricted = true;
    all[6].clock = Some(clock("to contain", Near, 22 * MIN));
    all[10].clock = Some(clock("to eradicate", Running, 26 * HOUR));
    all
}

pub(crate) fn offer(to_me: bool) -> Offer {
    Offer {
        from: leo(),
        to: if to_me { mara() } else { aiko() },
        at: Some(ago(11 * MIN)),
        expires: Some(ago(-4 * MIN)),
        to_me,
    }
}

pub(crate) fn steps(current: Phase) -> Vec<Step> {
    let times = ["18 min", "3 h 41 min", "52 min", "6 h 5 min", "1 d 2 h", ""];
    Phase::ALL
        .iter()
        .zip(times)
        .map(|(&phase, time)| Step {
            phase,
            state: match phase.cmp(&current) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Ahead,
            },
            time: if phase <= current {
                time.to_owned()
            } else {
                String::new()
            },
        })
        .collect()
}

pub(crate) fn entry(
    seq: u64,
    kind: EntryKind,
    icon: &str,
    actor: PersonChip,
    sentence: &str,
    at: i64,
) -> Entry {
    Entry {
        note: String::new(),
        seq,
        kind,
        icon: icon.to_owned(),
        actor,
        sentence: sentence.to_owned(),
        occurred: ago(at),
        recorded: None,
        body: CleanHtml::default(),
        source: String::new(),
        details: Vec::new(),
        hash: "9f2ce41b77a0".to_owned(),
        corrected_by: None,
        correct_action: String::new(),
    }
}

pub(crate) fn entries() -> Vec<Entry> {
    use EntryKind::{Act, Note, System};
    let mut note = entry(84_201, Note, "note", mara(), "wrote a note", 9 * MIN);
    note.body = CleanHtml::vouched("<p>Two accounts logged in after the spray: <code>deploy</code> and <code>backup</code>. Both from <code>198.51.100[.]23</code>, within 40 s of each other.</p><ul><li><code>deploy</code> ran <code>id; uname -a; cat /etc/passwd</code> and left.</li><li><code>backup</code> is still connected. Asked network to hold the session, not to cut it.</li></ul>".to_owned());
    note.source = "Two accounts logged in after the spray".to_owned();
    note.correct_action = "/tickets/MW-1042/correct_note".to_owned();
    let mut late = entry(84_197, Note, "note", leo(), "wrote a note", 47 * MIN);
    late.recorded = Some(ago(12 * MIN));
    late.body = CleanHtml::vouched(
        "<p>Reset both passwords by phone with the platform team before the ticket existed.</p>"
            .to_owned(),
    );
    late.corrected_by = Some(84_201);
    let mut phase = entry(
        84_195,
        Act,
        "step",
        leo(),
        "moved the ticket to Analysis",
        55 * MIN,
    );
    phase.details = vec![
        Detail {
            name: "From".to_owned(),
            value: "Detection".to_owned(),
        },
        Detail {
            name: "Reason".to_owned(),
            value: "Confirmed: two sessions after the spray".to_owned(),
        },
    ];
    vec![
        note,
        entry(
            84_199,
            Act,
            "clip",
            mara(),
            "attached auth.log.gz, 1.2 MB",
            11 * MIN,
        ),
        late,
        phase,
        entry(
            84_190,
            System,
            "clock",
            system(),
            "met the target to acknowledge with 9 min to spare",
            71 * MIN,
        ),
        entry(
            84_189,
            Act,
            "check",
            leo(),
            "acknowledged the ticket",
            71 * MIN,
        ),
        entry(
            84_188,
            Act,
            "hand",
            leo(),
            "accepted the handoff from Aiko Tanaka",
            73 * MIN,
        ),
        entry(
            84_180,
            System,
            "user",
            system(),
            "made Aiko Tanaka the owner: on duty for Security Operations",
            80 * MIN,
        ),
        entry(
            84_179,
            Act,
            "flag",
            sam(),
            "opened the ticket from the template Suspicious log activity, version 3",
            80 * MIN,
        ),
    ]
}

pub(crate) fn fact(label: &str, value: &str) -> FieldFact {
    FieldFact {
        label: label.to_owned(),
        value: value.to_owned(),
        required: false,
        mono: false,
    }
}

pub(crate) fn hash() -> ValueChip {
    ValueChip::hash("9f2ce41b77a0c3d5e8f1029384756abcdeffedcba0987654321f0e1d2c3b4a59")
}

pub(crate) fn head() -> TicketHead {
    TicketHead {
        acknowledged: true,
        kind: "Intrusion attempts: Brute force".to_owned(),
        owner_reason: "took the ticket".to_owned(),
        number: "MW-1042".to_owned(),
        title: "SSH password spray against bastion-2 from 41 addresses, two logins succeeded"
            .to_owned(),
        severity: Severity(Level::High),
        severity_reason: "set by the rule of the template: logins succeeded".to_owned(),
        tlp: Tlp::Amber,
        pap: "GREEN".to_owned(),
        owner: mara(),
        mine: true,
        offer: None,
        brief: Vec::new(),
        reporter: sam(),
        opened: ago(80 * MIN),
        occurred: Some(ago(96 * MIN)),
        team: "Security Operations".to_owned(),
        template: "Suspicious log activity, version 3".to_owned(),
        template_href: "/templates/suspicious-log?version=3".to_owned(),
        procedure: "Handling of suspicious logins, version 2".to_owned(),
        procedure_href: "/procedures/logins?version=2".to_owned(),
        clocks: vec![clock("to contain", ClockState::Near, 22 * MIN)],
        restricted: false,
        tags: vec!["vpn".to_owned(), "bastion".to_owned()],
        outcome: String::new(),
        merged_into: String::new(),
        version: 14,
    }
}
