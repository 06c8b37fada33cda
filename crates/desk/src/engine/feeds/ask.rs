//! Asks for documents and MISP's events, and hands them to the import. Knows no format.

use intel::Report;
use midwatch_connect::egress::download::Access;
use midwatch_connect::list::{self, Source, Version};
use midwatch_connect::misp;
use midwatch_domain::feed::FeedAuth;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};

use super::{Asking, Cursor, Wrong};
use crate::configure::feed::reach;

/// Most bytes of a document as it comes.
const MOST: u64 = 4 << 30;
/// Most bytes of an event, a manifest or a page.
pub(super) const PAGE_MOST: u64 = 256 << 20;
/// After this time a document is taken over anew even if it is the same: what it still has is asserted today.
const ANEW_MS: i64 = 20 * 3_600_000;
/// Events of a page of a MISP server, and most pages of one look.
const EVENTS: u64 = 50;
const PAGES: u64 = 2000;

impl Asking {
    /// Who asks, with the secret opened.
    pub(super) async fn access(&self) -> Result<Access, Wrong> {
        let feed = self.feed.clone();
        let secret = self
            .desk
            .blocking(move |d| Ok(d.feed_secret(&feed)?))
            .await?;
        let lacks = || Wrong::Source("Its secret is not set.".into());
        Ok(match (&self.feed.auth, secret) {
            (FeedAuth::None, _) => Access::None,
            (_, None) => return Err(lacks()),
            (FeedAuth::Basic { user }, Some(s)) => Access::Basic(user.clone(), s),
            (FeedAuth::Bearer, Some(s)) => Access::Bearer(s),
            (FeedAuth::Header { name }, Some(s)) => Access::Header(name.clone(), s),
        })
    }

    /// Where it is asked.
    pub(super) fn source<'a>(&'a self, url: &'a str, access: &'a Access, most: u64) -> Source<'a> {
        Source {
            url,
            reach: reach(&self.feed),
            access,
            most,
        }
    }

    /// Says that all went well.
    pub(super) async fn good(
        self,
        import: super::Import,
        report: Report,
        cursor: Cursor,
    ) -> Result<(), Wrong> {
        let now = self.desk.store.now();
        let done = self
            .desk
            .blocking(move |_| import.finish(&report, Some(&cursor), now).map(drop));
        Ok(done.await?)
    }

    /// Says that there was nothing new.
    async fn same(self) -> Result<(), Wrong> {
        let (now, feed) = (self.desk.store.now(), self.feed.clone());
        let (generation, last) = (self.state.generation, self.state.last.clone());
        let next = now.plus_ms(feed.every_minutes * 60_000);
        let write = self.desk.store.write(move |w| {
            let id = feed.id.as_str();
            midwatch_store::plain::feed_state::good(&mut w.tx, id, now, next, generation, &last)
        });
        Ok(write.await?)
    }
}

/// A document: a bundle, a table or a list. What it has no more is ended.
pub(super) async fn whole(asking: Asking) -> Result<(), Wrong> {
    let access = asking.access().await?;
    let mut file = asking.spool()?;
    let fresh = asking.begun.0 - asking.cursor.imported_at < ANEW_MS;
    let known = match fresh {
        true => Version {
            etag: asking.cursor.etag.clone(),
            last_modified: asking.cursor.last_modified.clone(),
        },
        false => Version::default(),
    };
    let outside = asking.desk.outside()?;
    let source = asking.source(&asking.feed.url, &access, MOST);
    let got = list::fetch(outside.egress(), &source, &known, &mut file).await?;
    let Some(version) = got else {
        return asking.same().await;
    };
    let (file, sha256) = asking
        .desk
        .blocking(move |_| digest(file).map_err(spoilt))
        .await?;
    if fresh && sha256 == asking.cursor.sha256 {
        return asking.same().await;
    }
    let mut import = asking.import(asking.state.generation + 1);
    let (import, report) = asking
        .desk
        .blocking(move |_| {
            if let Err(fault) = import.check(&file) {
                return Ok(Err(fault));
            }
            let report = import.take(&file)?;
            import.write(None)?;
            import.retire()?;
            Ok(Ok((import, report)))
        })
        .await??;
    let cursor = Cursor {
        etag: version.etag,
        last_modified: version.last_modified,
        sha256,
        imported_at: asking.begun.0,
        ..Cursor::default()
    };
    asking.good(import, report, cursor).await
}

