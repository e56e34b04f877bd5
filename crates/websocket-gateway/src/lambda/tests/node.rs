//! Functions for Node.js. What they answer and report is what AWS's own client does with the same handlers, unless a test says otherwise.

use serde_json::{Value, json};

use super::languages::{Folder, NODE, comes_home, start};
use crate::api::{Code, Layer, Place, Runtime};
use crate::lambda::InvokeError;

/// Handlers that answer in every way that there is.
const ANSWERS: &str = r"
exports.echo = async (event) => event;
exports.nothing = async () => {};
exports.never = async () => new Promise(() => {});
exports.returned = () => 'lost';
exports.callback = (event, context, callback) => callback(null, { statusCode: 400 });
exports.later = (event, context, callback) => {
    callback(null, 'first');
    setTimeout(() => callback(null, 'second'), 20);
};
exports.waits = (event, context, callback) => {
    globalThis.ticks = 0;
    setTimeout(() => { globalThis.ticks += 1; }, 50);
    callback(null, { get ticks() { return globalThis.ticks; } });
};
exports.hurries = (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = false;
    setTimeout(() => {}, 600000);
    callback(null, 'at once');
};
exports.succeeds = (event, context) => context.succeed('succeeded');
exports.done = (event, context) => context.done(null, 'done');
exports.throws = async () => { throw new RangeError('too far'); };
exports.throwsAtOnce = () => { throw new TypeError('no such thing'); };
exports.throwsText = async () => { throw 'just text'; };
exports.callsBack = (event, context, callback) => callback(new Error('refused'));
exports.callsBackText = (event, context, callback) => callback('refused');
exports.fails = (event, context) => context.fail(new Error('failed'));
exports.failsWithNothing = (event, context) => context.fail();
exports.rejectsElsewhere = async () => { Promise.reject(new Error('forgotten')); return new Promise(() => setTimeout(() => {}, 1000)); };
exports.throwsElsewhere = async () => { setTimeout(() => { throw new Error('late'); }, 1); return new Promise(() => {}); };
exports.circle = async () => { const circle = {}; circle.circle = circle; return circle; };
exports.nested = { handler: async () => 'nested' };
exports.notAFunction = 3;
exports.context = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });
exports.environment = async () => ({ ...process.env, cwd: process.cwd() });
exports.logs = async () => { console.log('one', { two: 2 }); console.warn('three'); console.error(new Error('four')); };
exports.exits = async () => process.exit(3);
";

async fn outcome(handler: &str) -> Option<Result<Value, (String, String)>> {
    let folder = Folder::new(&format!("node_{handler}")).file("app.js", ANSWERS);
    let function = start(folder.function(NODE, &format!("app.{handler}"))).await?;
    let outcome = function.invoke(json!({ "a": 1 })).await.map_err(|error| match error {
        InvokeError::FunctionError { error_type, message, .. } => (error_type, message),
        other => (String::new(), other.to_string()),
    });
    function.end().await;
    Some(outcome)
}

#[tokio::test]
async fn handlers_answer_in_every_way_that_lambda_knows() {
    for (handler, expected) in [
        ("echo", json!({ "a": 1 })),
        ("nothing", Value::Null),
        ("never", Value::Null),
        ("returned", Value::Null),
        ("callback", json!({ "statusCode": 400 })),
        ("later", json!("first")),
        ("waits", json!({ "ticks": 1 })),
        ("hurries", json!("at once")),
        ("succeeds", json!("succeeded")),
        ("done", json!("done")),
        ("nested.handler", json!("nested")),
    ] {
        let Some(found) = outcome(handler).await else { return };
        assert_eq!(found, Ok(expected), "{handler}");
    }
}

#[tokio::test]
async fn errors_of_node_have_lambdas_types_and_messages() {
    for (handler, error_type, message) in [
        ("throws", "RangeError", "too far"),
        ("throwsAtOnce", "TypeError", "no such thing"),
        ("throwsText", "string", "just text"),
        ("callsBack", "Error", "refused"),
        ("callsBackText", "string", "refused"),
        ("fails", "Error", "failed"),
        ("failsWithNothing", "string", "handled"),
        ("rejectsElsewhere", "Runtime.UnhandledPromiseRejection", "Error: forgotten"),
        ("throwsElsewhere", "Error", "late"),
        ("circle", "Error", "Unable to stringify response body"),
        ("missing", "Runtime.HandlerNotFound", "app.missing is undefined or not exported"),
        ("notAFunction", "Runtime.HandlerNotFound", "app.notAFunction is not a function"),
    ] {
        let Some(found) = outcome(handler).await else { return };
        assert_eq!(found, Err((error_type.to_owned(), message.to_owned())), "{handler}");
    }
    let exit = outcome("exits").await.unwrap().unwrap_err().1;
    assert!(exit.contains("ended without an answer (exit status: 3)"), "{exit}");
}

