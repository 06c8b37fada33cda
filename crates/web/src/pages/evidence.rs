//! Evidence by form: files received as a stream, handed out only after the record says to whom and why.

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::act::{Conditions, Done};
use midwatch_desk::evidence::About;
use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::HandOutEvidence;
use midwatch_store::StoreError;
use midwatch_store::blobs::Receiving;
use tokio::io::AsyncReadExt;

use crate::App;
use crate::problem::Problem;

use super::frame::{Look, escape};
use super::typed::Typed;

/// Most files of one form.
const MAX_FILES: usize = 20;
/// Most fields of one form.
const MAX_FIELDS: usize = 50;
/// Most bytes of a field that is not a file.
const MAX_TEXT: usize = 1 << 20;

/// A file as received: its bytes, name and media type.
pub type Received = (Receiving, String, String);

/// A multipart form, taken apart: texts, and files that wait under no name yet.
///
/// # Errors
/// A problem for what is not such a form, is too much, or cannot be written.
pub async fn receive(
    app: &App,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(Typed, Vec<Received>), Problem> {
    let broken = |e: axum::extract::multipart::MultipartError| {
        Problem::new(
            e.status(),
            "invalid.body",
            "The upload broke off or is not a form. Nothing was kept; send it again.",
        )
    };
    let mut form = form.map_err(|r| Problem::new(r.status(), "invalid.body", r.body_text()))?;
    let (mut typed, mut files) = (Typed::default(), Vec::new());
    let mut left = app.config.max_evidence;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file) = field.file_name().map(str::to_owned) {
            let media = field.content_type().unwrap_or_default().to_owned();
            let store = app.desk.store.clone();
            let begun = app
                .blocking(move || Ok(store.blobs().receive(store.random())?))
                .await?;
            let received = stream(app, &mut field, begun, &mut left).await?;
            // A browser sends an empty file for an empty choice.
            if received.size() > 0 || !file.is_empty() {
                files.push((received, file, media));
            }
        } else {
            let mut text = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                if text.len() + chunk.len() > MAX_TEXT {
                    return Err(Refusal::invalid(
                        name,
                        "This text is too long. Attach it as a file.",
                    )
                    .into());
                }
                text.extend_from_slice(&chunk);
            }
            typed
                .0
                .push((name, String::from_utf8_lossy(&text).into_owned()));
        }
        if files.len() > MAX_FILES || typed.0.len() > MAX_FIELDS {
            return Err(
                Refusal::invalid("file", format!("At most {MAX_FILES} files at once.")).into(),
            );
        }
    }
    Ok((typed, files))
}

/// Writes a file as it comes; the disk's slowness holds the sender back.
async fn stream(
    app: &App,
    field: &mut Field<'_>,
    mut file: Receiving,
    left: &mut u64,
) -> Result<Receiving, Problem> {
    let (send, mut chunks) = tokio::sync::mpsc::channel::<Bytes>(16);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            file.write(&chunk)?;
        }
        Ok::<_, StoreError>(file)
    });
    let limit = app.config.max_evidence;
    let mut wrong = None;
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) if chunk.len() as u64 > *left => {
                let says = format!(
                    "At most {} at once. Split it, or ask an administrator to raise the limit.",
                    crate::view::moment::size(limit)
                );
                wrong = Some(Problem {
                    field: Some("file".into()),
                    ..Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "evidence.too_large", says)
                });
                break;
            }
            Ok(Some(chunk)) => {
                *left -= chunk.len() as u64;
                // A writer that failed says so below.
                if send.send(chunk).await.is_err() {
                    break;
                }
            }
            Ok(None) => break,
            Err(e) => {
                wrong = Some(Problem::new(
                    e.status(),
                    "invalid.body",
                    "The upload broke off. Nothing was kept; send it again.",
                ));
                break;
            }
        }
    }
    drop(send);
    let written = writing
        .await
        .map_err(|e| StoreError::Unavailable(e.to_string()))?;
    match wrong {
        Some(problem) => Err(problem),
        None => Ok(written?),
    }
}

/// Attaches received files to a ticket, all with the same words about them.
///
/// # Errors
/// What the command or the engine says; files before the one refused are attached.
pub async fn attach_all(
    app: &App,
    viewer: &Viewer,
    number: TicketNo,
    files: Vec<Received>,
    typed: &Typed,
    look: &Look,
) -> Result<Option<Done>, Problem> {
    let collected = typed.object(&look.now.zone, &[]);
    let collected = collected["collected_at"]
        .as_str()
        .map(str::parse)
        .transpose();
    let collected_at = collected.map_err(|r: Refusal| r.on("collected_at"))?;
    let mut done = None;
    for (file, name, media_type) in files {
        let about = About {
            name,
            media_type,
            description: typed.get("description").to_owned(),
            source: typed.get("source").to_owned(),
            collected_at,
        };
        done = Some(
            app.desk
                .attach(viewer.clone(), number, file, about, Conditions::default())
                .await?,
        );
    }
    Ok(done)
}

/// `POST /tickets/{number}/attach`.
///
/// # Errors
/// What the command or the engine says.
pub async fn attach(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let number = super::ticket::number(&number)?;
    let (desk, viewer) = (app.desk.clone(), look.viewer().clone());
    // Refused before a single byte is received.
    app.blocking(move || desk.may_attach(&viewer, number))
        .await?;
    let (typed, files) = receive(&app, form).await?;
    if files.is_empty() {
        return Err(Refusal::invalid("file", "Choose a file to attach.").into());
    }
    let count = files.len();
    attach_all(&app, look.viewer(), number, files, &typed, &look).await?;
    let said = if count == 1 {
        "evidence attached".to_owned()
    } else {
        format!("{count} pieces of evidence attached")
    };
    Ok(look.done(&format!("/tickets/{number}"), &format!("{number}: {said}.")))
}

/// Records to whom evidence goes and why, then sends it as a download that no browser opens.
///
/// # Errors
/// What the command or the engine says.
pub async fn hand_out(
    app: &App,
    look: &Look,
    number: TicketNo,
    typed: &Typed,
) -> Result<Response, Problem> {
    let evidence = typed
        .get("evidence")
        .parse()
        .map_err(|_| Refusal::missing("evidence"))?;
    let command = HandOutEvidence {
        evidence,
        to: typed.get("to").to_owned(),
        why: typed.get("why").to_owned(),
    };
    let (evidence, file) = app
        .desk
        .hand_out(look.viewer().clone(), number, command)
        .await?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(evidence.size));
    // The plain name is for old clients; the encoded one is exact (RFC 6266).
    let plain: String = evidence
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let disposition = format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        escape(&evidence.name)
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
    );
    let pieces = pieces_of(tokio::fs::File::from_std(file));
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// A file as a stream of pieces.
fn pieces_of(
    mut file: tokio::fs::File,
) -> impl tokio_stream::Stream<Item = std::io::Result<Bytes>> {
    let (send, pieces) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let mut piece = Vec::with_capacity(1 << 16);
            let read = (&mut file).take(1 << 16).read_to_end(&mut piece).await;
            let end = matches!(read, Ok(0) | Err(_));
            let item = match read {
                Ok(0) => break,
                Ok(_) => Ok(Bytes::from(piece)),
                Err(e) => Err(e),
            };
            if send.send(item).await.is_err() || end {
                break;
            }
        }
    });
    tokio_stream::wrappers::ReceiverStream::new(pieces)
}
