//! Chooses the API to serve, and its stage, if there are several.

use miette::SourceSpan;

use super::error::Finding;

/// Candidates, and how messages name them.
pub(super) struct Choice<'c> {
    /// What has the candidates, for example "the template".
    pub(super) owner: &'c str,
    /// What a candidate is, for example "stage".
    pub(super) what: &'c str,
    /// The command line option that names a candidate.
    pub(super) flag: &'c str,
    /// Each candidate's name and place. There is at least one candidate.
    pub(super) candidates: &'c [(String, SourceSpan)],
}

impl Choice<'_> {
    /// The index of the candidate with the wanted name, or of the only candidate.
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
        finding.help(format!("choose one of: {}", self.listed()))
    }

    fn several(&self) -> Finding {
        let Self { owner, what, flag, candidates } = self;
        let finding = Finding::new(format!("{owner} has {} {what}s: {}", candidates.len(), self.listed()));
        candidates
            .iter()
            .fold(finding, |finding, (_, span)| finding.label(*span, format!("a {what}")))
            .help(format!("the gateway serves one {what}: choose it with {flag} NAME"))
    }

    fn listed(&self) -> String {
        let names: Vec<_> = self.candidates.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    }
}
