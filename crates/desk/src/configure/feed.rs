//! Feeds: where indicators come from, and the secret by which a feed is asked. Judges a change; asks nothing.

use indicators::Kind;
use midwatch_connect::Reach;
use midwatch_connect::egress::target;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::feed::{Feed, FeedAuth, FeedKind};
use midwatch_domain::id::FeedId;
use midwatch_domain::revise::{Revised, Revision};
use midwatch_domain::secret::Secret;
use midwatch_store::plain::{feed_state, sealed};
use midwatch_store::rows::directory;
use midwatch_store::{Fault, StoreError, WriteTx};

use super::Checked;
use crate::{Desk, refresh};

/// Most characters of a secret.
const MAX: usize = 4096;

pub(super) fn check(w: &mut WriteTx<'_>, viewer: &Viewer, d: &Directory, f: Feed) -> Checked {
    viewer.may(Action::ManageFeeds)?;
    let kinds: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
    let presets: Vec<&str> = intel::table::presets::ALL.iter().map(|p| p.name).collect();
    let mut f = f.validate(d, &kinds, &presets)?;
    if f.kind != FeedKind::Upload {
        target(&f.url, reach(&f))?;
    }
    let before = d.feeds.get(&f.id);
    if before.is_some_and(|b| b.kind != f.kind) {
        let says = "A feed keeps its kind. Add another one and delete this.";
        return Err(Refusal::invalid("kind", says).into());
    }
    f.secret_at = before.and_then(|b| b.secret_at);
    let mut change = Vec::new();
    let mut anew = false;
    match before {
        None => change.push(
            format!("made, {} {}", f.kind.label(), f.url)
                .trim_end()
                .to_owned(),
        ),
        Some(b) => {
            anew = b.url != f.url || b.collection != f.collection || b.mapping != f.mapping;
            if b.url != f.url || b.auth != f.auth {
                if b.url != f.url {
                    change.push(format!("asked at {} instead of {}", f.url, b.url));
                }
                // Whoever holds the new place must not be handed the key of the old one.
                if f.secret_at.take().is_some() {
                    change.push("its secret is forgotten".into());
                }
            }
            if b.enabled != f.enabled {
                change.push(if f.enabled { "on" } else { "off" }.into());
            }
            if !b.allow_private && f.allow_private {
                change.push("may reach the own network".into());
            }
        }
    }
    if f.deleted {
        f.secret_at = None;
        change.push("deleted".into());
    }
    if f.secret_at.is_none() {
        sealed::drop_of(&mut w.tx, &name(&f.id))?;
    }
    feed_state::ask_soon(&mut w.tx, f.id.as_str(), anew)?;
    Ok((Revision::Feed(f), change.join(", ")))
}

/// Has every feed that is taken over whole read from its beginning at its next look, which is soon.
pub(super) fn read_again(w: &mut WriteTx<'_>, d: &Directory) -> Result<(), StoreError> {
    for feed in d.feeds.values().filter(|f| f.kind.is_whole()) {
        feed_state::ask_soon(&mut w.tx, feed.id.as_str(), true)?;
    }
    Ok(())
}

/// How far a feed may reach.
pub(crate) fn reach(f: &Feed) -> Reach {
    if f.allow_private {
        Reach::Private
    } else {
        Reach::Public
    }
}

/// Under which name the secret of a feed is kept.
pub(crate) fn name(id: &FeedId) -> String {
    format!("feed/{id}")
}

impl Desk {
    /// Sets the secret of a feed, or takes it away.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn set_feed_secret(
        &self,
        viewer: Viewer,
        id: FeedId,
        secret: Option<Secret>,
    ) -> Result<Revised, Fault> {
        let desk = self.clone();
        self.store
            .write(move |w| set(&desk, w, &viewer, &id, secret.as_ref()))
            .await
    }

    /// Opens the secret of a feed. Blocks.
    pub(crate) fn feed_secret(&self, feed: &Feed) -> Result<Option<Secret>, StoreError> {
        if feed.auth == FeedAuth::None {
            return Ok(None);
        }
        let name = name(&feed.id);
        let Some(sealed) = self.store.read(|tx| sealed::find(tx, &name))? else {
            return Ok(None);
        };
        let text = String::from_utf8(self.seal.open(&name, &sealed)?);
        let wrong = |_| StoreError::Corrupt("a secret is not text".into());
        text.map(Secret::new).map(Some).map_err(wrong)
    }
}

fn set(
    desk: &Desk,
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    id: &FeedId,
    secret: Option<&Secret>,
) -> Result<Revised, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ManageFeeds)?;
    let feed = w.directory.feeds.get(id).cloned();
    let mut feed = feed.ok_or_else(|| Refusal::missing("feed"))?;
    let change = match secret {
        None => {
            sealed::drop_of(&mut w.tx, &name(id))?;
            feed.secret_at = None;
            "its secret was taken away"
        }
        Some(secret) => {
            let says = |why: &str| Refusal::invalid("secret", why);
            if feed.auth == FeedAuth::None {
                return Err(says(
                    "This feed is asked without a secret. Say first how it is told who asks.",
                )
                .into());
            }
            let text = secret.expose();
            if text.is_empty() || text.len() > MAX || text.contains(|c: char| c.is_control()) {
                return Err(says("A secret has 1 to 4,096 characters and no line breaks.").into());
            }
            let sealed = desk.seal.seal(&name(id), text.as_bytes(), w.random())?;
            let now = w.now;
            sealed::keep(&mut w.tx, &name(id), &sealed, now)?;
            feed_state::ask_soon(&mut w.tx, id.as_str(), false)?;
            match feed.secret_at.replace(now) {
                Some(_) => "its secret was replaced",
                None => "its secret was set",
            }
        }
    };
    Ok(directory::revise(
        w,
        &viewer.actor,
        Revision::Feed(feed),
        change,
    )?)
}
