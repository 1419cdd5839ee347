//! API keys: revocation, expiry, scopes and open streams.
