//! What is found while a template is read. The reader notes it and goes on, so that an author learns of everything at once.

use super::error::{Finding, Severity};

/// Everything that was found, each thing once.
#[derive(Default)]
pub(super) struct Findings {
    /// Why the template can't be served.
    pub(super) errors: Vec<Finding>,
    /// Warnings and notes.
    pub(super) remarks: Vec<Finding>,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        let found = if finding.is_error() { &mut self.errors } else { &mut self.remarks };
        if !found.contains(&finding) {
            found.push(finding);
        }
    }

    /// The value, if it could be read. Why it could not is an error, whatever else may still be read.
    pub(super) fn keep<T>(&mut self, read: Result<T, Finding>) -> Option<T> {
        read.map_err(|finding| self.push(finding.severity(Severity::Error))).ok()
    }

    /// Keeps only some.
    pub(super) fn retain(&mut self, keep: impl Fn(&Finding) -> bool) {
        self.errors.retain(&keep);
        self.remarks.retain(&keep);
    }

    /// What breaks a rule of AWS, as severe as that rule is: what keeps the reader from going on may be no more than a warning on AWS, and what the
    /// gateway does not need may be an error there.
    pub(super) fn of_rules(self) -> Vec<Finding> {
        let mut found = Vec::new();
        for finding in self.errors.into_iter().chain(self.remarks) {
            let Some(rule) = finding.rule() else { continue };
            let finding = if finding.is_note() { finding } else { finding.breaks(rule) };
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
        found
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}
