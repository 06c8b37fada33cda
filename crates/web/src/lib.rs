//! midwatch web
