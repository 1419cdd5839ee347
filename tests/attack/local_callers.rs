//! Callers without a key: other users, reverse proxies, foreign pages.
