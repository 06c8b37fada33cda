//! The OpenAPI document: it says what the routes are, no more and no less, and the one that is checked in is fresh.

use midwatch_domain::ticket::Command;
use midwatch_web::api::{document::verbs, openapi};
use midwatch_web::policy::{Face, Policy};
use serde_json::Value;
use std::collections::BTreeSet;

use crate::site::Site;

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = |(path, operations): (&String, &Value)| {
        let operations = operations.as_object().expect("operations").clone();
        let path = path.clone();
        operations
            .into_iter()
            .map(move |(method, _)| (method.to_uppercase(), path.clone()))
    };
    paths.iter().flat_map(each).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_describes_every_route_and_nothing_else() {
    let site = Site::new(midwatch_testkit::Engine::Sqlite).await;
    let api = site.routes.iter().filter(|r| r.face == Face::Api);
    let registered: BTreeSet<_> = api
        .clone()
        .map(|r| (r.method.to_string(), r.path.clone()))
        .collect();
    assert_eq!(described(&openapi()), registered);
    for route in api {
        let operation = &openapi()["paths"][&route.path][route.method.as_str().to_lowercase()];
        let public = operation["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(public, route.policy == Policy::Public, "{}", route.path);
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    let document = openapi();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("a reference ends");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let mut names = BTreeSet::new();
    for operations in document["paths"].as_object().expect("paths").values() {
        for operation in operations.as_object().expect("operations").values() {
            let name = operation["operationId"].as_str().expect("a name");
            assert!(names.insert(name.to_owned()), "{name}");
            assert!(operation["responses"].as_object().expect("answers").len() > 1);
        }
    }
}

#[test]
fn the_example_of_each_verb_is_a_command() {
    for verb in midwatch_web::act::verbs() {
        let example = verbs::example(&openapi(), verb);
        assert!(example.is_object(), "{verb} has no example");
        Command::parse(verb, example).expect("the example can be read");
    }
}

#[test]
fn the_one_checked_in_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let fresh = serde_json::to_string_pretty(&openapi()).expect("it is JSON") + "\n";
    assert!(
        kept == fresh,
        "docs/openapi.json is stale: cargo run -p midwatch -- openapi > docs/openapi.json"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_browsed_by_who_is_signed_in() {
    let site = Site::new(midwatch_testkit::Engine::Sqlite).await;
    let rui = site.session(&site.cast.rui).await;
    let page = site.get(&rui, "/reference").await;
    assert_eq!(page.status, axum::http::StatusCode::OK);
    for says in [
        "id=\"open_ticket\"",
        "/api/v1/tickets/{number}/offer_handoff",
        "id=\"s-Problem\"",
    ] {
        assert!(page.text().contains(says), "{says}");
    }
    let raw = site
        .get(&crate::site::Visitor::Nobody, "/api/v1/openapi.json")
        .await;
    assert_eq!(raw.json(), openapi());
}
