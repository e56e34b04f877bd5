//! Functions for Python. What they answer and report is what AWS's own client does with the same handlers.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::languages::{Folder, PYTHON, comes_home, function, start};
use crate::api::{Code, Place};
use crate::lambda::InvokeError;

const ANSWERS: &str = r#"
import decimal, logging, os, sys

def echo(event, context): return event
def nothing(event, context): pass
def numbers(event, context): return {"whole": decimal.Decimal("3"), "part": decimal.Decimal("1.5"), "tuple": (1, 2)}
def raises(event, context): raise ValueError("too far")
def raises_own(event, context):
    class NotAllowed(Exception): pass
    raise NotAllowed("who are you?")
def key(event, context): return {}["absent"]
def no_json(event, context): return {1, 2}
def exits(event, context): sys.exit(3)
def takes_nothing(): return None
def imports(event, context): import none
def sdk(event, context): import botocore.none
def variables(event, context): return {**os.environ, "cwd": os.getcwd()}
def described(event, context):
    return {
        "request_id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
        "version": context.function_version, "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "left": context.get_remaining_time_in_millis(), "identity": context.identity.cognito_identity_id,
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }
def logs(event, context):
    print("printed")
    logging.warning("warned of %s", 1)
    logging.info("not shown")
    print("to stderr", file=sys.stderr)
"#;

async fn outcome(handler: &str) -> Option<Result<Value, (String, String)>> {
    let folder = Folder::new(&format!("python_{handler}")).file("app.py", ANSWERS);
    let function = start(folder.function(PYTHON, &format!("app.{handler}"))).await?;
    let outcome = function.invoke(json!({ "a": "ü" })).await.map_err(|error| match error {
        InvokeError::FunctionError { error_type, message, .. } => (error_type, message),
        other => (String::new(), other.to_string()),
    });
    function.end().await;
    Some(outcome)
}

#[tokio::test]
async fn handlers_answer_with_json() {
    for (handler, expected) in [
        ("echo", json!({ "a": "ü" })),
        ("nothing", Value::Null),
        ("numbers", json!({ "whole": 3, "part": 1.5, "tuple": [1, 2] })),
    ] {
        let Some(found) = outcome(handler).await else { return };
        assert_eq!(found, Ok(expected), "{handler}");
    }
}