/// A feed in MISP's format: events that were changed since, in the order of change, each with its place.
pub(super) async fn misp_feed(mut asking: Asking) -> Result<(), Wrong> {
    let access = asking.access().await?;
    let base = asking
        .feed
        .url
        .trim_end_matches('/')
        .trim_end_matches("/manifest.json")
        .to_owned();
    let mut body = Vec::new();
    let none = Version::default();
    let url = format!("{base}/manifest.json");
    let outside = asking.desk.outside()?;
    list::fetch(
        outside.egress(),
        &asking.source(&url, &access, PAGE_MOST),
        &none,
        &mut body,
    )
    .await?;
    let place = (asking.cursor.modified, asking.cursor.event.clone());
    let events = intel::misp::feed::manifest(body.as_slice())?;
    let mut import = asking.import(asking.state.generation);
    let mut report = Report::default();
    for event in events
        .into_iter()
        .filter(|e| (e.modified, &e.uuid) > (place.0, &place.1))
    {
        let mut file = asking.spool()?;
        let url = format!("{base}/{}.json", event.uuid);
        let outside = asking.desk.outside()?;
        list::fetch(
            outside.egress(),
            &asking.source(&url, &access, PAGE_MOST),
            &none,
            &mut file,
        )
        .await?;
        asking.cursor.modified = event.modified;
        asking.cursor.event = event.uuid;
        let cursor = asking.cursor.clone();
        let (back, read) = part(&asking, import, file, cursor).await?;
        import = back;
        report.add(read);
    }
    let cursor = asking.cursor.clone();
    asking.good(import, report, cursor).await
}

/// A MISP server: pages of events that were changed since.
pub(super) async fn misp(mut asking: Asking) -> Result<(), Wrong> {
    let access = asking.access().await?;
    let mut import = asking.import(asking.state.generation);
    let mut report = Report::default();
    // What is changed while pages are turned is asked for again at the next look.
    let until = asking.begun.0;
    for page in asking.cursor.page.max(1)..=PAGES {
        let mut file = asking.spool()?;
        let since = asking.cursor.modified / 1000;
        let outside = asking.desk.outside()?;
        let source = asking.source(&asking.feed.url, &access, PAGE_MOST);
        misp::search(outside.egress(), &source, since, page, EVENTS, &mut file).await?;
        asking.cursor.page = page + 1;
        let cursor = asking.cursor.clone();
        let (back, read) = part(&asking, import, file, cursor).await?;
        import = back;
        let events = read.objects + read.refused;
        report.add(read);
        if events < EVENTS {
            let cursor = Cursor {
                modified: until,
                ..Cursor::default()
            };
            return asking.good(import, report, cursor).await;
        }
    }
    Err(Wrong::Source(format!(
        "The server has more than {PAGES} pages, or gives the same ones again and again."
    )))
}

/// Takes over one part of a feed with its place: it is read to its end first.
pub(super) async fn part(
    asking: &Asking,
    mut import: super::Import,
    file: File,
    cursor: Cursor,
) -> Result<(super::Import, Report), Wrong> {
    let done = asking.desk.blocking(move |_| {
        if let Err(fault) = import.check(&file) {
            return Ok(Err(fault));
        }
        let report = import.take(&file)?;
        import.write(Some(&cursor))?;
        Ok(Ok((import, report)))
    });
    Ok(done.await??)
}

fn digest(mut file: File) -> io::Result<(File, String)> {
    file.flush()?;
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok((file, midwatch_domain::secret::hex(&hash.finalize())))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where errors are mapped"
)]
fn spoilt(e: io::Error) -> midwatch_store::Fault {
    midwatch_store::StoreError::Unavailable(format!("what a feed sent cannot be read back: {e}"))
        .into()
}
