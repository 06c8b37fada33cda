//! Reads for pages and API on both engines: that they agree with the rules, stay within scope, and page without gaps.

mod agreement;
mod asking;
mod observables;
mod pages;
mod record;
mod world;
