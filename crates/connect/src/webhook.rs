//! A webhook: a JSON body, signed together with its time, under an id that is the same at every try.

use midwatch_domain::moment::Moment;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ring::hmac;

use crate::failure::Failure;
use crate::{Egress, Parcel};

/// The signature: `v1=` and the HMAC-SHA256 of time, a dot and the body, in hexadecimal.
pub const SIGNATURE: &str = "midwatch-signature";
/// The time that was signed, in seconds since 1970. A receiver refuses what is old.
pub const TIMESTAMP: &str = "midwatch-timestamp";
/// The id of the message, the same at every try. A receiver takes each once.
pub const DELIVERY: &str = "midwatch-delivery";

/// Sends a message.
pub(crate) async fn send(
    egress: &Egress,
    url: &str,
    parcel: &Parcel<'_>,
) -> Result<String, Failure> {
    let body = serde_json::to_vec(parcel.message)
        .map_err(|e| Failure::never(format!("The message cannot be written: {e}.")))?;
    let at = parcel.message.at;
    let id = parcel.message.id.as_str();
    let mut headers = json_headers();
    for (name, value) in [
        (TIMESTAMP, seconds(at).to_string()),
        (SIGNATURE, sign(parcel.key(), at, &body)),
        (DELIVERY, id.to_owned()),
        ("idempotency-key", id.to_owned()),
    ] {
        headers.insert(HeaderName::from_static(name), header(&value)?);
    }
    let answer = egress.post(url, parcel.reach(), headers, body).await?;
    let answer = answer.accepted()?;
    Ok(format!("{} {}", answer.status, answer.shown())
        .trim_end()
        .to_owned())
}

/// The signature of a body at a time under a key.
pub fn sign(key: &str, at: Moment, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(seconds(at).to_string().as_bytes());
    context.update(b".");
    context.update(body);
    format!(
        "v1={}",
        midwatch_domain::secret::hex(context.sign().as_ref())
    )
}

fn seconds(at: Moment) -> i64 {
    at.0.div_euclid(1000)
}

/// Headers of a request with a JSON body.
pub(crate) fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(CONTENT_TYPE, json)])
}

/// A value of a header; what cannot be one is a secret with a slip in it.
pub(crate) fn header(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::never("The secret has characters that a header cannot carry. Set it anew.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with another implementation: `printf '1793606400.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn the_signature_is_what_others_compute() {
        let signed = sign("key", Moment(1_793_606_400_999), b"{}");
        assert_eq!(
            signed,
            "v1=b793c70099120d6cb66122ddf38881ff08e783757a524dc770444f266cdcfc66"
        );
        assert_ne!(signed, sign("key2", Moment(1_793_606_400_999), b"{}"));
        assert_ne!(signed, sign("key", Moment(1_793_606_401_000), b"{}"));
    }
}
