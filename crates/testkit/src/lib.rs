//! midwatch testkit
