//! One of several: the API that is served, and its stage.

use miette::SourceSpan;

use super::error::Finding;

/// What there is to choose from.
pub(super) struct Choice<'c> {
    /// What has them: "the template".
    pub(super) owner: &'c str,
    /// What they are, in the singular.
    pub(super) what: &'c str,
    /// The option of the command line that names one.
    pub(super) flag: &'c str,
    /// Each by its name, with its place.
    pub(super) candidates: &'c [(String, SourceSpan)],
}

impl Choice<'_> {
    /// The index of the one that is wanted, or of the only one. There is at least one.
    pub(super) fn take(&self, wanted: Option<&str>) -> Result<usize, Finding> {
        match wanted {
            Some(name) => self.candidates.iter().position(|(known, _)| known == name).ok_or_else(|| self.unknown(name)),
            None if self.candidates.len() > 1 => Err(self.several()),
            None => Ok(0),
        }
    }

    fn unknown(&self, name: &str) -> Finding {
        let Self { owner, what, flag, .. } = self;
        let finding = Finding::new(format!("{owner} has no {what} `{name}`, but {flag} names it"));
        finding.help(format!("what there is: {}", self.listed()))
    }

    fn several(&self) -> Finding {
        let Self { owner, what, flag, candidates } = self;
        let finding = Finding::new(format!("{owner} has {} {what}s: {}", candidates.len(), self.listed()));
        candidates
            .iter()
            .fold(finding, |finding, (_, span)| finding.label(*span, "one of them"))
            .help(format!("the gateway serves one: choose it with {flag} NAME"))
    }

    fn listed(&self) -> String {
        let names: Vec<_> = self.candidates.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    }
}
