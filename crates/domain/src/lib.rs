//! midwatch domain
