//! The resource types that the gateway knows, as CloudFormation and SAM name them.

pub(super) const API: &str = "AWS::ApiGatewayV2::Api";
pub(super) const API_MAPPING: &str = "AWS::ApiGatewayV2::ApiMapping";
pub(super) const AUTHORIZER: &str = "AWS::ApiGatewayV2::Authorizer";
pub(super) const CONNECTOR: &str = "AWS::Serverless::Connector";
pub(super) const DEPLOYMENT: &str = "AWS::ApiGatewayV2::Deployment";
pub(super) const DOMAIN_NAME: &str = "AWS::ApiGatewayV2::DomainName";
pub(super) const EVENT_SOURCE_MAPPING: &str = "AWS::Lambda::EventSourceMapping";
pub(super) const GLOBAL_TABLE: &str = "AWS::DynamoDB::GlobalTable";
pub(super) const IAM_POLICY: &str = "AWS::IAM::Policy";
pub(super) const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
pub(super) const LAMBDA_LAYER: &str = "AWS::Lambda::LayerVersion";
pub(super) const LAMBDA_FUNCTION: &str = "AWS::Lambda::Function";
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
pub(super) const PERMISSION: &str = "AWS::Lambda::Permission";
pub(super) const QUEUE: &str = "AWS::SQS::Queue";
pub(super) const ROLE: &str = "AWS::IAM::Role";
pub(super) const ROLE_POLICY: &str = "AWS::IAM::RolePolicy";
pub(super) const ROUTE: &str = "AWS::ApiGatewayV2::Route";
pub(super) const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";
pub(super) const SERVERLESS_FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const SERVERLESS_LAYER: &str = "AWS::Serverless::LayerVersion";
pub(super) const SERVERLESS_WEBSOCKET_API: &str = "AWS::Serverless::WebSocketApi";
pub(super) const SIMPLE_TABLE: &str = "AWS::Serverless::SimpleTable";
pub(super) const STAGE: &str = "AWS::ApiGatewayV2::Stage";
pub(super) const TABLE: &str = "AWS::DynamoDB::Table";
