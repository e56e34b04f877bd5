"""Transforms a template as SAM does on deployment, and checks what no linter does: that API Gateway may call each route's function, and
the authorizer if there is one."""

import pathlib
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """Stands in for a call to IAM: the one policy that SAM gives every function."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


template = yaml_parse(pathlib.Path(sys.argv[1]).read_text())
# A path only becomes an address in S3 when the functions are built and uploaded.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
resources = transform(template, {}, ManagedPolicies())["Resources"].values()


def of_type(kind):
    return [resource["Properties"] for resource in resources if resource["Type"] == kind]


permissions = [str(permission["SourceArn"]) for permission in of_type("AWS::Lambda::Permission")]
routes = [route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route")]
unreachable = [key for key in routes if not any(f"/prod/{key}'" in arn for arn in permissions)]
if of_type("AWS::ApiGatewayV2::Authorizer"):
    if not any("/authorizers/" in arn for arn in permissions):
        unreachable.append("the authorizer")
    [connect] = [route for route in of_type("AWS::ApiGatewayV2::Route") if route["RouteKey"] == "$connect"]
    if connect["AuthorizationType"] != "CUSTOM":
        sys.exit("there is an authorizer, and $connect does not ask it")
    routes.append("the authorizer")
if not routes or unreachable:
    sys.exit(f"routes: {routes}; API Gateway may not call the functions of: {unreachable}")
print(f"API Gateway may call the functions of {', '.join(routes)}")
