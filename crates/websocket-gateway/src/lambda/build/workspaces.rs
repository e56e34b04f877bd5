//! The workspaces of the functions, each of which cargo describes only once.

use std::path::Path;

use crate::api::Function;

use super::metadata::{Package, Workspace};
use super::{BuildError, cargo};

/// Every workspace that cargo has described so far. Cargo needs tens of milliseconds for a description, and it describes all packages of a
/// workspace at once.
#[derive(Debug, Default)]
pub(super) struct Workspaces(Vec<Workspace>);

impl Workspaces {
    /// The package in `directory`, which `function` is built from, and its workspace. In the directory of a workspace without a package of its
    /// own it is the package with the binary that the template names, as for `cargo lambda build`.
    ///
    /// # Errors
    /// If the directory does not have a valid manifest of a package.
    pub(super) async fn find(
        &mut self,
        function: &Function,
        directory: &Path,
        binary: Option<&str>,
    ) -> Result<(&Workspace, &Package), BuildError> {
        let manifest = directory.join("Cargo.toml");
        let Some(real) = directory.canonicalize().ok().filter(|_| manifest.is_file()) else {
            return Err(BuildError::NoManifest {
                function: function.logical_id.clone(),
                defined_at: function.defined_at.clone(),
                directory: directory.to_owned(),
            });
        };
        let known = self.0.iter().position(|workspace| workspace.package_for(&real, binary).is_some());
        let index = match known {
            Some(index) => index,
            None => {
                self.0.push(cargo::metadata(function, &manifest).await?);
                self.0.len() - 1
            }
        };
        let workspace = &self.0[index];
        match workspace.package_for(&real, binary) {
            Some(package) => Ok((workspace, package)),
            None => Err(BuildError::NoPackage {
                function: function.logical_id.clone(),
                defined_at: function.defined_at.clone(),
                manifest,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::tests::build::Project;

    #[tokio::test]
    async fn cargo_describes_each_workspace_once() {
        let project = Project::new("once");
        project.package("one", &["one"]);
        project.package("two", &["two"]);
        project.package_of_its_own("../once_outside", &["outside"]);

        let mut workspaces = Workspaces::default();
        for directory in ["one", "two", "../once_outside", "one", "two/../two"] {
            let function = project.function("one", None);
            workspaces.find(&function, &project.0.join(directory), None).await.unwrap();
        }

        assert_eq!(workspaces.0.len(), 2);
    }
}
