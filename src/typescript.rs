//! Generator of TypeScript files from Rust types, for tests that hold each file equal to its types.

use std::{env, fs};

use ts_rs::{Config, TS};

/// Writes the files in place of comparing them.
const WRITE: &str = "WAGATE_WRITE_WIRE";

/// A file below `web` that is generated as a whole.
pub struct GeneratedFile {
    /// From the root of the repository.
    pub path: &'static str,
    pub title: &'static str,
    /// Where the Rust types are.
    pub source: &'static str,
}

impl GeneratedFile {
    /// Fails where the file differs from its declarations.
    pub fn check(&self, declarations: &str) {
        let Self { path, title, source } = self;
        let expected = format!(
            "// {title}. Generated from the Rust types by\n// `make wire`; change {source}, not this file.\n\
            /* eslint-disable */\n{declarations}"
        );
        let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        if env::var_os(WRITE).is_some() {
            fs::write(&file, &expected).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap();
        assert!(found == expected, "{path} is out of date: run `make wire`");
    }
}

/// The declarations of some types, in their order.
macro_rules! declarations {
    ($($name:ty),* $(,)?) => {
        [$($crate::typescript::declaration::<$name>()),*].concat()
    };
}
pub(crate) use declarations;

pub fn declaration<T: TS>() -> String {
    let config = Config::new().with_large_int("number");
    format!("\nexport {}\n", without_docs(&T::decl(&config)))
}

/// Docs stay in Rust, so that another wording of one is no change of the protocol.
fn without_docs(declaration: &str) -> String {
    let mut parts = declaration.split("/**");
    let first = parts.next().unwrap_or_default().trim_end_matches('\n').to_owned();
    parts.fold(first, |mut text, part| {
        let code = part.split_once("*/").map_or(part, |(_, code)| code);
        text.push_str(code.trim_start_matches('\n').trim_end_matches('\n'));
        text
    })
}
