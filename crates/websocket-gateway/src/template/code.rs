//! What a function is built from, and whether the gateway can build that.

use std::path::{Component, Path, PathBuf};

use miette::SourceSpan;

use super::error::Finding;
use super::kinds::SERVERLESS_FUNCTION;
use super::node::{Node, Value};
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::Code;

/// The runtimes of functions that are executables, as Rust functions are.
const RUNTIMES: [&str; 2] = ["provided.al2023", "provided.al2"];

const BUILD_METHOD: &str = "rust-cargolambda";

/// Where the template says that the code is.
enum Source {
    /// A directory, relative to the template's.
    Directory(String),
    /// Why the gateway can't build the code, and the place in the template that causes it.
    NotHere(String, SourceSpan),
}

pub(super) fn read(stack: &Stack, resource: &Resource, warnings: &mut Vec<Finding>) -> Result<Code, Finding> {
    let metadata = stack.metadata(resource);
    Ok(match source(&stack.properties(resource), &metadata, resource)? {
        Source::Directory(path) => {
            let named = binary(&metadata, warnings)?;
            let (directory, built) = crate_of(Path::new(&path));
            Code::Cargo { directory: stack.directory.join(directory), binary: named.or(built) }
        }
        Source::NotHere(why, span) => {
            warnings.push(Finding::at(span, format!("`{}` can't be started here: {why}", resource.id)).help(
                "run it elsewhere, for example with `sam local start-lambda` or `cargo lambda watch`, and name that server with \
                 --lambda-endpoint URL",
            ));
            Code::NotHere { why }
        }
    })
}

fn source(properties: &Properties<'_>, metadata: &Properties<'_>, resource: &Resource) -> Result<Source, Finding> {
    if let Some(node) = properties.optional("PackageType")?
        && node.text("`PackageType`")? == "Image"
    {
        return Ok(Source::NotHere("it is a container image".to_owned(), node.span));
    }
    let runtime = properties.required("Runtime")?;
    let name = runtime.text("`Runtime`")?;
    if !RUNTIMES.contains(&name.as_str()) {
        let why = format!(
            "its runtime is `{name}`, but the gateway builds only Rust functions, whose runtime is `{}`",
            RUNTIMES[0]
        );
        return Ok(Source::NotHere(why, runtime.span));
    }
    if let Some(node) = metadata.optional("BuildMethod")? {
        let method = node.text("`BuildMethod`")?;
        if !matches!(method.as_str(), BUILD_METHOD | "makefile") {
            return Ok(Source::NotHere(
                format!("its `BuildMethod` is `{method}`, but the gateway builds only with cargo"),
                node.span,
            ));
        }
    }
    if let Some(asset) = metadata.optional("aws:asset:path")? {
        return asset_source(&asset, metadata);
    }
    let property = if resource.kind == SERVERLESS_FUNCTION { "CodeUri" } else { "Code" };
    if let Some(inline) = properties.optional("InlineCode")? {
        return Ok(Source::NotHere("its code is inside the template".to_owned(), inline.span));
    }
    place(&properties.required(property)?, property)
}

/// Reads the code's place from the metadata that `cdk synth` writes.
fn asset_source(asset: &Node, metadata: &Properties<'_>) -> Result<Source, Finding> {
    let bundled = metadata.optional("aws:asset:is-bundled")?.is_some_and(|node| node.boolean("").unwrap_or_default());
    if bundled {
        return Ok(Source::NotHere("its asset is the output of a build, not a crate".to_owned(), asset.span));
    }
    place(asset, "aws:asset:path")
}

/// Reads `CodeUri` or `Code`: a path on this machine, or an object that only CloudFormation can use.
fn place(node: &Node, property: &str) -> Result<Source, Finding> {
    let not_here = |why: &str| Ok(Source::NotHere(why.to_owned(), node.span));
    match &node.value {
        Value::Text(path) if path.starts_with("s3:") || path.starts_with("https:") => not_here("its code is in S3"),
        Value::Text(path) if path.ends_with(".zip") => not_here("its code is an archive, not a crate"),
        Value::Text(path) if !path.is_empty() => Ok(Source::Directory(path.clone())),
        Value::Map(map) if map.get("ZipFile").is_some() => not_here("its code is inside the template"),
        Value::Map(map) if map.get("ImageUri").is_some() => not_here("it is a container image"),
        Value::Map(map) if !map.0.is_empty() => not_here("its code is in S3"),
        _ => Err(Finding::at(
            node.span,
            format!("`{property}` must be the directory of a crate, so that the gateway can build it"),
        )
        .help("write the path relative to the template's directory, for example `crates/routes`")),
    }
}

/// Splits a path into the crate's directory and the binary. `cargo lambda build` puts a binary into `target/lambda/{binary}` of the crate, and
/// many templates name that directory.
fn crate_of(path: &Path) -> (PathBuf, Option<String>) {
    let components: Vec<_> = path.components().collect();
    let built = |parts: &[Component<'_>]| parts[0].as_os_str() == "target" && parts[1].as_os_str() == "lambda";
    match components.windows(3).position(built) {
        Some(at) => {
            let directory = Path::new(".").join(components[..at].iter().collect::<PathBuf>());
            (directory, components[at + 2].as_os_str().to_str().map(str::to_owned))
        }
        None => (path.to_owned(), None),
    }
}

/// The name of the binary, from the resource's `Metadata`.
fn binary(metadata: &Properties<'_>, warnings: &mut Vec<Finding>) -> Result<Option<String>, Finding> {
    if let Some(node) = metadata.optional("BuildMethod")?
        && node.text("`BuildMethod`")? != BUILD_METHOD
    {
        warnings.push(
            Finding::at(node.span, "the gateway ignores `BuildMethod` and builds with cargo")
                .help(format!("to let `sam build` do the same, write `BuildMethod: {BUILD_METHOD}`")),
        );
    }
    let Some(build) = metadata.optional("BuildProperties")? else { return Ok(None) };
    build.map("`BuildProperties`")?.get("Binary").map(|node| node.text("`Binary`")).transpose()
}
