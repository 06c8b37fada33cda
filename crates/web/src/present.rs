//! The desk as configured, together with who has the watch at the moment of the request. Decides nothing.

use midwatch_domain::directory::Directory;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// The directory at a moment: schedules are worked out once a request, however many people it shows.
#[derive(Clone)]
pub struct Present {
    directory: Arc<Directory>,
    on_duty: BTreeSet<PersonId>,
}

impl Present {
    /// The directory at `now`.
    pub fn new(directory: Arc<Directory>, now: Moment) -> Self {
        let teams = directory.teams.values();
        let on_duty = teams.filter_map(|t| directory.on_call(t, now)).collect();
        Self { directory, on_duty }
    }

    /// Whether the person has the watch of any team now.
    pub fn on_duty(&self, person: &PersonId) -> bool {
        self.on_duty.contains(person)
    }
}

impl Deref for Present {
    type Target = Directory;
    fn deref(&self) -> &Directory {
        &self.directory
    }
}
