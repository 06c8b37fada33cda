//! Secrets of channels: set apart from the channel, sealed, opened only to send. The record says that one was set, never which.

use midwatch_connect::egress::target;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::channel::{Channel, Settings};
use midwatch_domain::id::ChannelId;
use midwatch_domain::revise::{Revised, Revision};
use midwatch_domain::secret::Secret;
use midwatch_store::db::Tx;
use midwatch_store::plain::sealed as rows;
use midwatch_store::rows::directory;
use midwatch_store::{Fault, StoreError, WriteTx};

use crate::configure::post::reach;
use crate::{Desk, refresh};

/// Most characters of a secret.
const MAX: usize = 2048;
/// Fewest characters of a key that signs.
const MIN_KEY: usize = 16;

impl Desk {
    /// Sets the secret of a channel, or takes it away.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn set_channel_secret(
        &self,
        viewer: Viewer,
        id: ChannelId,
        secret: Option<Secret>,
    ) -> Result<Revised, Fault> {
        let desk = self.clone();
        self.store
            .write(move |w| set(&desk, w, &viewer, &id, secret.as_ref()))
            .await
    }

    /// Opens the secret of a channel.
    pub(crate) fn open_secret(
        &self,
        channel: &Channel,
        sealed: &str,
    ) -> Result<Secret, StoreError> {
        let bytes = self.seal.open(&name(&channel.id), sealed)?;
        let text = String::from_utf8(bytes);
        text.map(Secret::new)
            .map_err(|_| StoreError::Corrupt("a secret is not text".into()))
    }
}

/// The secret of a channel as it is stored, if it has one.
pub(super) fn sealed(tx: &mut Tx<'_>, channel: &Channel) -> Result<Option<String>, StoreError> {
    if channel.secret_at.is_none() {
        return Ok(None);
    }
    rows::find(tx, &name(&channel.id))
}

/// Forgets the secret of a channel within a write.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &ChannelId) -> Result<(), StoreError> {
    rows::drop_of(tx, &name(id))
}

fn name(id: &ChannelId) -> String {
    format!("channel/{id}")
}

fn set(
    desk: &Desk,
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    id: &ChannelId,
    secret: Option<&Secret>,
) -> Result<Revised, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ManageChannels)?;
    let channel = w.directory.channels.get(id).cloned();
    let mut channel = channel.ok_or_else(|| Refusal::missing("channel"))?;
    let change = match secret {
        None => {
            forget(&mut w.tx, id)?;
            channel.secret_at = None;
            "its secret was taken away".to_owned()
        }
        Some(secret) => {
            let leads = check(&mut channel, secret.expose())?;
            let sealed = desk
                .seal
                .seal(&name(id), secret.expose().as_bytes(), w.random())?;
            let now = w.now;
            rows::keep(&mut w.tx, &name(id), &sealed, now)?;
            let again = channel.secret_at.replace(now).is_some();
            let what = if again { "replaced" } else { "set" };
            format!("its secret was {what}{leads}")
        }
    };
    Ok(directory::revise(
        w,
        &viewer.actor,
        Revision::Channel(channel),
        &change,
    )?)
}

/// Checks a secret for the kind of channel; what to say about where a secret address leads.
fn check(channel: &mut Channel, text: &str) -> Result<String, Refusal> {
    let says = |why: &str| Refusal::invalid("secret", why);
    if text.is_empty() || text.len() > MAX {
        return Err(says("A secret has 1 to 2,048 characters."));
    }
    if text.contains(|c: char| c.is_control()) {
        return Err(says(
            "A secret has no line breaks or other control characters.",
        ));
    }
    let reach = reach(channel);
    match &mut channel.settings {
        Settings::Mailbox { .. } => Err(says("This channel needs no secret.")),
        Settings::Webhook { .. } if text.chars().count() < MIN_KEY => Err(says(
            "A signing key has at least 16 characters; make it at random.",
        )),
        Settings::Slack { host } | Settings::Teams { host } => {
            let url = target(text, reach).map_err(|r| r.on("secret"))?;
            *host = url.host_str().unwrap_or_default().to_owned();
            Ok(format!(", leads to {host}"))
        }
        Settings::Ntfy { .. } | Settings::Pagerduty { .. } if !text.is_ascii() => {
            Err(says("A token or key is plain ASCII."))
        }
        _ => Ok(String::new()),
    }
}
