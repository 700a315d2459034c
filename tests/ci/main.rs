//! What others put into their CI: parsed, and the shell in it run with the program of this build.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod action;
mod docs;
mod image;
mod recipe;

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The one document of a text.
#[track_caller]
fn yaml(text: &str) -> Yaml {
    let documents = YamlLoader::load_from_str(text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
    let [document] = &documents[..] else {
        panic!("{} documents:\n{text}", documents.len())
    };
    document.clone()
}

/// The text between fences of this language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    let parts = text.split(fence.as_str()).skip(1);
    parts.filter_map(|rest| rest.split("```").next()).collect()
}
