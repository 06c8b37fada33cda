//! Trying a channel: one real message at once, with what the other side said. Leaves the log of messages alone.

use midwatch_connect::{Failure, Parcel};
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{ChannelId, DeliveryId};
use midwatch_domain::message;
use midwatch_domain::notify::Way;
use midwatch_domain::secret::Secret;
use midwatch_store::Fault;

use super::secret;
use crate::{Desk, refresh};

impl Desk {
    /// Sends a test by a channel: to an address, or to what a team hears. What was said, well or not.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn send_test(
        &self,
        viewer: Viewer,
        id: ChannelId,
        address: String,
    ) -> Result<Result<String, Failure>, Fault> {
        self.trial(viewer, Action::ManageChannels, Some(id), address)
            .await
    }

    /// Sends a test by one of the viewer's own ways.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn try_way(
        &self,
        viewer: Viewer,
        way: Way,
    ) -> Result<Result<String, Failure>, Fault> {
        match way {
            Way::Browser => Ok(Err(Failure::never(
                "Your browser is tried by the button on the page.",
            ))),
            Way::Mail | Way::Digest => {
                self.trial(viewer, Action::ManageSelf, None, String::new())
                    .await
            }
            Way::Channel { id, address } => {
                self.trial(viewer, Action::ManageSelf, Some(id), address)
                    .await
            }
        }
    }

    async fn trial(
        &self,
        viewer: Viewer,
        action: Action,
        id: Option<ChannelId>,
        address: String,
    ) -> Result<Result<String, Failure>, Fault> {
        let own = action == Action::ManageSelf;
        let (channel, address, secret, who) = self
            .blocking(move |desk| {
                let (directory, channel, sealed) = desk.store.read(|tx| {
                    let directory = desk.store.directory(tx)?;
                    let channel = match &id {
                        Some(id) => directory.channels.get(id),
                        None => directory.mail(),
                    };
                    let channel = channel
                        .cloned()
                        .ok_or_else(|| Refusal::missing("channel"))?;
                    let sealed = secret::sealed(tx, &channel)?;
                    Ok::<_, Fault>((directory, channel, sealed))
                })?;
                let viewer = refresh(&viewer, &directory)?;
                viewer.may(action)?;
                let me = viewer.actor.person().and_then(|p| directory.people.get(p));
                let mail = me.map(|p| p.email.clone()).unwrap_or_default();
                let address = match address.trim() {
                    "" if channel.settings.is_mail() => mail,
                    "" if !own => String::new(),
                    text => {
                        midwatch_domain::channel::check_address("address", &channel.settings, text)?
                    }
                };
                let secret: Option<Secret> =
                    sealed.map(|s| desk.open_secret(&channel, &s)).transpose()?;
                let who = me.map_or("Midwatch", |p| p.name.as_str()).to_owned();
                Ok((channel, address, secret, who))
            })
            .await?;
        let message = message::test(
            DeliveryId::from_bytes(self.store.random()),
            self.store.now(),
            &who,
            &format!("{}/", self.url()),
        );
        let outside = match self.outside() {
            Ok(outside) => outside,
            Err(failure) => return Ok(Err(failure)),
        };
        let parcel = Parcel {
            channel: &channel,
            secret: secret.as_ref(),
            address: &address,
            message: &message,
        };
        Ok(outside.send(parcel).await)
    }
}
