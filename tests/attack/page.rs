//! The session's page: which hosts it contacts.
