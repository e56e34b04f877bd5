import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    call = event["requestContext"]
    if call["routeKey"] == "$connect":
        table.put_item(Item={"id": call["connectionId"]})
    if call["routeKey"] == "$disconnect":
        table.delete_item(Key={"id": call["connectionId"]})
    if call["routeKey"] == "sendmessage":
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{call['domainName']}/{call['stage']}")
        for row in table.scan()["Items"]:
            try:
                connections.post_to_connection(ConnectionId=row["id"], Data=json.loads(event["body"])["data"])
            except connections.exceptions.GoneException:
                pass
    return {"statusCode": 200}
