//! What similar alerts share: the rule that made them, else the title without what differs from one to the next.

/// The group of an alert whose source names none.
pub(crate) fn of(rule: &str, title: &str) -> String {
    if rule.is_empty() {
        fold(title)
    } else {
        rule.to_owned()
    }
}

/// A text with numbers, hexadecimal words and quoted parts replaced, so that the next of its kind is the same.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted: Option<char> = None;
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        if word.chars().any(|c| c.is_ascii_digit()) {
            out.push('#');
        } else {
            out.push_str(&word.to_lowercase());
        }
        word.clear();
    };
    for c in text.chars() {
        if let Some(close) = quoted {
            if c == close {
                quoted = None;
            }
            continue;
        }
        if c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '@' | '/') {
            word.push(c);
            continue;
        }
        end(&mut word, &mut out);
        match c {
            '"' => quoted = Some('"'),
            '“' => quoted = Some('”'),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            c => {
                out.push(c);
                continue;
            }
        }
        out.push('#');
    }
    end(&mut word, &mut out);
    let folded = out.trim().to_owned();
    if folded.is_empty() {
        "#".into()
    } else {
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_one_to_the_next_is_left_out() {
        let one = fold("5 failed logins of \"root\" from 198.51.100.7");
        assert_eq!(one, "# failed logins of # from #");
        assert_eq!(one, fold("12 Failed logins of “ada”  from 2001:db8::1"));
        assert_eq!(of("rule-7", "x"), "rule-7");
        assert_eq!(fold("\"all quoted"), "#");
    }
}
