use std::ops::Deref;

use super::{Client, OwnProject, Section, root};

/// The API of the section `own-api`, in a folder of its own.
pub(crate) struct OwnApi(OwnProject);

impl OwnApi {
    pub(crate) fn new(test: &str) -> Self {
        let api = Self(OwnProject::new(test));
        let section = Section::named("own-api");
        for file in ["Cargo.toml", "src/main.rs", "template.yaml"] {
            api.copy(file, section.code_after(&format!("`{file}`")));
        }
        api.share_what_is_built();
        api
    }

    /// With what the section `test-your-api` adds.
    pub(crate) fn with_tests(test: &str) -> Self {
        let api = Self::new(test);
        let section = Section::named("test-your-api");
        let manifest = api.read("Cargo.toml");
        api.copy("Cargo.toml", &format!("{manifest}\n{}", section.code_after("`Cargo.toml`")));
        api.copy("tests/countdown.rs", section.code_after("`tests/countdown.rs`"));
        api.share_what_is_built();
        api
    }

    /// The document's paths lead to a clone beside the folder. Here they lead to this one.
    fn copy(&self, file: &str, text: &str) {
        let clone = root().canonicalize().unwrap();
        self.write(file, &text.replace("../lambda-websocket", clone.to_str().unwrap()));
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

impl Deref for OwnApi {
    type Target = OwnProject;

    fn deref(&self) -> &OwnProject {
        &self.0
    }
}
