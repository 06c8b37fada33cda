//! The pages: a view struct and a thin handler each.

pub mod counts;
pub mod error;
pub mod frame;
pub mod show;

use crate::policy::Routes;

/// Registers every page.
pub fn routes(routes: Routes) -> Routes {
    routes.with(crate::assets::routes)
}
