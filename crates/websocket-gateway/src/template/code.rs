//! What a function is built from, or what runs as it is, and whether the gateway can do that.

use std::path::{Component, Path, PathBuf};

use super::error::Finding;
use super::findings::Findings;
use super::kinds::{LAMBDA_LAYER, SERVERLESS_FUNCTION, SERVERLESS_LAYER};
use super::names::project;
use super::node::{Node, Value};
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::{Code, Files, Layer, Place, Runtime};

const RUST: &str = "rust-cargolambda";

/// The build methods that make no other files than those that are in the folder already, apart from dependencies.
const COPIES: [&str; 2] = ["nodejs", "python"];

/// Where `sam build` writes what it makes, beside the template.
const SAM_BUILD: &str = ".aws-sam/build";

/// Where the template says that the code is.
enum Source {
    /// A path, relative to the template's directory.
    Path(String),
    /// The text of the only file.
    Inline(String),
    /// Why the gateway can't run the code.
    NotHere(String),
}

pub(super) fn read(stack: &Stack, resource: &Resource, findings: &mut Findings) -> Result<Code, Finding> {
    let (properties, metadata) = (stack.properties(resource), stack.metadata(resource));
    let not_here = |why: &str| Ok(Code::NotHere { why: why.to_owned() });
    if let Some(node) = properties.optional("PackageType")?
        && node.text("`PackageType`")? == "Image"
    {
        return not_here("it is a container image");
    }
    let name = properties.required("Runtime")?.text("`Runtime`")?;
    let Some(runtime) = Runtime::named(&name) else { return not_here(&format!("its runtime is `{name}`")) };
    let handler = match properties.optional("Handler")? {
        Some(node) => node.text("`Handler`")?,
        None if runtime == Runtime::Executable => String::new(),
        None => return Err(properties.missing("Handler")),
    };
    let place = match source(&properties, &metadata, resource)? {
        Source::NotHere(why) => return Ok(Code::NotHere { why }),
        Source::Inline(text) => Place::Inline(text),
        Source::Path(path) => {
            let method = build_method(&metadata)?;
            let is_built = runtime == Runtime::Executable && has_executable(stack, &path, &handler);
            if runtime == Runtime::Executable
                && let Some(code) = cargo(stack, resource, &path, is_built, method.as_deref(), findings)?
            {
                return Ok(code);
            }
            let runs_as_it_is = match runtime {
                Runtime::Executable => is_built,
                _ => method.is_none_or(|method| copies(&method)),
            };
            place(stack, resource, &path, runs_as_it_is)
        }
    };
    let layers = layers(stack, &properties, findings)?;
    Ok(Code::Files(Files { runtime, handler, place, project: project(&stack.directory).to_owned(), layers }))
}

fn source(properties: &Properties<'_>, metadata: &Properties<'_>, resource: &Resource) -> Result<Source, Finding> {
    if let Some(asset) = metadata.optional("aws:asset:path")? {
        return from(&asset, "aws:asset:path");
    }
    if let Some(inline) = properties.optional("InlineCode")? {
        return Ok(Source::Inline(inline.text("`InlineCode`")?));
    }
    let property = if resource.kind == SERVERLESS_FUNCTION { "CodeUri" } else { "Code" };
    // On AWS it may be missing: `sam deploy` then takes the template's folder.
    let node = properties.optional(property)?.ok_or_else(|| properties.missing_here(property))?;
    from(&node, property)
}

/// Reads `CodeUri` or `Code`: a path on this machine, or an object that mostly only CloudFormation can use.
fn from(node: &Node, property: &str) -> Result<Source, Finding> {
    let not_here = |why: &str| Ok(Source::NotHere(why.to_owned()));
    match &node.value {
        Value::Text(path) if path.starts_with("s3:") || path.starts_with("https:") => not_here("its code is in S3"),
        Value::Text(path) if !path.is_empty() => Ok(Source::Path(path.clone())),
        Value::Map(map) => match (map.get("ZipFile"), map.get("ImageUri")) {
            (Some(text), _) => Ok(Source::Inline(text.text("`ZipFile`")?)),
            (None, Some(_)) => not_here("it is a container image"),
            (None, None) if map.0.is_empty() => Err(no_place(node, property)),
            (None, None) => not_here("its code is in S3"),
        },
        _ => Err(no_place(node, property)),
    }
}

fn no_place(node: &Node, property: &str) -> Finding {
    Finding::at(node.span, format!("`{property}` must be the folder of the function's code"))
        .help("write the path relative to the template's directory, for example `crates/routes` or `src`")
}

