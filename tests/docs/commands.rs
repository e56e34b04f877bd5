//! The sections `commands` and `options`: what to type.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use rustix::process::Signal;
use tokio::process::Command;

use crate::support::{self, Client, Section, as_from_a_shell, end, gateway, in_time, root, serving, signal};

#[tokio::test]
async fn the_first_command_serves_the_example() {
    let section = Section::named("commands");
    // With a port that is free.
    let command = format!("{} --quiet -- --port 0", section.code()[0].trim_end());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec {command}")]).current_dir(root()).stdout(Stdio::piped()).kill_on_drop(true);
    let (mut gateway, url) = serving(as_from_a_shell(&mut shell)).await;
    assert!(url.ends_with("/prod"), "{url}");
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    client.send("hi").await;
    assert_eq!(client.hear().await, r#""hello client, I am the $default route!""#);
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

#[test]
fn the_second_command_is_what_every_change_must_pass() {
    let section = Section::named("commands");
    let command = section.code()[1].trim_end();
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    // Its output is also kept in a file.
    let runs = |line: &str| line.trim_start().split(" 2>&1").next() == Some(command);
    assert!(ci.lines().any(runs), "no step runs {command}");
}

#[tokio::test]
async fn the_table_of_options_is_complete() {
    let help = in_time("the help", gateway(&["--help"]).output()).await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let section = Section::named("options");
    let rows = section.text().lines().filter_map(|line| line.strip_prefix("| `--"));
    let mut documented = BTreeMap::new();
    for row in rows {
        let mut cells = row.split(" | ");
        let (options, defaults) = (cells.next().unwrap(), cells.next().unwrap());
        for option in format!("`--{options}").split('`').filter_map(|word| word.strip_prefix("--")) {
            let name = option.split(' ').next().unwrap();
            documented.insert(name.to_owned(), defaults.to_owned());
        }
    }
    let offered = options(&help);
    assert_eq!(documented.keys().collect::<BTreeSet<_>>(), offered.keys().collect());
    for (name, default) in offered {
        let Some(default) = default else { continue };
        assert!(documented[&name].contains(&default), "--{name}: {default} is not in {}", documented[&name]);
    }
}

/// The options that a help text lists, with their defaults. Of a default only what stands before the first space, which may be a value.
fn options(help: &str) -> BTreeMap<String, Option<String>> {
    let mut options = BTreeMap::new();
    for line in help.lines().map(str::trim_start) {
        let flags = line.split("  ").next().unwrap();
        let Some((_, flag)) = flags.split_once("--").filter(|(before, _)| before.len() <= 4) else { continue };
        let name = flag.split(' ').next().unwrap();
        if !["help", "version"].contains(&name) {
            let default = line.split_once("[default: ").and_then(|(_, rest)| rest.strip_suffix(']'));
            // Words explain a default that is not a value.
            let value = default.filter(|default| !default.contains(' '));
            options.insert(name.to_owned(), value.map(str::to_owned));
        }
    }
    options
}

#[test]
fn the_parameter_of_the_section_authorizer_switches_the_authorizer_on() {
    let section = Section::named("authorizer");
    let command = section.code().into_iter().find(|code| code.starts_with("cargo run ")).unwrap();
    let (_, parameter) = command.split_once("--parameter ").unwrap();
    let (name, _) = parameter.split_once('=').unwrap();
    let loaded = support::options("template.yaml").parameter(name, "x".repeat(32)).read_template().unwrap();
    assert!(loaded.api.authorizer.is_some(), "{command}");
}
