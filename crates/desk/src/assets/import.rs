//! Takes a list of assets over: which line is about which asset, what changes, what is wrong. Reads no format.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::asset::{Asset, AssetsImported, fill, place};
use midwatch_domain::id::AssetId;
use midwatch_domain::refusal::required_line;
use midwatch_domain::words::IdKind;
use midwatch_store::plain::asset as rows;
use midwatch_store::{Fault, StoreError, WriteTx};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use super::{Line, checked, object};
use crate::{Desk, refresh};

/// Lines of one write: the queue of everybody else goes on between two.
const BATCH: usize = 200;
/// Most wrong lines that are told.
const TOLD: usize = 100;

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Imported {
    /// Lines read.
    pub read: u64,
    /// New assets.
    pub added: u64,
    /// Assets that were known and are described anew.
    pub changed: u64,
    /// Assets that were known just so.
    pub same: u64,
    /// Lines that were not taken.
    pub refused: u64,
    /// The first of these, each with what is wrong.
    pub wrong: Vec<WrongLine>,
    /// Whether nothing was written, as was asked for.
    pub dry_run: bool,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WrongLine {
    /// Which line.
    pub line: u64,
    /// In which column; empty: in all of it.
    pub column: String,
    /// What is wrong and what is expected.
    pub says: String,
}

impl Imported {
    fn refuse(&mut self, wrong: Vec<WrongLine>) {
        self.refused += 1;
        let room = TOLD.saturating_sub(self.wrong.len());
        self.wrong.extend(wrong.into_iter().take(room));
    }
}

/// What became of a line.
enum Taken {
    Added(AssetId, String),
    Changed(AssetId, String),
    Same,
    Wrong(Vec<WrongLine>),
}

impl Desk {
    /// Takes a list over, in parts, each with an entry of the record that says what came by it. Wrong lines are told and left
    /// out. With `dry_run` nothing is written.
    ///
    /// # Errors
    /// A refusal of the whole; or storage failed, after some parts.
    pub async fn import_assets(
        &self,
        viewer: Viewer,
        source: &str,
        lines: Vec<Line>,
        wrong: Vec<WrongLine>,
        dry_run: bool,
    ) -> Result<Imported, Fault> {
        viewer.may(Action::ManageAssets)?;
        let source = required_line("source", source, 200)?;
        let mut out = Imported {
            read: (lines.len() + wrong.len()) as u64,
            dry_run,
            ..Imported::default()
        };
        for one in wrong {
            out.refuse(vec![one]);
        }
        for part in lines.chunks(BATCH) {
            let (part, viewer, source) = (part.to_vec(), viewer.clone(), source.clone());
            let done = self.store.write(move |w| {
                let taken = take(w, &viewer, &source, &part)?;
                if dry_run {
                    Err(Undone::Tried(taken))
                } else {
                    Ok(taken)
                }
            });
            let taken = match done.await {
                Ok(taken) | Err(Undone::Tried(taken)) => taken,
                Err(Undone::Failed(fault)) => return Err(fault),
            };
            for one in taken {
                match one {
                    Taken::Added(..) => out.added += 1,
                    Taken::Changed(..) => out.changed += 1,
                    Taken::Same => out.same += 1,
                    Taken::Wrong(wrong) => out.refuse(wrong),
                }
            }
        }
        Ok(out)
    }
}

/// Why a write was given up: it failed, or it was a trial.
enum Undone {
    Tried(Vec<Taken>),
    Failed(Fault),
}

impl<E: Into<Fault>> From<E> for Undone {
    fn from(e: E) -> Self {
        Undone::Failed(e.into())
    }
}

fn take(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    source: &str,
    part: &[Line],
) -> Result<Vec<Taken>, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ManageAssets)?;
    let mut entry = AssetsImported {
        source: source.to_owned(),
        ..AssetsImported::default()
    };
    // The entry is appended behind what it tells of, in the same transaction.
    let seq = w.head.seq + 1;
    let mut out = Vec::with_capacity(part.len());
    for line in part {
        let taken = take_line(w, line, seq)?;
        match &taken {
            Taken::Added(id, hash) => {
                entry.added += 1;
                entry.assets.insert(id.clone(), hash.clone());
            }
            Taken::Changed(id, hash) => {
                entry.changed += 1;
                entry.assets.insert(id.clone(), hash.clone());
            }
            Taken::Same => entry.same += 1,
            Taken::Wrong(_) => {}
        }
        out.push(taken);
    }
    if !entry.assets.is_empty() {
        let payload = object(&entry)?;
        let (kind, version) = (AssetsImported::KIND, AssetsImported::VERSION);
        w.append(&viewer.actor, None, kind, version, None, payload)?;
    }
    Ok(out)
}

