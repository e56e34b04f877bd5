//! `check`: what AWS would refuse, or take and then not do.

use std::process::ExitCode;

use serde::Serialize;
use websocket_gateway::{Options, Remark, Severity, StartError, TemplateError};

use super::{WRONG_INPUT, terminal};

/// Where every rule is explained.
const GUIDE: &str = "crates/websocket-gateway/docs/check.md";

/// How `check` tells, and what counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    pub(crate) json: bool,
    /// Whether warnings count, too.
    pub(crate) strict: bool,
}

impl Check {
    pub(crate) fn run(self, options: &Options) -> ExitCode {
        let findings = match options.check_template() {
            Ok(findings) => findings,
            Err(error) => {
                terminal::show_start_error(StartError::Template(error));
                return ExitCode::from(WRONG_INPUT);
            }
        };
        for finding in &findings {
            self.show(finding);
        }
        if !self.json {
            terminal::say(&summary(&findings));
        }
        if findings.iter().any(|finding| self.counts(finding)) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn counts(self, finding: &Remark) -> bool {
        match finding.severity {
            Severity::Error => true,
            Severity::Warning => self.strict,
            Severity::Note => false,
        }
    }

    fn show(self, finding: &Remark) {
        if self.json {
            terminal::show_json(&Line::of(finding));
            return;
        }
        terminal::show_finding(&TemplateError::from(finding.clone()));
        let mend = finding.mend.as_ref().map(|mend| format!("\n{mend}")).unwrap_or_default();
        terminal::say(&format!("{mend}\n  see {}\n", link(finding)));
    }
}

fn link(finding: &Remark) -> String {
    format!("{GUIDE}#{}", finding.rule.unwrap_or_default())
}

/// A finding as one line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    rule: Option<&'a str>,
    severity: String,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    on_aws: Option<&'a str>,
    help: Option<&'a str>,
    mend: Option<&'a str>,
    guide: String,
}

impl<'a> Line<'a> {
    fn of(finding: &'a Remark) -> Self {
        let location = finding.location.as_ref();
        Self {
            rule: finding.rule,
            severity: finding.severity.to_string(),
            file: location.map(|location| location.file.as_str()),
            line: location.map(|location| location.line),
            column: location.map(|location| location.column),
            message: &finding.message,
            on_aws: finding.on_aws,
            help: finding.help.as_deref(),
            mend: finding.mend.as_deref(),
            guide: link(finding),
        }
    }
}

fn summary(findings: &[Remark]) -> String {
    let counted = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        (count, severity)
    });
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = counted.map(|(count, severity)| format!("{count} {severity}{}", plural(count))).collect();
    if parts.is_empty() { "Nothing to mend".to_owned() } else { parts.join(", ") }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
