//! What a message says and where it goes, judged when it is sent: from the ticket, the people and the channels as they are then.

use midwatch_domain::channel::Channel;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{DeliveryId, PersonId, TicketNo};
use midwatch_domain::message::{self, Envelope, Happened, Link, Message};
use midwatch_domain::notify::{NoticeKind, OneClick, may_hear};
use midwatch_domain::people::AccountState;
use midwatch_domain::secret::Secret;
use midwatch_store::db::Tx;
use midwatch_store::rows::delivery::{self, Delivery};
use midwatch_store::rows::ticket;
use midwatch_store::{Fault, StoreError, log};

use super::secret;
use crate::Desk;

/// Lines of a digest that are written out.
const DIGEST_LINES: usize = 200;

/// A message that was leased, with the links made for it.
pub(super) struct Job {
    pub(super) delivery: Delivery,
    pub(super) acts: Vec<(OneClick, Secret)>,
}

/// What to do with a leased message.
pub(super) enum Ready {
    /// Send it.
    Go(Box<Outgoing>),
    /// There is no use in sending it any more.
    Cancelled(String),
    /// There is no way to send it.
    Dead(String),
}

/// Everything that sending takes.
pub(super) struct Outgoing {
    pub(super) channel: Channel,
    pub(super) secret: Option<Secret>,
    pub(super) address: String,
    pub(super) message: Message,
}

/// Makes a message ready. Blocks.
pub(super) fn ready(desk: &Desk, job: &Job) -> Result<Ready, Fault> {
    let d = &job.delivery;
    let found = desk.store.read(|tx| {
        let directory = desk.store.directory(tx)?;
        if let Some(why) = gone(&directory, d.person.as_ref()) {
            return Ok::<_, StoreError>(Err(Ready::Cancelled(why.into())));
        }
        let (channel, address) = match place(&directory, d) {
            Ok(place) => place,
            Err(why) => return Ok(Err(Ready::Dead(why))),
        };
        let message = match d.ticket {
            Some(number) => about(desk, tx, &directory, job, number)?,
            None => Some(digest(desk, tx, &d.id)?),
        };
        let Some(message) = message else {
            let why = "The reader may not know of this ticket any more.";
            return Ok(Err(Ready::Cancelled(why.into())));
        };
        let sealed = secret::sealed(tx, &channel)?;
        Ok(Ok((channel, address, message, sealed)))
    })?;
    let (channel, address, message, sealed) = match found {
        Err(ready) => return Ok(ready),
        Ok(found) => found,
    };
    let secret = match sealed.map(|s| desk.open_secret(&channel, &s)).transpose() {
        Ok(secret) => secret,
        Err(e) => return Ok(Ready::Dead(e.to_string())),
    };
    Ok(Ready::Go(Box::new(Outgoing {
        channel,
        secret,
        address,
        message,
    })))
}

/// Why nobody reads it, if nobody does.
fn gone(directory: &Directory, person: Option<&PersonId>) -> Option<&'static str> {
    let person = directory.people.get(person?);
    let active = person.is_some_and(|p| p.state == AccountState::Active);
    (!active).then_some("The reader's account is not active.")
}

/// By which channel it goes, and to which address there.
fn place(directory: &Directory, d: &Delivery) -> Result<(Channel, String), String> {
    match d.channel() {
        Some(id) => {
            let channel = directory.channels.get(&id);
            let channel = channel.ok_or("The channel was deleted.")?;
            if !channel.enabled {
                return Err(format!("The channel “{}” is switched off.", channel.name));
            }
            Ok((channel.clone(), d.address.clone()))
        }
        None => {
            let channel = directory.mail();
            let channel = channel.ok_or("There is no channel for mail.")?;
            let person = d.person.as_ref().and_then(|p| directory.people.get(p));
            let address = person.map(|p| p.email.clone());
            let address = address.ok_or("There is nobody to write to.")?;
            Ok((channel.clone(), address))
        }
    }
}

/// A message about a ticket; none, if the reader may not know of it.
fn about(
    desk: &Desk,
    tx: &mut Tx<'_>,
    directory: &Directory,
    job: &Job,
    number: TicketNo,
) -> Result<Option<Message>, StoreError> {
    let d = &job.delivery;
    let ticket = ticket::load(tx, number)?;
    let ticket =
        ticket.ok_or_else(|| StoreError::Corrupt(format!("a message is about no {number}")))?;
    let may = match &d.person {
        Some(person) => may_hear(directory, person, &ticket),
        None => ticket.restricted_to.is_none(),
    };
    if !may {
        return Ok(None);
    }
    let happened = match log::one(tx, d.seq)? {
        None => Happened::default(),
        Some(entry) => Happened {
            who: ticket::actor_name(&entry.actor, directory),
            said: ticket::parse(&entry)?.say(directory),
        },
    };
    let act = |(verb, secret): &(OneClick, Secret)| Link {
        label: verb.label().into(),
        url: format!("{}/act/{}", desk.url(), secret.expose()),
        wanted: verb.is_wanted(),
    };
    let envelope = Envelope {
        id: d.id.clone(),
        now: desk.store.now(),
        kind: d.kind,
        urgency: d.urgency,
        to: d.person.as_ref().and_then(|p| directory.people.get(p)),
        why: &d.why,
        page: format!("{}/tickets/{number}", desk.url()),
        acts: job.acts.iter().map(act).collect(),
    };
    Ok(Some(message::compose(
        envelope, &ticket, &happened, directory,
    )))
}

/// One letter of what has come together, each line as the ticket lets it out now.
fn digest(desk: &Desk, tx: &mut Tx<'_>, id: &DeliveryId) -> Result<Message, StoreError> {
    let directory = desk.store.directory(tx)?;
    let mut lines = Vec::new();
    for d in delivery::bundled(tx, id)? {
        let (Some(number), Some(person)) = (d.ticket, &d.person) else {
            continue;
        };
        if let Some(ticket) = ticket::load(tx, number)?
            && may_hear(&directory, person, &ticket)
        {
            lines.push((number, message::summary(d.kind, &ticket)));
        }
    }
    let page = format!("{}/", desk.url());
    let now = desk.store.now();
    Ok(message::digest(
        id.clone(),
        now,
        &lines,
        &page,
        DIGEST_LINES,
    ))
}

/// Whether a message of this kind asks its reader for something that one click can do.
pub(super) fn asks(kind: NoticeKind) -> bool {
    use NoticeKind as K;
    matches!(
        kind,
        K::Opened | K::Escalated | K::Released | K::Reopened | K::HandoffOffered
    )
}
