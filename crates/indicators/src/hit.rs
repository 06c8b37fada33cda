//! What was found: hits, how they were decoded, why they are doubtful, and what may be asked. Finds nothing itself.

use crate::Kind;
use std::collections::HashSet;
use std::fmt;

/// One value found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What kind of value it is.
    pub kind: Kind,
    /// The canonical value: equal values are equal text.
    pub value: String,
    /// As it stands in the text, or in what was decoded from it.
    pub original: String,
    /// Its first byte in the input. Where it was decoded from a block, the block's.
    pub start: u64,
    /// The byte after its last in the input.
    pub end: u64,
    /// The port that stood beside it.
    pub port: Option<u16>,
    /// How it was decoded, outermost first. Empty where it stood in the open.
    pub decoded_from: Vec<Layer>,
    /// Why it is not one after all. Only with [`Options::explain`].
    pub rejected: Option<Reason>,
    /// Why it may well be something else: to be shown unticked.
    pub weak: Option<Reason>,
    /// The word beside it that decided what it is, such as `imphash`.
    pub context: Option<String>,
    /// The index, in the same extraction, of the hit that it was derived from. Only with [`Options::derived`].
    pub derived_from: Option<usize>,
}

impl Hit {
    /// Neither rejected nor weak: what is taken without asking.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.rejected.is_none() && self.weak.is_none()
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident $word:literal $says:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $says] $variant,)*
        }

        impl $name {
            /// Its name in data.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it means, for people.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// A coat that was taken off before the value could be read.
    Layer {
        Base64 "base64" "base64",
        UrlEncoding "url-encoding" "percent encoding of URLs",
        Utf16 "utf-16" "UTF-16 text",
        QuotedPrintable "quoted-printable" "quoted-printable text of a mail",
        MimePart "mime-part" "part or attachment of a mail",
        EncodedWord "encoded-word" "encoded word of a mail's header",
        Html "html" "HTML",
        Gzip "gzip" "gzip or deflate",
        Rewriter "rewriter" "link wrapped by a mail filter",
    }
}

words! {
    /// Why a candidate is doubtful or no indicator at all.
    Reason {
        Malformed "malformed" "does not have the form of its kind",
        OutOfRange "out_of_range" "a number is out of range",
        Version "version" "a version number",
        Oid "oid" "an object identifier",
        Section "section" "a section number",
        Time "time" "a time of day",
        Date "date" "a date",
        UnknownSuffix "unknown_suffix" "no public suffix that names a domain",
        SuffixOnly "suffix_only" "a public suffix without a name before it",
        FileName "file_name" "a file name that looks like a domain",
        CodeName "code_name" "a name in program code",
        MissingSpace "missing_space" "two sentences without a space between",
        Checksum "checksum" "the checksum does not fit",
        TraceId "trace_id" "an identifier for tracing or of a build",
        Uuid "uuid" "a UUID",
        Uniform "uniform" "one repeated character",
        TooLong "too_long" "longer than its kind can be",
        NoContext "no_context" "nothing beside it says what it is",
        CommonWord "common_word" "a common word or name",
        Unspecific "unspecific" "stands for no single thing, such as 0.0.0.0",
        ProductName "product_name" "a product's name that looks like a domain",
    }
}

/// What to look for, and how far to go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Give rejected candidates too, each with its reason.
    pub explain: bool,
    /// Give what a value contains too: the host of a URL, the domain of an e-mail address.
    pub derived: bool,
    /// How many coats of base64, URL encoding or compression to take off.
    pub decode_depth: u8,
    /// After so many hits no more are kept, and [`Extraction::truncated`] says so.
    pub max_hits: usize,
    /// Only these kinds; empty means all.
    pub kinds: Vec<Kind>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            explain: false,
            derived: false,
            decode_depth: 2,
            max_hits: 1_000_000,
            kinds: Vec::new(),
        }
    }
}

impl Options {
    /// Rejected candidates too.
    #[must_use]
    pub fn explain(mut self, yes: bool) -> Self {
        self.explain = yes;
        self
    }

    /// What is contained in a value too.
    #[must_use]
    pub fn derived(mut self, yes: bool) -> Self {
        self.derived = yes;
        self
    }

    /// How many coats to take off; 0 leaves encoded text alone.
    #[must_use]
    pub fn decode_depth(mut self, depth: u8) -> Self {
        self.decode_depth = depth;
        self
    }

    /// How many hits to keep.
    #[must_use]
    pub fn max_hits(mut self, most: usize) -> Self {
        self.max_hits = most;
        self
    }

    /// Only these kinds.
    #[must_use]
    pub fn kinds(mut self, kinds: &[Kind]) -> Self {
        self.kinds = kinds.to_vec();
        self
    }
}

/// All that was found in one text.
#[derive(Clone, Debug, Default)]
pub struct Extraction {
    /// In the order of the text; what was decoded from a block follows the block.
    pub hits: Vec<Hit>,
    /// More was there than [`Options::max_hits`].
    pub truncated: bool,
    /// Units of work done: grows in proportion to the input, whatever it holds.
    pub work: u64,
}

impl Extraction {
    /// Each value once: the first hit of every (kind, value), certain ones before weak ones of the same value.
    /// Rejected candidates are left out.
    ///
    /// ```
    /// let found = indicators::extract(b"198.51.100[.]7, then 198.51.100.7", &Default::default());
    /// assert_eq!((found.hits.len(), found.distinct().len()), (2, 1));
    /// ```
    #[must_use]
    pub fn distinct(&self) -> Vec<&Hit> {
        let certain: HashSet<(Kind, &str)> = (self.hits.iter())
            .filter(|hit| hit.is_certain())
            .map(|hit| (hit.kind, hit.value.as_str()))
            .collect();
        let mut seen = HashSet::new();
        (self.hits.iter())
            .filter(|hit| hit.rejected.is_none())
            .filter(|hit| hit.weak.is_none() || !certain.contains(&(hit.kind, hit.value.as_str())))
            .filter(|hit| seen.insert((hit.kind, hit.value.as_str())))
            .collect()
    }
}
