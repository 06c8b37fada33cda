//! Leads a text through its coats to the scanner, and what is found back to its place in the input. Reads no kind itself.

use crate::decode::{self, Wide, mail, rewriter};
use crate::mapped::Mapped;
use crate::refang::refang;
use crate::scan::{self, Found};
use crate::{Extraction, Hit, Kind, Layer, Options};
use std::ops::Range;

/// A text is worked on in segments of so many bytes, cut where a line ends.
pub(crate) const SEGMENT: usize = 1024 * 1024;
/// A mail is worked on as a whole up to this size.
pub(crate) const MAIL_MOST: usize = 32 * 1024 * 1024;
/// Where a cut looks for the end of a line, or of a word at least.
const CUT_REACH: usize = 64 * 1024;
/// The beginning that tells what the input is.
pub(crate) const HEAD: usize = 16 * 1024;
/// Links within links.
const UNWRAPPED_MOST: usize = 3;

/// How the bytes of an input are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Bytes,
    Mail,
    Little,
    Big,
}

impl Form {
    /// By the beginning of the input.
    pub(crate) fn of(head: &[u8]) -> Self {
        let head = &head[..head.len().min(HEAD)];
        if head.starts_with(&[0xFF, 0xFE]) {
            return Self::Little;
        }
        if head.starts_with(&[0xFE, 0xFF]) {
            return Self::Big;
        }
        let (mut even, mut odd) = (0, 0);
        let pairs = head.len().min(1024) / 2;
        for pair in head.chunks_exact(2).take(512) {
            even += usize::from(pair[0] == 0 && pair[1] != 0);
            odd += usize::from(pair[1] == 0 && pair[0] != 0);
        }
        if pairs >= 8 && odd * 10 >= pairs * 8 {
            return Self::Little;
        }
        if pairs >= 8 && even * 10 >= pairs * 8 {
            return Self::Big;
        }
        if mail::is_mail(head) {
            Self::Mail
        } else {
            Self::Bytes
        }
    }

    /// How many bytes a segment may have.
    pub(crate) const fn most(self) -> usize {
        match self {
            Self::Mail => MAIL_MOST,
            _ => SEGMENT,
        }
    }

    /// Where to cut a segment that is full.
    pub(crate) fn cut(self, segment: &[u8]) -> usize {
        let least = segment.len().saturating_sub(CUT_REACH);
        let tail = &segment[least..];
        match self {
            Self::Little | Self::Big => {
                let line = if self == Self::Little {
                    [b'\n', 0]
                } else {
                    [0, b'\n']
                };
                let pairs = tail.len() / 2;
                let found = (0..pairs)
                    .rev()
                    .find(|pair| tail[pair * 2..pair * 2 + 2] == line);
                found.map_or(segment.len() & !1, |pair| least + pair * 2 + 2)
            }
            _ => {
                let line = memchr::memrchr(b'\n', tail).filter(|line| least + line > 0);
                let space = || {
                    tail.iter().rposition(|byte| {
                        byte.is_ascii_whitespace() || matches!(byte, b'"' | b',' | b';' | b'|')
                    })
                };
                line.or_else(space)
                    .map_or(segment.len(), |place| least + place + 1)
            }
        }
    }
}

/// Everything that is found in a text.
///
/// ```
/// use indicators::{extract, Kind, Options};
/// let found = extract(b"beacon to 198[.]51[.]100[.]7:8443 every 60 s", &Options::default());
/// assert_eq!(found.hits[0].value, "198.51.100.7");
/// assert_eq!(found.hits[0].original, "198[.]51[.]100[.]7:8443");
/// assert_eq!((found.hits[0].start, found.hits[0].port), (10, Some(8443)));
/// ```
#[must_use]
pub fn extract(text: &[u8], options: &Options) -> Extraction {
    let mut extraction = Extraction::default();
    let mut search = Search::new(options);
    let form = Form::of(text);
    let mut place = 0;
    while place < text.len() {
        let rest = &text[place..];
        let full = rest.len() > form.most();
        let length = if full {
            form.cut(&rest[..form.most()])
        } else {
            rest.len()
        };
        search.segment(form, &rest[..length], place as u64, &mut |hit| {
            extraction.hits.push(hit);
        });
        place += length;
    }
    extraction.truncated = search.truncated;
    extraction.work = search.work;
    extraction
}

type Place<'p> = &'p dyn Fn(&Range<usize>) -> Range<u64>;

/// The state of one extraction.
pub(crate) struct Search<'o> {
    options: &'o Options,
    hits: Vec<Hit>,
    given: usize,
    /// Bytes that may still be decoded, so that coats within coats stay in proportion to the input.
    allowance: u64,
    pub(crate) truncated: bool,
    pub(crate) work: u64,
}

