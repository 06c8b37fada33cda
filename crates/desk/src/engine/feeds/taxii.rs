//! Asks a TAXII collection page by page. The only cursor is when the server says that an object was added.

use intel::{Array, Limits, Report};
use jiff::{SignedDuration, Timestamp};
use midwatch_connect::taxii::{self, Got, Page};
use std::fs::File;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{Seek as _, SeekFrom};

use super::ask::{PAGE_MOST, part};
use super::{Asking, Wrong};

/// Objects of a page that are asked for; servers give fewer.
const LIMIT: u32 = 1000;
/// Most pages of one look. The next look goes on.
const PAGES: u32 = 5000;
/// How often it is begun again because the server forgot its place.
const AGAIN: u32 = 3;

/// What a page says of the next.
#[derive(Default)]
struct Said {
    more: bool,
    next: String,
    objects: u64,
    /// Tells pages with the same objects.
    print: u64,
}

pub(super) async fn ask(mut asking: Asking) -> Result<(), Wrong> {
    let access = asking.access().await?;
    if asking.cursor.objects.is_empty() {
        let outside = asking.desk.outside()?;
        let source = asking.source(&asking.feed.url, &access, PAGE_MOST);
        let found = taxii::locate(outside.egress(), &source, &asking.feed.collection).await?;
        asking.cursor.objects = found;
    }
    let mut import = asking.import(asking.state.generation);
    let mut report = Report::default();
    let (mut again, mut empty, mut before) = (0, 0, None);
    for _ in 0..PAGES {
        let mut file = asking.spool()?;
        let wanted = Page {
            added_after: asking.cursor.added_after.clone(),
            next: asking.cursor.next.clone(),
            limit: LIMIT,
        };
        let outside = asking.desk.outside()?;
        let objects = asking.cursor.objects.clone();
        let source = asking.source(&asking.feed.url, &access, PAGE_MOST);
        let got = taxii::page(outside.egress(), &source, &objects, &wanted, &mut file).await?;
        let added_last = match got {
            Got::Page { added_last } => added_last,
            Got::Forgotten(says) => {
                again += 1;
                if again > AGAIN {
                    return Err(Wrong::Source(format!(
                        "The server forgets its place again and again: {says}"
                    )));
                }
                go_on(&mut asking);
                let after = &mut asking.cursor.added_after;
                *after = just_before(after);
                continue;
            }
        };
        let (file, said) = asking.desk.blocking(move |_| Ok(look(file))).await??;
        if !added_last.is_empty() {
            asking.cursor.added_last = added_last;
        }
        empty = if said.objects == 0 { empty + 1 } else { 0 };
        // Some servers say the same `next` with every page and mean the one that follows.
        let same = said.next == wanted.next && before.replace(said.print) == Some(said.print);
        let endless = said.more && (empty > 2 || (!said.next.is_empty() && same));
        let stuck =
            said.more && said.next.is_empty() && asking.cursor.added_last == wanted.added_after;
        asking.cursor.next = said.next;
        if said.more && asking.cursor.next.is_empty() {
            go_on(&mut asking);
        }
        if !said.more {
            go_on(&mut asking);
        }
        let cursor = asking.cursor.clone();
        let (back, read) = part(&asking, import, file, cursor.clone()).await?;
        import = back;
        report.add(read);
        if endless || stuck {
            return Err(Wrong::Source(
                "The server says that there is more and gives the same page again and again. What came before is kept.".into(),
            ));
        }
        if !said.more {
            return asking.good(import, report, cursor).await;
        }
    }
    let cursor = asking.cursor.clone();
    asking.good(import, report, cursor).await
}

/// From the last object that came, if the server said when it was added.
fn go_on(asking: &mut Asking) {
    let cursor = &mut asking.cursor;
    cursor.next.clear();
    if !cursor.added_last.is_empty() {
        cursor.added_after.clone_from(&cursor.added_last);
    }
}

/// A microsecond earlier: what was added in the moment at which a page ended may have been cut off from it.
fn just_before(added: &str) -> String {
    let at = added.parse::<Timestamp>().ok();
    let before = at.and_then(|t| t.checked_sub(SignedDuration::from_micros(1)).ok());
    before.map_or_else(|| added.to_owned(), |t| format!("{t:.6}"))
}

/// Reads a page to its end for what it says of the next.
fn look(mut file: File) -> Result<(File, Said), intel::Fault> {
    let broken = |e: std::io::Error| intel::Fault::whole(format!("it cannot be read: {e}"));
    file.seek(SeekFrom::Start(0)).map_err(broken)?;
    let mut array = Array::new(&file, "objects", Limits::default());
    let mut print = DefaultHasher::new();
    while let Some((_, object)) = array.next()? {
        print.write(object);
    }
    let said = Said {
        more: array
            .beside()
            .get("more")
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false),
        next: array
            .beside()
            .get("next")
            .map_or_else(String::new, |n| match n {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Null => String::new(),
                other => other.to_string(),
            }),
        objects: array.number(),
        print: print.finish(),
    };
    Ok((file, said))
}
