//! The machine: file modes, the debugging channel, the proxy relay, the owner's key.
