//! Bounds: sizes of fields, lists, bodies, paths, connections and descriptors.
