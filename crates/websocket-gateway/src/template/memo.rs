//! Values that refer to each other by name.

use std::cell::RefCell;
use std::collections::BTreeMap;

use miette::SourceSpan;

use super::error::Finding;

/// Values by name, each of which is resolved once. A value that needs itself is an error.
pub(super) struct Memo<T>(RefCell<BTreeMap<String, Option<T>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Memo<T> {
    /// The value of `name`, to which the reference at `span` refers.
    pub(super) fn get(
        &self,
        name: &str,
        span: SourceSpan,
        compute: impl FnOnce() -> Result<T, Finding>,
    ) -> Result<T, Finding> {
        match self.0.borrow().get(name) {
            Some(Some(value)) => return Ok(value.clone()),
            Some(None) => return Err(Finding::at(span, format!("`{name}` refers to itself"))),
            None => {}
        }
        self.0.borrow_mut().insert(name.to_owned(), None);
        let value = compute();
        match &value {
            Ok(value) => self.0.borrow_mut().insert(name.to_owned(), Some(value.clone())),
            Err(_) => self.0.borrow_mut().remove(name),
        };
        value
    }
}
