//! The incremental feed of changes: everything after a position, in commit order, as far as the asker may see it.

use axum::Extension;
use axum::extract::State;
use midwatch_domain::access::Action;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

use super::body::Asked;
use super::document::{Document, get};
use super::reply::{Answer, Recorded};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Most seconds that a request waits for something new.
const MAX_WAIT: u64 = 30;

/// Registers the route.
pub(super) fn routes(r: Routes) -> Routes {
    r.get("/api/v1/changes", Policy::May(Action::ReadTickets), changes)
}
