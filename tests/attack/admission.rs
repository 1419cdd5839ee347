//! Rate limits: who is counted, and whom a refused caller can slow down.
