//! Layers, whose files AWS puts together in `/opt`. Here each stays where it is, and the variables name them all.
//!
//! Source: AWS Lambda developer guide, "Packaging your layer content".

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::api::Layer;

/// Where Node.js finds modules: in the layers, and then in the function's own folder. What is nearer to a file wins over both.
pub(super) fn node_path(layers: &[Layer], directory: &Path, major: u32) -> OsString {
    let of = |Layer { directory, is_source }: &Layer| match is_source {
        true => vec![directory.join("node_modules")],
        false => ["nodejs".to_owned(), format!("nodejs/node{major}")]
            .map(|folder| directory.join(folder).join("node_modules"))
            .into(),
    };
    joined(latest_first(layers).flat_map(of).chain([directory.to_owned()]))
}

/// Where Python finds modules: in the function's own folder, and then in the layers.
pub(super) fn python_path(layers: &[Layer], directory: &Path, minor: u32) -> OsString {
    let of = |Layer { directory, is_source }: &Layer| match is_source {
        true => vec![directory.clone()],
        false => {
            let folder = directory.join("python");
            vec![folder.join(format!("lib/python3.{minor}/site-packages")), folder]
        }
    };
    joined([directory.to_owned()].into_iter().chain(latest_first(layers).flat_map(of)))
}

/// Where executables and shared libraries are.
pub(super) fn variables(layers: &[Layer], directory: &Path) -> Vec<(String, OsString)> {
    if layers.is_empty() {
        return Vec::new();
    }
    let folders = |name: &str| latest_first(layers).map(|layer| layer.directory.join(name)).collect::<Vec<_>>();
    let inherited = env::var_os("PATH").unwrap_or_default();
    let path = joined(folders("bin").into_iter().chain(env::split_paths(&inherited)));
    let libraries = [directory.to_owned(), directory.join("lib")].into_iter().chain(folders("lib"));
    vec![("PATH".to_owned(), path), ("LD_LIBRARY_PATH".to_owned(), joined(libraries))]
}

/// A later layer's files replace an earlier one's.
fn latest_first(layers: &[Layer]) -> impl Iterator<Item = &Layer> {
    layers.iter().rev()
}

/// The paths as one variable has them. A path with a colon can't be in one, so it is left out.
fn joined(paths: impl IntoIterator<Item = PathBuf>) -> OsString {
    env::join_paths(paths.into_iter().filter(|path| !path.as_os_str().as_encoded_bytes().contains(&b':')))
        .unwrap_or_default()
}
