//! Permission matrix: every kind of caller against every operation and stream.
