//! The managed policies of AWS that the gateway knows.

use crate::iam::{Effect, Statement};

/// What Lambda's poller needs.
pub(super) const POLLER: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// What SAM adds to the role of a function with a queue among its `Events`: the policy `AWSLambdaSQSQueueExecutionRole`.
pub(super) fn for_a_poller() -> Statement {
    let actions = POLLER.map(str::to_owned).into();
    Statement { effect: Effect::Allow, actions, resources: vec!["*".to_owned()] }
}

/// The actions that a managed policy of AWS allows on every resource, for the services that the gateway guards. `None` if the policy is not
/// known here.
///
/// Source: AWS managed policy reference guide.
pub(super) fn actions(text: &str) -> Option<&'static [&'static str]> {
    let name = match text.split_once(":iam::aws:policy/") {
        Some((_, path)) => path.rsplit('/').next()?,
        None if text.contains(':') => return None,
        None => text,
    };
    Some(match name {
        "AdministratorAccess" | "PowerUserAccess" => &["*"],
        "AmazonAPIGatewayInvokeFullAccess" => &["execute-api:Invoke", "execute-api:ManageConnections"],
        "AmazonDynamoDBFullAccess" | "AmazonDynamoDBFullAccess_v2" => &["dynamodb:*"],
        "AmazonDynamoDBReadOnlyAccess" => &[
            "dynamodb:BatchGetItem",
            "dynamodb:Describe*",
            "dynamodb:GetItem",
            "dynamodb:List*",
            "dynamodb:PartiQLSelect",
            "dynamodb:Query",
            "dynamodb:Scan",
        ],
        "AWSLambdaDynamoDBExecutionRole" => {
            &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        }
        "AWSLambdaInvocation-DynamoDB" | "AWSLambdaRole" => &["lambda:InvokeFunction"],
        "AWSLambda_FullAccess" => &["lambda:*"],
        "AWSLambdaSQSQueueExecutionRole" => &POLLER,
        "AmazonSQSFullAccess" => &["sqs:*"],
        "AmazonSQSReadOnlyAccess" => &[
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListDeadLetterSourceQueues",
            "sqs:ListMessageMoveTasks",
            "sqs:ListQueues",
        ],
        "AWSLambdaBasicExecutionRole"
        | "AWSLambdaKinesisExecutionRole"
        | "AWSLambdaVPCAccessExecutionRole"
        | "AWSLambda_ReadOnlyAccess"
        | "AWSXRayDaemonWriteAccess"
        | "AWSXrayWriteOnlyAccess"
        | "AmazonAPIGatewayAdministrator"
        | "AmazonS3FullAccess"
        | "AmazonS3ReadOnlyAccess"
        | "AmazonSSMReadOnlyAccess"
        | "CloudWatchLambdaInsightsExecutionRolePolicy" => &[],
        _ => return None,
    })
}
