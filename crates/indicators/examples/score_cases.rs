//! Reads cases, `{"id", "text"}` a line, from the standard input and prints what is found in each, for
//! `bench/indicators/score.py`. Knows no labels.

use indicators::{Hit, Options, extract};
use serde_json::{Value, json};
use std::io::BufRead;

fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let text = case["text"].as_str().unwrap_or_default();
        let found = extract(text.as_bytes(), &Options::default());
        let hits: Vec<Value> = (found.hits.iter())
            .filter(|hit| Hit::is_certain(hit))
            .map(|hit| json!({"type": hit.kind.as_str(), "value": hit.value}))
            .collect();
        println!("{}", json!({"id": case["id"], "hits": hits}));
    }
    Ok(())
}
