//! Slips in names of settings: the name that was probably meant.

use toml::{Table, Value};

/// The name that was probably meant: the nearest one, where it is near enough to be a slip.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<&'a str> {
    let far = 1 + wanted.len() / 4;
    let measured = names.map(|name| (strsim::osa_distance(name, wanted), name));
    let (distance, name) = measured.min()?;
    (distance <= far).then_some(name)
}

pub fn did_you_mean(name: Option<String>) -> String {
    name.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// Every setting, with its section.
pub fn paths(table: &Table) -> Vec<String> {
    let inner = |section: &str, value: &Value| match value {
        Value::Table(inner) => inner.keys().map(|key| format!("{section}.{key}")).collect(),
        _ => vec![section.to_owned()],
    };
    table.iter().flat_map(|(key, value)| inner(key, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_where_it_is_near() {
        let names = || ["listen", "public_url", "max"].into_iter();
        assert_eq!(nearest(names(), "listn"), Some("listen"));
        assert_eq!(nearest(names(), "publc_ulr"), Some("public_url"));
        assert_eq!(nearest(names(), "forecast"), None);
        assert_eq!(nearest(std::iter::empty(), "max"), None);
    }
}
