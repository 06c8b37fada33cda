//! midwatch store
