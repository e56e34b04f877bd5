use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Client, Section, root};

/// The API of the section `own-api` in an empty folder of its own, outside of this workspace as a user's would be. The folder goes with this.
pub(crate) struct OwnApi {
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

/// All of them build the same binary in the same place.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl OwnApi {
    pub(crate) fn new(test: &str) -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = std::env::temp_dir().join(format!("lambda-websocket.{test}.{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        let api = Self { folder, _alone: alone };
        let section = Section::named("own-api");
        for file in ["Cargo.toml", "src/main.rs", "template.yaml"] {
            api.write(file, section.code_after(&format!("`{file}`")));
        }
        api.share_what_is_built();
        api
    }

    /// With what the section `test-your-api` adds.
    pub(crate) fn with_tests(test: &str) -> Self {
        let api = Self::new(test);
        let section = Section::named("test-your-api");
        let manifest = fs::read_to_string(api.folder.join("Cargo.toml")).unwrap();
        api.write("Cargo.toml", &format!("{manifest}\n{}", section.code_after("`Cargo.toml`")));
        fs::create_dir(api.folder.join("tests")).unwrap();
        api.write("tests/countdown.rs", section.code_after("`tests/countdown.rs`"));
        api.share_what_is_built();
        api
    }

    /// With this workspace's versions and profile all that it depends on is built already, and nothing needs to be fetched.
    fn share_what_is_built(&self) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let config = format!(
            "[build]\ntarget-dir = '{}'\n[net]\noffline = true\n[profile.dev.package.'*']\ndebug = false\n",
            target.display()
        );
        fs::create_dir_all(self.folder.join(".cargo")).unwrap();
        self.write(".cargo/config.toml", &config);
        fs::copy(root().join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
        // The lock file has more packages than this needs. A build would mend it, which to `cargo lambda watch` is a change.
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["update", "--workspace", "--quiet"]).current_dir(&self.folder);
        assert!(cargo.status().unwrap().success());
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The document's paths lead to a clone beside the folder. Here they lead to this one.
    fn write(&self, file: &str, text: &str) {
        let clone = root().canonicalize().unwrap();
        fs::write(self.folder.join(file), text.replace("../lambda-websocket", clone.to_str().unwrap())).unwrap();
    }

    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        assert!(text.contains(from));
        self.write(file, &text.replace(from, to));
    }

    /// Says what the client in the document says, and hears what it hears.
    pub(crate) async fn chat_with(&self, client: &mut Client) {
        let section = Section::named("own-api");
        for line in section.code_after("npx wscat").lines() {
            match line.split_at(2) {
                ("> ", said) => client.send(said).await,
                ("< ", heard) => assert_eq!(client.hear().await, heard),
                _ => panic!("a line of a chat starts with `> ` or `< `: {line}"),
            }
        }
    }
}

impl Drop for OwnApi {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
