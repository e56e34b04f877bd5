//! Errors, warnings and notes about a template: what is wrong, where it is, and what to write instead.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use super::check::rules::Rule;

/// What ends a line in YAML. A carriage return does so alone, too.
pub(super) const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// AWS refuses the template, or the gateway can't serve it.
    Error,
    /// AWS takes it, and something does not work.
    Warning,
    /// It works, but may not be what its author means.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// Why a template can't be served: all errors that were found.
///
/// `Display` is a single line, the first error. As a [`miette::Diagnostic`], it also shows the places in the template, what to write instead, and
/// the other errors.
#[derive(Debug, thiserror::Error)]
#[error("{}", .first.message)]
pub struct TemplateError {
    pub(super) first: Box<Remark>,
    others: Vec<TemplateError>,
}

impl TemplateError {
    /// Where the first mistake is. `None` if it has no place in the template, for example if the file can't be read.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.first.location.as_ref()
    }

    /// `None` if there is no error.
    pub(super) fn of(errors: impl Iterator<Item = Remark>) -> Option<Self> {
        let mut errors = errors.map(Self::from);
        let first = errors.next()?;
        Some(Self { others: errors.collect(), ..first })
    }

    pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Self {
        let message = format!("the template `{}` can't be read: {cause}", path.display());
        let help = "pass the template's path with --template, or start in the directory that has `template.yaml`; \
                    `websocket-gateway new NAME` makes a project in Rust that has one";
        let source = Arc::new(NamedSource::new(path.to_string_lossy(), String::new()));
        Finding::new(message).help(help).into_error(&source)
    }
}

impl From<Remark> for TemplateError {
    fn from(remark: Remark) -> Self {
        Self { first: Box::new(remark), others: Vec::new() }
    }
}

impl Diagnostic for TemplateError {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let Remark { rule, severity, .. } = &*self.first;
        Some(Box::new(format!("{severity}[{}]", (*rule)?)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.first.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let Remark { on_aws, help, .. } = &*self.first;
        let parts: Vec<_> = on_aws.iter().copied().chain(help.as_deref()).collect();
        (!parts.is_empty()).then(|| Box::new(parts.join("\n")) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = &self.first.labels;
        (!labels.is_empty()).then(|| Box::new(labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.first.source_code)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let others = self.others.iter().map(|error| error as &dyn Diagnostic);
        (!self.others.is_empty()).then(|| Box::new(others) as Box<dyn Iterator<Item = &dyn Diagnostic>>)
    }
}

/// Something that the template's author should know.
///
/// `Display` is a single line: the place, the message, what happens on AWS, and the advice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Remark {
    /// The rule of `check` that it breaks, such as `missing-permission`. `None` if it concerns this gateway only, and not AWS.
    pub rule: Option<&'static str>,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What happens on AWS: a sentence.
    pub on_aws: Option<&'static str>,
    /// What to do about it.
    pub help: Option<String>,
    /// The lines of YAML to write, indented as they stand in a template.
    pub mend: Option<String>,
    /// Where it is. `None` if it concerns the template as a whole.
    pub location: Option<Location>,
    labels: Vec<LabeledSpan>,
    source_code: Arc<NamedSource<String>>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        self.on_aws.iter().try_for_each(|on_aws| write!(f, ". {on_aws}"))?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))?;
        self.rule.iter().try_for_each(|rule| write!(f, " [{rule}]"))
    }
}

