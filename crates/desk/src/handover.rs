//! Many handoffs in one go: each offer and each answer is a command of its own, judged for itself, through the same door.

use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{AcceptHandoff, AddNote, Command, OfferHandoff};
use midwatch_store::{Fault, StoreError};

use crate::Desk;
use crate::act::{Conditions, Done, act};

/// What came of one ticket.
pub type Each = (TicketNo, Result<Done, Refusal>);

impl Desk {
    /// Offers each ticket to its receiver. A note, if there is one, is written into each ticket that was offered, together
    /// with the offer or not at all.
    ///
    /// # Errors
    /// Storage failed; what was offered before stands. What a rule refuses is told ticket by ticket instead.
    pub async fn hand_over(
        &self,
        viewer: &Viewer,
        offers: Vec<(TicketNo, OfferHandoff)>,
        note: Option<&str>,
        conditions: &Conditions,
    ) -> Result<Vec<Each>, StoreError> {
        let note = note.map(str::trim).filter(|n| !n.is_empty());
        let each = offers.into_iter().map(|(number, offer)| {
            let mut commands = vec![Command::from(offer)];
            commands.extend(note.map(|text| {
                Command::from(AddNote {
                    text: text.to_owned(),
                    occurred_at: None,
                    observables: None,
                })
            }));
            (number, commands)
        });
        self.each(viewer, each.collect(), conditions).await
    }

    /// Accepts what is offered to the viewer on each of the tickets.
    ///
    /// # Errors
    /// Storage failed; what was accepted before stands. What a rule refuses is told ticket by ticket instead.
    pub async fn accept_all(
        &self,
        viewer: &Viewer,
        tickets: Vec<TicketNo>,
        conditions: &Conditions,
    ) -> Result<Vec<Each>, StoreError> {
        let accept = |n| (n, vec![Command::from(AcceptHandoff {})]);
        let each = tickets.into_iter().map(accept);
        self.each(viewer, each.collect(), conditions).await
    }

    /// Does the commands of each ticket, all of one ticket or none. They are asked for at once, so that they share a commit.
    async fn each(
        &self,
        viewer: &Viewer,
        all: Vec<(TicketNo, Vec<Command>)>,
        conditions: &Conditions,
    ) -> Result<Vec<Each>, StoreError> {
        let asked: Vec<_> = all
            .into_iter()
            .map(|(number, commands)| {
                let (viewer, conditions) = (viewer.clone(), of_ticket(conditions, number));
                let done = self.store.submit(move |w| {
                    let mut commands = commands.iter();
                    let first = commands
                        .next()
                        .ok_or_else(|| Refusal::invalid("do", "There is nothing to do."))?;
                    let mut done = act(w, &viewer, number, first, &conditions)?;
                    // Under a key that was used before, all of it was done then.
                    for command in commands.filter(|_| !done.replayed) {
                        let more = act(w, &viewer, number, command, &Conditions::default())?;
                        done.version = more.version;
                        done.entries.extend(more.entries);
                    }
                    Ok::<_, Fault>(done)
                });
                (number, done)
            })
            .collect();
        let mut out = Vec::with_capacity(asked.len());
        for (number, done) in asked {
            out.push(match done.await {
                Ok(done) => (number, Ok(done)),
                Err(Fault::Refused(refusal)) => (number, Err(refusal)),
                Err(Fault::Store(e)) => return Err(e),
            });
        }
        Ok(out)
    }
}

/// The key of the whole request, made one for each ticket.
fn of_ticket(conditions: &Conditions, number: TicketNo) -> Conditions {
    let key = conditions.idempotency.as_ref();
    Conditions {
        idempotency: key.map(|(key, digest)| (format!("{key}/{number}"), digest.clone())),
        if_version: None,
    }
}
