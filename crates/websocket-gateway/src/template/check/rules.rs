//! Every rule: its name, which stays the same for ever, how much it matters, and what happens on AWS.
//!
//! A rule is an error only if AWS is known to refuse the template, and the comment says from where. The same list with examples for readers
//! is the guide `docs/check.md`.

use super::super::error::Severity;

/// A rule that a template can break.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::template) struct Rule {
    pub(in crate::template) id: &'static str,
    pub(in crate::template) severity: Severity,
    /// What happens on AWS, as a sentence without its full stop.
    pub(in crate::template) on_aws: &'static str,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $name:ident = $severity:ident $id:literal: $on_aws:literal;)*) => {
        $($(#[doc = $doc])* pub(in crate::template) const $name: &Rule =
            &Rule { id: $id, severity: Severity::$severity, on_aws: $on_aws };)*

        /// All of them.
        pub(in crate::template) const ALL: &[&Rule] = &[$($name),*];
    };
}

rules! {
    /// Source: CloudFormation user guide, "Template anatomy": a template's references must name something in it, or the stack is not created
    /// (`Unresolved resource dependencies`).
    UNKNOWN_REFERENCE = Error "unknown-reference": "CloudFormation refuses the template: `Unresolved resource dependencies`";
    /// Source: CloudFormation troubleshooting, "Circular dependency between resources".
    CIRCULAR_REFERENCE = Error "circular-reference": "CloudFormation refuses the template: `Circular dependency between resources`";
    /// Source: the `required` properties of the resources' schemas and of SAM's, which CloudFormation and SAM check.
    MISSING_PROPERTY = Error "missing-property": "CloudFormation or SAM refuses the resource";
    /// Source: CloudFormation template reference, the pages of the resource types. A warning, because AWS may have a newer property.
    UNKNOWN_PROPERTY = Warning "unknown-property": "CloudFormation refuses a property that the resource does not have";
    /// Source: aws-sam-translator 1.115: `Property … not defined for resource of type …`.
    SAM_PROPERTY = Error "sam-property": "SAM refuses the template: it knows no such property";
    /// Source: CloudFormation user guide, "Template anatomy": `Unrecognized resource types`.
    MISSING_TRANSFORM = Error "missing-transform": "CloudFormation refuses the template: `Unrecognized resource types`";
    /// Source: aws-sam-translator 1.115: `Policy at index … is not valid`.
    UNKNOWN_POLICY_TEMPLATE = Error "unknown-policy-template": "SAM refuses the function";
    /// Source: YAML 1.2, "Mapping": keys are unique. Which value counts is up to the reader; CloudFormation's is not documented.
    REPEATED_KEY = Warning "repeated-key": "Only one of the two values counts";
    /// Source: Lambda API reference, `CreateFunction`: `Timeout` from 1 to 900, `MemorySize` from 128 to 10240.
    VALUE_OUT_OF_RANGE = Error "value-out-of-range": "Lambda refuses the function";

    /// Source: API Gateway's answer `Invalid routeSelectionExpression` (badmintoncryer/cdk-preflight, deployed); SAM: `Missing required property`.
    MISSING_SELECTION = Error "missing-route-selection-expression": "API Gateway refuses the API: `Invalid routeSelectionExpression`";
    /// Source: API Gateway developer guide, "Selection expressions": the only variables are `$request.body.…`; other text stands for itself.
    SELECTION = Warning "route-selection-expression":
        "The expression never finds a route in a message: each message goes to `$default`, or is answered with `Forbidden`";
    /// Source: API Gateway's answer `Route with key … already exists for this API`, 409 (serverless/serverless#7260).
    DUPLICATE_ROUTE_KEY = Error "duplicate-route-key": "API Gateway refuses the second route: `Route with key … already exists for this API`";
    /// Source: API Gateway developer guide, "Working with routes for WebSocket APIs": keys that begin with `$` are reserved.
    RESERVED_ROUTE_KEY = Warning "reserved-route-key": "API Gateway reserves the route keys that begin with `$`: it never calls this route";
    /// Source: API Gateway developer guide: a route of a WebSocket API is chosen by the content of messages.
    HTTP_ROUTE_KEY = Warning "http-route-key": "A WebSocket API has no methods and paths: only a message whose content is this very text would get to the route";
    /// Source: aws-sam-translator 1.115: `Route key … must be alphanumeric`; logical ids are made with Python's `capitalize`.
    SAM_ROUTE_KEY = Error "sam-route-key": "SAM refuses the template: it makes logical ids from route keys";
    /// Source: API Gateway's answer `At least one route is required before deploying the Api` (aws/serverless-application-model#2512).
    NO_ROUTES = Error "no-routes": "API Gateway deploys no API without routes: `At least one route is required before deploying the Api`";

    /// Source: API Gateway developer guide, "Set up a WebSocket API integration request".
    ROUTE_WITHOUT_TARGET = Warning "route-without-target": "Nothing runs for the route's messages: they are answered with an error";
    /// Source: API Gateway API reference, `Route`, `target`: `integrations/` and the integration's id.
    UNKNOWN_TARGET = Warning "unknown-target": "The route has no integration: nothing runs for its messages, or the route is not created";
    /// Source: the same: an integration belongs to one API.
    INTEGRATION_ELSEWHERE = Warning "integration-of-other-api": "API Gateway finds no such integration in the route's API";
    /// Source: aws/aws-cdk#13820: it works, but the console can't show the integration.
    BARE_FUNCTION_ARN = Note "bare-function-arn": "It works, but the console can't show which function it is; the documented form is the invocation URI";
    /// Source: API Gateway's answer `Timeout should be between 50 ms and 29000 ms` (badmintoncryer/cdk-preflight, deployed).
    INTEGRATION_TIMEOUT = Error "integration-timeout": "API Gateway refuses the integration: `Timeout should be between 50 ms and 29000 ms`";
    /// Source: API Gateway developer guide, "Quotas for WebSocket APIs": integration timeout, 29 s.
    FUNCTION_TIMEOUT = Note "function-timeout":
        "After 29 seconds API Gateway gives up: the client gets `Endpoint request timed out` while the function goes on, and its answer is dropped";
    /// Source: API Gateway developer guide: with a Lambda proxy integration the function gets the whole event.
    TEMPLATES_WITHOUT_EFFECT = Note "templates-without-effect": "API Gateway ignores request templates of an `AWS_PROXY` integration";

    /// Source: Lambda developer guide, "Using resource-based policies"; the frames and statuses: aws/aws-cdk#18208.
    MISSING_PERMISSION = Warning "missing-permission":
        "Lambda refuses API Gateway's call: no client can connect if it is about `$connect` or the authorizer, and messages are answered with `Internal server error`";

    /// Source: API Gateway developer guide, "Set up route responses for WebSocket APIs".
    MISSING_ROUTE_RESPONSE = Warning "missing-route-response": "The body that the function returns never reaches the client";
    /// Source: AWS's samples do without it, for example `apigw-websocket-api-connection-dynamodb` in aws-samples/serverless-patterns, whose README shows
    /// the answer; AWS's console writes it, and the guide, "Route response selection expressions", describes it.
    MISSING_RESPONSE_SELECTION = Note "missing-response-selection":
        "The answer reaches the client all the same, as in samples of AWS; the documented form has both, as AWS's console writes it";
    /// Source: the same: "You can only define the $default route response".
    ROUTE_RESPONSE_KEY = Warning "route-response-key": "API Gateway knows no other route response than `$default`, so the function's answer is dropped";
    /// Source: API Gateway developer guide, "Manage connected users and client apps".
    ROUTE_RESPONSE_ON_CONNECT = Note "route-response-on-connect": "It has no effect: nothing can be sent to a client before it is connected or after it has left";

    /// Source: API Gateway developer guide, "Create a deployment": a deployment is a snapshot of the API.
    DEPLOYMENT_BEFORE_ROUTE = Warning "deployment-before-route":
        "CloudFormation may make the deployment first: it fails with `At least one route is required`, or messages for the missing route get `Forbidden`";
    /// Source: serverless/serverless#7857, after a hint of AWS's support.
    DEPLOYMENT_BEFORE_RESPONSE = Warning "deployment-before-response":
        "CloudFormation may make the deployment first: until the next one, the function's answers are dropped";
    /// Source: API Gateway developer guide, "Working with stages for WebSocket APIs".
    STAGE_WITHOUT_DEPLOYMENT = Warning "stage-without-deployment": "Nothing is deployed to the stage: no client can connect";
    /// Source: CloudFormation reference, `AWS::ApiGatewayV2::Deployment`: an update makes no new deployment.
    STALE_DEPLOYMENT = Note "stale-deployment":
        "CloudFormation makes the deployment once: later changes of routes never reach the stage";
    /// Source: API Gateway developer guide, "Working with stages for WebSocket APIs".
    MISSING_STAGE = Warning "missing-stage": "An API without a stage has no address: no client can connect";
    /// Source: aws-sam-translator 1.115 refuses it; API Gateway takes it, and it misbehaves (terraform-aws-apigateway-v2#7).
    DEFAULT_STAGE = Warning "default-stage": "Only HTTP APIs have the stage `$default`: SAM refuses it, and a WebSocket API that has it nevertheless is reported to misbehave";
    /// Source: API Gateway API reference, `CreateStage`: letters, digits, `-` and `_`.
    STAGE_NAME = Error "stage-name": "API Gateway refuses the stage";

    /// Source: API Gateway's answer `Currently, authorization is restricted to the $connect route only` (several reports).
    AUTHORIZER_ELSEWHERE = Error "authorizer-elsewhere": "API Gateway refuses the route: `Currently, authorization is restricted to the $connect route only`";
    /// Source: API Gateway developer guide, "Control access with Lambda authorizers": `AuthorizationType` defaults to `NONE`.
    AUTHORIZER_WITHOUT_TYPE = Warning "authorizer-without-type": "The authorizer has no effect: every client may connect";
    /// Source: API Gateway's answer to a missing authorizer: `Setting the authorization type to … requires a valid … authorizer` (badmintoncryer/cdk-preflight).
    MISSING_AUTHORIZER = Error "missing-authorizer": "API Gateway refuses the route: the authorization type requires a valid authorizer";
    /// Source: API Gateway's answer `Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis` (badmintoncryer/cdk-preflight, deployed).
    AUTHORIZER_TYPE = Error "authorizer-type": "API Gateway refuses it: `Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis`";
    /// Source: API Gateway's answer `Invalid request identity source expression` (badmintoncryer/cdk-preflight, deployed).
    IDENTITY_SOURCE = Error "identity-source": "API Gateway refuses the authorizer: `Invalid request identity source expression`";
    /// Source: API Gateway API reference: an authorizer belongs to one API.
    AUTHORIZER_OF_OTHER_API = Warning "authorizer-of-other-api": "API Gateway finds no such authorizer in the route's API";
    /// Source: aws-sam-translator 1.115: `Authorization is only available if there is a $connect route`.
    SAM_AUTH = Error "sam-auth": "SAM refuses the template: the authorizer is that of the route `$connect`";
    /// Source: API Gateway developer guide, "Control access to a WebSocket API": API keys are checked when a client connects.
    API_KEY_ELSEWHERE = Warning "api-key-elsewhere": "API Gateway checks API keys only on `$connect`: whoever is connected may send to this route";

    /// Source: API Gateway's answer `Unsupported PayloadFormatVersion: 2.0` (badmintoncryer/cdk-preflight, deployed).
    PAYLOAD_FORMAT = Error "payload-format": "API Gateway refuses the integration: `Unsupported PayloadFormatVersion`";
    /// Source: API Gateway's answer `Cors is not supported for WEBSOCKET protocolType` (badmintoncryer/cdk-preflight, deployed).
    CORS = Error "cors": "API Gateway refuses the API: `Cors is not supported for WEBSOCKET protocolType`";
    /// Source: API Gateway API reference: "Supported only for HTTP APIs".
    HTTP_API_PROPERTY = Warning "http-api-property": "The property is supported for HTTP APIs only: API Gateway refuses or ignores it";

    /// Source: API Gateway developer guide, "Control access with IAM": `@connections` needs `execute-api:ManageConnections`.
    MISSING_MANAGE_CONNECTIONS = Warning "missing-manage-connections": "What the function posts to `@connections` is answered with 403";
    /// Source: IAM, "Actions, resources, and condition keys for Amazon API Gateway": IAM takes actions that do not exist.
    UNKNOWN_ACTION = Warning "unknown-execute-api-action": "IAM takes the statement, which allows nothing: posts to `@connections` are answered with 403";
    /// Source: API Gateway developer guide: `arn:…:execute-api:region:account:api-id/stage/METHOD/@connections/*`.
    MANAGE_CONNECTIONS_RESOURCE = Warning "manage-connections-resource": "IAM takes the statement, which matches no request: posts to `@connections` are answered with 403";

    /// Source: API Gateway developer guide, "Use @connections commands in your backend service".
    ENDPOINT_SCHEME = Warning "endpoint-scheme": "The SDK can't post to it: `@connections` is served over https";
    /// Source: aws/aws-sdk-php#1955.
    ENDPOINT_STAGE = Warning "endpoint-stage": "Posts are answered with 403 `Forbidden`: the address must end with the stage";
    /// Source: the SDKs add `/@connections/{id}` themselves.
    ENDPOINT_PATH = Warning "endpoint-path": "The SDK adds `/@connections/…` to the address, so posts are answered with 403 or 404";
    /// Source: aws-samples/simple-websockets-chat-app#40.
    ENDPOINT_DOMAIN = Warning "endpoint-domain": "Posts are answered with 403 `No method found matching route`: behind a custom domain the mapping key stands for the stage";

    /// Source: API Gateway developer guide, "Manage connected users and client apps": `$disconnect` is best effort.
    TABLE_WITHOUT_TTL = Note "table-without-ttl": "`$disconnect` is best effort: rows of connections whose end nobody reported stay for ever";
    /// Source: Lambda's answer `Queue visibility timeout: … is less than Function timeout: …` (many reports, for example winglang/wing#1507).
    QUEUE_VISIBILITY = Error "queue-visibility": "Lambda refuses the event source: `Queue visibility timeout … is less than Function timeout`";
    /// Source: SQS's answers (aws-samples/aws-marketplace-serverless-saas-integration#1 for the missing `.fifo`, boto/botocore#3058 for one too many).
    FIFO_QUEUE_NAME = Error "fifo-queue-name": "SQS refuses the queue: `The name of a FIFO queue … must end with .fifo suffix`, or `Can only include alphanumeric characters, hyphens, or underscores`";
    /// Source: SQS's answer `Dead-letter queue must be same type of queue as the source` (aws-cloudformation/cfn-lint#3950).
    DEAD_LETTER_QUEUE_TYPE = Error "dead-letter-queue-type": "SQS refuses the queue: `Dead-letter queue must be same type of queue as the source`";

    /// Source: this program. Nothing on AWS reads these comments.
    UNKNOWN_RULE = Warning "unknown-rule": "Nothing happens: only this program reads it, and it silences nothing";
}
