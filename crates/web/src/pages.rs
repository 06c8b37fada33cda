//! The pages: a view struct and a thin handler each.

pub mod error;
