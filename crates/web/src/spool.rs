//! A file that is brought goes to the disk as it comes, before anybody reads it. Knows no format.

use axum::body::Bytes;
use axum::http::StatusCode;
use midwatch_domain::Refusal;
use midwatch_store::StoreError;
use std::fmt::Display;
use std::fs::File;
use std::io::Write as _;
use tokio_stream::{Stream, StreamExt as _};

use crate::App;
use crate::problem::Problem;

/// Most bytes of a file that is brought.
const MOST: u64 = 4 << 30;

/// Receives a file; it is gone when dropped.
///
/// # Errors
/// A problem if it breaks off, is too large, or cannot be written.
pub async fn receive<E: Display>(
    app: &App,
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(File, u64), Problem> {
    let desk = app.desk.clone();
    let mut file = app.blocking(move || Ok(desk.spool()?)).await?;
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|e| {
            let says = format!("The file could not be received: {e}. Send it again.");
            Problem::new(StatusCode::BAD_REQUEST, "invalid.body", says)
        })?;
        size += piece.len() as u64;
        if size > MOST {
            return Err(Refusal::invalid("file", "A file has at most 4 GiB.").into());
        }
        file = app
            .blocking(move || {
                let kept = file.write_all(&piece);
                kept.map_err(|e| StoreError::Unavailable(e.to_string()))?;
                Ok(file)
            })
            .await?;
    }
    Ok((file, size))
}
