//! That Markdown shows what it should, and that nothing a writer types becomes markup.

use proptest::prelude::*;

use super::*;

/// Elements that may stand on the page, with the attributes each may have.
const ALLOWED: &[(&str, &[&str])] = &[
    ("p", &[]),
    ("br", &[]),
    ("hr", &[]),
    ("pre", &[]),
    ("code", &[]),
    ("blockquote", &[]),
    ("em", &[]),
    ("strong", &[]),
    ("del", &[]),
    ("ul", &[]),
    ("ol", &["start"]),
    ("li", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("table", &[]),
    ("thead", &[]),
    ("tbody", &[]),
    ("tr", &[]),
    ("th", &[]),
    ("td", &[]),
    ("input", &["disabled", "type", "checked"]),
    ("a", &["href", "title", "rel"]),
];

/// Reads the HTML as a browser would and says what stands in it that is not allowed.
fn fault(html: &str) -> Option<String> {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else {
            return Some("an element that does not end".into());
        };
        let inside = rest[at + 1..at + end]
            .trim_start_matches('/')
            .trim_end_matches('/');
        let (name, mut attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| *n == name) else {
            return Some(format!("the element {name}"));
        };
        while let Some((attribute, value)) = attributes.split_once("=\"") {
            let Some((value, more)) = value.split_once('"') else {
                return Some(format!("an open quote in {inside}"));
            };
            let attribute = attribute.trim();
            if !allowed.contains(&attribute) {
                return Some(format!("the attribute {attribute} of {name}"));
            }
            if attribute == "href" && !may_link(&value.replace("&amp;", "&")) {
                return Some(format!("a link to {value}"));
            }
            attributes = more;
        }
        if !attributes.trim().trim_end_matches('/').is_empty() {
            return Some(format!("loose text {attributes} in {inside}"));
        }
        rest = &rest[at + end + 1..];
    }
    None
}

