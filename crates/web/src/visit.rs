//! From where a request comes: the browser's own name and the address of the other end. Knows no account.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use midwatch_desk::account::Caller;
use std::convert::Infallible;
use std::net::SocketAddr;

/// Who calls, as the connection tells. What a proxy or the caller writes into headers about addresses means nothing.
pub struct Visit(pub Caller);

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(Caller {
            agent: agent.map_or_else(String::new, |v| {
                String::from_utf8_lossy(v.as_bytes()).into_owned()
            }),
            address: peer.map(|ConnectInfo(address)| address.ip()),
        }))
    }
}
