//! Assets: added, changed and retired by people, taken over from lists, and found by values. Judges each change; asks no cloud.

pub mod import;
mod list;

pub use import::{Imported, WrongLine};
pub use list::{LONGEST, Line, read};

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::asset::{Asset, AssetRevised, Identifier, place, places_of, words_of};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::AssetId;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, span};
use midwatch_domain::ticket::{AssetOf, FoundAsset, Ticket};
use midwatch_domain::words::IdKind;
use midwatch_store::db::Tx;
use midwatch_store::plain::asset::{self as rows, Kept};
use midwatch_store::plain::retro;
use midwatch_store::{Fault, StoreError, WriteTx};
use std::collections::{BTreeMap, BTreeSet};

use crate::{Desk, refresh};

/// Most assets that one question is answered with.
const MOST: usize = 200;

impl Desk {
    /// Adds an asset, or changes one; the entry that says so.
    ///
    /// # Errors
    /// A refusal naming the field; or storage failed.
    pub async fn keep_asset(&self, viewer: Viewer, asset: Asset) -> Result<Kept, Fault> {
        self.store.write(move |w| keep(w, &viewer, asset)).await
    }

    /// Retires an asset: it is kept, and values seen from now on are not its own.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn retire_asset(&self, viewer: Viewer, id: AssetId) -> Result<Kept, Fault> {
        self.store
            .write(move |w| {
                let held = rows::find(&mut w.tx, &id)?;
                let mut asset = held.ok_or_else(|| Refusal::missing("asset"))?.asset;
                asset.retired_at.get_or_insert(w.now);
                keep(w, &viewer, asset)
            })
            .await
    }
}

fn keep(w: &mut WriteTx<'_>, viewer: &Viewer, asset: Asset) -> Result<Kept, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ManageAssets)?;
    let before = rows::find(&mut w.tx, &asset.id)?;
    let (asset, change) = checked(w, before.as_ref().map(|b| &b.asset), asset)?;
    if let (Some(before), true) = (&before, change.is_empty()) {
        return Ok(before.clone());
    }
    let revised = AssetRevised {
        asset,
        change,
        previous: before.map(|b| b.seq),
    };
    let payload = object(&revised)?;
    let (kind, version) = (AssetRevised::KIND, AssetRevised::VERSION);
    let entry = w.append(&viewer.actor, None, kind, version, None, payload)?;
    let (seq, updated_at) = (entry.seq, entry.recorded_at);
    rows::save(&mut w.tx, &revised.asset, seq, updated_at)?;
    Ok(Kept {
        asset: revised.asset,
        seq,
        updated_at,
    })
}

/// An asset as it will be, and what changes by it; nothing does if the words are empty.
fn checked(
    w: &mut WriteTx<'_>,
    before: Option<&Asset>,
    asset: Asset,
) -> Result<(Asset, String), Fault> {
    let mut asset = asset.validate(&w.directory)?;
    let mut taken = BTreeSet::new();
    for id in asset.identifiers.iter().filter(|i| i.from.is_none()) {
        // Of a range, many are a part; it is taken from nobody.
        if id.kind != IdKind::Cidr && rows::is_taken(&mut w.tx, id, &asset.id, w.now)? {
            taken.insert((id.kind, id.value.clone()));
        }
    }
    let is_taken = |i: &Identifier| taken.contains(&(i.kind, i.value.clone()));
    asset.succeeds(before, is_taken, w.now);
    let change = asset.change(before);
    Ok((asset, change))
}

fn object<T: serde::Serialize>(
    entry: &T,
) -> Result<serde_json::Map<String, serde_json::Value>, StoreError> {
    match serde_json::to_value(entry) {
        Ok(serde_json::Value::Object(map)) => Ok(map),
        _ => Err(StoreError::Corrupt("an entry is not an object".into())),
    }
}

/// An asset that a question led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The asset.
    pub asset: Asset,
    /// What led to it: the name that it goes by, and the values asked about that belong to it; the narrowest first.
    pub by: Vec<(IdKind, String)>,
    /// Those of the observables asked about that belong to it.
    pub of: Vec<ObservableKey>,
}

