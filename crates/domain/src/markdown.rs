//! Markdown to HTML that is safe on a page: no markup of the writer's own, no requests to anywhere. Knows no pages but `/tickets/…`.
//!
//! Only events of the parser are turned into HTML, and only kinds that are listed here, so nothing a writer types
//! becomes markup by itself. Values such as addresses stay text: what is under investigation must not be one click away.

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag,
    TagEnd, TextMergeStream,
};

/// Quotes, lists and emphasis deeper than this are shown without their frame.
const MAX_DEPTH: usize = 24;
/// Bytes of the text that are read at most.
const MAX_INPUT: usize = 1_000_000;
/// Bytes of HTML after which the rest is left out.
const MAX_OUTPUT: usize = 4_000_000;
/// How many characters of a link's target are shown.
const MAX_TARGET: usize = 2000;

/// Turns Markdown into HTML that can be put on a page as it is.
pub fn html(markdown: &str) -> String {
    let text = &markdown[..markdown.floor_char_boundary(MAX_INPUT)];
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::default();
    for event in TextMergeStream::new(Parser::new_ext(text, options)) {
        if page.events.len() * 8 + page.bytes > MAX_OUTPUT {
            page.cut();
            break;
        }
        page.take(event);
    }
    let mut out = String::with_capacity(page.bytes + page.bytes / 2);
    pulldown_cmark::html::push_html(&mut out, page.events.into_iter());
    out
}

/// What an open tag became.
enum Kept<'a> {
    /// It was written and must be closed like this.
    As(TagEnd),
    /// Only its content is shown.
    Content,
    /// A link was written.
    Link,
    /// A link's or image's content is shown, then its target as text.
    Target(CowStr<'a>),
}

#[derive(Default)]
struct Page<'a> {
    events: Vec<Event<'a>>,
    bytes: usize,
    open: Vec<Kept<'a>>,
    depth: usize,
    links: usize,
    code: bool,
}

impl<'a> Page<'a> {
    fn push(&mut self, event: Event<'a>) {
        self.bytes += match &event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) => t.len(),
            _ => 8,
        };
        self.events.push(event);
    }

    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(),
            Event::Text(text) if self.code || self.links > 0 => self.push(Event::Text(text)),
            Event::Text(text) => self.text(&text),
            // What was written as markup is shown as it was written.
            Event::Html(text) | Event::InlineHtml(text) => self.push(Event::Text(text)),
            // A line break of the writer is a line break: notes are full of pasted lines.
            Event::SoftBreak | Event::HardBreak => self.push(Event::HardBreak),
            Event::Code(_) | Event::Rule | Event::TaskListMarker(_) => self.push(event),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.push(Event::Text(text));
            }
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let kept = match tag {
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => self.link(link_type, dest_url),
            Tag::Image { dest_url, .. } => {
                self.push(Event::Text("image: ".into()));
                self.link(LinkType::Inline, dest_url)
            }
            // The page has headings of its own above these.
            Tag::Heading { level, .. } => self.keep(heading(lower(level))),
            Tag::CodeBlock(_) => {
                self.code = true;
                self.keep(Tag::CodeBlock(CodeBlockKind::Indented))
            }
            // The page's policy allows no inline style, so columns are not aligned.
            Tag::Table(columns) => self.keep(Tag::Table(vec![
                pulldown_cmark::Alignment::None;
                columns.len()
            ])),
            Tag::HtmlBlock => self.keep(Tag::Paragraph),
            Tag::BlockQuote(_) => self.nest(Tag::BlockQuote(None::<BlockQuoteKind>)),
            Tag::List(_) | Tag::Item | Tag::Emphasis | Tag::Strong | Tag::Strikethrough => {
                self.nest(tag)
            }
            Tag::Paragraph | Tag::TableHead | Tag::TableRow | Tag::TableCell => self.keep(tag),
            _ => Kept::Content,
        };
        self.open.push(kept);
    }

    fn keep(&mut self, tag: Tag<'a>) -> Kept<'a> {
        let end = tag.to_end();
        self.push(Event::Start(tag));
        Kept::As(end)
    }

    fn nest(&mut self, tag: Tag<'a>) -> Kept<'a> {
        if self.depth >= MAX_DEPTH {
            return Kept::Content;
        }
        self.depth += 1;
        self.keep(tag)
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Kept::As(end)) => {
                match end {
                    TagEnd::CodeBlock => self.code = false,
                    TagEnd::BlockQuote(_)
                    | TagEnd::List(_)
                    | TagEnd::Item
                    | TagEnd::Emphasis
                    | TagEnd::Strong
                    | TagEnd::Strikethrough => self.depth -= 1,
                    _ => {}
                }
                self.push(Event::End(end));
            }
            Some(Kept::Link) => {
                self.links -= 1;
                self.push(Event::Html("</a>".into()));
            }
            Some(Kept::Target(target)) if !target.is_empty() => {
                let shown: String = target.chars().take(MAX_TARGET).collect();
                self.push(Event::Text(format!(" ({shown})").into()));
            }
            Some(Kept::Content | Kept::Target(_)) | None => {}
        }
    }

    /// A link if its target is harmless and it stands in no other link; else its content with the target as text.
    fn link(&mut self, kind: LinkType, target: CowStr<'a>) -> Kept<'a> {
        if matches!(kind, LinkType::Autolink | LinkType::Email) {
            return Kept::Content;
        }
        if self.links > 0 || !may_link(&target) {
            return Kept::Target(target);
        }
        self.links += 1;
        let target = escaped(&target);
        // The title shows where a link leads before it is followed.
        let tag =
            format!(r#"<a href="{target}" title="{target}" rel="noopener noreferrer nofollow">"#);
        self.push(Event::Html(tag.into()));
        Kept::Link
    }

    /// Text with references to tickets as links.
    fn text(&mut self, text: &str) {
        let mut rest = 0;
        for (at, _) in text.match_indices("MW-") {
            let digits = text[at + 3..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            let end = at + 3 + digits;
            let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
            let alone = !text[..at].ends_with(joins) && !text[end..].starts_with(joins);
            if at < rest || !(1..=12).contains(&digits) || !alone {
                continue;
            }
            let number = &text[at..end];
            self.push(Event::Text(text[rest..at].to_owned().into()));
            let link = format!(r#"<a href="/tickets/{number}">{number}</a>"#);
            self.push(Event::Html(link.into()));
            rest = end;
        }
        self.push(Event::Text(text[rest..].to_owned().into()));
    }

    /// Closes everything that is open and says that more was there.
    fn cut(&mut self) {
        while !self.open.is_empty() {
            self.end();
        }
        self.push(Event::Start(Tag::Paragraph));
        self.push(Event::Text(
            "… The rest is too large to be shown here.".into(),
        ));
        self.push(Event::End(TagEnd::Paragraph));
    }
}

fn heading<'a>(level: HeadingLevel) -> Tag<'a> {
    Tag::Heading {
        level,
        id: None,
        classes: Vec::new(),
        attrs: Vec::new(),
    }
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

/// Whether a target is `http`, `https`, `mailto`, or stays on this site.
fn may_link(target: &str) -> bool {
    // Browsers drop or reinterpret these, so that what was checked is not what would be followed.
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if target.is_empty() || target.contains(odd) {
        return false;
    }
    let before = target.split(['/', '?', '#']).next().unwrap_or_default();
    match before.split_once(':') {
        Some((scheme, _)) => ["http", "https", "mailto"]
            .iter()
            .any(|s| scheme.eq_ignore_ascii_case(s)),
        None => !target.starts_with("//"),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
