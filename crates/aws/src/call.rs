//! One identity in one region that asks services: gets keys, assumes its role, signs, sends, reads the answer.

use serde_json::Value;
use std::sync::Mutex;

use crate::credentials::{self, Credentials, Source};
use crate::endpoint::Endpoints;
use crate::fault::{Fault, Kind};
use crate::outside::{Outside, Request};
use crate::sign::{Scope, sign};
use crate::trust::{self, Role};

/// One identity in one region.
#[derive(Debug)]
pub struct Caller<O> {
    outside: O,
    region: String,
    endpoints: Endpoints,
    source: Source,
    role: Option<Role>,
    keys: Mutex<Option<Credentials>>,
}

/// What is asked of a service, before it is signed.
pub(crate) struct Ask {
    pub(crate) service: &'static str,
    /// As IAM names it: `sqs:ReceiveMessage`.
    pub(crate) action: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl<O: Outside> Caller<O> {
    /// An identity that asks in this region, and through this role if one is given.
    pub fn new(
        outside: O,
        region: &str,
        endpoints: Endpoints,
        source: Source,
        role: Option<Role>,
    ) -> Self {
        Self {
            outside,
            region: region.to_owned(),
            endpoints,
            source,
            role,
            keys: Mutex::new(None),
        }
    }

    /// Where it asks.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The world around it.
    pub fn outside(&self) -> &O {
        &self.outside
    }

    /// Keys that are good for a while, lent anew when the old ones end.
    ///
    /// # Errors
    /// If there are none, or the role is not lent.
    pub async fn keys(&self) -> Result<Credentials, Fault> {
        let now = self.outside.now_ms();
        let held = self.keys.lock().ok().and_then(|keys| keys.clone());
        if let Some(keys) = held.filter(|keys| keys.last(now)) {
            return Ok(keys);
        }
        let own = match &self.source {
            Source::Static(keys) => keys.clone(),
            Source::Environment => credentials::from_environment(&self.outside)?,
            Source::Profile(name) => credentials::from_profile(&self.outside, name)?,
            Source::WebIdentity => trust::with_web_identity(self).await?,
        };
        let keys = match &self.role {
            Some(role) => trust::assume(self, &own, role).await?,
            None => own,
        };
        self.hold(Some(keys.clone()));
        Ok(keys)
    }

    fn hold(&self, keys: Option<Credentials>) {
        if let Ok(mut held) = self.keys.lock() {
            *held = keys;
        }
    }

    /// Asks with its own keys and reads JSON.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Value, Fault> {
        let keys = self.keys().await?;
        let action = ask.action;
        let body = self.ask_as(ask, Some(&keys)).await.inspect_err(|fault| {
            // Keys that are refused are not tried twice: the next call gets fresh ones.
            if fault.kind == Kind::Credentials {
                self.hold(None);
            }
        })?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|why| {
            let response = crate::outside::Response {
                status: 200,
                request_id: None,
                body,
            };
            Fault::undecodable(action, &response, &why.to_string())
        })
    }

    /// Asks with these keys, or unsigned, and gives the body of a success.
    pub(crate) async fn ask_as(
        &self,
        ask: Ask,
        keys: Option<&Credentials>,
    ) -> Result<Vec<u8>, Fault> {
        let mut request = Request {
            method: ask.method,
            url: format!(
                "{}{}",
                self.endpoints.of(ask.service, &self.region),
                ask.path
            ),
            headers: ask.headers,
            body: ask.body,
        };
        if let Some(keys) = keys {
            let scope = Scope {
                region: &self.region,
                service: ask.service,
                at_ms: self.outside.now_ms(),
            };
            sign(&mut request, keys, scope);
        }
        let sent = self.outside.send(request).await;
        let response = sent.map_err(|why| Fault::unanswered(ask.action, &why))?;
        if (200..300).contains(&response.status) {
            Ok(response.body)
        } else {
            Err(Fault::answered(ask.action, &response))
        }
    }
}
