//! Rows of a form that are added, moved and removed without script: fields named `what-2-part`, buttons named `do`.

use super::typed::Typed;

/// More rows than this are not shown.
const MOST: usize = 200;

/// How many rows of a kind were sent.
pub fn count(typed: &Typed, what: &str) -> usize {
    let number = |name: &str| {
        let rest = name.strip_prefix(what)?.strip_prefix('-')?;
        rest.split_once('-')?.0.parse::<usize>().ok()
    };
    let last = typed.0.iter().filter_map(|(n, _)| number(n)).max();
    last.map_or(0, |n| (n + 1).min(MOST))
}

/// The form's fields after `add-what`, `drop-what-2`, `up-what-2` or `down-what-2`. `kinds` are the rows there are, each with
/// the field that a new one begins with.
pub fn stepped(
    fields: Vec<(String, String)>,
    step: &str,
    kinds: &[(&str, &str)],
) -> Vec<(String, String)> {
    let mut parts = step.split('-');
    let (verb, what) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let at = parts.next().and_then(|n| n.parse::<usize>().ok());
    let at = at.unwrap_or(0);
    let count = count(&Typed(fields.clone()), what);
    let renumber = |n: usize| match verb {
        "drop" if n == at => None,
        "drop" if n > at => Some(n - 1),
        "up" if n == at && at > 0 => Some(n - 1),
        "up" if n + 1 == at => Some(at),
        "down" if n == at && at + 1 < count => Some(n + 1),
        "down" if n == at + 1 => Some(at),
        _ => Some(n),
    };
    let mut out: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(name, value)| {
            let rest = name.strip_prefix(what).and_then(|r| r.strip_prefix('-'));
            let Some((n, part)) = rest.and_then(|r| r.split_once('-')) else {
                return Some((name, value));
            };
            let n: usize = n.parse().ok()?;
            renumber(n).map(|n| (format!("{what}-{n}-{part}"), value))
        })
        .collect();
    let first = kinds
        .iter()
        .find(|(kind, _)| verb == "add" && *kind == what);
    if let Some((_, first)) = first {
        out.push((format!("{what}-{count}-{first}"), String::new()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_moved_and_removed() {
        let f = |n: usize, v: &str| (format!("field-{n}-label"), v.to_owned());
        let labels = |typed: Vec<(String, String)>| {
            let typed = Typed(typed);
            (0..count(&typed, "field"))
                .map(|n| typed.get(&format!("field-{n}-label")).to_owned())
                .collect::<Vec<_>>()
        };
        let all = vec![f(0, "a"), f(1, "b"), f(2, "c")];
        assert_eq!(
            labels(stepped(all.clone(), "up-field-1", &[("field", "label")])),
            ["b", "a", "c"]
        );
        assert_eq!(
            labels(stepped(all.clone(), "down-field-1", &[("field", "label")])),
            ["a", "c", "b"]
        );
        assert_eq!(
            labels(stepped(all.clone(), "drop-field-0", &[("field", "label")])),
            ["b", "c"]
        );
        assert_eq!(
            labels(stepped(all.clone(), "add-field", &[("field", "label")])),
            ["a", "b", "c", ""]
        );
        assert_eq!(
            labels(stepped(all, "down-field-2", &[("field", "label")])),
            ["a", "b", "c"]
        );
    }
}
