//! What may be secret and must not be in any log.

mod event;

use std::collections::BTreeMap;
use std::fmt;

pub(crate) use event::{mask, masked};
#[cfg(feature = "console")]
pub(crate) use event::{mask_row, subprotocols};

/// The `Debug` of variables or parameters whose values may be secrets: their names only.
pub(crate) struct Names<'a>(pub(crate) &'a BTreeMap<String, String>);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A URL without the user and the password that it may contain.
pub(crate) fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_user() {
        for (url, expected) in [
            ("http://me:pass@127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
            ("http://a@b@[::1]", "http://[::1]"),
            ("http://localhost:8000/a@b?c@d", "http://localhost:8000/a@b?c@d"),
            ("not a URL", "not a URL"),
        ] {
            assert_eq!(without_userinfo(url), expected);
        }
    }
}
