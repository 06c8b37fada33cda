//! The fields a query can name, how each may be compared, and the words some of them take.

/// A field that a query can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Number of the ticket.
    Number,
    /// Part of the title.
    Title,
    /// Where in its life.
    Phase,
    /// How bad.
    Severity,
    /// Class, type or both of the taxonomy.
    Kind,
    /// Who may be told.
    Tlp,
    /// What may be done.
    Pap,
    /// A tag.
    Tag,
    /// The team it is routed to.
    Team,
    /// Key of the template.
    Template,
    /// What it turned out to be.
    Outcome,
    /// Through which door it came.
    Origin,
    /// A state; see [`Is`].
    Is,
    /// Something it has; see [`Has`].
    Has,
    /// The order; not a condition.
    Sort,
    /// A person.
    Person(PersonField),
    /// A time.
    Time(TimeField),
}

/// A field that holds people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonField {
    /// Who is responsible.
    Owner,
    /// Who reported it.
    Reporter,
    /// Who follows it.
    Watcher,
    /// To whom an open task is assigned.
    Assignee,
}

/// A field that holds a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeField {
    /// When it was opened.
    Opened,
    /// When its last entry was recorded.
    Updated,
    /// When it was closed.
    Closed,
    /// When it was seen first.
    Discovered,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compare {
    /// `:` or `=`; one of the values.
    Is,
    /// `!=`; none of the values.
    IsNot,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Compare {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Compare::Is => ":",
            Compare::IsNot => "!=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::More => ">",
            Compare::AtLeast => ">=",
        }
    }

    /// Whether it asks for an order.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Compare::Is | Compare::IsNot)
    }

    /// Whether it holds between two values that have an order.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Compare::Is => left == right,
            Compare::IsNot => left != right,
            Compare::Less => left < right,
            Compare::AtMost => left <= right,
            Compare::More => left > right,
            Compare::AtLeast => left >= right,
        }
    }
}

/// A closed list of words with their text.
macro_rules! words {
    ($($(#[$doc:meta])* $Name:ident { $($(#[$vdoc:meta])* $Variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $Name { $($(#[$vdoc])* $Variant),* }

        impl $Name {
            /// Every value.
            pub const ALL: &'static [$Name] = &[$($Name::$Variant),*];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self { $($Name::$Variant => $text),* }
            }
        }
    )*};
}

words! {
    /// A state of a ticket.
    Is {
        /// Not closed.
        Open = "open",
        /// Closed.
        Closed = "closed",
        /// Open and acknowledged by its owner.
        Acknowledged = "acknowledged",
        /// Open and not yet acknowledged by its owner.
        Unacknowledged = "unacknowledged",
        /// A handoff waits for an answer.
        Offered = "offered",
        /// Only named people may know of it.
        Restricted = "restricted",
        /// Merged into another ticket.
        Merged = "merged",
        /// Followed by whoever asks.
        Watched = "watched",
        /// Owned by whoever asks.
        Mine = "mine",
    }
    /// Something a ticket has.
    Has {
        /// Evidence.
        Evidence = "evidence",
        /// A handoff that waits for an answer.
        Offer = "offer",
        /// Tasks that are still to be done.
        Tasks = "tasks",
        /// Links to other tickets.
        Links = "links",
    }
    /// What tickets can be ordered by.
    SortKey {
        /// When the last entry was recorded.
        Updated = "updated",
        /// When it was opened.
        Opened = "opened",
        /// How bad.
        Severity = "severity",
        /// Number.
        Number = "number",
        /// Since when it is in its present phase; ascending: the shortest stay first.
        PhaseAge = "phase_age",
    }
}

impl Field {
    /// Every field with its name and what to write, for help and for errors.
    pub const ALL: &'static [(Field, &'static str, &'static str)] = &[
        (Field::Number, "number", "a ticket number such as MW-1042"),
        (Field::Title, "title", "part of the title"),
        (
            Field::Phase,
            "phase",
            "detection, analysis, containment, eradication, recovery or closed",
        ),
        (Field::Severity, "severity", "low, medium, high or critical"),
        (
            Field::Kind,
            "kind",
            "a class such as fraud, or class and type such as fraud/phishing",
        ),
        (
            Field::Tlp,
            "tlp",
            "clear, green, amber, amber+strict or red",
        ),
        (Field::Pap, "pap", "clear, green, amber or red"),
        (Field::Tag, "tag", "a tag"),
        (
            Field::Person(PersonField::Owner),
            "owner",
            "me, a name, the beginning of one, or a mail address",
        ),
        (
            Field::Person(PersonField::Reporter),
            "reporter",
            "me, a name, the beginning of one, or a mail address",
        ),
        (
            Field::Person(PersonField::Watcher),
            "watcher",
            "me, a name, the beginning of one, or a mail address",
        ),
        (
            Field::Person(PersonField::Assignee),
            "assignee",
            "me, a name, the beginning of one, or a mail address",
        ),
        (Field::Team, "team", "a team's name or its beginning"),
        (Field::Template, "template", "the key of a template"),
        (
            Field::Outcome,
            "outcome",
            "true_positive, false_positive, benign, duplicate, indeterminate or other",
        ),
        (Field::Origin, "origin", "web, report, cli, api or system"),
        (
            Field::Is,
            "is",
            "open, closed, acknowledged, unacknowledged, offered, restricted, merged, watched or mine",
        ),
        (Field::Has, "has", "evidence, offer, tasks or links"),
        (
            Field::Time(TimeField::Opened),
            "opened",
            "a time such as -7d, today or 2026-11-01",
        ),
        (
            Field::Time(TimeField::Updated),
            "updated",
            "a time such as -24h, yesterday or 2026-11-01T03:00Z",
        ),
        (
            Field::Time(TimeField::Closed),
            "closed",
            "a time such as -7d, today or 2026-11-01",
        ),
        (
            Field::Time(TimeField::Discovered),
            "discovered",
            "a time such as -7d, today or 2026-11-01",
        ),
        (
            Field::Sort,
            "sort",
            "updated, opened, severity, number or phase_age, with - for descending",
        ),
    ];

    /// The field of this name, whatever its case.
    pub fn by_name(name: &str) -> Option<Field> {
        Self::ALL
            .iter()
            .find(|(_, n, _)| n.eq_ignore_ascii_case(name))
            .map(|(f, _, _)| *f)
    }

    fn row(self) -> &'static (Field, &'static str, &'static str) {
        Self::ALL
            .iter()
            .find(|(f, _, _)| *f == self)
            .expect("the table has every field, which a test checks")
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What can be written after it.
    pub fn expects(self) -> &'static str {
        self.row().2
    }

    /// Whether its values have an order, so that `<`, `<=`, `>` and `>=` mean something.
    pub fn is_ordered(self) -> bool {
        use Field as F;
        matches!(
            self,
            F::Number | F::Phase | F::Severity | F::Tlp | F::Pap | F::Time(_)
        )
    }
}