/// Assets that went by these names, or that these observables belong to, at a time; the most critical first.
///
/// # Errors
/// As the engine says.
pub fn of(
    tx: &mut Tx<'_>,
    ids: &[(IdKind, String)],
    observables: &[ObservableKey],
    at: Moment,
) -> Result<Vec<Match>, StoreError> {
    // By each place the observables that asked for it.
    let mut asked: BTreeMap<String, Vec<&ObservableKey>> = BTreeMap::new();
    for (kind, value) in ids {
        let places = match kind {
            IdKind::Ip | IdKind::Cidr => indicators::classify(value)
                .map(|(kind, value)| places_of(&ObservableKey { kind, value }))
                .unwrap_or_default(),
            _ => vec![place(*kind, value)],
        };
        for place in places {
            asked.entry(place).or_default();
        }
    }
    for key in observables {
        for place in places_of(key) {
            asked.entry(place).or_default().push(key);
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = asked.keys().cloned().collect();
    let mut led: BTreeMap<AssetId, Vec<rows::Led>> = BTreeMap::new();
    for one in rows::at(tx, &places, at)? {
        led.entry(one.asset.clone()).or_default().push(one);
    }
    let mut out = Vec::new();
    for (id, mut led) in led.into_iter().take(MOST) {
        let Some(kept) = rows::find(tx, &id)? else {
            continue;
        };
        led.sort_by_key(width);
        let of: BTreeSet<&ObservableKey> = led
            .iter()
            .flat_map(|l| asked.get(&l.place).into_iter().flatten().copied())
            .collect();
        out.push(Match {
            asset: kept.asset,
            of: of.into_iter().cloned().collect(),
            by: led.into_iter().map(|l| (l.kind, l.value)).collect(),
        });
    }
    out.sort_by(|a, b| {
        let key = |m: &Match| {
            (
                std::cmp::Reverse(m.asset.criticality),
                m.asset.name.to_lowercase(),
            )
        };
        key(a).cmp(&key(b))
    });
    Ok(out)
}

fn width(led: &rows::Led) -> u8 {
    let id = Identifier {
        kind: led.kind,
        value: led.value.clone(),
        from: None,
        until: None,
    };
    id.width()
}

/// Assets that a ticket is about and does not say yet, by its observables, the names in its text, and when it was discovered.
///
/// # Errors
/// As the engine says.
pub fn of_ticket(
    tx: &mut Tx<'_>,
    directory: &Directory,
    t: &Ticket,
    now: Moment,
) -> Result<Vec<FoundAsset>, StoreError> {
    let keys: Vec<ObservableKey> = t.observables.keys().cloned().collect();
    // A bare name such as `jump-01` is no observable: what the ticket says is looked through for names of the inventory.
    let fields = serde_json::to_string(&t.fields).unwrap_or_default();
    let text = format!("{}\n{fields}\n{}", t.title, t.description);
    let names = words_of(&text)
        .into_iter()
        .flat_map(|w| [(IdKind::Hostname, w.clone()), (IdKind::User, w)]);
    let names: Vec<(IdKind, String)> = names.collect();
    let found = of(tx, &names, &keys, t.discovered_at.min(now))?;
    let fresh = found
        .into_iter()
        .filter(|m| !t.assets.contains_key(&m.asset.id));
    Ok(fresh.map(|m| told(directory, m, now)).collect())
}

/// A match as a ticket says it.
fn told(directory: &Directory, m: Match, now: Moment) -> FoundAsset {
    let by = m.by.first().map(|(kind, value)| (kind, value.as_str()));
    let value = m.of.first().map_or("", |k| k.value.as_str());
    let because = match by {
        Some((kind, name)) if name == value || value.is_empty() => {
            format!("{} {name}", said(*kind))
        }
        Some((IdKind::Cidr, range)) => format!("{value} lies in {range}"),
        Some((kind, name)) => format!("{} {name} in {value}", said(*kind)),
        None => value.to_owned(),
    };
    FoundAsset {
        ask: m.asset.whom_to_ask(directory, now),
        because: because.chars().take(300).collect(),
        asset: m.asset.id,
        name: m.asset.name,
        criticality: m.asset.criticality,
        of: m.of,
    }
}

/// A kind of name in the middle of a sentence.
fn said(kind: IdKind) -> String {
    match kind {
        IdKind::Ip | IdKind::Mac => kind.label().to_owned(),
        _ => kind.label().to_lowercase(),
    }
}

/// The assets of a ticket with what is known of each now, the most critical first. One that was deleted by force is told by the
/// name that the ticket keeps.
///
/// # Errors
/// As the engine says.
pub fn known(
    tx: &mut Tx<'_>,
    t: &Ticket,
) -> Result<Vec<(AssetId, AssetOf, Option<Asset>)>, StoreError> {
    let mut out = Vec::with_capacity(t.assets.len());
    for (id, said) in &t.assets {
        let asset = rows::find(tx, id)?.map(|k| k.asset);
        out.push((id.clone(), said.clone(), asset));
    }
    out.sort_by_key(|(_, said, asset)| {
        let criticality = asset.as_ref().map(|a| a.criticality);
        (std::cmp::Reverse(criticality), said.name.to_lowercase())
    });
    Ok(out)
}

/// Values that were seen and may be the asset's own. Whether they are, at the time of each ticket, is looked at again there.
///
/// # Errors
/// As the engine says.
pub fn values(tx: &mut Tx<'_>, asset: &Asset) -> Result<Vec<ObservableKey>, StoreError> {
    let mut out = Vec::new();
    for id in &asset.identifiers {
        let kinds: &[&str] = match id.kind {
            IdKind::Cidr => {
                if let Some((first, last)) = span(&id.value) {
                    for kind in ["ipv4", "ipv6"] {
                        out.extend(retro::within(tx, kind, &first, &last)?);
                    }
                }
                &["cidr"]
            }
            IdKind::Hostname => &["domain"],
            IdKind::Ip => &["ipv4", "ipv6"],
            IdKind::CloudId => &["arn", "aws_account", "aws_instance"],
            IdKind::Email => &["email"],
            IdKind::Mac => &["mac"],
            IdKind::User | IdKind::Serial => &[],
        };
        let read = |kind: &&str| ObservableKey::read(kind, &id.value).ok();
        out.extend(kinds.iter().filter_map(read));
    }
    out.retain(|key| !places_of(key).is_empty());
    Ok(out)
}
