//! A page as a browser sees it: its forms as they would be sent, its text, and whether anything in it could run.

/// A tag of a page with its attributes, values unescaped.
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Where it ends in the page.
    end: usize,
}

impl Tag {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str())
    }
}

/// Text as it reads.
pub(crate) fn unescape(text: &str) -> String {
    let marks = [
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    marks.iter().fold(text.to_owned(), |text, (mark, plain)| {
        text.replace(mark, plain)
    })
}

/// Every opening tag of a page.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let starts = html.match_indices('<').map(|(i, _)| i);
    starts.filter_map(|start| tag(html, start)).collect()
}

fn tag(html: &str, start: usize) -> Option<Tag> {
    let rest = &html[start + 1..];
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    let (name, mut rest) = rest.split_at(length);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            let end = html.len() - after.len();
            return Some(Tag {
                name: name.to_lowercase(),
                attributes,
                end,
            });
        }
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '='))?;
        // An attribute without a name is none that we write.
        if length == 0 {
            return Some(Tag {
                name: name.to_lowercase(),
                attributes: vec![("=".into(), rest.into())],
                end: start,
            });
        }
        let (key, after) = rest.split_at(length);
        rest = after;
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => after[1..].split_once(quote)?,
                None => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>')?),
            };
        }
        attributes.push((key.to_lowercase(), unescape(value)));
    }
}

/// The fields of the form that is posted to `action`, as a browser would send them; panics if the page has none such.
pub(crate) fn form(html: &str, action: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let all = tags(html);
    let at = all
        .iter()
        .position(|t| t.name == "form" && t.get("action") == Some(action));
    let at = at.unwrap_or_else(|| panic!("no form for {action} in {html}"));
    let begin = all[at].end;
    let end = begin + html[begin..].find("</form>").expect("a form ends");
    let mut choosing: Option<(String, Option<String>)> = None;
    for tag in all[at + 1..].iter().filter(|t| t.end <= end) {
        let (name, value) = (
            tag.get("name").unwrap_or_default().to_owned(),
            tag.get("value"),
        );
        if tag.name != "option"
            && let Some((name, value)) = choosing.take()
        {
            fields.push((name, value.unwrap_or_default()));
        }
        match tag.name.as_str() {
            "input" if name.is_empty() => {}
            "input" => match tag.get("type") {
                Some("checkbox" | "radio") if tag.get("checked").is_none() => {}
                Some("file" | "submit") => {}
                _ => fields.push((name, value.unwrap_or_default().to_owned())),
            },
            "textarea" => {
                let text = &html[tag.end..];
                let text = text.split("</textarea>").next().unwrap_or_default();
                fields.push((name, unescape(text.strip_prefix('\n').unwrap_or(text))));
            }
            "select" => choosing = Some((name, None)),
            "option" => {
                if let Some((_, chosen)) = &mut choosing
                    && (chosen.is_none() || tag.get("selected").is_some())
                {
                    *chosen = value.map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    fields.extend(choosing.map(|(name, value)| (name, value.unwrap_or_default())));
    fields
}

/// Fills a field of a form, adding it if the form does not have it.
pub(crate) fn fill(form: &mut Vec<(String, String)>, name: &str, value: &str) {
    match form.iter_mut().find(|(n, _)| n == name) {
        Some(field) => value.clone_into(&mut field.1),
        None => form.push((name.to_owned(), value.to_owned())),
    }
}

/// What stands in a field of a form.
pub(crate) fn value<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    let found = form.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, v)| v.as_str())
}

/// A form as [`crate::site::Site::post`] takes it.
pub(crate) fn pairs(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

/// What in a page could run, leave for another host by itself, or pass for part of the page; empty for every page of ours.
pub(crate) fn dangers(html: &str) -> Vec<String> {
    const NEVER: &[&str] = &[
        "iframe",
        "object",
        "embed",
        "base",
        "style",
        "math",
        "foreignobject",
        "animate",
        "noscript",
        "template",
        "frame",
        "applet",
        "audio",
        "video",
    ];
    let mut out = Vec::new();
    for tag in tags(html) {
        let ours = |v: &str| {
            v.is_empty()
                || (v.starts_with('/') && !v.starts_with("//"))
                || v.starts_with(['#', '?'])
        };
        if NEVER.contains(&tag.name.as_str()) {
            out.push(format!("<{}>", tag.name));
        }
        if tag.name == "script" && !tag.get("src").is_some_and(|s| s.starts_with("/assets/")) {
            out.push("a script of no file of ours".into());
        }
        if tag.name == "meta" && tag.get("http-equiv").is_some() {
            out.push("meta http-equiv".into());
        }
        for (name, value) in &tag.attributes {
            let says = || format!("<{} {name}={value:?}>", tag.name);
            let link = value.trim().to_lowercase();
            let outward = link.starts_with("https://")
                || link.starts_with("http://")
                || link.starts_with("mailto:");
            let bad = match name.as_str() {
                "src" | "srcset" | "action" | "formaction" | "poster" => !ours(value),
                "href" | "xlink:href" => !(ours(value) || tag.name == "a" && outward),
                "style" | "srcdoc" | "=" => true,
                other => other.starts_with("on"),
            };
            if bad {
                out.push(says());
            }
        }
    }
    out
}

/// Text fixtures of group A that hold no more than `most` characters on one line, with their names.
pub(crate) fn hostile(most: usize) -> Vec<(String, String)> {
    let cases = crate::api_hostile::cases("A");
    let plain = cases
        .iter()
        .filter(|c| c["input"].get("json_text").is_none());
    let text = |c: &serde_json::Value| {
        let text = String::from_utf8(crate::api_hostile::bytes(&c["input"])).expect("text");
        (c["id"].as_str().expect("an id").to_owned(), text)
    };
    let all: Vec<_> = plain.map(text).collect();
    all.into_iter()
        .filter(|(_, t)| t.chars().count() <= most)
        .collect()
}

#[test]
fn dangers_are_seen() {
    for bad in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<p title=\"a\"onclick=\"b\">",
        "<a href=\"javascript:alert(1)\">",
        "<a href='&#34;data:text/html,x'>",
        "<svg onload=alert(1)>",
        "<img src=\"//evil.example/a\">",
        "<style>x</style>",
        "<form action=\"https://evil.example/\">",
    ] {
        assert!(!dangers(bad).is_empty(), "{bad}");
    }
    let fine = "<a href=\"/tickets?q=1\">&lt;script&gt;</a><script src=\"/assets/app.js\"></script><a href=\"https://a.example\">";
    assert_eq!(dangers(fine), Vec::<String>::new());
    let page = "<form action=\"/a\"><input name=\"x\" value=\"1&#34;\"><input type=\"checkbox\" name=\"y\" value=\"2\"><select name=\"s\"><option value=\"\"><option value=\"b\" selected></select><textarea name=\"t\">\nz&#60;</textarea></form><input name=\"no\">";
    assert_eq!(
        form(page, "/a"),
        [("x", "1\""), ("s", "b"), ("t", "z<")].map(|(n, v)| (n.to_owned(), v.to_owned()))
    );
}
