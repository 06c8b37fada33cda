//! Evidence: received as a stream, handed out as an attachment and only after the record says so, verified on demand.

use axum::Extension;
use axum::body::Body as Stream;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Multipart, OriginalUri, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::evidence::About;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{EvidenceId, TicketNo};
use midwatch_domain::ticket::{Custody, HandOutEvidence};
use midwatch_store::blobs::Receiving;
use midwatch_store::read::ticket::find_ticket;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, post};
use super::reply::{Answer, Outcome, json, outcome, percent};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who, act};

/// Most parts of an upload: the file and what is said about it.
const MAX_PARTS: usize = 10;
/// Most bytes of a part that is not the file.
const MAX_TEXT: usize = 16 << 10;
/// Bytes gathered before they are written.
const PIECE: usize = 1 << 20;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    // The file is not held in memory and has a limit of its own.
    let attach = attach.layer(DefaultBodyLimit::disable());
    r.post(
        "/api/v1/tickets/{number}/evidence",
        Policy::May(Action::NoteTickets),
        attach,
    )
    .post(
        "/api/v1/tickets/{number}/evidence/{id}/hand_out",
        Policy::May(Action::WorkTickets),
        hand_out,
    )
    .post(
        "/api/v1/tickets/{number}/evidence/{id}/verify",
        Policy::May(Action::WorkTickets),
        verify,
    )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let form = json!({ "type": "object", "required": ["file"], "properties": {
        "file": { "type": "string", "contentMediaType": "application/octet-stream", "description": "The bytes; its file name is kept as text." },
        "description": text("What it is."),
        "source": text("Where and how it was collected."),
        "collected_at": text("When it was collected; else now."),
        "expected_sha256": text("Refused unless the bytes have this digest."),
    } });
    doc.tag(
        "Evidence",
        "Files kept byte for byte under their SHA-256, each with its chain of custody.",
        vec![
            post(
                "/tickets/{number}/evidence",
                "attach_evidence",
                "Attach a file",
            )
            .repeatable()
            .conditional()
            .content("multipart/form-data", &form, &serde_json::Value::Null)
            .gives::<Outcome>(201, "It is attached."),
            post(
                "/tickets/{number}/evidence/{id}/hand_out",
                "hand_out_evidence",
                "Download a file; to whom and why is recorded first",
            )
            .body::<HandOut>(json!({ "why": "Analysis in the sandbox" }))
            .answers(
                200,
                "The bytes, as an attachment.",
                "application/octet-stream",
                &json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
            ),
            post(
                "/tickets/{number}/evidence/{id}/verify",
                "verify_evidence",
                "Hash a file again and record what was found",
            )
            .gives::<Verified>(200, "What was found."),
        ],
    );
}

/// A file given out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandOut {
    /// To whom; empty: to oneself.
    #[serde(default)]
    to: String,
    /// Why.
    why: String,
}

/// What hashing a file again found.
#[derive(Serialize, ToSchema)]
struct Verified {
    /// Whether it is what was attached.
    intact: bool,
    /// Numbers of the entries in the record.
    entries: Vec<i64>,
}

async fn attach(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
    uri: OriginalUri,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    let mut form = form.map_err(|r| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid.content_type",
            format!("Send a file as multipart/form-data. {}", r.body_text()),
        )
    })?;
    let (desk, viewer) = (app.desk.clone(), who.viewer.clone());
    let mut receiving = Some(
        app.blocking(move || desk.may_attach(&viewer, number))
            .await?,
    );
    let (mut file, mut about, mut expected) = (None, About::default(), None);
    let mut parts = 0;
    while let Some(part) = form.next_field().await.map_err(broken)? {
        parts += 1;
        if parts > MAX_PARTS {
            return Err(Refusal::invalid("file", format!("An upload has at most {MAX_PARTS} parts: file, description, source, collected_at, expected_sha256.")).into());
        }
        match part.name().unwrap_or_default() {
            "file" => {
                about.name = part.file_name().unwrap_or_default().to_owned();
                about.media_type = part.content_type().unwrap_or_default().to_owned();
                let begun = receiving
                    .take()
                    .ok_or_else(|| Refusal::invalid("file", "One file at a time."))?;
                file = Some(receive(&app, part, begun).await?);
            }
            "description" => about.description = text(part).await?,
            "source" => about.source = text(part).await?,
            "collected_at" => {
                let given = text(part).await?;
                about.collected_at = if given.trim().is_empty() {
                    None
                } else {
                    Some(
                        given
                            .trim()
                            .parse()
                            .map_err(|r: Refusal| r.on("collected_at"))?,
                    )
                };
            }
            "expected_sha256" => expected = Some(text(part).await?.trim().to_ascii_lowercase()),
            other => {
                return Err(Refusal::invalid(
                    other,
                    "Expected one of: file, description, source, collected_at, expected_sha256.",
                )
                .into());
            }
        }
    }
    let file = file.ok_or_else(|| Refusal::invalid("file", "The file is missing."))?;
    let sha256 = file.sha256();
    if let Some(expected) = expected.filter(|e| *e != sha256) {
        return Err(Refusal::invalid("expected_sha256", format!("The bytes received have the digest {sha256}, not {expected}. Nothing was kept; send them again.")).into());
    }
    let said = json!([
        uri.path(),
        sha256,
        about.name,
        about.media_type,
        about.description,
        about.source,
        about.collected_at.map(|m| m.0)
    ]);
    let conditions = act::conditions(&headers, "POST", &said.to_string().into_bytes().into())?;
    outcome(
        StatusCode::CREATED,
        app.desk
            .attach(who.viewer, number, file, about, conditions)
            .await?,
    )
}

