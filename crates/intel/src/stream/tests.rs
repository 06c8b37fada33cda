//! The array reader against whole, broken and hostile documents, in chunks of any size.

use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Gives its bytes a few at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(into.len());
        into[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn elements(
    text: &str,
    drip: usize,
    limits: Limits,
) -> Result<(Vec<String>, Map<String, Value>), Fault> {
    let mut array = Array::new(Drip(text.as_bytes(), drip), "objects", limits);
    let mut all = Vec::new();
    while let Some((number, bytes)) = array.next()? {
        assert_eq!(number, all.len() as u64 + 1);
        all.push(String::from_utf8(bytes.to_vec()).unwrap());
    }
    Ok((all, array.beside().clone()))
}

fn fault(text: &str) -> String {
    elements(text, 7, Limits::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn an_envelope_gives_its_objects_and_what_stands_beside() {
    let text =
        r#" {"more": true, "objects": [ {"a":"}\"]"} , [1,[2]], "x" , 5,null], "next":"a\"b"} "#;
    for drip in [1, 2, 3, 1000] {
        let (all, beside) = elements(text, drip, Limits::default()).unwrap();
        assert_eq!(all, [r#"{"a":"}\"]"}"#, "[1,[2]]", "\"x\"", "5", "null"]);
        assert_eq!(
            Value::Object(beside),
            json!({ "more": true, "next": "a\"b" })
        );
    }
    assert_eq!(elements("[]", 1, Limits::default()).unwrap().0.len(), 0);
    assert_eq!(elements("{}", 1, Limits::default()).unwrap().0.len(), 0);
}

#[test]
fn what_breaks_is_told_with_the_number_of_the_object() {
    assert_eq!(
        fault(r#"{"objects":[{"a":1},{"b":"#),
        "object 2: the document ends in the middle; it was cut off on its way"
    );
    assert!(fault(r#"{"objects":[{"a":1}"#).contains("ends in the middle"));
    assert!(fault(r#"{"objects":[{"a":1}]"#).contains("expected"));
    assert!(fault(r#"{"objects":[{"a":1} {"b":2}]}"#).starts_with("object 1: a comma"));
    assert!(fault(r#"{"objects":[{"a":1},]}"#).contains("after the comma"));
    assert!(fault(r#"{"objects":[]} {"#).contains("follows the end"));
    assert!(fault("<!doctype html>").contains("web page"));
    assert!(fault("evil.example\n").contains("not JSON"));
    assert!(fault("  ").contains("empty"));
}

#[test]
fn depth_size_and_number_are_bounded() {
    let deep = format!("[{}1{}]", "[".repeat(100_000), "]".repeat(100_000));
    assert!(fault(&deep).contains("more than 64 deep"));
    let small = Limits {
        object_bytes: 100,
        objects: 2,
        ..Limits::default()
    };
    let long = format!("[\"{}\"]", "x".repeat(1 << 20));
    let refused = elements(&long, 64, small.clone()).unwrap_err();
    assert_eq!(refused.to_string(), "object 1: it is larger than 100 bytes");
    let many = elements("[1,2,3]", 64, small).unwrap_err();
    assert!(many.to_string().contains("more than 2 objects"));
}

proptest! {
    #[test]
    fn any_document_is_cut_where_a_json_reader_would(
        values in proptest::collection::vec("[\\[\\]{}\",\\\\a ]{0,12}", 0..8),
        drip in 1usize..9,
    ) {
        let objects: Vec<Value> = values.iter().map(|v| json!({ v.as_str(): [v, { "x": v }] })).collect();
        let text = json!({ "id": "b", "objects": objects, "more": false }).to_string();
        let (all, _) = elements(&text, drip, Limits::default()).unwrap();
        let read: Vec<Value> = all.iter().map(|t| serde_json::from_str(t).unwrap()).collect();
        prop_assert_eq!(read, objects);
    }

    #[test]
    fn nothing_panics_and_all_ends(text in "[\\[\\]{}\",:\\\\a1 ]{0,60}", drip in 1usize..5) {
        let _ = elements(&format!("{{\"objects\":{text}"), drip, Limits::default());
        let _ = elements(&text, drip, Limits::default());
    }
}
