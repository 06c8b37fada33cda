//! STS: who one is, and roles that are lent. Knows no keys but those it is given.

use crate::call::{Ask, Caller};
use crate::credentials::{Credentials, Identity};
use crate::fault::{Fault, Kind};
use crate::outside::{Outside, Response};
use crate::{speak, xml};

const VERSION: &str = "2011-06-15";

/// A role to ask through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role.
    pub arn: String,
    /// What its owner agreed on with us, so that nobody else can have us use it.
    pub external_id: Option<String>,
    /// What the owner sees in their logs.
    pub session: String,
}

impl<O: Outside> Caller<O> {
    /// Whose keys these are.
    ///
    /// # Errors
    /// If they are not known, or nothing is answered.
    pub async fn identity(&self) -> Result<Identity, Fault> {
        let keys = self.keys().await?;
        let ask = speak::form("sts", "sts:GetCallerIdentity", VERSION, &[]);
        let text = self.xml(ask, Some(&keys)).await?;
        Ok(Identity {
            account: need(&text, "sts:GetCallerIdentity", "Account")?,
            arn: need(&text, "sts:GetCallerIdentity", "Arn")?,
        })
    }

    async fn xml(&self, ask: Ask, keys: Option<&Credentials>) -> Result<String, Fault> {
        let body = self.ask_as(ask, keys).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// Keys of a role, lent for an hour.
pub(crate) async fn assume<O: Outside>(
    caller: &Caller<O>,
    own: &Credentials,
    role: &Role,
) -> Result<Credentials, Fault> {
    let mut fields = vec![
        ("RoleArn", role.arn.as_str()),
        ("RoleSessionName", role.session.as_str()),
    ];
    if let Some(id) = &role.external_id {
        fields.push(("ExternalId", id));
    }
    let ask = speak::form("sts", "sts:AssumeRole", VERSION, &fields);
    let text = caller.xml(ask, Some(own)).await.map_err(|mut fault| {
        if fault.kind == Kind::Denied {
            fault.message += ". The trust policy of the role must name who asks, and its external id must be the one set here.";
        }
        fault
    })?;
    lent(&text, "sts:AssumeRole")
}

/// Keys of the role that the platform gave a token for.
pub(crate) async fn with_web_identity<O: Outside>(
    caller: &Caller<O>,
) -> Result<Credentials, Fault> {
    let outside = caller.outside();
    let need = |name: &str| {
        let value = outside.variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Fault::credentials(format!("The variable {name} is not set.")))
    };
    let (role, path) = (need("AWS_ROLE_ARN")?, need("AWS_WEB_IDENTITY_TOKEN_FILE")?);
    let token = outside
        .file(&path)
        .map_err(|e| Fault::credentials(format!("The token {path} cannot be read: {e}.")))?;
    let session = need("AWS_ROLE_SESSION_NAME").unwrap_or_else(|_| "midwatch".into());
    let fields = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", &session),
        ("WebIdentityToken", token.trim()),
    ];
    let ask = speak::form("sts", "sts:AssumeRoleWithWebIdentity", VERSION, &fields);
    lent(
        &caller.xml(ask, None).await?,
        "sts:AssumeRoleWithWebIdentity",
    )
}

fn lent(text: &str, action: &str) -> Result<Credentials, Fault> {
    let end = need(text, action, "Expiration")?;
    let end: jiff::Timestamp = end
        .parse()
        .map_err(|_| Fault::wrong(format!("{action}: `{end}` is no time.")))?;
    Ok(Credentials {
        access_key: need(text, action, "AccessKeyId")?,
        secret_key: need(text, action, "SecretAccessKey")?,
        session_token: Some(need(text, action, "SessionToken")?),
        expires_at_ms: Some(end.as_millisecond()),
    })
}

fn need(text: &str, action: &str, name: &str) -> Result<String, Fault> {
    xml::text(text, name).ok_or_else(|| {
        let response = Response {
            status: 200,
            request_id: None,
            body: Vec::new(),
        };
        Fault::undecodable(action, &response, &format!("no {name}"))
    })
}
