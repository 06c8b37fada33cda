//! What messages go by: channels, people's own rules, texts. Judges a change; sends nothing.

use midwatch_connect::Reach;
use midwatch_connect::egress::target;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::channel::{Channel, Settings};
use midwatch_domain::directory::Directory;
use midwatch_domain::message::MessageTemplate;
use midwatch_domain::notify::NotifyRules;
use midwatch_domain::revise::Revision;

use super::Checked;

/// A channel as an administrator wants it. Its secret is set apart, and does not go along to another place.
pub(super) fn channel(viewer: &Viewer, d: &Directory, c: Channel) -> Checked {
    viewer.may(Action::ManageChannels)?;
    let mut c = c.validate()?;
    if let Some(url) = c.settings.url() {
        target(url, reach(&c))?;
    }
    let before = d.channels.get(&c.id);
    if before.is_some_and(|b| b.settings.kind() != c.settings.kind()) {
        return Err(Refusal::invalid(
            "kind",
            "A channel keeps its kind. Add another one and delete this.",
        )
        .into());
    }
    let others = || d.channels.values().filter(|o| o.id != c.id);
    if others().any(|o| o.name == c.name) {
        return Err(Refusal::invalid("name", "Another channel has this name.").into());
    }
    if c.enabled && c.settings.is_mail() && !c.deleted {
        let other = others().find(|o| o.enabled && o.settings.is_mail());
        if let Some(other) = other {
            return Err(Refusal::invalid(
                "enabled",
                format!(
                    "Letters go out by “{}” already. Switch that channel off first.",
                    other.name
                ),
            )
            .into());
        }
    }
    if let Some(team) = c
        .hears
        .iter()
        .flat_map(|h| &h.teams)
        .find(|t| !d.teams.contains_key(*t))
    {
        return Err(Refusal::invalid("hears", format!("There is no team {team}.")).into());
    }
    // Set apart from here: when the secret was set, and where a secret address leads.
    c.secret_at = before.and_then(|b| b.secret_at);
    if let (Settings::Slack { host } | Settings::Teams { host }, Some(b)) =
        (&mut c.settings, before)
    {
        *host = b.settings.place();
    }
    let mut change = Vec::new();
    match before {
        None => change.push(format!("made, leads to {}", c.settings.place())),
        Some(b) => {
            if b.settings.place() != c.settings.place() {
                let (old, new) = (b.settings.place(), c.settings.place());
                change.push(format!("leads to {new} instead of {old}"));
                // Whoever holds the new place must not be handed the key of the old one.
                if c.secret_at.take().is_some() {
                    change.push("its secret is forgotten".into());
                }
            }
            if b.enabled != c.enabled {
                change.push(if c.enabled { "on" } else { "off" }.into());
            }
            if !b.allow_private && c.allow_private {
                change.push("may reach the own network".into());
            }
            if c.deleted {
                c.secret_at = None;
                change.push("deleted".into());
            }
        }
    }
    Ok((Revision::Channel(c), change.join(", ")))
}

/// How far a channel may reach.
pub(crate) fn reach(c: &Channel) -> Reach {
    if c.allow_private {
        Reach::Private
    } else {
        Reach::Public
    }
}

/// Rules of one's own, or of somebody by who manages people.
pub(super) fn rules(viewer: &Viewer, d: &Directory, r: NotifyRules) -> Checked {
    viewer.may(Action::ManageSelf)?;
    if viewer.actor.person() != Some(&r.person) {
        viewer.may(Action::ManagePeople)?;
    }
    if !d.people.contains_key(&r.person) {
        return Err(Refusal::missing("person").into());
    }
    let r = r.validate(d)?;
    let change = match r.rules.len() {
        0 => "mail for everything".to_owned(),
        1 => "1 rule".to_owned(),
        n => format!("{n} rules"),
    };
    Ok((Revision::NotifyRules(r), change))
}

/// The text of a kind of message.
pub(super) fn message(viewer: &Viewer, _: &Directory, m: MessageTemplate) -> Checked {
    viewer.may(Action::EditTemplates)?;
    Ok((Revision::Message(m.validate()?), String::new()))
}
