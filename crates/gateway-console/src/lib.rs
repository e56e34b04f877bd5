#![doc = include_str!("../README.md")]

/// A file of the page.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Asset {
    /// Its name in the page's URLs; empty for the page itself.
    pub name: &'static str,
    /// The value of its `Content-Type`.
    pub content_type: &'static str,
    /// What is in it.
    pub body: &'static [u8],
}

/// The file with this name.
#[must_use]
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        asset!($name, $content_type, $name)
    };
    ($name:literal, $content_type:literal, $file:literal) => {
        Asset { name: $name, content_type: $content_type, body: include_bytes!(concat!("../page/", $file)) }
    };
}

const ASSETS: [Asset; 19] = [
    asset!("", "text/html; charset=utf-8", "index.html"),
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("api.js", "text/javascript; charset=utf-8"),
    asset!("app.js", "text/javascript; charset=utf-8"),
    asset!("clients.js", "text/javascript; charset=utf-8"),
    asset!("composer.js", "text/javascript; charset=utf-8"),
    asset!("connections.js", "text/javascript; charset=utf-8"),
    asset!("describe.js", "text/javascript; charset=utf-8"),
    asset!("detail.js", "text/javascript; charset=utf-8"),
    asset!("dom.js", "text/javascript; charset=utf-8"),
    asset!("faults.js", "text/javascript; charset=utf-8"),
    asset!("files.js", "text/javascript; charset=utf-8"),
    asset!("find.js", "text/javascript; charset=utf-8"),
    asset!("history.js", "text/javascript; charset=utf-8"),
    asset!("lanes.js", "text/javascript; charset=utf-8"),
    asset!("load.js", "text/javascript; charset=utf-8"),
    asset!("payload.js", "text/javascript; charset=utf-8"),
    asset!("timeline.js", "text/javascript; charset=utf-8"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn text(asset: &Asset) -> &'static str {
        std::str::from_utf8(asset.body).unwrap()
    }

    #[test]
    fn every_file_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        let files: BTreeSet<_> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let name = |asset: &Asset| if asset.name.is_empty() { "index.html" } else { asset.name }.to_owned();
        assert_eq!(files, ASSETS.iter().map(name).collect());
        assert!(asset("app.js").is_some() && asset("").is_some() && asset("../src/lib.rs").is_none());
    }

    #[test]
    fn a_module_imports_only_modules_of_the_page() {
        for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
            let imports = text(asset).lines().filter_map(|line| line.split_once(" from './")?.1.strip_suffix("';"));
            for import in imports {
                assert!(super::asset(import).is_some(), "{}: {import}", asset.name);
            }
        }
    }

    /// What the content security policy of the gateway forbids, and what would make HTML of a payload.
    #[test]
    fn nothing_is_inline_and_no_text_becomes_html() {
        for asset in &ASSETS {
            let text = text(asset);
            for forbidden in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "DOMParser",
                "srcdoc",
            ] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", asset.name);
            }
        }
        let page = text(&ASSETS[0]);
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick"));
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=\"/@console/").count());
    }
}
