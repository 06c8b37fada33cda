//! Styles, scripts and icons, inside the executable. Knows their bytes and how long a browser may keep them.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::policy::{Policy, Routes};

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        /// Every asset: its name and its bytes.
        const ASSETS: &[(&str, &[u8])] = &[$(($name, include_bytes!(concat!("../assets/", $name)))),*];
    };
}

assets![
    "app.js",
    "bell.js",
    "copy.js",
    "forms.js",
    "icons.svg",
    "keys.js",
    "live.js",
    "mark.svg",
    "midwatch.css",
    "pages.css",
    "palette.js",
    "regions.js",
    "time.js",
    "toast.js",
    "trust.js",
];

/// Path segment of the assets: changes whenever any of them does, so that a browser may keep each for ever.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let all = ASSETS.iter().fold(Sha256::new(), |h, (name, bytes)| {
            h.chain_update(name).chain_update([0]).chain_update(bytes)
        });
        all.finalize()[..6]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    });
    &VERSION
}

/// Registers the assets. They say nothing about anybody, so everybody may have them.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/assets/{version}/{name}", Policy::Public, versioned)
        .get("/assets/{name}", Policy::Public, plain)
        .get("/favicon.ico", Policy::Public, favicon)
}

async fn versioned(Path((asked, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // An old page asking for its own version gets the present one, but must not keep it under that address.
    let cache = if asked == version() {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    serve(&name, &headers, cache)
}

async fn plain(Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&name, &headers, "public, max-age=300")
}

async fn favicon(headers: HeaderMap) -> Response {
    serve("mark.svg", &headers, "public, max-age=300")
}

fn serve(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some((_, bytes)) = ASSETS.iter().find(|(n, _)| *n == name) else {
        return (StatusCode::NOT_FOUND, "There is no such asset.\n").into_response();
    };
    let tag = format!("\"{}\"", version());
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (
            header::ETAG,
            HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\"")),
        ),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = match name.rsplit_once('.').map(|(_, ext)| ext) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    (common, kind, *bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(
                ASSETS.iter().any(|(n, _)| *n == name),
                "{name} is not in the list"
            );
        }
    }
}
