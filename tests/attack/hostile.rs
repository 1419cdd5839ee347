//! Hostile clients at once: the owner is served all the same, and memory stays bounded.
