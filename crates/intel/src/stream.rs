//! Reads the elements of one array of a JSON document, one at a time, in bounded memory. Knows no format built on JSON.

use serde_json::{Map, Value};
use std::io::Read;

use crate::fault::{At, Fault};

/// How much is taken before a document is given up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one object or line.
    pub object_bytes: usize,
    /// Objects within objects.
    pub depth: usize,
    /// Objects or lines of one document.
    pub objects: u64,
    /// Bytes of a document, unpacked.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            object_bytes: 8 << 20,
            depth: 64,
            objects: 20_000_000,
            bytes: 16 << 30,
        }
    }
}

/// Bytes that are asked for at once.
const CHUNK: usize = 256 << 10;
/// Bytes of a member beside the array that are kept.
const MEMBER_BYTES: usize = 64 << 10;
/// Members beside the array.
const MEMBERS: usize = 64;

/// The elements of the array that stands under a name at the top of a document, or of a document that is an array.
pub struct Array<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    limits: Limits,
    name: &'static str,
    place: Place,
    number: u64,
    beside: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Members { first: bool },
    Elements { first: bool, bare: bool },
    After,
}

impl<R: Read> Array<R> {
    /// Reads the array under `name`.
    pub fn new(input: R, name: &'static str, limits: Limits) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            limits,
            name,
            place: Place::Before,
            number: 0,
            beside: Map::new(),
        }
    }

    /// The members of the document beside the array, as far as read: all of them once [`Self::next`] has given nothing.
    pub fn beside(&self) -> &Map<String, Value> {
        &self.beside
    }

    /// How many elements were read.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next element with its number, or nothing at the end.
    ///
    /// # Errors
    /// If the document breaks its form or a limit, or ends too early.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it gives borrows from it"
    )]
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>, Fault> {
        loop {
            match self.place {
                Place::Before => match self.open()? {
                    b'[' => {
                        self.start += 1;
                        self.place = Place::Elements {
                            first: true,
                            bare: true,
                        };
                    }
                    _ => {
                        self.start += 1;
                        self.place = Place::Members { first: true };
                    }
                },
                Place::Members { first } => self.member(first)?,
                Place::Elements { first, bare } => {
                    let Some(length) = self.element(first, bare)? else {
                        continue;
                    };
                    let from = self.start;
                    self.start += length;
                    return Ok(Some((self.number, &self.buffer[from..from + length])));
                }
                Place::After => {
                    return match self.peek()? {
                        None => Ok(None),
                        Some(_) => {
                            Err(self.fault("something follows the end of the JSON document"))
                        }
                    };
                }
            }
        }
    }

    fn open(&mut self) -> Result<u8, Fault> {
        match self.peek()? {
            Some(c @ (b'{' | b'[')) => Ok(c),
            None => Err(Fault::whole("the document is empty; JSON is expected")),
            Some(b'<') => Err(Fault::whole(
                "this is a web page or XML; JSON is expected. Check the address, and whether it asks for a sign-in",
            )),
            Some(_) => Err(Fault::whole(
                "this is not JSON, which begins with { or [. Check the kind of the feed",
            )),
        }
    }

    fn member(&mut self, first: bool) -> Result<(), Fault> {
        match self.peek()? {
            Some(b'}') => {
                self.start += 1;
                self.place = Place::After;
                return Ok(());
            }
            Some(b',') if !first => self.start += 1,
            Some(_) if first => (),
            _ => return Err(self.fault("a comma or the end of the document is expected")),
        }
        if self.peek()? != Some(b'"') {
            return Err(self.fault("the name of a member is expected"));
        }
        let length = self.value(MEMBER_BYTES)?;
        let name: String = serde_json::from_slice(&self.buffer[self.start..self.start + length])
            .map_err(|e| self.fault(&format!("a name cannot be read: {e}")))?;
        self.start += length;
        if self.peek()? != Some(b':') {
            return Err(self.fault("a colon is expected"));
        }
        self.start += 1;
        self.place = Place::Members { first: false };
        let next = self.peek()?;
        if name == self.name && next == Some(b'[') {
            self.start += 1;
            self.place = Place::Elements {
                first: true,
                bare: false,
            };
            return Ok(());
        }
        let length = self.value(MEMBER_BYTES)?;
        let value = serde_json::from_slice(&self.buffer[self.start..self.start + length])
            .map_err(|e| self.fault(&format!("“{name}” cannot be read: {e}")))?;
        self.start += length;
        if self.beside.len() >= MEMBERS {
            return Err(self.fault("there are too many members beside the objects"));
        }
        self.beside.insert(name, value);
        Ok(())
    }

    /// The length of the next element, which then begins at `start`; nothing at the end of the array.
    fn element(&mut self, first: bool, bare: bool) -> Result<Option<usize>, Fault> {
        match self.peek()? {
            Some(b']') => {
                self.start += 1;
                self.place = if bare {
                    Place::After
                } else {
                    Place::Members { first: false }
                };
                return Ok(None);
            }
            Some(b',') if !first => {
                self.start += 1;
                if self.peek()? == Some(b']') {
                    return Err(self.fault("an object is expected after the comma"));
                }
            }
            Some(_) if first => (),
            Some(_) => return Err(self.fault("a comma is expected after the object")),
            None => return Err(self.truncated()),
        }
        if self.number >= self.limits.objects {
            let most = self.limits.objects;
            return Err(self.fault(&format!("there are more than {most} objects")));
        }
        self.number += 1;
        let length = self.value(self.limits.object_bytes)?;
        self.place = Place::Elements { first: false, bare };
        Ok(Some(length))
    }

    /// The length of the value that begins at `start`, all of which is then in the buffer.
    fn value(&mut self, most: usize) -> Result<usize, Fault> {
        let (mut at, mut depth, mut quoted) = (0, 0, false);
        let bare = !matches!(self.peek()?, Some(b'{' | b'[' | b'"'));
        loop {
            let window = &self.buffer[self.start..self.end];
            let stop = match (quoted, bare) {
                (true, _) => memchr::memchr2(b'"', b'\\', &window[at..]),
                (false, true) => window[at..]
                    .iter()
                    .position(|c| matches!(c, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')),
                (false, false) => window[at..].iter().position(|c| STRUCTURE[usize::from(*c)]),
            };
            let Some(step) = stop else {
                at = window.len();
                self.more(at, most)?;
                continue;
            };
            at += step;
            if bare && !quoted {
                return match at {
                    0 => Err(self.fault("a value is expected")),
                    _ => Ok(at),
                };
            }
            match window[at] {
                b'"' => quoted = !quoted,
                // In a string: whatever follows belongs to it.
                b'\\' => {
                    if at + 1 >= window.len() {
                        self.more(at, most)?;
                        continue;
                    }
                    at += 1;
                }
                b'{' | b'[' => depth += 1,
                _ if depth == 0 => return Err(self.fault("a bracket closes that was not opened")),
                _ => depth -= 1,
            }
            at += 1;
            if at > most {
                return Err(self.too_large(most));
            }
            if depth > self.limits.depth {
                let most = self.limits.depth;
                return Err(self.fault(&format!(
                    "objects stand more than {most} deep in each other"
                )));
            }
            if depth == 0 && !quoted {
                return Ok(at);
            }
        }
    }

    fn more(&mut self, have: usize, most: usize) -> Result<(), Fault> {
        if have > most {
            return Err(self.too_large(most));
        }
        if self.fill()? {
            Ok(())
        } else {
            Err(self.truncated())
        }
    }

    /// The next byte that is not a space; nothing at the end of the input.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let window = &self.buffer[self.start..self.end];
            match window
                .iter()
                .position(|c| !matches!(c, b' ' | b'\n' | b'\r' | b'\t'))
            {
                Some(step) => {
                    self.start += step;
                    return Ok(Some(self.buffer[self.start]));
                }
                None => {
                    self.start = self.end;
                    if !self.fill()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads more behind what is there. False at the end of the input.
    fn fill(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK {
            self.buffer
                .resize((self.buffer.len() * 2).max(2 * CHUNK), 0);
        }
        let got = self
            .input
            .read(&mut self.buffer[self.end..])
            .map_err(|e| self.fault(&format!("reading failed: {e}")))?;
        self.end += got;
        self.ended = got == 0;
        Ok(got > 0)
    }

    fn fault(&self, says: &str) -> Fault {
        let at = match self.number {
            0 => At::Whole,
            n => At::Object(n),
        };
        Fault::new(at, says)
    }

    fn truncated(&self) -> Fault {
        self.fault("the document ends in the middle; it was cut off on its way")
    }

    fn too_large(&self, most: usize) -> Fault {
        self.fault(&format!("it is larger than {most} bytes"))
    }
}

/// Bytes that matter outside strings.
const STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
    table[b'[' as usize] = true;
    table[b']' as usize] = true;
    table
};

#[cfg(test)]
mod tests;
