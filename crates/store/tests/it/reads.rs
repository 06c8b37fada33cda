//! Reads for pages and API on both engines.