fn take_line(w: &mut WriteTx<'_>, line: &Line, seq: i64) -> Result<Taken, Fault> {
    let says = |r: Refusal| WrongLine {
        line: line.number,
        column: r.field.unwrap_or_default(),
        says: r.message,
    };
    // What the line alone says, to see which asset it is about.
    let mut alone = Asset::blank(AssetId::from_bytes(w.random()));
    if let Err(wrong) = fill(&mut alone, &line.cells, &w.directory) {
        return Ok(Taken::Wrong(wrong.into_iter().map(says).collect()));
    }
    let before = match meant(w, &alone)? {
        Ok(before) => before,
        Err(refusal) => return Ok(Taken::Wrong(vec![says(refusal)])),
    };
    let mut asset = before.clone().unwrap_or(alone);
    if let Err(wrong) = fill(&mut asset, &line.cells, &w.directory) {
        return Ok(Taken::Wrong(wrong.into_iter().map(says).collect()));
    }
    asset.retired_at = None;
    let (asset, change) = match checked(w, before.as_ref(), asset) {
        Ok(checked) => checked,
        Err(Fault::Refused(refusal)) => return Ok(Taken::Wrong(vec![says(refusal)])),
        Err(fault) => return Err(fault),
    };
    if change.is_empty() {
        return Ok(Taken::Same);
    }
    let now = w.now;
    rows::save(&mut w.tx, &asset, seq, now)?;
    let hash = hash(&asset)?;
    Ok(match before {
        None => Taken::Added(asset.id, hash),
        Some(_) => Taken::Changed(asset.id, hash),
    })
}

/// The asset that a line is about: the one that its names lead to, else the one of its name and kind. Addresses change hands
/// and lead nowhere.
fn meant(w: &mut WriteTx<'_>, line: &Asset) -> Result<Result<Option<Asset>, Refusal>, StoreError> {
    let sure = line
        .identifiers
        .iter()
        .filter(|i| !matches!(i.kind, IdKind::Ip | IdKind::Cidr));
    let places: Vec<String> = sure.map(|i| place(i.kind, &i.value)).collect();
    let now = w.now;
    let led: BTreeSet<AssetId> = rows::at(&mut w.tx, &places, now)?
        .into_iter()
        .map(|l| l.asset)
        .collect();
    let mut found = Vec::new();
    for id in &led {
        found.extend(rows::find(&mut w.tx, id)?.map(|k| k.asset));
    }
    if found.is_empty() && !line.name.is_empty() {
        let same = rows::named(&mut w.tx, &line.name)?;
        let other = |a: &Asset| {
            line.kind != a.kind && line.kind != midwatch_domain::words::AssetKind::Other
        };
        found.extend(same.into_iter().map(|k| k.asset).filter(|a| !other(a)));
    }
    Ok(match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop()),
        _ => {
            let names: Vec<String> = found
                .iter()
                .map(|a| format!("“{}” ({})", a.name, a.id))
                .collect();
            let says = format!(
                "Several assets are meant: {}. Name one by a host name, cloud id or serial number of its own.",
                names.join(", ")
            );
            Err(Refusal::invalid("name", says))
        }
    })
}

/// What was taken over, so that the record vouches for it.
fn hash(asset: &Asset) -> Result<String, StoreError> {
    let body = serde_json::to_vec(asset).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Sha256::digest(body)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect())
}
