//! The one thing asked of an XML answer: the text between two tags. Not a reader of XML.

/// The text of the first element of this name, entities resolved.
pub(crate) fn text(document: &str, name: &str) -> Option<String> {
    let open = format!("<{name}>");
    let start = document.find(&open)? + open.len();
    let end = start + document[start..].find(&format!("</{name}>"))?;
    let mut text = document[start..end].trim().to_owned();
    // The ampersand last, or what it makes would be read again.
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_first_element_counts_and_entities_are_resolved_once() {
        let document = "<a><Code> x&amp;lt; </Code><Code>y</Code><Open></a>";
        assert_eq!(text(document, "Code").as_deref(), Some("x&lt;"));
        assert_eq!(text(document, "Open"), None);
        assert_eq!(text("", "Code"), None);
    }
}
