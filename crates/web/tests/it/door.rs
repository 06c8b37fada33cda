//! The door: who is let in, and how it looks to who is not.

use axum::http::{Method, StatusCode};
use midwatch_domain::access::TokenScope;
use serde_json::json;

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(what_does_not_exist_is_missing_for_everybody);

async fn what_does_not_exist_is_missing_for_everybody(engine: midwatch_testkit::Engine) {
    let site = Site::new(engine).await;
    let visitors = [
        Visitor::Nobody,
        site.session(&site.cast.ben).await,
        site.token(&site.cast.ben, &[TokenScope::Read]).await,
    ];
    for visitor in &visitors {
        let reply = site.get(visitor, "/no/such/page").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.header("X-Content-Type-Options"), "nosniff");
        let reply = site
            .send_json(visitor, Method::POST, "/api/v1/no-such-thing", &json!({}))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(
            site.post(visitor, "/no/such/page", &[("a", "b")])
                .await
                .status,
            StatusCode::NOT_FOUND
        );
    }
}
