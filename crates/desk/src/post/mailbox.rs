//! The local mailbox as its readers see it: everybody their own letters, whoever manages channels all, but nobody the links of
//! others, since a link acts as its reader.

pub use midwatch_connect::mail::mailbox::Kept;

use midwatch_connect::mail::mailbox::newest;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::channel::Settings;
use midwatch_domain::directory::Directory;
use midwatch_store::{Fault, StoreError};

use crate::Desk;

/// As many letters are shown at once.
pub const SHOWN: usize = 100;

/// Whether letters are kept on this machine.
pub fn exists(directory: &Directory) -> bool {
    let kept =
        |c: &midwatch_domain::channel::Channel| matches!(c.settings, Settings::Mailbox { .. });
    directory.channels.values().any(kept)
}

impl Desk {
    /// The newest letters of the local mailbox that a viewer may read. Blocks.
    ///
    /// # Errors
    /// Refused if there is no such channel; or if the folder cannot be read.
    pub fn letters(&self, viewer: &Viewer, directory: &Directory) -> Result<Vec<Kept>, Fault> {
        if !exists(directory) {
            let says = "There is no local mailbox. An administrator can add one under Settings, Channels; it keeps letters on the server instead of sending them.";
            let none = Refusal {
                message: says.into(),
                ..Refusal::missing("mailbox")
            };
            return Err(none.into());
        }
        let person = viewer.actor.person().and_then(|p| directory.people.get(p));
        let own = |to: &str| person.is_some_and(|p| p.email.eq_ignore_ascii_case(to));
        let all = viewer.may(Action::ManageChannels).is_ok();
        let found = newest(&self.data.join("mailbox"), SHOWN, &|to| all || own(to));
        let mut found = found.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        for letter in found.iter_mut().filter(|l| !own(&l.to)) {
            letter.text = without_links(&letter.text);
        }
        Ok(found)
    }
}

/// A letter without what acts as its reader.
fn without_links(text: &str) -> String {
    let hide = |line: &str| match line.contains("/act/") {
        true => "(this link is for its reader alone)".to_owned(),
        false => line.to_owned(),
    };
    text.lines().map(hide).collect::<Vec<_>>().join("\n")
}