impl<'o> Search<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        Self {
            options,
            hits: Vec::new(),
            given: 0,
            allowance: 4 * 1024 * 1024,
            truncated: false,
            work: 0,
        }
    }

    /// Searches one segment of the input and gives its hits in order.
    pub(crate) fn segment(
        &mut self,
        form: Form,
        bytes: &[u8],
        base: u64,
        each: &mut dyn FnMut(Hit),
    ) {
        self.allowance += bytes.len() as u64 * 4;
        let whole = |range: &Range<usize>| base + range.start as u64..base + range.end as u64;
        match form {
            Form::Bytes => self.text(bytes, &whole, &[], 0, is_html(bytes)),
            Form::Mail => self.mail(bytes, &whole, &[], 0),
            Form::Little | Form::Big => {
                let wide = if form == Form::Little {
                    Wide::little(bytes)
                } else {
                    Wide::big(bytes)
                };
                let place = |range: &Range<usize>| whole(&wide.range(range));
                let text = wide.text.as_bytes();
                self.text(text, &place, &[Layer::Utf16], 0, is_html(text));
            }
        }
        let mut hits = std::mem::take(&mut self.hits);
        hits.sort_by_key(|hit| hit.start);
        hits.dedup_by(|next, last| {
            next.start == last.start
                && next.kind == last.kind
                && next.value == last.value
                && next.rejected == last.rejected
        });
        for hit in hits {
            self.give(hit, each);
        }
    }

    fn give(&mut self, hit: Hit, each: &mut dyn FnMut(Hit)) {
        let wanted =
            |kind: Kind| self.options.kinds.is_empty() || self.options.kinds.contains(&kind);
        let derived = if self.options.derived && hit.rejected.is_none() {
            crate::derive(hit.kind, &hit.value)
        } else {
            Vec::new()
        };
        let parent = self.given;
        let mut hits = Vec::with_capacity(1 + derived.len());
        let derived_from = wanted(hit.kind).then_some(parent);
        for (kind, value, relation) in derived {
            hits.push(Hit {
                kind,
                original: value.clone(),
                value,
                start: hit.start,
                end: hit.end,
                port: None,
                decoded_from: hit.decoded_from.clone(),
                rejected: None,
                weak: hit.weak,
                context: Some(relation.says().to_owned()),
                derived_from,
            });
        }
        hits.insert(0, hit);
        for hit in hits {
            if !wanted(hit.kind) {
                continue;
            }
            if self.given >= self.options.max_hits {
                self.truncated = true;
                return;
            }
            self.given += 1;
            each(hit);
        }
    }

    /// Searches a text as it stands beneath the given layers.
    fn text(&mut self, text: &[u8], place: Place<'_>, layers: &[Layer], depth: u8, html: bool) {
        let mapped = refang(text);
        let edited = |range: &Range<usize>| mapped.edited(range);
        let scanned = scan::scan(&mapped.text, &edited, self.options.explain);
        self.work += scanned.work + text.len() as u64;
        for found in scanned.found {
            let mut layers = layers.to_vec();
            if html && mapped.edited(&found.range) {
                layers.push(Layer::Html);
            }
            let source = mapped.range(&found.range);
            let at = place(&source);
            self.follow(&found, &at, &layers, depth);
            let original = crate::bytes::text(&text[source]);
            self.keep(found, original, at, layers);
        }
        if depth >= self.options.decode_depth {
            return;
        }
        for range in scanned.coded {
            let at = place(&mapped.range(&range));
            self.uncover(&mapped.text[range], &at, layers, depth);
        }
    }

    fn keep(&mut self, found: Found, original: String, at: Range<u64>, layers: Vec<Layer>) {
        self.hits.push(Hit {
            kind: found.kind,
            value: found.value,
            original,
            start: at.start,
            end: at.end,
            port: found.port,
            decoded_from: layers,
            rejected: found.rejected,
            weak: found.weak,
            context: found.context,
            derived_from: None,
        });
    }

    /// Searches what an encoded stretch holds.
    fn uncover(&mut self, code: &[u8], at: &Range<u64>, layers: &[Layer], depth: u8) {
        if self.allowance < code.len() as u64 {
            return;
        }
        let Some((coats, plain)) = decode::uncover(code) else {
            return;
        };
        self.allowance = self
            .allowance
            .saturating_sub((code.len() + plain.len()) as u64);
        self.work += (code.len() + plain.len()) as u64;
        let layers = [layers, &coats].concat();
        let block = at.clone();
        self.text(&plain, &|_| block.clone(), &layers, depth + 1, false);
    }

    /// Looks into a URL: what it wraps, and what its values hold.
    fn follow(&mut self, found: &Found, at: &Range<u64>, layers: &[Layer], depth: u8) {
        if found.kind != Kind::Url
            || found.rejected.is_some()
            || found.value.len() < 24
            || depth >= self.options.decode_depth
        {
            return;
        }
        let mut wrapped = found.value.clone();
        let mut layers = layers.to_vec();
        for _ in 0..UNWRAPPED_MOST {
            let Some(target) = rewriter::target(&wrapped) else {
                break;
            };
            layers.push(Layer::Rewriter);
            let Some(url) = scan::canonical_url(target.as_bytes()) else {
                break;
            };
            self.work += target.len() as u64;
            self.link(&url, target, at, &layers);
            wrapped.clone_from(&url.text);
        }
        if layers.last() != Some(&Layer::Rewriter) {
            for target in rewriter::carried(&wrapped) {
                if let Some(url) = scan::canonical_url(target.as_bytes()) {
                    let layers = [&layers[..], &[Layer::UrlEncoding]].concat();
                    self.link(&url, target, at, &layers);
                }
            }
        }
        let coded: Vec<String> = rewriter::values(&wrapped)
            .filter(|value| looks_base64(value))
            .take(8)
            .map(str::to_owned)
            .collect();
        for value in coded {
            let plain = decode::percent(value.as_bytes());
            if decode::is_coded_text(&plain) {
                self.uncover(&plain, at, &layers, depth);
            }
        }
    }

    fn link(&mut self, url: &scan::Url, written: String, at: &Range<u64>, layers: &[Layer]) {
        let mut found = Found::new(Kind::Url, url.text.clone(), 0..0);
        found.port = url.port;
        found.weak = url.weak;
        self.keep(found, written, at.clone(), layers.to_vec());
    }

    /// Searches the headers and parts of a mail.
    fn mail(&mut self, bytes: &[u8], place: Place<'_>, layers: &[Layer], depth: u8) {
        for part in mail::parts(bytes) {
            let start = part.range.start;
            let text = &bytes[part.range.clone()];
            self.work += text.len() as u64;
            let shifted = |range: &Range<usize>| place(&(start + range.start..start + range.end));
            match part.how {
                mail::Coding::Plain => self.text(text, &shifted, layers, depth, part.html),
                mail::Coding::Headers => {
                    let edits = mail::header_edits(text);
                    let words = edits.iter().map(|edit| shifted(&edit.range));
                    let mut words: Vec<Range<u64>> = words.collect();
                    words.sort_by_key(|word| word.start);
                    let before = self.hits.len();
                    self.edited(text, edits, &shifted, layers, depth, false);
                    for hit in &mut self.hits[before..] {
                        let near = words.partition_point(|word| word.end <= hit.start);
                        if words.get(near).is_some_and(|word| word.start < hit.end) {
                            hit.decoded_from.insert(layers.len(), Layer::EncodedWord);
                        }
                    }
                }
                mail::Coding::QuotedPrintable => {
                    let layers = [layers, &[Layer::QuotedPrintable]].concat();
                    self.edited(
                        text,
                        decode::quoted_printable(text),
                        &shifted,
                        &layers,
                        depth,
                        part.html,
                    );
                }
                mail::Coding::Name => {
                    let name = mail::attachment_name(text);
                    if name.contains('.') {
                        let found = Found::new(Kind::Filename, name, 0..0);
                        let original = crate::bytes::text(text);
                        self.keep(found, original, place(&part.range), layers.to_vec());
                    }
                }
                mail::Coding::Base64 => {
                    if let Some(plain) = decode::base64(text) {
                        let mut layers = [layers, &[Layer::MimePart, Layer::Base64]].concat();
                        let plain = decode::unpack(plain, &mut layers);
                        let at = place(&part.range);
                        self.work += plain.len() as u64;
                        if is_readable(&plain) {
                            self.text(&plain, &|_| at.clone(), &layers, depth, part.html);
                        }
                    }
                }
            }
        }
    }

    /// Searches a text after edits, with exact places.
    fn edited(
        &mut self,
        text: &[u8],
        edits: Vec<crate::mapped::Edit>,
        place: Place<'_>,
        layers: &[Layer],
        depth: u8,
        html: bool,
    ) {
        let plain = Mapped::new(text, edits);
        let back = |range: &Range<usize>| {
            let source = plain.range(range);
            place(&source)
        };
        self.text(&plain.text, &back, layers, depth, html);
    }
}

fn looks_base64(value: &str) -> bool {
    value.len() >= 16
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
        && value.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_html(text: &[u8]) -> bool {
    let head = text[..text.len().min(1024)].to_ascii_lowercase();
    [&b"<html"[..], b"<!doctype html", b"<body", b"<a href"]
        .iter()
        .any(|tag| memchr::memmem::find(&head, tag).is_some())
}

/// No executable or picture: hardly any bytes that text does not have.
fn is_readable(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let odd = head
        .iter()
        .filter(|byte| **byte < 9 || (14..32).contains(*byte))
        .count();
    odd * 20 <= head.len()
}
