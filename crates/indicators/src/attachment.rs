//! The files that a mail carries, as their recipient would save them. Looks for nothing in them.

use crate::decode::mail::{Coding, attachment_name, is_mail, parts};
use crate::decode::{base64, quoted_printable};
use crate::mapped::Mapped;

/// A file that a mail carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, without encoding. Not to be used as a path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The named files of a mail, also of mails within it, in their order; nothing of what is no mail.
///
/// ```
/// let mail = b"From: a@shop.example\nTo: b@shop.example\nSubject: x\nContent-Transfer-Encoding: base64\n\
///     Content-Type: application/zip; name=\"x.zip\"\n\nUEsDBA==\n";
/// let found = indicators::attachments(mail);
/// assert_eq!((found[0].name.as_str(), &found[0].bytes[..]), ("x.zip", &b"PK\x03\x04"[..]));
/// ```
#[must_use]
pub fn attachments(mail: &[u8]) -> Vec<Attachment> {
    let mut found = Vec::new();
    if !is_mail(mail) {
        return found;
    }
    // The names of a part stand before its headers, and these before its body.
    let (mut named, mut name) = (None, None);
    for part in parts(mail) {
        let text = &mail[part.range];
        let bytes = match part.how {
            Coding::Name => {
                named = Some(attachment_name(text));
                continue;
            }
            Coding::Headers => {
                name = named.take();
                continue;
            }
            Coding::Base64 => base64(text),
            Coding::QuotedPrintable => {
                let text = last_break_off(text);
                Some(Mapped::new(text, quoted_printable(text)).text.into_owned())
            }
            Coding::Plain => Some(last_break_off(text).to_vec()),
        };
        let name = name.take().filter(|name| !name.is_empty());
        if let (Some(name), Some(bytes)) = (name, bytes.filter(|bytes| !bytes.is_empty())) {
            found.push(Attachment { name, bytes });
        }
    }
    found
}

/// The line break before a boundary belongs to the boundary.
fn last_break_off(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_a_mail_is_as_it_was() {
        let mail = "From: a@shop.example\r\nTo: b@shop.example\r\nSubject: Invoice\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n\
            --b1\r\nContent-Type: text/plain\r\n\r\nSee attachment.\r\n\
            --b1\r\nContent-Type: text/plain; name=\"a.txt\"\r\n\r\none\r\ntwo\r\n\
            --b1\r\nContent-Disposition: attachment; filename=\"=?utf-8?Q?b=C3=A4r.js?=\"\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nx=3D1;=\r\ny\r\n\
            --b1\r\nContent-Type: application/zip; name=c.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsD\r\nBA==\r\n\
            --b1--\r\n";
        let found = attachments(mail.as_bytes());
        let found: Vec<(&str, &[u8])> = (found.iter())
            .map(|file| (file.name.as_str(), &file.bytes[..]))
            .collect();
        let expected: [(&str, &[u8]); 3] = [
            ("a.txt", b"one\r\ntwo"),
            ("b\u{e4}r.js", b"x=1;y"),
            ("c.zip", b"PK\x03\x04"),
        ];
        assert_eq!(found, expected);
        assert!(attachments(b"name=\"x.zip\"\n\nUEsD\n").is_empty());
    }
}
