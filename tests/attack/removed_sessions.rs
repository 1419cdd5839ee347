//! Removed sessions: what a later session of the same name sees and sends.
