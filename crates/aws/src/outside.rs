//! What the crate needs from outside: a client for requests, a clock, variables and files. Says nothing of how.

use std::future::Future;

/// A request that is ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// The headers, names in lower case. `host` is not among them: the client writes it from the address.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The id by which the service finds the request, if it told one.
    pub request_id: Option<String>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// Nothing was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Why, in words.
    pub reason: String,
    /// Whether another try makes sense.
    pub again: bool,
}

/// The world around the crate.
pub trait Outside: Send + Sync {
    /// Sends a request and takes the answer, whatever its status.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, Unreachable>> + Send;

    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;

    /// A variable of the process.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&self, path: &str) -> std::io::Result<String>;
}