/// The crate that an executable is built from. `None` if its folder has no crate, but files that run as they are or that `sam build` makes.
fn cargo(
    stack: &Stack,
    resource: &Resource,
    path: &str,
    is_built: bool,
    method: Option<&str>,
    findings: &mut Findings,
) -> Result<Option<Code>, Finding> {
    let metadata = stack.metadata(resource);
    let (directory, built) = crate_of(Path::new(path));
    let directory = stack.directory.join(directory);
    let has_crate = directory.join("Cargo.toml").is_file();
    let other = method.filter(|method| *method != RUST);
    let runs_as_it_is = || path.ends_with(".zip") || is_built;
    if !has_crate && (other.is_some() || runs_as_it_is() || sam_build(stack, resource).is_dir()) {
        return Ok(None);
    }
    if let Some(method) = other {
        let message = format!("the gateway ignores `BuildMethod: {method}` and builds with cargo");
        let finding = Finding::at(metadata.span_of("BuildMethod"), message);
        findings.push(finding.help(format!("to let `sam build` do the same, write `BuildMethod: {RUST}`")));
    }
    let named = match metadata.optional("BuildProperties")? {
        Some(build) => build.map("`BuildProperties`")?.get("Binary").map(|node| node.text("`Binary`")).transpose()?,
        None => None,
    };
    Ok(Some(Code::Cargo { directory, binary: named.or(built) }))
}

/// Whether a folder has the file that would run: `bootstrap`, or for Go what the handler names.
fn has_executable(stack: &Stack, folder: &str, handler: &str) -> bool {
    let names = ["bootstrap", handler].into_iter().filter(|name| !name.is_empty());
    names.map(|name| stack.directory.join(folder).join(name)).any(|file| file.is_file())
}

/// Whether `sam build` only copies the files and installs packages.
fn copies(method: &str) -> bool {
    COPIES.iter().any(|copies| method.starts_with(copies))
}

fn build_method(metadata: &Properties<'_>) -> Result<Option<String>, Finding> {
    metadata.optional("BuildMethod")?.map(|node| node.text("`BuildMethod`")).transpose()
}

/// Where the files are: what the path names, or what `sam build` makes of that.
fn place(stack: &Stack, resource: &Resource, path: &str, runs_as_it_is: bool) -> Place {
    let sources = stack.directory.join(path);
    if path.ends_with(".zip") {
        return Place::Archive(sources);
    }
    if is_built(stack, resource) || runs_as_it_is {
        return Place::Directory(sources);
    }
    Place::SamBuild { output: sam_build(stack, resource), sources }
}

/// Whether this is what `sam build` has made. It notes in its own copy of the template from which resource it has built what is there.
fn is_built(stack: &Stack, resource: &Resource) -> bool {
    resource.metadata.get("SamResourceId").is_some() || stack.directory.ends_with(SAM_BUILD)
}

/// Where `sam build` writes what it makes of a resource.
fn sam_build(stack: &Stack, resource: &Resource) -> PathBuf {
    stack.directory.join(SAM_BUILD).join(&resource.id)
}

/// The folders and archives of the layers. Those that are only on AWS get a warning.
fn layers(stack: &Stack, properties: &Properties<'_>, findings: &mut Findings) -> Result<Vec<Layer>, Finding> {
    let Some(node) = properties.optional("Layers")? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for item in node.list("`Layers`")? {
        let name = item.text("a layer")?;
        let is_layer = |resource: &&Resource| {
            resource.id == name && [SERVERLESS_LAYER, LAMBDA_LAYER].contains(&resource.kind.as_str())
        };
        match stack.resources.iter().find(is_layer).map(|resource| layer(stack, resource)).transpose()?.flatten() {
            Some(layer) => found.push(layer),
            None => findings.push(
                Finding::at(
                    item.span,
                    format!("the layer `{name}` is neither a folder nor a zip file on this machine, so functions run without it"),
                )
                .help("install the packages that functions need from it, as for a function without layers"),
            ),
        }
    }
    Ok(found)
}

fn layer(stack: &Stack, resource: &Resource) -> Result<Option<Layer>, Finding> {
    let (properties, metadata) = (stack.properties(resource), stack.metadata(resource));
    let property = if resource.kind == SERVERLESS_LAYER { "ContentUri" } else { "Content" };
    let node = match metadata.optional("aws:asset:path")? {
        Some(asset) => asset,
        None => properties.required(property)?,
    };
    Ok(match &node.value {
        Value::Text(path) if !path.starts_with("s3:") && !path.starts_with("https:") => {
            let sources = stack.directory.join(path);
            let method = build_method(&metadata)?.filter(|_| !is_built(stack, resource));
            Some(match method {
                _ if path.ends_with(".zip") => Layer::Archive(sources),
                None => Layer::Directory(sources),
                Some(method) if copies(&method) => Layer::Packages(sources),
                Some(_) => Layer::SamBuild { output: sam_build(stack, resource), sources },
            })
        }
        _ => None,
    })
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
