//! Full text: the one split between the engines. Both index the same words, cut here, so both find the same.

use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::TicketEntry;

use crate::db::Tx;
use crate::{StoreError, params};

const ADD_LITE: &str = "INSERT INTO search (rowid, body, ticket) VALUES (?1, ?2, ?3)";
const ADD_PG: &str =
    "INSERT INTO search (rowid, body, ticket) VALUES (?1, to_tsvector('simple', ?2), ?3)";
const DROP: &str = "DELETE FROM search WHERE rowid = ?1";

/// PostgreSQL's vector holds at most a megabyte; more words than this are found in the evidence.
const MAX_BYTES: usize = 400_000;

/// Every statement of this file, for one engine.
pub(crate) fn statements(pg: bool) -> Vec<&'static str> {
    vec![if pg { ADD_PG } else { ADD_LITE }, DROP]
}

/// Indexes the text of an entry, if it has any.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    seq: i64,
    ticket: TicketNo,
    entry: &TicketEntry,
    directory: &Directory,
) -> Result<(), StoreError> {
    let words = words(&text(entry, directory));
    if words.is_empty() {
        return Ok(());
    }
    let sql = if tx.is_pg() { ADD_PG } else { ADD_LITE };
    tx.exec(sql, params![seq, words, ticket.0]).map(|_| ())
}

/// Whether the entry has words to find it by.
pub(crate) fn has_words(entry: &TicketEntry, directory: &Directory) -> bool {
    !words(&text(entry, directory)).is_empty()
}

/// Takes an entry out of the index, when its text was erased.
pub(crate) fn remove(tx: &mut Tx<'_>, seq: i64) -> Result<(), StoreError> {
    tx.exec(DROP, params![seq]).map(|_| ())
}

fn text(entry: &TicketEntry, directory: &Directory) -> String {
    match entry {
        TicketEntry::Opened(o) => {
            let fields = o
                .fields
                .values()
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
            let tags = o.tags.iter().cloned();
            [o.title.clone(), o.description.clone()]
                .into_iter()
                .chain(tags)
                .chain(fields)
                .collect::<Vec<_>>()
                .join(" \n ")
        }
        TicketEntry::Retitled(r) => r.to.clone(),
        TicketEntry::TaskAdded(t) => t.title.clone(),
        TicketEntry::EvidenceAttached(e) => format!("{} {} {}", e.name, e.description, e.sha256),
        other => other.say(directory).body.unwrap_or_default(),
    }
}

/// The words of a text: runs of letters and digits in lower case, in order, with single spaces between.
pub(crate) fn words(text: &str) -> String {
    let mut out = String::new();
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        if out.len() + word.len() > MAX_BYTES {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        // A single word beyond PostgreSQL's limit of 2 KB is noise such as base64; its beginning is enough to find it.
        let end = word.char_indices().nth(200).map_or(word.len(), |(i, _)| i);
        out.extend(word[..end].chars().flat_map(char::to_lowercase));
    }
    out
}

/// The condition that an entry's text has the phrase, with the parameter to bind at `?n`; `None` if the phrase has no words.
/// The last word of a bare (unquoted) term also matches as a beginning.
pub(crate) fn condition(
    pg: bool,
    phrase: &str,
    prefix: bool,
    n: usize,
) -> Option<(String, String)> {
    let words = words(phrase);
    if words.is_empty() {
        return None;
    }
    Some(if pg {
        let lexemes: Vec<&str> = words.split(' ').collect();
        let star = if prefix { ":*" } else { "" };
        (
            format!("search.body @@ to_tsquery('simple', ?{n})"),
            format!("{}{star}", lexemes.join(" <-> ")),
        )
    } else {
        let star = if prefix { " *" } else { "" };
        (format!("search MATCH ?{n}"), format!("\"{words}\"{star}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_the_same_for_both_engines() {
        assert_eq!(
            words("Powershell -enc; hxxp://Evil[.]example/a_b"),
            "powershell enc hxxp evil example a b"
        );
        assert_eq!(words("\u{0} -- !! "), "");
        assert_eq!(
            condition(false, "powershell -enc", false, 1).unwrap().1,
            "\"powershell enc\""
        );
        assert_eq!(
            condition(true, "powershell -enc", true, 1).unwrap().1,
            "powershell <-> enc:*"
        );
    }
}
