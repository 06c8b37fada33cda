//! Evidence: bytes first, durable under their digest, then the entry; out only after the entry that says to whom and why.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{EvidenceId, TicketNo};
use midwatch_domain::ticket::{Attach, HandOutEvidence, Ticket, VerifyEvidence};
use midwatch_store::blobs::Receiving;
use midwatch_store::db::Tx;
use midwatch_store::{Fault, rows};

use crate::Desk;
use crate::act::{Conditions, Done};

/// What is said about a file when it is attached.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// File name as given.
    pub name: String,
    /// Media type as given.
    pub media_type: String,
    /// What it is.
    pub description: String,
    /// Where and how it was collected.
    pub source: String,
    /// When it was collected, if earlier than now.
    pub collected_at: Option<midwatch_domain::moment::Moment>,
}

impl Desk {
    /// Refuses before any byte is received, if the viewer may not attach to the ticket. Blocks.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub fn may_attach(&self, viewer: &Viewer, number: TicketNo) -> Result<Receiving, Fault> {
        self.store
            .read(|tx| allowed(tx, viewer, Action::NoteTickets, number).map(|_| ()))?;
        Ok(self.store.blobs().receive(self.store.random())?)
    }

    /// Attaches a received file.
    ///
    /// # Errors
    /// A refusal; or storage failed. The bytes may then stay as an unused file.
    pub async fn attach(
        &self,
        viewer: Viewer,
        number: TicketNo,
        file: Receiving,
        about: About,
        conditions: Conditions,
    ) -> Result<Done, Fault> {
        let kept = tokio::task::spawn_blocking(move || file.keep()).await;
        let (sha256, size) =
            kept.map_err(|e| midwatch_store::StoreError::Unavailable(e.to_string()))??;
        let About {
            name,
            media_type,
            description,
            source,
            collected_at,
        } = about;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let command = Attach {
            name,
            media_type,
            size,
            sha256,
            description,
            source,
            collected_at,
        };
        self.act(viewer, number, command, conditions).await
    }

    /// Records that evidence is handed out, then opens it.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn hand_out(
        &self,
        viewer: Viewer,
        number: TicketNo,
        command: HandOutEvidence,
    ) -> Result<(midwatch_domain::ticket::Evidence, std::fs::File), Fault> {
        let id = command.evidence.clone();
        self.act(viewer.clone(), number, command, Conditions::default())
            .await?;
        let desk = self.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let work = Action::WorkTickets;
            let ticket = desk.store.read(|tx| allowed(tx, &viewer, work, number))?;
            let evidence = ticket.evidence(&id)?.clone();
            let file = desk.store.blobs().open(&evidence.sha256)?;
            Ok((evidence, file))
        });
        opened
            .await
            .map_err(|e| midwatch_store::StoreError::Unavailable(e.to_string()))?
    }

    /// Hashes evidence again and records what was found.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn verify_evidence(
        &self,
        viewer: Viewer,
        number: TicketNo,
        evidence: EvidenceId,
    ) -> Result<Done, Fault> {
        let (desk, asking, id) = (self.clone(), viewer.clone(), evidence.clone());
        let found = tokio::task::spawn_blocking(move || {
            let work = Action::WorkTickets;
            let ticket = desk.store.read(|tx| allowed(tx, &asking, work, number))?;
            Ok::<_, Fault>(desk.store.blobs().rehash(&ticket.evidence(&id)?.sha256))
        });
        let found = found
            .await
            .map_err(|e| midwatch_store::StoreError::Unavailable(e.to_string()))??;
        self.act(
            viewer,
            number,
            VerifyEvidence { evidence, found },
            Conditions::default(),
        )
        .await
    }
}

/// A ticket to which the viewer may do something, also with a token that may write but not read.
fn allowed(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    action: Action,
    number: TicketNo,
) -> Result<Ticket, Fault> {
    let ticket = rows::ticket::load(tx, number)?.ok_or_else(|| Refusal::missing("ticket"))?;
    viewer.may_on(action, &ticket)?;
    Ok(ticket)
}