#[tokio::test]
async fn an_error_has_a_trace() {
    let folder = Folder::new("node_trace").file("app.js", ANSWERS);
    let Some(function) = start(folder.function(NODE, "app.throws")).await else { return };
    let (_, _, report) = function.failure(json!({})).await;
    assert_eq!(report["trace"][0], "RangeError: too far");
    assert!(report["trace"][1].as_str().unwrap().contains("app.js:"), "{report}");
    function.end().await;
}

#[tokio::test]
async fn the_context_and_the_environment_are_lambdas() {
    let folder = Folder::new("node_context").file("app.js", ANSWERS);
    let Some(function) = start(folder.function(NODE, "app.context")).await else { return };
    let context = function.invoke(json!({})).await.unwrap();
    for (field, value) in [
        ("functionName", json!("probe")),
        ("functionVersion", json!("$LATEST")),
        ("memoryLimitInMB", json!("128")),
        ("logGroupName", json!("/aws/lambda/probe")),
        ("invokedFunctionArn", json!("arn:aws:lambda:eu-central-1:123456789012:function:probe")),
        ("callbackWaitsForEmptyEventLoop", json!(true)),
    ] {
        assert_eq!(context[field], value, "{field}");
    }
    assert_eq!(context["awsRequestId"].as_str().unwrap().len(), 36);
    assert!((1..=20_000).contains(&context["left"].as_i64().unwrap()), "{context}");
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"), "{context}");
    function.end().await;

    let function = start(folder.function(NODE, "app.environment")).await.unwrap();
    let environment = function.invoke(json!({})).await.unwrap();
    let root = json!(folder.path());
    assert_eq!((&environment["LAMBDA_TASK_ROOT"], &environment["cwd"]), (&root, &root));
    assert_eq!(environment["_HANDLER"], "app.environment");
    assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_Lambda_nodejs22.x");
    function.end().await;
}