/// A place in a template. `Display` is `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The template's path, as the user gave it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Location {
    pub(super) fn of(span: SourceSpan, source: &NamedSource<String>) -> Self {
        let before = source.inner().get(..span.offset()).unwrap_or_default();
        let line = before.rsplit(LINE_ENDS).next().unwrap_or_default();
        Self {
            file: source.name().to_owned(),
            // Both characters of a `\r\n` are one line end.
            line: before.matches(LINE_ENDS).count() - before.matches("\r\n").count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A [`TemplateError`] or a [`Remark`] that does not know its file yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    labels: Vec<(SourceSpan, String)>,
    rule: Option<&'static Rule>,
    severity: Severity,
    message: String,
    help: Option<String>,
    mend: Option<String>,
}

/// What is said may quote text from the template, which may contain line ends.
fn on_one_line(text: impl Into<String>) -> String {
    text.into().replace(char::is_control, " ")
}

impl Finding {
    /// A finding that concerns this gateway only: a warning, unless it is a reason not to go on.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            rule: None,
            severity: Severity::Warning,
            message: on_one_line(message),
            help: None,
            mend: None,
            labels: Vec::new(),
        }
    }

    pub(super) fn at(span: SourceSpan, message: impl Into<String>) -> Self {
        Self::new(message).label(span, "here")
    }

    /// Says which rule of AWS the template breaks. The rule knows how severe that is.
    pub(super) fn breaks(self, rule: &'static Rule) -> Self {
        Self { rule: Some(rule), severity: rule.severity, ..self }
    }

    pub(super) fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The lines of YAML to write, indented as they stand in a template. `help` says where.
    pub(super) fn mend(self, help: impl Into<String>, lines: impl Into<String>) -> Self {
        Self { mend: Some(lines.into()), ..self.help(help) }
    }

    /// For an access control that the gateway does not support. To ignore it would let every client in, so this is an error.
    pub(super) fn unsupported_access_control(span: SourceSpan, what: &str) -> Self {
        let reason = "is not supported yet, so the gateway refuses to start rather than letting everyone in";
        Self::at(span, format!("{what} {reason}"))
    }

    /// Marks a further place. The first place is what the finding is about.
    pub(super) fn label(mut self, span: SourceSpan, label: impl Into<String>) -> Self {
        self.labels.push((span, on_one_line(label)));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(on_one_line(help));
        self
    }

    /// The reason for something that the message must name first.
    pub(super) fn about(self, what: &str) -> Self {
        Self { message: on_one_line(format!("{what}: {}", self.message)), ..self }
    }

    /// Suggests the candidate that is most similar to `name`, if any is similar.
    pub(super) fn suggest<'c>(self, name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Self {
        match nearest(name, candidates, name.chars().count().div_ceil(3)) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// For a name that is missing: suggests that a similar name, which is present, is a misspelling of it.
    pub(super) fn suggest_instead_of<'c>(self, present: impl IntoIterator<Item = &'c str>, missing: &str) -> Self {
        // Fewer edits than above: the name that is present may well be right, as `Role` is where `Code` is missing.
        match nearest(missing, present, missing.chars().count() / 3) {
            Some(present) => self.help(format!("write `{missing}` instead of `{present}`")),
            None => self,
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub(super) fn is_note(&self) -> bool {
        self.severity == Severity::Note
    }

    /// The rule that it breaks. `None` if it concerns this gateway only.
    pub(super) fn rule(&self) -> Option<&'static Rule> {
        self.rule
    }

    /// What it is about.
    pub(super) fn span(&self) -> Option<SourceSpan> {
        self.labels.first().map(|(span, _)| *span)
    }

    pub(super) fn into_error(self, source: &Arc<NamedSource<String>>) -> TemplateError {
        self.severity(Severity::Error).into_remark(source).into()
    }

    pub(super) fn into_remark(self, source: &Arc<NamedSource<String>>) -> Remark {
        let location = self.span().map(|span| Location::of(span, source));
        let label = |(span, text): (SourceSpan, String)| {
            LabeledSpan::new_with_span(Some(text), first_line(span, source.inner()))
        };
        Remark {
            rule: self.rule.map(|rule| rule.id),
            severity: self.severity,
            message: self.message,
            on_aws: self.rule.map(|rule| rule.on_aws),
            help: self.help,
            mend: self.mend,
            location,
            labels: self.labels.into_iter().map(label).collect(),
            source_code: Arc::clone(source),
        }
    }
}

/// The part of `span` that is in its first line. The span of a map or a list goes on to where the next value starts, which is too much to
/// underline.
fn first_line(span: SourceSpan, text: &str) -> SourceSpan {
    let marked = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let line = marked.split(LINE_ENDS).next().unwrap_or_default().trim_end();
    (span.offset(), line.len()).into()
}

/// The candidate that takes the fewest edits to become `name`, if they are few enough for a typing mistake: `limit` at most.
fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>, limit: usize) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .filter(|&(edits, _)| edits <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, ignoring case.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, &to) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or_default()
}
