//! The stack's name, and the names of functions, tables, queues and roles, most of which begin with it.

use std::path::Path;

use super::dependencies::references_in;
use super::error::Finding;
use super::kinds::{GLOBAL_TABLE, LAMBDA_FUNCTION, QUEUE, ROLE, SERVERLESS_FUNCTION, SIMPLE_TABLE, TABLE};
use super::memo::Memo;
use super::queues::{FIFO, declares_fifo};
use super::references::hash_of;
use super::stack::{Resource, Stack};
use crate::api::limits;

const STACK_NAME: &str = "AWS::StackName";

/// How many characters of a default name stand for the logical id if that is too long, as CloudFormation makes names unique, too.
const HASH_CHARACTERS: usize = 8;

impl Stack {
    /// The name that the template gives, or else a default. The limit on the length also stops names that are made of each other from growing
    /// without end. `None` for a resource that has no name.
    pub(super) fn name_of(&self, resource: &Resource) -> Option<Result<String, Finding>> {
        let (property, limit) = naming(resource)?;
        Some(self.known_names.get(&resource.id, resource.span, || {
            let properties = self.properties(resource);
            let Some(node) = properties.optional(property)? else {
                // CloudFormation ends the names that it makes for FIFO queues so, too.
                let end = if declares_fifo(self, resource)? { FIFO } else { "" };
                return Ok(self.default_name(&resource.id, limit - end.len()) + end);
            };
            let name = node.text(&format!("`{property}`"))?;
            if !name.is_empty() && name.len() <= limit {
                return Ok(name);
            }
            let message = format!("`{property}` must have 1 to {limit} characters, but this name has {}", name.len());
            let finding = Finding::at(node.span, message);
            let mut parts = Vec::new();
            properties.written(property).into_iter().for_each(|node| references_in(node, &mut parts));
            Err(if parts.iter().any(|part| part == STACK_NAME) {
                finding.help(format!(
                    "`{STACK_NAME}` in it is `{}`: choose a shorter name with --stack-name, or shorten the rest",
                    self.name
                ))
            } else {
                finding
            })
        }))
    }

    /// `{stack}-{logical id}`, cut if that is too long.
    fn default_name(&self, logical_id: &str, limit: usize) -> String {
        let mut name = format!("{}-{logical_id}", self.name);
        if name.len() > limit {
            name = name.chars().take(limit - HASH_CHARACTERS - 1).collect();
            name.extend(["-", &hash_of(logical_id)[..HASH_CHARACTERS]]);
        }
        name
    }

    /// Shortens the stack's name, which nobody has chosen, until no name that is made of it is too long. A name that would be too long anyway
    /// leaves it as it is.
    pub(super) fn shorten_name(&mut self) {
        let whole = self.name.clone();
        while let Some(excess) = self.longest_excess() {
            let kept = self.name.len().saturating_sub(excess);
            let shorter = self.name.get(..kept).unwrap_or_default().trim_end_matches('-').to_owned();
            let is_hopeless = shorter.is_empty();
            self.name = if is_hopeless { whole.clone() } else { shorter };
            (self.known_names, self.known_conditions) = (Memo::default(), Memo::default());
            if is_hopeless {
                return;
            }
        }
    }

    /// By how many characters the longest of the names is too long.
    fn longest_excess(&self) -> Option<usize> {
        let excess = |resource: &Resource| {
            let (property, limit) = naming(resource)?;
            if !self.exists(resource).ok()? {
                return None;
            }
            let name = self.properties(resource).optional(property).ok()??.text(property).ok()?;
            name.len().checked_sub(limit).filter(|excess| *excess > 0)
        };
        self.resources.iter().filter_map(excess).max()
    }
}

/// The property with the resource's name, and how many characters the name may have.
fn naming(resource: &Resource) -> Option<(&'static str, usize)> {
    match resource.kind.as_str() {
        SERVERLESS_FUNCTION | LAMBDA_FUNCTION => Some(("FunctionName", limits::FUNCTION_NAME_CHARACTERS)),
        TABLE | GLOBAL_TABLE | SIMPLE_TABLE => Some(("TableName", limits::TABLE_NAME_CHARACTERS)),
        QUEUE => Some(("QueueName", limits::QUEUE_NAME_CHARACTERS)),
        ROLE => Some(("RoleName", limits::ROLE_NAME_CHARACTERS)),
        _ => None,
    }
}

/// The name of a stack that nobody has named: what `cdk synth` calls the template, or else the project's directory. Characters that AWS does
/// not allow in the names of functions and tables become `-`.
pub(super) fn of_stack(template: &Path) -> String {
    let file = template.file_name().unwrap_or_default().to_string_lossy();
    if let Some(stack) = file.strip_suffix(".template.json").filter(|stack| !stack.is_empty()) {
        return allowed(stack);
    }
    let directory = template.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let name = project(&directory).file_name().unwrap_or("local".as_ref()).to_string_lossy();
    allowed(&name)
}

/// The directory of the project whose template is in `directory`: `sam build`, `cdk synth` and `serverless package` write into the project.
pub(super) fn project(directory: &Path) -> &Path {
    let written = [".aws-sam/build", "cdk.out", ".serverless"].into_iter().find(|written| directory.ends_with(written));
    let levels = written.map_or(0, |written| Path::new(written).components().count());
    directory.ancestors().nth(levels).unwrap_or(directory)
}

fn allowed(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    match name.trim_matches('-') {
        "" => "local".to_owned(),
        name => name.to_owned(),
    }
}
