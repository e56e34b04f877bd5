//! The project that `new` makes: the files of the folder `starter`, which is also a template for `cargo lambda new`.

/// The files, each with its path in the project.
const FILES: [(&str, &str); 8] = [
    (".gitignore", include_str!("../../starter/template/.gitignore")),
    ("Cargo.toml", include_str!("../../starter/template/{{'Cargo'}}.toml")),
    ("README.md", include_str!("../../starter/template/README.md")),
    ("events/connect.json", include_str!("../../starter/template/events/connect.json")),
    ("events/default.json", include_str!("../../starter/template/events/default.json")),
    ("events/disconnect.json", include_str!("../../starter/template/events/disconnect.json")),
    ("src/main.rs", include_str!("../../starter/template/src/main.rs")),
    ("template.yaml", include_str!("../../starter/template/template.yaml")),
];

/// The files of a project of this name, with the crate `lambda-websocket` at this path. A name never contains a placeholder, and what is in
/// the path is not looked at again.
pub(crate) fn files(project_name: &str, crate_path: &str) -> impl Iterator<Item = (&'static str, String)> {
    FILES.iter().map(move |(path, text)| {
        let text = text.replace("{{project_name}}", project_name).replace("{{crate_path}}", crate_path);
        (*path, text)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_made() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("starter/template");
        let mut found = BTreeMap::new();
        read(&folder, "", &mut found);
        let listed = FILES.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(found, listed.into());
    }

    fn read(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap().replace("{{'Cargo'}}", "Cargo");
            if entry.file_type().unwrap().is_dir() {
                read(&entry.path(), &format!("{below}{name}/"), found);
            } else {
                found.insert(format!("{below}{name}"), fs::read_to_string(entry.path()).unwrap());
            }
        }
    }

    #[test]
    fn no_placeholder_is_left_for_which_there_is_no_value() {
        for (path, text) in files("chat", "/clone/crates/lambda-websocket") {
            assert!(!text.contains("{{") && !text.contains("{%"), "{path}: {text}");
        }
        let manifest = files("chat", "/a {{project_name}}").find(|(path, _)| *path == "Cargo.toml").unwrap().1;
        assert!(manifest.contains("name = \"chat\"\n"), "{manifest}");
        assert!(manifest.contains("lambda-websocket = { path = \"/a {{project_name}}\" }"), "{manifest}");
    }
}
