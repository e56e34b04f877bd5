"""Transforms a template as SAM does on deployment, and checks what linters do not: that API Gateway may call each route's function, and that
$connect asks the authorizer exactly when there is one.

Usage: check_permissions.py TEMPLATE [PARAMETER=VALUE ...]"""

import pathlib
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """Stands in for a call to IAM: the one policy that SAM gives every function."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


def holds(condition):
    """Whether a condition of the template is true. It may consist of Fn::Not, Fn::Equals, texts and parameters."""
    [(function, arguments)] = condition.items()
    match function:
        case "Fn::Not":
            return not holds(arguments[0])
        case "Fn::Equals":
            left, right = (parameters[text["Ref"]] if isinstance(text, dict) else text for text in arguments)
            return left == right
    sys.exit(f"this script does not know {function} in a condition")


def chosen(value):
    """The value with the branch of each Fn::If that its condition chooses."""
    if isinstance(value, list):
        return [chosen(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        name, then, otherwise = value["Fn::If"]
        return chosen(then if holds(conditions[name]) else otherwise)
    items = {key: chosen(item) for key, item in value.items()}
    return {key: item for key, item in items.items() if item != {"Ref": "AWS::NoValue"}}


def of_type(kind):
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


template = yaml_parse(pathlib.Path(sys.argv[1]).read_text())
# A path only becomes an address in S3 when the functions are built and uploaded.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
parameters = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
given = dict(argument.split("=", 1) for argument in sys.argv[2:])
if unknown := given.keys() - parameters.keys():
    sys.exit(f"the template has no parameter {', '.join(unknown)}")
parameters |= given

deployed = transform(template, given, ManagedPolicies())
conditions = deployed.get("Conditions", {})
resources = {
    name: chosen(resource)
    for name, resource in deployed["Resources"].items()
    if "Condition" not in resource or holds(conditions[resource["Condition"]])
}

# What a permission is about is the end of its SourceArn: a stage and a route key, or an authorizer.
permitted = [str(permission["SourceArn"]) for permission in of_type("AWS::Lambda::Permission").values()]
routes = {route["RouteKey"]: route for route in of_type("AWS::ApiGatewayV2::Route").values()}
unreachable = [key for key in routes if not any(f"/prod/{key}'" in arn for arn in permitted)]
authorizers = of_type("AWS::ApiGatewayV2::Authorizer")
unreachable += [name for name in authorizers if not any(f"/authorizers/${{{name}}}'" in arn for arn in permitted)]
if not routes or unreachable:
    sys.exit(f"routes: {list(routes)}; API Gateway may not call the functions of: {unreachable}")

asked = routes["$connect"].get("AuthorizerId", {}).get("Ref")
authorization = "CUSTOM" if authorizers else "NONE"
if [asked] != (list(authorizers) or [None]) or routes["$connect"]["AuthorizationType"] != authorization:
    sys.exit(f"there are the authorizers {list(authorizers)}, but $connect is {routes['$connect']}")
print(f"API Gateway may call the functions of {', '.join([*routes, *authorizers])}")
