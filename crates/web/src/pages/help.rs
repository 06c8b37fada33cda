//! Help: the keyboard, and what can be asked in the query language.

use axum::extract::State;
use axum::response::Response;
use midwatch_domain::query::Field;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::reference::Keyboard;

use super::frame::Look;

/// `GET /help`.
///
/// # Errors
/// As the engine says.
pub async fn page(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let page = Keyboard {
        frame: look.frame(&app, "Help", Nav::None).await?,
        fields: Field::ALL
            .iter()
            .map(|(_, name, takes)| (*name, *takes))
            .collect(),
    };
    Ok(look.show(&page))
}