#[test]
fn ordinary_text_is_shown_as_meant() {
    let shown = html(
        "# Found\n\n- [x] **done**\n- ~~no~~ `rm -rf`\n\n1. one\n\n> quote\n\nline one\nline two",
    );
    for part in [
        "<h3>Found</h3>",
        r#"<input disabled="" type="checkbox" checked=""/>"#,
        "<strong>done</strong>",
        "<del>no</del> <code>rm -rf</code>",
        "<ol>",
        "<blockquote>",
        "line one<br />\nline two",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let table = html("|a|b|\n|--|-:|\n|1|2|");
    assert!(
        table.contains("<th>b</th>") && table.contains("<td>2</td>"),
        "{table}"
    );
}

#[test]
fn tickets_are_linked_but_not_in_code() {
    let shown = html("See MW-12, (MW-7) and *MW-9*; not XMW-1, MW-, MW-1a, `MW-3`.\n\n    MW-4");
    for n in [12, 7, 9] {
        assert!(
            shown.contains(&format!(r#"<a href="/tickets/MW-{n}">MW-{n}</a>"#)),
            "{shown}"
        );
    }
    assert_eq!(shown.matches("<a ").count(), 3, "{shown}");
    let linked = html("[MW-5](https://wiki.example/)");
    assert_eq!(linked.matches("<a ").count(), 1, "{linked}");
}

#[test]
fn links_lead_only_where_they_may() {
    for target in [
        "https://a.example/?a=1&b=2",
        "http://a.example",
        "mailto:soc@a.example",
        "/procedures/x",
        "#top",
        "a/b:c",
    ] {
        let shown = html(&format!("[x](<{target}>)"));
        let href = format!(r#"href="{}""#, escaped(target));
        assert!(
            shown.contains(&href) && shown.contains(r#"rel="noopener noreferrer nofollow""#),
            "{shown}"
        );
    }
    for target in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/\\evil.example",
        "java\tscript:x",
        "&#106;avascript:x",
        "\u{1}javascript:x",
        "x:y",
    ] {
        let shown = html(&format!("[x](<{target}>)"));
        assert!(!shown.contains("<a"), "{target}: {shown}");
    }
}

#[test]
fn values_stay_text() {
    for text in [
        "https://evil.example",
        "<https://evil.example>",
        "<a@evil.example>",
        "www.evil.example",
        "hxxps://evil[.]example",
    ] {
        let shown = html(text);
        assert!(!shown.contains("<a") && shown.contains("evil"), "{shown}");
    }
}

#[test]
fn images_are_links_and_nothing_is_fetched() {
    let shown = html("![logo](https://evil.example/x.png)");
    assert!(
        !shown.contains("<img") && shown.contains(">logo</a>"),
        "{shown}"
    );
    let inside = html("[![pixel](https://a.example/p)](https://b.example/)");
    assert_eq!(inside.matches("<a ").count(), 1, "{inside}");
    assert_eq!(fault(&inside), None);
}

#[test]
fn markup_of_the_writer_is_shown_as_text() {
    let shown = html("<script>alert(1)</script>\n\nand <b onclick=x>this</b>");
    assert!(
        shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{shown}"
    );
    assert!(
        shown.contains("&lt;b onclick=x&gt;this&lt;/b&gt;"),
        "{shown}"
    );
}

#[test]
fn hostile_fixtures_become_text() {
    let file = include_str!("../../../../fixtures/hostile.json");
    let cases: serde_json::Value = serde_json::from_str(file).unwrap();
    let mut seen = 0;
    for case in cases.as_array().unwrap() {
        if let (Some("A"), Some(input)) = (case["group"].as_str(), case["input"].as_str()) {
            seen += 1;
            for text in [
                input.to_owned(),
                format!("- {input}\n\n|a|\n|-|\n|{input}|"),
                format!("[x]({input})"),
                format!("```{input}\n{input}"),
            ] {
                let shown = html(&text);
                assert_eq!(fault(&shown), None, "{}: {shown}", case["id"]);
            }
        }
    }
    assert!(seen >= 30, "group A has {seen} cases");
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = html(&format!("{}x", "> ".repeat(5000)));
    assert!(deep.matches("<blockquote>").count() <= MAX_DEPTH);
    let lists = html(&"- ".repeat(5000));
    assert!(
        lists.matches("<li>").count() <= MAX_DEPTH,
        "{}",
        lists.len()
    );
    let wide = format!(
        "|{}\n|{}\n{}",
        "a|".repeat(5000),
        "-|".repeat(5000),
        "|x\n".repeat(20_000)
    );
    let references = format!("[a]: /{}\n\n{}", "x".repeat(50_000), "[a]".repeat(16_000));
    for text in [
        wide,
        references,
        "*a ".repeat(60_000),
        "[".repeat(100_000),
        "MW-1 ".repeat(200_000),
    ] {
        let shown = html(&text);
        assert!(shown.len() < 4 * MAX_OUTPUT, "{}", shown.len());
        assert_eq!(fault(&shown), None);
    }
    assert!(html(&"x\n\n".repeat(400_000)).contains("too large to be shown"));
}

fn piece() -> impl Strategy<Value = String> {
    let sharp = proptest::sample::select(vec![
        "<script>",
        "</script>",
        "<img src=x onerror=",
        "<a href=\"javascript:",
        "[a](",
        "![b](",
        ")",
        "](",
        "[x]: ",
        "javascript:alert(1)",
        "data:text/html,",
        "<svg/onload=",
        "\"",
        "'",
        "`",
        "```",
        "~~~\" onclick=\"",
        "> ",
        "- ",
        "1. ",
        "|a|b|\n|-|-|\n",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?x",
        "&#60;",
        "&lt;script",
        "\\",
        "*",
        "_",
        "~~",
        "\n",
        "\n\n",
        "    ",
        "<https://e.example>",
        "MW-1",
        "#",
        "- [x] ",
        "\u{0}",
        "\u{202e}",
        "[^1]",
        "$x$",
        "<style>",
        "<x y=\"",
    ]);
    prop_oneof![sharp.prop_map(str::to_owned), "\\PC{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn nothing_a_writer_types_becomes_markup(pieces in proptest::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        let shown = html(&text);
        prop_assert_eq!(fault(&shown), None, "{:?} → {}", text, shown);
        prop_assert!(!shown.to_lowercase().contains("<script"));
    }
}
