use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{own_folder, root};

/// A project of a user's own, in an empty folder outside of this workspace. The folder is removed when this is dropped.
pub(crate) struct OwnProject {
    /// The project's own folder, or one that it is in.
    outermost: PathBuf,
    folder: PathBuf,
}

impl OwnProject {
    pub(crate) fn new(test: &str) -> Self {
        let folder = own_folder(test);
        fs::create_dir(&folder).unwrap();
        Self { outermost: folder.clone(), folder }
    }

    /// The same project after a program has made it in a folder of this name.
    pub(crate) fn made_in(mut self, name: &str) -> Self {
        self.folder.push(name);
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that must be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} does not contain {from:?}");
        self.write(file, &text.replace(from, to));
    }

    /// With the versions and the profile of this workspace, all dependencies are compiled already and nothing needs to be fetched.
    /// Call this when the manifests are written.
    pub(crate) fn share_what_is_built(&self) {
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        // The executables go to the project's own folder, so that they don't replace others of the same name.
        let config = format!(
            "[build]\nbuild-dir = '{}'\n[net]\noffline = true\n[profile.dev.package.'*']\ndebug = false\n",
            built.display()
        );
        self.write(".cargo/config.toml", &config);
        fs::copy(root().join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
        // The lock file lists more packages than this project needs. A build would change it, which `cargo lambda watch` notices.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["update", "--workspace", "--quiet"]).current_dir(&self.folder);
        assert!(cargo.status().unwrap().success());
    }
}

impl Drop for OwnProject {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.outermost);
    }
}
