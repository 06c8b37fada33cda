//! Requests to the API: a token, an idempotency key for each change, one more try when the connection fails. Knows no command.

use reqwest::{Method, RequestBuilder, Response, redirect};
use serde_json::Value;
use std::time::Duration;

use super::settings::Access;

/// Why a command did not do what it should, with the exit code that says so: 1 refused, 2 usage, 3 unreachable.
#[derive(Debug)]
pub(crate) struct Failure {
    /// For the shell.
    pub(crate) code: u8,
    /// For the person.
    pub(crate) message: String,
    /// What the server said, if it did.
    pub(crate) problem: Option<Value>,
}

impl Failure {
    /// The command was not understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
            problem: None,
        }
    }

    /// The server said no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            code: 1,
            message: message.into(),
            problem: None,
        }
    }

    /// The server did not answer.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
            problem: None,
        }
    }
}

/// The client.
pub(crate) struct Client {
    http: reqwest::Client,
    access: Access,
}

impl Client {
    /// A client for one server. It follows no redirects: the token goes nowhere else.
    ///
    /// # Errors
    /// Unreachable, if no client can be made here.
    pub(crate) fn new(access: Access) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|e| Failure::unreachable(e.to_string()))?;
        Ok(Self { http, access })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be reached.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        let response = self
            .send(|| Ok(self.request(Method::GET, path).query(query)))
            .await?;
        json(response).await
    }

    /// Reads what is not JSON.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be reached.
    pub(crate) async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let response = self.send(|| Ok(self.request(Method::GET, path))).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|e| Failure::unreachable(format!("The answer broke off: {}.", reason(&e))))?;
        Ok(bytes.to_vec())
    }

    /// Changes something, once, however often it must be sent.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be reached.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        json(self.post_for(path, body).await?).await
    }

    /// Like [`Client::post`], for answers that are not JSON.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be reached.
    pub(crate) async fn post_for(&self, path: &str, body: &Value) -> Result<Response, Failure> {
        let key = key();
        self.send(|| {
            Ok(self
                .request(Method::POST, path)
                .header("Idempotency-Key", &key)
                .json(body))
        })
        .await
    }

    /// Uploads; `form` is made anew for each try.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be reached.
    pub(crate) async fn upload(
        &self,
        path: &str,
        form: impl Fn() -> Result<reqwest::multipart::Form, Failure>,
    ) -> Result<Value, Failure> {
        let key = key();
        let response = self
            .send(|| {
                Ok(self
                    .request(Method::POST, path)
                    .header("Idempotency-Key", &key)
                    .multipart(form()?))
            })
            .await?;
        json(response).await
    }

    /// Sends a file as it is.
    ///
    /// # Errors
    /// If it cannot be read, what the server refused, or that it cannot be reached.
    pub(crate) async fn send_file(
        &self,
        path: &str,
        file: &std::path::Path,
    ) -> Result<Value, Failure> {
        let open = || {
            std::fs::File::open(file)
                .map_err(|e| Failure::usage(format!("{} cannot be read: {e}.", file.display())))
        };
        let response = self
            .send(|| {
                let body = tokio::fs::File::from_std(open()?);
                Ok(self
                    .request(Method::POST, path)
                    .header("Content-Type", "application/octet-stream")
                    .body(body))
            })
            .await?;
        json(response).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.access.server);
        self.http
            .request(method, url)
            .bearer_auth(&self.access.token)
            .header("X-Midwatch-Client", "cli")
    }

    /// Sends; once more if the connection fails. The idempotency key makes that safe.
    async fn send(
        &self,
        build: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<Response, Failure> {
        let mut last = None;
        for _ in 0..2 {
            match build()?.send().await {
                Ok(response) => return accepted(response).await,
                Err(e) if e.is_builder() => {
                    return Err(Failure::usage(format!(
                        "This is not a server's address: {} ({e})",
                        self.access.server
                    )));
                }
                Err(e) => last = Some(e),
            }
        }
        let why = last.map_or_else(String::new, |e| reason(&e));
        Err(Failure::unreachable(format!(
            "{} cannot be reached: {why}. Nothing is known to have changed.",
            self.access.server
        )))
    }
}

/// The innermost reason, which is the one that says something.
fn reason(e: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = e;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Option<Value> = response.json().await.ok();
    let said = problem.as_ref().map(|p| {
        let detail = p["detail"].as_str().unwrap_or_default();
        match p["field"].as_str() {
            Some(field) => format!("{field}: {detail}"),
            None => detail.to_owned(),
        }
    });
    let code = if status.as_u16() == 503 { 3 } else { 1 };
    let message = said.filter(|s| !s.is_empty()).unwrap_or_else(|| {
        format!("The server answered {status}. Is this the address of a Midwatch?")
    });
    Err(Failure {
        code,
        message,
        problem,
    })
}

async fn json(response: Response) -> Result<Value, Failure> {
    response.json().await.map_err(|e| {
        Failure::unreachable(format!(
            "The answer broke off: {}. Look at the ticket before you repeat the command.",
            reason(&e)
        ))
    })
}

/// A fresh key.
fn key() -> String {
    let mut bytes = [0; 16];
    midwatch_desk::system_entropy()(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
