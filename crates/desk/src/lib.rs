//! midwatch desk
