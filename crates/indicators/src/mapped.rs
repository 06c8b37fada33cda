//! A text made from another by small edits, and the way back from each of its places. Does not know what the edits mean.

use std::borrow::Cow;
use std::ops::Range;

/// These bytes of the source are to be replaced.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) with: Cow<'static, [u8]>,
}

impl Edit {
    pub(crate) fn new(range: Range<usize>, with: &'static [u8]) -> Self {
        let with = Cow::Borrowed(with);
        Self { range, with }
    }
}

/// The edited text.
pub(crate) struct Mapped<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// From this place in the text on, places advance together with this place in the source.
    steps: Vec<(usize, usize)>,
    /// Where in the text something was edited.
    touched: Vec<usize>,
}

impl<'a> Mapped<'a> {
    /// Applies the edits, of which those that overlap an earlier one are left out.
    pub(crate) fn new(source: &'a [u8], mut edits: Vec<Edit>) -> Self {
        if edits.is_empty() {
            return Self {
                text: Cow::Borrowed(source),
                steps: Vec::new(),
                touched: Vec::new(),
            };
        }
        edits.sort_by_key(|edit| edit.range.start);
        let mut text = Vec::with_capacity(source.len());
        let mut steps = Vec::with_capacity(edits.len() * 2);
        let mut touched = Vec::with_capacity(edits.len());
        let mut at = 0;
        for edit in edits {
            if edit.range.start < at {
                continue;
            }
            text.extend_from_slice(&source[at..edit.range.start]);
            touched.push(text.len());
            steps.push((text.len(), edit.range.start));
            text.extend_from_slice(&edit.with);
            steps.push((text.len(), edit.range.end));
            at = edit.range.end;
        }
        text.extend_from_slice(&source[at..]);
        Self {
            text: Cow::Owned(text),
            steps,
            touched,
        }
    }

    /// The place in the source that a place in the text came from.
    fn source(&self, place: usize) -> usize {
        let after = self.steps.partition_point(|(text, _)| *text <= place);
        match after.checked_sub(1).map(|index| self.steps[index]) {
            None => place,
            Some((text, source)) => {
                let next = self.steps.get(after).map_or(usize::MAX, |(_, next)| *next);
                (source + (place - text)).min(next)
            }
        }
    }

    /// The part of the source that a part of the text came from.
    pub(crate) fn range(&self, range: &Range<usize>) -> Range<usize> {
        if self.steps.is_empty() || range.is_empty() {
            return range.clone();
        }
        let start = self.source(range.start);
        start..(self.source(range.end - 1) + 1).max(start)
    }

    /// Was something edited within?
    pub(crate) fn edited(&self, range: &Range<usize>) -> bool {
        let first = self.touched.partition_point(|place| *place < range.start);
        self.touched
            .get(first)
            .is_some_and(|place| *place < range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_back_to_the_source() {
        let source = b"see evil[.]com now";
        let mapped = Mapped::new(source, vec![Edit::new(8..11, b".")]);
        assert_eq!(&*mapped.text, b"see evil.com now");
        assert_eq!(mapped.range(&(4..12)), 4..14);
        assert_eq!(mapped.range(&(13..16)), 15..18);
        assert!(mapped.edited(&(4..12)) && !mapped.edited(&(0..8)) && !mapped.edited(&(9..16)));
    }

    #[test]
    fn leaves_out_what_overlaps() {
        let edits = vec![Edit::new(1..3, b""), Edit::new(2..4, b"-")];
        assert_eq!(&*Mapped::new(b"abcdef", edits).text, b"adef");
    }
}
