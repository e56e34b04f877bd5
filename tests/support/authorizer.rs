use std::io::Write;
use std::process::{Command, Stdio};

use super::{Section, root};

/// The template as it is when somebody has switched its authorizer on.
pub(crate) fn with_authorizer() -> String {
    edited(&std::fs::read_to_string(root().join("template.yaml")).unwrap())
}

/// What the command in the section `authorizer` makes of a template.
pub(crate) fn edited(template: &str) -> String {
    let section = Section::named("authorizer");
    let command = section.text().lines().find_map(|line| line.strip_prefix("sed -i.bak '")).unwrap();
    let script = command.strip_suffix("' template.yaml").unwrap();
    let mut sed = Command::new("sed").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It reads all before the pipe to us is full: a template is smaller than that.
    sed.stdin.take().unwrap().write_all(template.as_bytes()).unwrap();
    String::from_utf8(sed.wait_with_output().unwrap().stdout).unwrap()
}
