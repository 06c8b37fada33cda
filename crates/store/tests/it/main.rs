//! The store over both engines.

mod reads;
