//! What modules hold in memory beside a store: one value of each type, shared by all handles of the store.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Clones hold the same values.
#[derive(Clone, Default)]
pub struct Beside(Arc<Mutex<HashMap<TypeId, Box<dyn Any + Send>>>>);

impl Beside {
    /// The value of a type, which is a handle: clones of it are the same. It begins with its default.
    pub fn of<T: Clone + Default + Send + 'static>(&self) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = held.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        value.downcast_ref::<T>().cloned().unwrap_or_default()
    }
}
