//! What a host name ends with: public suffixes, reserved ones. Does not judge what stands around a name.

use crate::tables::RESERVED_SUFFIXES;
use psl::Type;

/// How a host name divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suffix {
    /// Length of the suffix in bytes.
    pub(crate) length: usize,
    /// Somebody's platform, under which others have their names, such as `github.io`.
    pub(crate) private: bool,
}

/// The suffix of a name in small letters, in the form of the domain name system. None where it is not known.
pub(crate) fn of(name: &str) -> Option<Suffix> {
    let last = name.rsplit('.').next()?;
    if RESERVED_SUFFIXES.contains(&last) {
        let length = last.len();
        return Some(Suffix {
            length,
            private: false,
        });
    }
    let suffix = psl::suffix(name.as_bytes()).filter(psl::Suffix::is_known)?;
    Some(Suffix {
        length: suffix.as_bytes().len(),
        private: suffix.typ() == Some(Type::Private),
    })
}

/// The registered domain of a host: the suffix and one label more. A host that is itself a suffix has none.
///
/// ```
/// use indicators::registered_domain;
/// assert_eq!(registered_domain("a.b.shop.co.uk"), Some("shop.co.uk"));
/// assert_eq!(registered_domain("evil.github.io"), Some("evil.github.io"));
/// assert_eq!(registered_domain("co.uk"), None);
/// ```
#[must_use]
pub fn registered_domain(host: &str) -> Option<&str> {
    let suffix = of(host)?;
    let rest = host.len().checked_sub(suffix.length + 1)?;
    let start = host[..rest].rfind('.').map_or(0, |dot| dot + 1);
    (start < rest).then(|| &host[start..])
}