#[tokio::test]
async fn the_console_writes_log_lines_with_the_request_id() {
    let folder = Folder::new("node_logs").file("app.js", ANSWERS);
    let Some(mut function) = start(folder.function(NODE, "app.logs")).await else { return };
    function.invoke(json!({})).await.unwrap();
    let line = function.logged("one").await;
    let [time, id, level, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!((time.len(), id.len(), level, text), (24, 36, "INFO", "one { two: 2 }"));
    assert!(function.logged("three").await.contains("\tWARN\tthree"));
    assert!(function.logged("four").await.contains("\tERROR\tError: four"));
    function.end().await;
}

#[tokio::test]
async fn every_kind_of_module_is_loaded() {
    let answer = |text: &str| format!("export const handler = async () => '{text}';");
    let folder = Folder::new("node_modules_of_every_kind")
        .file("esm.mjs", &format!("await Promise.resolve(); {}", answer("esm")))
        .file("old.cjs", "exports.handler = async () => 'cjs';")
        .file("new/package.json", r#"{ "type": "module" }"#)
        .file("new/app.js", &answer("module"))
        .file("deep/er/app.js", "exports.handler = async () => require('shared/text') + require('package');")
        .file("shared/text.js", "module.exports = 'from the root, ';")
        .file("node_modules/package/index.js", "module.exports = 'and a package';")
        .file("folder/index.js", "exports.handler = async () => 'index';");
    for (handler, expected) in [
        ("esm.handler", "esm"),
        ("old.handler", "cjs"),
        ("new/app.handler", "module"),
        ("deep/er/app.handler", "from the root, and a package"),
        ("folder.handler", "index"),
    ] {
        let Some(function) = start(folder.function(NODE, handler)).await else { return };
        assert_eq!(function.invoke(json!({})).await.unwrap(), expected, "{handler}");
        function.end().await;
    }
}

#[tokio::test]
async fn a_handler_that_can_not_be_loaded_says_why() {
    let folder = Folder::new("node_not_loaded")
        .file("throws.js", "throw new RangeError('at the start');")
        .file("syntax.js", "exports.handler = async () => {")
        .file("sdk.js", "require('@aws-sdk/client-none');")
        .file("package.js", "require('none');")
        .file("typed.ts", "export const handler = 1;")
        .file("module.mjs", "import '@aws-sdk/client-none';");
    let path = folder.path();
    for (handler, error_type, message, advice) in [
        ("throws.handler", "RangeError", "at the start", String::new()),
        ("syntax.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: ", String::new()),
        ("none.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'none'", "there is no none.js".into()),
        ("typed.handler", "Runtime.ImportModuleError", "Error: Cannot find", "has to be compiled first".into()),
        (
            "package.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'none'",
            "run `npm install none`".into(),
        ),
        (
            "sdk.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module '@aws-sdk/client-none'",
            format!("run `npm install --no-save @aws-sdk/client-none` in {}", path.display()),
        ),
        ("module.handler", "Error", "Cannot find package '@aws-sdk/client-none'", "run `npm install --no-save".into()),
        ("nothing", "Runtime.MalformedHandlerName", "'nothing' is not a handler", String::new()),
    ] {
        let Some(mut function) = start(folder.function(NODE, handler)).await else { return };
        let (found, why, _) = function.failure(json!({})).await;
        assert!(found == error_type && why.starts_with(message), "{handler}: {found}: {why}");
        if !advice.is_empty() {
            function.logged(&advice).await;
        }
        function.end().await;
    }
}

#[tokio::test]
async fn layers_are_folders_archives_or_built_and_a_later_one_wins() {
    let folder = Folder::new("node_layers")
        .file("src/app.js", "exports.handler = async () => ['one', 'two', 'three'].map(require);")
        .file("first/nodejs/node_modules/one/index.js", "module.exports = 'from a folder';")
        .file("first/nodejs/node_modules/two/index.js", "module.exports = 'from a folder';")
        .file("second/nodejs/node_modules/two/index.js", "module.exports = 'from an archive';")
        .file("third/three.ts", "export default 'from what was built';")
        .file("built/Third/nodejs/node_modules/three/index.js", "module.exports = 'from what was built';");
    let layers = [
        Layer::Directory(folder.path().join("first")),
        Layer::Archive(folder.zipped("second")),
        Layer::Archive(folder.path().join("none.zip")),
        Layer::SamBuild { output: folder.path().join("built/Third"), sources: folder.path().join("third") },
    ];
    let mut function = super::languages::function(NODE, "app.handler", Place::Directory(folder.path().join("src")));
    let Code::Files(files) = &mut function.code else { panic!() };
    files.layers = layers.into();
    let Some(function) = start(function).await else { return };
    assert_eq!(
        function.invoke(json!({})).await.unwrap(),
        json!(["from a folder", "from an archive", "from what was built"])
    );
    function.end().await;
}

/// Source: AWS Lambda developer guide, "Define Lambda function handler in Node.js": no callbacks from Node.js 24 on.
#[tokio::test]
async fn from_node_24_on_there_are_no_callbacks() {
    let folder = Folder::new("node_24").file("app.js", ANSWERS);
    let latest = Runtime::NodeJs { major: 24 };
    let Some(function) = start(folder.function(latest, "app.callback")).await else { return };
    assert_eq!(function.failure(json!({})).await.0, "Runtime.CallbackHandlerDeprecated");
    function.end().await;
    let function = start(folder.function(latest, "app.returned")).await.unwrap();
    assert_eq!(function.invoke(json!({})).await.unwrap(), "lost");
    function.end().await;
}

#[tokio::test]
async fn connections_to_the_apis_host_come_home() {
    let get =
        "require('node:https').get('https://abcd123456.execute-api.eu-central-1.amazonaws.com/x').on('error', end)";
    let folder =
        Folder::new("node_home").file("app.js", &format!("exports.handler = () => new Promise((end) => {get});"));
    comes_home(folder.function(NODE, "app.handler")).await;
}

#[tokio::test]
async fn code_inside_the_template_runs() {
    let place = Place::Inline("exports.handler = async () => 'inline';".to_owned());
    let Some(function) = start(super::languages::function(NODE, "index.handler", place)).await else { return };
    assert_eq!(function.invoke(json!({})).await.unwrap(), "inline");
    function.end().await;
}
