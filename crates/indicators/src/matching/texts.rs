//! Values looked for as they stand, wherever they stand: registry keys, mutexes, user agents. Knows no tokens.

use super::around::{ends_escape, escape};
use super::matcher::{How, Match};
use super::segment::{LONGEST_TEXT, Segment, Text};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::BTreeMap;

/// All texts of several segments.
#[derive(Default)]
pub(super) struct Texts {
    /// `None` when there are none, so that nothing is paid for them.
    search: Option<AhoCorasick>,
    /// What each pattern of the search stands for: two may stand for one text.
    stands_for: Vec<usize>,
    texts: Vec<(Text, Vec<usize>)>,
}

impl Texts {
    /// The texts of these.
    pub(super) fn of(segments: &[Segment]) -> Self {
        let mut holders: BTreeMap<&Text, Vec<usize>> = BTreeMap::new();
        for (index, segment) in segments.iter().enumerate() {
            segment
                .texts
                .iter()
                .for_each(|text| holders.entry(text).or_default().push(index));
        }
        let (mut patterns, mut stands_for) = (Vec::new(), Vec::new());
        for (index, text) in holders.keys().enumerate() {
            for pattern in forms(&text.value) {
                patterns.push(pattern);
                stands_for.push(index);
            }
        }
        if patterns.is_empty() {
            return Self::default();
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns);
        Self {
            // Too large a machine cannot happen below the bounds of a segment: 200,000 texts of 1 KiB.
            search: search.ok(),
            stands_for,
            texts: holders
                .into_iter()
                .map(|(text, held)| (text.clone(), held))
                .collect(),
        }
    }

    /// Calls with every text that begins in `from..to` of the window and stands by itself: where it begins and ends.
    pub(super) fn find(
        &self,
        window: &[u8],
        from: usize,
        to: usize,
        mut on: impl FnMut(usize, usize, Match),
    ) {
        let Some(search) = &self.search else { return };
        let last = window.len().min(to + 2 * LONGEST_TEXT);
        for found in search.find_overlapping_iter(&window[from..last]) {
            let (start, end) = (from + found.start(), from + found.end());
            if start < to && by_itself(window, start, end) {
                let (text, held) = &self.texts[self.stands_for[found.pattern().as_usize()]];
                let found = Match {
                    kind: text.kind,
                    value: text.value.clone(),
                    how: How::Exact,
                    segments: held.clone(),
                };
                on(start, end, found);
            }
        }
    }

    /// Bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let texts: usize = self
            .texts
            .iter()
            .map(|(text, _)| size_of::<Text>() + text.value.capacity())
            .sum();
        texts + self.search.as_ref().map_or(0, AhoCorasick::memory_usage)
    }
}

/// How a text may stand in a log: as it is, with backslashes doubled as in JSON, and a registry's root in its short form.
fn forms(value: &str) -> Vec<String> {
    const ROOTS: [(&str, &str); 5] = [
        ("HKEY_LOCAL_MACHINE\\", "HKLM\\"),
        ("HKEY_CURRENT_USER\\", "HKCU\\"),
        ("HKEY_CLASSES_ROOT\\", "HKCR\\"),
        ("HKEY_USERS\\", "HKU\\"),
        ("HKEY_CURRENT_CONFIG\\", "HKCC\\"),
    ];
    let mut forms = vec![value.to_owned()];
    for (long, short) in ROOTS {
        if let Some(rest) = value.strip_prefix(long) {
            forms.push(format!("{short}{rest}"));
        }
        if let Some(rest) = value.strip_prefix(short) {
            forms.push(format!("{long}{rest}"));
        }
    }
    if value.contains('\\') {
        let doubled: Vec<String> = forms
            .iter()
            .map(|form| form.replace('\\', "\\\\"))
            .collect();
        forms.extend(doubled);
    }
    forms
}

/// Not a part of a longer word; letters of an escape before it, such as `\\n` or `%20`, are none.
fn by_itself(window: &[u8], start: usize, end: usize) -> bool {
    let letter = |at: usize| {
        window
            .get(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let escaped = || {
        ends_escape(window, start)
            || start
                .checked_sub(2)
                .is_some_and(|two| escape(window, two) == Some(2))
    };
    let begins = !letter(start) || start == 0 || !letter(start - 1) || escaped();
    begins && (!letter(end - 1) || !letter(end))
}
