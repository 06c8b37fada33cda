//! The assets of a ticket as its panel shows them: whose each is, whom to ask, and other tickets about it.

use midwatch_desk::assets::known;
use midwatch_domain::ticket::Ticket;
use midwatch_domain::words::{DataClass, Environment};
use midwatch_store::Fault;
use midwatch_store::read::assets::tickets_of;

use super::super::assets::class;
use super::super::frame::Look;
use crate::App;
use crate::problem::Problem;
use crate::view::assets::TicketAsset;

/// Other tickets that are told of each.
const EARLIER: i64 = 4;
/// Assets that the panel shows.
const SHOWN: usize = 50;

/// The panel.
///
/// # Errors
/// As the engine says.
pub async fn panel(app: &App, look: &Look, t: &Ticket) -> Result<Vec<TicketAsset>, Problem> {
    if t.assets.is_empty() {
        return Ok(Vec::new());
    }
    let (viewer, ticket) = (look.viewer().clone(), t.clone());
    let read = app.read(move |tx| {
        let mut out = Vec::new();
        for (id, said, asset) in known(tx, &ticket)?.into_iter().take(SHOWN) {
            let (tickets, next) = tickets_of(tx, &viewer, &id, None, EARLIER + 1)?;
            out.push((id, said, asset, tickets, next));
        }
        Ok::<_, Fault>(out)
    });
    let item = |(id, said, asset, tickets, next): (
        _,
        midwatch_domain::ticket::AssetOf,
        Option<midwatch_domain::asset::Asset>,
        Vec<midwatch_store::read::tickets::TicketRow>,
        Option<i64>,
    )| {
        let id: midwatch_domain::id::AssetId = id;
        let ask = asset
            .as_ref()
            .map(|a| a.whom_to_ask(&look.signed.directory, look.at()));
        let mut facts = Vec::new();
        if let Some(a) = &asset {
            facts.push(a.kind.label().to_owned());
            if a.environment != Environment::Unknown {
                facts.push(a.environment.label().to_lowercase());
            }
            if a.data_class != DataClass::Unknown {
                facts.push(format!("{} data", a.data_class.label().to_lowercase()));
            }
            if a.retired_at.is_some() {
                facts.push("retired".into());
            }
        }
        let others = tickets.iter().filter(|r| r.number != t.number);
        let mut earlier: Vec<_> = others
            .map(|r| {
                let state = r
                    .outcome
                    .map_or(r.phase.label(), |o| o.label())
                    .to_lowercase();
                (r.number.to_string(), r.title.clone(), state)
            })
            .collect();
        let room = usize::try_from(EARLIER).unwrap_or(0);
        let more = next.is_some() || earlier.len() > room;
        earlier.truncate(room);
        TicketAsset {
            href: format!("/inventory/{id}"),
            name: asset.as_ref().map_or(said.name, |a| a.name.clone()),
            facts: facts.join(", "),
            criticality: asset.as_ref().map_or("", |a| a.criticality.label()),
            class: asset.as_ref().map_or("muted", |a| class(a.criticality)),
            because: said.because,
            ask: ask.unwrap_or_default().join(", "),
            earlier,
            more,
        }
    };
    Ok(read.await?.into_iter().map(item).collect())
}
