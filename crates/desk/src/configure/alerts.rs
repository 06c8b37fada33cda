//! Sources of alerts, the keys by which they prove who they are, and the rules that judge.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::alert_rule::{self, AlertRule};
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::AlertSourceId;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::{Revised, Revision};
use midwatch_domain::secret::Secret;
use midwatch_store::plain::sealed;
use midwatch_store::rows::directory;
use midwatch_store::{Fault, StoreError, WriteTx};
use ring::hmac;

use super::Checked;
use crate::{Desk, refresh};

/// How far the clock of a source may be off where a signature names a time, in milliseconds.
const SKEW_MS: i64 = 5 * 60_000;

pub(super) fn source(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    d: &Directory,
    s: AlertSource,
) -> Checked {
    viewer.may(Action::ManageAlerts)?;
    let mut s = s.validate(d)?;
    let before = d.alert_sources.get(&s.id);
    let same_name = |o: &AlertSource| o.id != s.id && o.name == s.name;
    if !s.deleted && d.alert_sources.values().any(same_name) {
        let says =
            "Another source has this name. Tickets and the record name sources: tell them apart.";
        return Err(Refusal::conflict("alert_source.exists", says)
            .on("name")
            .into());
    }
    s.secret_at = before.and_then(|b| b.secret_at);
    if s.deleted {
        s.secret_at = None;
        sealed::drop_of(&mut w.tx, &name(&s.id))?;
    }
    let change = match before {
        _ if s.deleted => "deleted",
        None => "made",
        Some(b) if b.enabled && !s.enabled => "off",
        Some(b) if !b.enabled && s.enabled => "on",
        Some(_) => "",
    };
    Ok((Revision::AlertSource(s), change.to_owned()))
}

pub(super) fn rule(viewer: &Viewer, d: &Directory, r: AlertRule, now: Moment) -> Checked {
    viewer.may(Action::ManageAlerts)?;
    let before = d.alert_rules.get(&r.id).map(|(_, r)| r.clone());
    if r.deleted {
        let Some(before) = before else {
            return Err(Refusal::missing("rule").into());
        };
        let gone = AlertRule {
            deleted: true,
            ..before
        };
        return Ok((Revision::AlertRule(gone), "deleted".into()));
    }
    if before.is_none() && d.alert_rules.len() >= alert_rule::MOST {
        let says = "There are 500 rules already. Delete one that judges nothing any more.";
        return Err(Refusal::conflict("alert_rules.many", says).into());
    }
    let r = r.validate(d, now)?;
    let same_name = |(_, o): &(i64, AlertRule)| o.id != r.id && o.name == r.name;
    if d.alert_rules.values().any(same_name) {
        let says = "Another rule has this name. What it suppresses is recorded under the name.";
        return Err(Refusal::conflict("alert_rule.exists", says)
            .on("name")
            .into());
    }
    let change = match &before {
        None => format!("made: {}", r.then.say()),
        Some(b) if b.enabled && !r.enabled => "off".into(),
        Some(b) if !b.enabled && r.enabled => "on".into(),
        Some(b) if b.then != r.then => format!("{} instead of {}", r.then.say(), b.then.say()),
        Some(b) if b.when != r.when => "another condition".into(),
        Some(_) => String::new(),
    };
    Ok((Revision::AlertRule(r), change))
}

/// Under which name the key of a source is kept.
fn name(id: &AlertSourceId) -> String {
    format!("alert_source/{id}")
}

/// How a source proves who it is.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// It shows its key, `src_….…`, which names it.
    Key(&'a str),
    /// It has signed the body with its key: HMAC-SHA-256 in hexadecimal, over the body, or over time, a dot and the body.
    Signature {
        /// The signature.
        hex: &'a str,
        /// Seconds since 1970, if the signature covers a time.
        time: Option<i64>,
        /// What was signed, beside the time.
        body: &'a [u8],
    },
}

impl Desk {
    /// Makes a new key for a source; the one before is worth nothing any more. It is shown this once.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn make_source_key(
        &self,
        viewer: Viewer,
        id: AlertSourceId,
    ) -> Result<(Revised, Secret), Fault> {
        let desk = self.clone();
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManageAlerts)?;
                let found = w.directory.alert_sources.get(&id).cloned();
                let mut source = found.ok_or_else(|| Refusal::missing("source of alerts"))?;
                let key = Secret::fresh(&format!("{id}."), w.random());
                let sealed = desk
                    .seal
                    .seal(&name(&id), key.expose().as_bytes(), w.random())?;
                let now = w.now;
                sealed::keep(&mut w.tx, &name(&id), &sealed, now)?;
                let change = match source.secret_at.replace(now) {
                    Some(_) => "a new key; the one before is worth nothing any more",
                    None => "a key was made",
                };
                let body = Revision::AlertSource(source);
                let revised = directory::revise(w, &viewer.actor, body, change)?;
                Ok((revised, key))
            })
            .await
    }

    /// The source that proves who it is, if it does and is switched on. Blocks. Takes equally long whether a key is right or wrong.
    ///
    /// # Errors
    /// Unknown, without telling whether there is such a source; or storage failed.
    pub fn source_of(
        &self,
        named: Option<&AlertSourceId>,
        proof: Proof<'_>,
    ) -> Result<AlertSource, Fault> {
        let no = || {
            Fault::from(Refusal::unknown(
                "No source that is switched on has this key or signature. An administrator sees and makes keys on the page of the source.",
            ))
        };
        let id: AlertSourceId = match (named, proof) {
            (Some(id), _) => id.clone(),
            (None, Proof::Key(key)) => {
                let id = key.split_once('.').map(|(id, _)| id);
                id.and_then(|id| id.parse().ok()).ok_or_else(no)?
            }
            (None, Proof::Signature { .. }) => return Err(no()),
        };
        let (now, name) = (self.store.now(), name(&id));
        let (source, sealed) = self.store.read(|tx| {
            let source = self.store.directory(tx)?.alert_sources.get(&id).cloned();
            Ok::<_, StoreError>((source, sealed::find(tx, &name)?))
        })?;
        let (Some(source), Some(sealed)) = (source, sealed) else {
            return Err(no());
        };
        let key = self.seal.open(&name, &sealed)?;
        let fits = match proof {
            Proof::Key(shown) => same(&key, shown.as_bytes()),
            Proof::Signature { hex, time, body } => {
                let fresh = time.is_none_or(|t| {
                    let at = Moment(t.saturating_mul(1000));
                    now.since(at).abs() <= SKEW_MS
                });
                fresh && signed(&key, hex, time, body)
            }
        };
        (fits && source.is_heard()).then_some(source).ok_or_else(no)
    }
}

/// Whether two texts are the same, told in a time that does not depend on where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"midwatch compares keys");
    hmac::verify(&key, b, hmac::sign(&key, a).as_ref()).is_ok()
}

fn signed(key: &[u8], hex: &str, time: Option<i64>, body: &[u8]) -> bool {
    let Some(tag) = unhex(hex) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    match time {
        None => hmac::verify(&key, body, &tag).is_ok(),
        Some(t) => {
            let text = [t.to_string().as_bytes(), b".", body].concat();
            hmac::verify(&key, &text, &tag).is_ok()
        }
    }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..32)
        .map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok())
        .collect()
}
