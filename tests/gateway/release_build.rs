//! A function as it is built for Lambda. cargo-lambda makes a panic abort the process, unless the release profile says otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use websocket_gateway::api;
use websocket_gateway::lambda::{InvokeError, Lambda, Program};

#[tokio::test]
#[ignore = "needs PROBE, the path of a probe that cargo-lambda has built for release"]
async fn a_deployed_function_survives_a_panic() {
    let function = api::Function {
        logical_id: "Probe".into(),
        name: "probe".into(),
        defined_at: "template.yaml:1:1".into(),
        code: api::Code::Cargo { directory: ".".into(), binary: None },
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(10),
        memory_size: 128,
        reserved_concurrency: None,
        policy: websocket_gateway::iam::Policy::default(),
    };
    let executable = std::env::var_os("PROBE").expect("PROBE is the path of a probe").into();
    let lambda = Lambda::start(vec![Program { function, executable }], BTreeMap::new()).await.unwrap();
    let order = |order: &str| Bytes::from(json!({ "queryStringParameters": { "do": order } }).to_string());

    let process = lambda.invoke("Probe", order("pid")).await.unwrap();
    let panic = lambda.invoke("Probe", order("panic")).await.unwrap_err();
    assert!(matches!(panic, InvokeError::FunctionError { .. }), "{panic}");
    assert_eq!(lambda.invoke("Probe", order("pid")).await.unwrap(), process);
    lambda.shutdown().await;
}