#[tokio::test]
async fn errors_of_python_have_lambdas_types_and_messages() {
    let takes_nothing = "takes_nothing() takes 0 positional arguments but 2 were given";
    for (handler, error_type, message) in [
        ("raises", "ValueError", "too far"),
        ("raises_own", "NotAllowed", "who are you?"),
        ("key", "KeyError", "'absent'"),
        ("no_json", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("takes_nothing", "TypeError", takes_nothing),
        ("imports", "ModuleNotFoundError", "No module named 'none'"),
        ("missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
    ] {
        let Some(found) = outcome(handler).await else { return };
        assert_eq!(found, Err((error_type.to_owned(), message.to_owned())), "{handler}");
    }
    let exit = outcome("exits").await.unwrap().unwrap_err().1;
    assert!(exit.contains("ended without an answer (exit status: 3)"), "{exit}");
}

#[tokio::test]
async fn an_error_has_a_stack_trace_and_the_request_id() {
    let folder = Folder::new("python_trace").file("app.py", ANSWERS);
    let Some(mut function) = start(folder.function(PYTHON, "app.raises")).await else { return };
    let (_, _, report) = function.failure(json!({})).await;
    assert_eq!(report["requestId"].as_str().unwrap().len(), 36);
    let [line] = report["stackTrace"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert!(line.as_str().unwrap().contains("app.py\", line 7, in raises"), "{report}");
    function.logged("[ERROR] ValueError: too far").await;
    function.logged("Traceback (most recent call last):").await;
    function.end().await;
}

#[tokio::test]
async fn the_context_and_the_environment_are_lambdas() {
    let folder = Folder::new("python_context").file("app.py", ANSWERS);
    let Some(function) = start(folder.function(PYTHON, "app.described")).await else { return };
    let context = function.invoke(json!({})).await.unwrap();
    assert_eq!(context["request_id"].as_str().unwrap().len(), 36);
    assert_eq!(context["arn"], "arn:aws:lambda:eu-central-1:123456789012:function:probe");
    assert_eq!((&context["name"], &context["version"]), (&json!("probe"), &json!("$LATEST")));
    assert_eq!((&context["memory"], &context["group"]), (&json!("128"), &json!("/aws/lambda/probe")));
    assert!((1..=20_000).contains(&context["left"].as_i64().unwrap()), "{context}");
    assert_eq!(context["identity"], Value::Null);
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"), "{context}");
    function.end().await;

    let function = start(folder.function(PYTHON, "app.variables")).await.unwrap();
    let environment = function.invoke(json!({})).await.unwrap();
    let root = json!(folder.path());
    assert_eq!((&environment["LAMBDA_TASK_ROOT"], &environment["cwd"]), (&root, &root));
    assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.13");
    function.end().await;
}

#[tokio::test]
async fn print_and_logging_write_log_lines() {
    let folder = Folder::new("python_logs").file("app.py", ANSWERS);
    let Some(mut function) = start(folder.function(PYTHON, "app.logs")).await else { return };
    function.invoke(json!({})).await.unwrap();
    assert_eq!(function.logged("printed").await, "printed");
    let line = function.logged("warned of 1").await;
    let [level, time, id, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!((level, time.len(), id.len(), text), ("[WARNING]", 24, 36, "warned of 1"));
    function.end().await;
}

#[tokio::test]
async fn a_handler_that_can_not_be_loaded_says_why() {
    let folder = Folder::new("python_not_loaded")
        .file("deep/er/app.py", "def handler(event, context): return 'deep'")
        .file("raises.py", "raise ValueError('at the start')")
        .file("syntax.py", "def handler(event, context) return 1")
        .file("sdk.py", "import botocore_that_is_missing")
        .file("requirements.txt", "none\n");
    let Some(function) = start(folder.function(PYTHON, "deep/er/app.handler")).await else { return };
    assert_eq!(function.invoke(json!({})).await.unwrap(), "deep");
    function.end().await;
    for (handler, error_type, message, advice) in [
        ("raises.handler", "ValueError", "at the start", ""),
        ("syntax.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'syntax': ", ""),
        ("none.handler", "Runtime.ImportModuleError", "Unable to import module 'none': No module named 'none'", ""),
        (
            "sdk.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'sdk': No module named",
            "requirements.txt`",
        ),
        ("nothing", "Runtime.MalformedHandlerName", "Bad handler 'nothing': ", ""),
    ] {
        let mut function = start(folder.function(PYTHON, handler)).await.unwrap();
        let (found, why, _) = function.failure(json!({})).await;
        assert!(found == error_type && why.starts_with(message), "{handler}: {found}: {why}");
        function.logged(if advice.is_empty() { "[ERROR]" } else { advice }).await;
        function.end().await;
    }
}

#[tokio::test]
async fn a_virtual_environment_of_the_project_or_of_the_function_has_the_packages() {
    let code = "import package\ndef handler(event, context): return package.WHERE";
    let folder = Folder::new("python_venv").file("src/app.py", code);
    let function = || {
        let mut function = function(PYTHON, "app.handler", Place::Directory(folder.path().join("src")));
        let Code::Files(files) = &mut function.code else { panic!() };
        files.project = folder.path();
        function
    };
    // The nearer one is used.
    for (environment, place) in [("venv", "the project"), ("src/.venv", "the function")] {
        let root = folder.path().join(environment);
        let made = Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&root).output();
        if !made.is_ok_and(|output| output.status.success()) {
            return eprintln!("left out: there is no python3 that makes virtual environments");
        }
        let packages = root.join("lib").read_dir().unwrap().next().unwrap().unwrap().path().join("site-packages");
        fs::write(packages.join("package.py"), format!("WHERE = '{place}'")).unwrap();
        let function = start(function()).await.unwrap();
        assert_eq!(function.invoke(json!({})).await.unwrap(), place);
        function.end().await;
    }
}

#[tokio::test]
async fn connections_to_the_apis_host_come_home() {
    let code = "
import urllib.request
def handler(event, context):
    try: urllib.request.urlopen('https://abcd123456.execute-api.eu-central-1.amazonaws.com/x')
    except OSError: pass
";
    comes_home(Folder::new("python_home").file("app.py", code).function(PYTHON, "app.handler")).await;
}
