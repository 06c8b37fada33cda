//! A desk without storage: runs commands by the rules, records them in a chain, and checks the invariants after each entry.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::{START, directory, invariants, viewer};
use crate::Refusal;
use crate::access::Viewer;
use crate::directory::Directory;
use crate::due;
use crate::entry::{Chain, Entry, Hash, fields_of};
use crate::facts::{Facts, Ids};
use crate::id::{EvidenceId, TicketNo};
use crate::moment::Moment;
use crate::ticket::{At, Attach, Command, Open, Planned, Sentence, Ticket, TicketEntry};
use crate::words::Origin;

/// Tickets, their record and a clock that moves a minute with each command.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Who and what there is.
    pub directory: Directory,
    /// Tickets as they stand.
    pub tickets: BTreeMap<TicketNo, Ticket>,
    /// Everything that was recorded.
    pub record: Vec<Entry>,
    /// The time.
    pub now: Moment,
    chain: Chain,
    drawn: u64,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// The desk of the test organisation, without tickets.
    pub fn new() -> Self {
        Self {
            directory: directory(),
            tickets: BTreeMap::new(),
            record: Vec::new(),
            now: START,
            chain: Chain::default(),
            drawn: 0,
        }
    }

    /// A ticket as it stands.
    pub fn ticket(&self, n: TicketNo) -> &Ticket {
        &self.tickets[&n]
    }

    /// Opens a ticket from a JSON body through `origin`.
    ///
    /// # Errors
    /// The refusal of the rules.
    pub fn try_open(
        &mut self,
        by: &Viewer,
        origin: Origin,
        body: Value,
    ) -> Result<TicketNo, Refusal> {
        let open: Open = serde_json::from_value(body).expect("a test opens with a readable body");
        let next = self.next_number();
        self.run(by, &[], |facts| open.decide(origin, facts))?;
        Ok(next)
    }

    /// Opens a blank ticket of the default team; its owner is Ben, who is on duty.
    pub fn open(&mut self, who: &str) -> TicketNo {
        let by = viewer(&self.directory, who);
        let body = json!({ "title": "Strange sign-in", "description": "Seen in the log." });
        self.try_open(&by, Origin::Web, body)
            .expect("the test organisation can open tickets")
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The refusal of the rules; nothing changed.
    pub fn act(
        &mut self,
        by: &Viewer,
        n: TicketNo,
        command: &Command,
    ) -> Result<Vec<Planned>, Refusal> {
        let Some(ticket) = self.tickets.get(&n).cloned() else {
            return Err(Refusal::missing("ticket"));
        };
        self.run(by, &command.others(), |facts| {
            command.decide(&ticket, facts)
        })
    }

    /// Runs a verb with a JSON body, as a request does.
    ///
    /// # Errors
    /// The refusal of the rules; nothing changed.
    pub fn request(
        &mut self,
        by: &Viewer,
        n: TicketNo,
        verb: &str,
        body: Value,
    ) -> Result<Vec<Planned>, Refusal> {
        self.act(by, n, &Command::parse(verb, body)?)
    }

    /// Runs a verb that must be allowed; what the timeline says of it, one entry a line.
    pub fn does(&mut self, who: &str, n: TicketNo, verb: &str, body: Value) -> String {
        let by = viewer(&self.directory, who);
        let planned = match self.request(&by, n, verb, body) {
            Ok(planned) => planned,
            Err(refusal) => panic!("{who} may {verb} {n}, but: {refusal}"),
        };
        let say = |p: &Planned| {
            let Sentence { text, body } = p.entry.say(&self.directory);
            body.map_or(text.clone(), |b| format!("{text} | {b}"))
        };
        planned.iter().map(say).collect::<Vec<_>>().join("\n")
    }

    /// Runs a verb that must be refused; the code of the refusal.
    pub fn refused(&mut self, who: &str, n: TicketNo, verb: &str, body: Value) -> String {
        let by = viewer(&self.directory, who);
        match self.request(&by, n, verb, body) {
            Ok(planned) => panic!("{who} must not {verb} {n}, but did: {planned:?}"),
            Err(refusal) => refusal.code,
        }
    }

    /// Attaches a small file.
    pub fn attach(&mut self, who: &str, n: TicketNo, name: &str) -> EvidenceId {
        let by = viewer(&self.directory, who);
        let attach = attach(name);
        self.act(&by, n, &attach.into())
            .expect("the test attaches where it may");
        self.ticket(n)
            .evidence
            .last()
            .map(|e| e.id.clone())
            .expect("evidence was attached just now")
    }

    /// A waiting offer from Ben to `to`.
    pub fn offer(&mut self, n: TicketNo, to: &str) -> String {
        self.does("ben", n, "offer_handoff", offer_to(to))
    }

    /// Lets `ms` milliseconds pass, then does what is due on the ticket; what the timeline says of it, one entry a line.
    pub fn after(&mut self, ms: i64, n: TicketNo) -> String {
        // Every decision takes a minute.
        self.now = self.now.plus_ms(ms - 60_000);
        let ticket = self.ticket(n).clone();
        let planned = self
            .run(&Viewer::system(), &[], |facts| {
                Ok(due::fire(&ticket, facts))
            })
            .expect("what is due is not refused");
        let say = |p: &Planned| p.entry.say(&self.directory).text;
        planned.iter().map(say).collect::<Vec<_>>().join("\n")
    }

    fn next_number(&self) -> TicketNo {
        TicketNo(self.tickets.last_key_value().map_or(1, |(n, _)| n.0 + 1))
    }

    fn run(
        &mut self,
        by: &Viewer,
        others: &[TicketNo],
        decide: impl Fn(&Facts<'_>) -> Result<Vec<Planned>, Refusal>,
    ) -> Result<Vec<Planned>, Refusal> {
        self.now = self.now.plus_ms(60_000);
        self.drawn += 1;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        let named = others
            .iter()
            .filter_map(|n| Some((*n, self.tickets.get(n)?.clone())));
        let named: BTreeMap<TicketNo, Ticket> = named.collect();
        let planned = decide(&Facts {
            now: self.now,
            viewer: by,
            directory: &self.directory,
            others: &named,
            next_number: self.next_number(),
            ids: Ids::new(seed),
        })?;
        for p in &planned {
            self.write(by, p);
        }
        if let Err(broken) = invariants::across(&self.tickets) {
            panic!("{broken} after {planned:?}");
        }
        Ok(planned)
    }

    fn write(&mut self, by: &Viewer, planned: &Planned) {
        let mut entry = Entry {
            seq: self.chain.seq + 1,
            ticket: Some(planned.ticket),
            actor: by.actor.clone(),
            kind: planned.entry.kind().into(),
            version: planned.entry.version(),
            occurred_at: planned.occurred_at.unwrap_or(self.now),
            recorded_at: self.now,
            fields: fields_of(planned.entry.payload(), || [7; 16]),
            hash: Hash::ZERO,
        };
        entry.hash = entry.compute_hash(&self.chain.hash);
        self.chain.accept(&entry).expect("the next entry fits");
        let before = self.tickets.remove(&planned.ticket);
        let after = planned.entry.apply(before.clone(), &at(&entry));
        let read = reread(&entry).apply(before.clone(), &at(&entry));
        assert_eq!(after, read, "what is read back means something else");
        let after = after.expect("an entry is about a ticket that was opened");
        let (d, e) = (&self.directory, &planned.entry);
        if let Err(broken) = invariants::after_entry(before.as_ref(), e, &after, d) {
            panic!("{broken} after {e:?}");
        }
        assert!(!e.say(d).text.is_empty());
        self.tickets.insert(planned.ticket, after);
        self.record.push(entry);
    }

    /// The tickets as they follow from the record alone, written out and read back.
    pub fn folded(&self) -> BTreeMap<TicketNo, Ticket> {
        let mut tickets = BTreeMap::new();
        for entry in &self.record {
            let number = entry.ticket.expect("this desk records only about tickets");
            let ticket = reread(entry).apply(tickets.remove(&number), &at(entry));
            tickets.insert(number, ticket.expect("opening comes first"));
        }
        tickets
    }
}

/// What an entry says after it was written out and read back.
fn reread(entry: &Entry) -> TicketEntry {
    let line = serde_json::to_string(entry).expect("an entry is plain data");
    let entry = Entry::read(&line).expect("what was written is read");
    TicketEntry::parse(&entry.kind, entry.version, entry.payload())
        .expect("what was written is read")
}

fn at(entry: &Entry) -> At<'_> {
    At {
        actor: &entry.actor,
        occurred_at: entry.occurred_at,
        recorded_at: entry.recorded_at,
    }
}

/// A small file received from somebody.
pub fn attach(name: &str) -> Attach {
    Attach {
        name: name.into(),
        media_type: "text/plain".into(),
        size: 12,
        sha256: "a".repeat(64),
        description: "Log excerpt".into(),
        source: "Exported from the proxy".into(),
        collected_at: None,
    }
}

/// The body of an offer with a brief.
pub fn offer_to(to: &str) -> Value {
    json!({
        "to": super::id(to),
        "situation": "Somebody signed in from abroad.",
        "done": "The account is locked.",
        "open": "Where else?",
        "next_steps": "Search the proxy.",
    })
}
