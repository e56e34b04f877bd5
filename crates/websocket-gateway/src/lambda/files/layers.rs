//! Layers, whose files AWS puts together in `/opt`. Here each has a directory of its own, and the variables name them all.
//!
//! Source: AWS Lambda developer guide, "Packaging your layer content".

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Runtimes, archive, place};
use crate::api::Layer;

/// A layer's files.
pub(super) struct Opened {
    pub(super) directory: PathBuf,
    /// See [`Layer::Packages`].
    has_only_packages: bool,
}

/// The layers as directories. Makes those that are archives. One that is missing gets a warning: the function may do without it.
///
/// # Errors
/// Why an archive can't be unpacked, or that `sam build` has to run first.
pub(super) fn open(runtimes: &Runtimes, layers: &[Layer]) -> Result<Vec<Opened>, String> {
    let mut opened = Vec::new();
    for layer in layers {
        let found = match layer {
            Layer::Directory(path) | Layer::Packages(path) => place::existing(path),
            Layer::Archive(path) if path.is_file() => Ok(archive::unpacked(path, &runtimes.scratch)?),
            Layer::Archive(path) => Err(format!("there is no file {}", path.display())),
            Layer::SamBuild { output, sources } => Ok(place::built(output, sources)?),
        };
        match found {
            Ok(directory) => {
                opened.push(Opened { directory, has_only_packages: matches!(layer, Layer::Packages(_)) });
            }
            Err(why) => runtimes.warn_once(format!("{why}, so functions run without this layer")),
        }
    }
    Ok(opened)
}

/// The directory whose changes change the layer, if there is one.
pub(super) fn directory_of(layer: &Layer) -> Option<&Path> {
    match layer {
        Layer::Directory(directory) | Layer::Packages(directory) | Layer::SamBuild { sources: directory, .. } => {
            Some(directory)
        }
        Layer::Archive(_) => None,
    }
}

/// The file whose change changes the layer, if there is one.
pub(super) fn archive_of(layer: &Layer) -> Option<PathBuf> {
    match layer {
        Layer::Archive(archive) => Some(archive.clone()),
        Layer::SamBuild { output, .. } => Some(place::note_of(output)),
        Layer::Directory(_) | Layer::Packages(_) => None,
    }
}

/// Where Node.js finds modules: in the layers, and then in the function's own folder. What is nearer to a file wins over both.
pub(super) fn node_path(layers: &[Opened], directory: &Path, major: u32) -> OsString {
    let of = |Opened { directory, has_only_packages }: &Opened| match has_only_packages {
        true => vec![directory.join("node_modules")],
        false => ["nodejs".to_owned(), format!("nodejs/node{major}")]
            .map(|folder| directory.join(folder).join("node_modules"))
            .into(),
    };
    joined(latest_first(layers).flat_map(of).chain([directory.to_owned()]))
}

/// Where Python finds modules: in the function's own folder, and then in the layers.
pub(super) fn python_path(layers: &[Opened], directory: &Path, minor: u32) -> OsString {
    let of = |Opened { directory, has_only_packages }: &Opened| match has_only_packages {
        true => vec![directory.clone()],
        false => {
            let folder = directory.join("python");
            vec![folder.join(format!("lib/python3.{minor}/site-packages")), folder]
        }
    };
    joined([directory.to_owned()].into_iter().chain(latest_first(layers).flat_map(of)))
}

/// Where executables and shared libraries are.
pub(super) fn variables(layers: &[Opened], directory: &Path) -> Vec<(String, OsString)> {
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
fn latest_first(layers: &[Opened]) -> impl Iterator<Item = &Opened> {
    layers.iter().rev()
}

/// The paths as one variable has them. A path with a colon can't be in one, so it is left out.
fn joined(paths: impl IntoIterator<Item = PathBuf>) -> OsString {
    env::join_paths(paths.into_iter().filter(|path| !path.as_os_str().as_encoded_bytes().contains(&b':')))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_found_from_wherever_the_function_runs() {
        let layers = ["src", "none", "Cargo.toml"].map(|path| Layer::Directory(path.into()));
        let opened = open(&Runtimes::default(), &layers).unwrap();
        let [only] = opened.as_slice() else { panic!("{}", opened.len()) };
        assert!(only.directory.is_absolute());
    }
}