/// Receives the bytes, writing them piece by piece where blocking is allowed.
async fn receive(
    app: &App,
    mut part: Field<'_>,
    mut file: Receiving,
) -> Result<Receiving, Problem> {
    let mut piece = Vec::new();
    let most = app.config.max_evidence;
    loop {
        let chunk = part.chunk().await.map_err(broken)?;
        let ended = chunk.is_none();
        piece.extend_from_slice(&chunk.unwrap_or_default());
        if file.size() + piece.len() as u64 > most {
            return Err(Problem {
                field: Some("file".into()),
                ..Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    format!(
                        "A file has at most {most} bytes here. Split it, or ask an administrator to raise the limit."
                    ),
                )
            });
        }
        if piece.len() >= PIECE || (ended && !piece.is_empty()) {
            let full = std::mem::take(&mut piece);
            file = app
                .blocking(move || file.write(&full).map(|()| file).map_err(Into::into))
                .await?;
        }
        if ended {
            return Ok(file);
        }
    }
}

async fn text(mut part: Field<'_>) -> Result<String, Problem> {
    let name = part.name().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_TEXT {
            return Err(Refusal::invalid(name, format!("At most {MAX_TEXT} bytes.")).into());
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| Refusal::invalid(name, "This must be text in UTF-8.").into())
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn broken(e: MultipartError) -> Problem {
    let status = if e.status().is_client_error() {
        e.status()
    } else {
        StatusCode::BAD_REQUEST
    };
    Problem::new(
        status,
        "invalid.body",
        format!(
            "The upload could not be received whole: {}. Nothing was kept; send it again.",
            e.body_text()
        ),
    )
}

async fn hand_out(
    State(app): State<App>,
    Extension(who): Who,
    At((number, evidence)): At<(TicketNo, EvidenceId)>,
    body: Body,
) -> Answer {
    let HandOut { to, why } = body.read()?;
    let (evidence, file) = app
        .desk
        .hand_out(who.viewer, number, HandOutEvidence { evidence, to, why })
        .await?;
    Ok(attachment(
        &evidence.name,
        u64::try_from(evidence.size).unwrap_or(0),
        file,
    ))
}

/// A file as a download that no browser shows or runs, whatever it is.
pub(crate) fn attachment(name: &str, size: u64, file: std::fs::File) -> Response {
    let stream = stream(tokio::fs::File::from_std(file));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, disposition(name)),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, stream).into_response()
}

/// The bytes of a file as a body, a piece at a time.
fn stream(file: tokio::fs::File) -> Stream {
    let (send, receive) = tokio::sync::mpsc::channel::<std::io::Result<axum::body::Bytes>>(2);
    tokio::spawn(async move {
        let mut file = file;
        loop {
            let mut piece = Vec::with_capacity(64 << 10);
            let read = (&mut file).take(64 << 10).read_to_end(&mut piece).await;
            let more = matches!(read, Ok(n) if n > 0);
            let sent = match read {
                Ok(0) => return,
                Ok(_) => send.send(Ok(piece.into())).await,
                Err(e) => send.send(Err(e)).await,
            };
            // Whoever asked may have gone away.
            if sent.is_err() || !more {
                return;
            }
        }
    });
    Stream::from_stream(tokio_stream::wrappers::ReceiverStream::new(receive))
}

/// `Content-Disposition` of RFC 6266 with the name for old readers in ASCII and for all others by RFC 8187.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || " .-_()+,".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let text = format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        percent(name)
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

async fn verify(
    State(app): State<App>,
    Extension(who): Who,
    At((number, id)): At<(TicketNo, EvidenceId)>,
) -> Answer {
    let done = app
        .desk
        .verify_evidence(who.viewer, number, id.clone())
        .await?;
    // Whoever may verify learns what was found, also with a token that may not read.
    let evidence = app
        .read(move |tx| {
            Ok(find_ticket(tx, &Viewer::system(), number)?
                .evidence(&id)?
                .clone())
        })
        .await?;
    let found = evidence.custody.iter().rev().find_map(|c| match c.what {
        Custody::Verified { intact } => Some(intact),
        _ => None,
    });
    json(&Verified {
        intact: found == Some(true),
        entries: done.entries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_header() {
        assert_eq!(
            disposition("auth.log"),
            "attachment; filename=\"auth.log\"; filename*=UTF-8''auth.log"
        );
        let hostile = disposition("a\"; filename=b\r\nSet-Cookie: c=d é.html");
        assert_eq!(
            hostile,
            "attachment; filename=\"a__ filename_b__Set-Cookie_ c_d _.html\"; filename*=UTF-8''a%22%3B%20filename%3Db%0D%0ASet-Cookie%3A%20c%3Dd%20%C3%A9.html"
        );
    }
}
