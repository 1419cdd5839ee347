//! The API through HTTP: a whole gateway on a free port, on the simulated network.

mod app;
mod bad_input;
mod faults;
mod journey;
mod listeners;
mod permission;
