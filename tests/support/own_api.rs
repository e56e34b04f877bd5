use std::fs;
use std::path::{Path, PathBuf};

use super::readme::Section;
use super::root;

/// The section of README.md that makes it.
const SECTION: &str = "Your own API";

/// The API of README.md in an empty folder of its own, outside of this workspace as a user's would be. The folder goes with this.
pub(crate) struct OwnApi(PathBuf);

impl OwnApi {
    pub(crate) fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("lambda-websocket.{test}.{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        let api = Self(folder);
        let clone = root().canonicalize().unwrap();
        let section = Section::called(SECTION);
        let manifest = section.code_after("`Cargo.toml`").replace("../lambda-websocket", clone.to_str().unwrap());
        api.write("Cargo.toml", &manifest);
        for file in ["src/main.rs", "template.yaml"] {
            api.write(file, section.code_after(&format!("`{file}`")));
        }
        // With this workspace's versions and profile all that it depends on is built already, and nothing needs to be fetched.
        fs::copy(clone.join("Cargo.lock"), api.folder().join("Cargo.lock")).unwrap();
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let config = format!(
            "[build]\ntarget-dir = '{}'\n[net]\noffline = true\n[profile.dev.package.'*']\ndebug = false\n",
            target.display()
        );
        fs::create_dir(api.folder().join(".cargo")).unwrap();
        api.write(".cargo/config.toml", &config);
        api
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).unwrap();
    }

    /// What README.md's client says, each with all that it hears.
    pub(crate) fn chat() -> Vec<(String, Vec<String>)> {
        let section = Section::called(SECTION);
        let mut chat = Vec::<(String, Vec<String>)>::new();
        for line in section.code_after("npx wscat").lines() {
            match line.split_at(2) {
                ("> ", said) => chat.push((said.to_owned(), Vec::new())),
                ("< ", heard) => chat.last_mut().unwrap().1.push(heard.to_owned()),
                _ => panic!("who says {line}?"),
            }
        }
        chat
    }
}

impl Drop for OwnApi {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
