//! The environment variables of an instance.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;

use crate::api::{Code, Runtime};
use crate::ids;
use crate::lambda::Program;

/// The variables that functions inherit from the gateway's process. Other variables are not inherited, because they would be missing on AWS.
const INHERITED: [&str; 6] = ["PATH", "HOME", "TMPDIR", "LANG", "RUST_BACKTRACE", "RUST_LOG"];

/// Those of the inherited variables that are set.
pub(super) fn inherited() -> impl Iterator<Item = (String, OsString)> {
    INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), env::var_os(name)?)))
}

/// All environment variables of a function. If several sources set the same variable, the last of them wins: `basics`, the runtime, the
/// template, the gateway's `own` variables, and those that Lambda itself sets. `runtime_api` is `host:port`.
pub(super) fn of(
    basics: impl IntoIterator<Item = (String, OsString)>,
    program: &Program,
    own: &BTreeMap<String, String>,
    runtime_api: &str,
) -> BTreeMap<String, OsString> {
    let text = |(name, value): (&String, &String)| (name.clone(), OsString::from(value));
    let mut environment = BTreeMap::from([("TZ".to_owned(), OsString::from(":UTC"))]);
    environment.extend(basics);
    environment.extend(program.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    environment.extend(program.function.environment.iter().map(text));
    environment.extend(own.iter().map(text));
    environment.extend(lambda_own(program, runtime_api).map(|(name, value)| (name.to_owned(), value)));
    environment
}

/// The variables that Lambda sets and that a template can't change.
/// Source: AWS Lambda developer guide, "Defined runtime environment variables".
fn lambda_own(program: &Program, runtime_api: &str) -> impl Iterator<Item = (&'static str, OsString)> {
    let function = &program.function;
    let (task_root, runtime) = match &function.code {
        Code::Cargo { directory, .. } => (Some(directory), None),
        Code::Files(files) => (program.directory.as_ref(), Some(files.runtime)),
        Code::NotHere { .. } => (None, None),
    };
    // Functions that are executables don't get it.
    let runtime = runtime.filter(|runtime| *runtime != Runtime::Executable);
    let optional = [
        task_root.map(|directory| ("LAMBDA_TASK_ROOT", directory.into())),
        runtime.map(|runtime| ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}").into())),
    ];
    [
        ("_HANDLER", program.handler().into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_size.to_string().into()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone().into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name).into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{}", ids::uuid()).into()),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.into()),
    ]
    .into_iter()
    .chain(optional.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::Function;
    use crate::iam::Policy;

    fn program(variables: &[(&str, &str)]) -> Program {
        let function = Function {
            logical_id: "Hello".into(),
            name: "shop-Hello".into(),
            arn: String::new(),
            defined_at: "template.yaml:1:1".into(),
            code: Code::Cargo { directory: "/code".into(), binary: None },
            environment: map(variables),
            timeout: Duration::from_secs(3),
            memory_size: 128,
            reserved_concurrency: None,
            policy: Policy::default(),
        };
        Program::binary(function, "/code/bootstrap".into())
    }

    fn map(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_later_source_wins() {
        let basics = ["A", "B", "C", "AWS_LAMBDA_FUNCTION_NAME"].map(|name| (name.to_owned(), "basics".into()));
        let template = program(&[("B", "template"), ("C", "template"), ("AWS_LAMBDA_FUNCTION_NAME", "template")]);
        let own = map(&[("C", "own"), ("AWS_LAMBDA_FUNCTION_NAME", "own")]);

        let environment = of(basics, &template, &own, "127.0.0.1:1");

        assert_eq!(environment["A"], "basics");
        assert_eq!(environment["B"], "template");
        assert_eq!(environment["C"], "own");
        assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "shop-Hello");
    }

    #[test]
    fn the_environment_has_everything_that_a_runtime_needs() {
        let environment = of([], &program(&[]), &BTreeMap::new(), "127.0.0.1:1");

        assert_eq!(environment["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:1");
        assert_eq!(environment["AWS_LAMBDA_FUNCTION_VERSION"], "$LATEST");
        assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
        assert_eq!(environment["AWS_LAMBDA_LOG_GROUP_NAME"], "/aws/lambda/shop-Hello");
        assert_eq!(environment["LAMBDA_TASK_ROOT"], "/code");
        assert_eq!(environment["TZ"], ":UTC");
    }

    #[test]
    fn only_named_variables_are_inherited() {
        // Cargo sets this one for every test.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(inherited().all(|(name, _)| INHERITED.contains(&name.as_str())));
    }
}
