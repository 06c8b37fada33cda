//! Reads a licence expression and says whether an accepted choice fulfils it. Does not know which licences are accepted.

/// Whether `expression` can be fulfilled with licences for which `accepted` holds.
///
/// Knows `OR`, `AND`, parentheses, the old `/` for `OR`, and `WITH`, whose
/// exceptions only ever permit more than the licence before it.
///
/// # Errors
/// When it is not such an expression.
pub(crate) fn fulfilled(expression: &str, accepted: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let fulfilled = either(&mut words, accepted);
    match (fulfilled, words.next()) {
        (Some(fulfilled), None) => Ok(fulfilled),
        _ => Err(format!("cannot read the licence {expression:?}")),
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut fulfilled = both(words, accepted)?;
    while words.next_if_eq(&"OR").is_some() {
        fulfilled |= both(words, accepted)?;
    }
    Some(fulfilled)
}

fn both(words: &mut Words<'_>, accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut fulfilled = one(words, accepted)?;
    while words.next_if_eq(&"AND").is_some() {
        fulfilled &= one(words, accepted)?;
    }
    Some(fulfilled)
}

fn one(words: &mut Words<'_>, accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    match words.next()? {
        "(" => {
            let fulfilled = either(words, accepted)?;
            words.next_if_eq(&")")?;
            Some(fulfilled)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        licence => {
            if words.next_if_eq(&"WITH").is_some() {
                words.next()?;
            }
            Some(accepted(licence))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fulfilled;

    #[test]
    fn follows_the_expression() {
        for (expression, expected) in [
            ("MIT", Ok(true)),
            ("GPL-3.0", Ok(false)),
            ("GPL-3.0 OR MIT", Ok(true)),
            ("GPL-3.0/MIT", Ok(true)),
            ("GPL-3.0 AND MIT", Ok(false)),
            ("GPL-3.0 AND GPL-2.0 OR MIT", Ok(true)),
            ("(MIT OR GPL-3.0) AND ISC", Ok(true)),
            ("(MIT OR ISC) AND GPL-3.0", Ok(false)),
            ("MIT WITH LLVM-exception OR GPL-3.0", Ok(true)),
        ] {
            let accepted = |licence: &str| matches!(licence, "MIT" | "ISC");
            assert_eq!(fulfilled(expression, &accepted), expected, "{expression}");
        }
    }

    #[test]
    fn refuses_what_is_no_expression() {
        for expression in [
            "", "MIT OR", "(MIT", "MIT ISC", "MIT)", "AND MIT", "MIT WITH",
        ] {
            assert!(fulfilled(expression, &|_| true).is_err(), "{expression}");
        }
    }
}
