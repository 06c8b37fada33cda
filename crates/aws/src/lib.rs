//! Calls the few AWS services that Midwatch works with. Opens no connection, reads no clock: both are given; knows no tickets.
//!
//! One [`Caller`] stands for one identity in one region. What a service answers stays JSON where it is evidence (findings
//! have more kinds of resources than anybody has types for); only what is asked of it has types.

mod call;
mod credentials;
mod endpoint;
mod fault;
pub mod findings;
mod outside;
pub mod policy;
pub mod queue;
mod sign;
mod speak;
pub mod trust;
mod xml;

pub use call::Caller;
pub use credentials::{Credentials, Identity, Source};
pub use endpoint::{Endpoints, partition};
pub use fault::{Fault, Kind};
pub use outside::{Outside, Request, Response, Unreachable};
pub use sign::{Scope, sign};
