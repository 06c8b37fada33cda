//! The numbers on the rail, each a call for action.

use midwatch_desk::account::Signed;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Counts;

/// What calls for action by the viewer now.
///
/// # Errors
/// As the engine says.
pub async fn of(_app: &App, _signed: &Signed) -> Result<Counts, Problem> {
    Ok(Counts::default())
}
