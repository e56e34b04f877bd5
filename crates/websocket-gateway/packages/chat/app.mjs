import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient();
const TableName = process.env.TABLE;

export async function handler({ requestContext, body }) {
  const { connectionId, domainName, routeKey, stage } = requestContext;
  const id = { S: connectionId };
  if (routeKey === '$connect') await dynamodb.send(new PutItemCommand({ TableName, Item: { id } }));
  if (routeKey === '$disconnect') await dynamodb.send(new DeleteItemCommand({ TableName, Key: { id } }));
  if (routeKey === 'sendmessage') {
    const connections = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
    const { Items } = await dynamodb.send(new ScanCommand({ TableName }));
    const Data = JSON.parse(body).data;
    await Promise.all(Items.map(({ id }) => post(connections, { ConnectionId: id.S, Data })));
  }
  return { statusCode: 200 };
}

async function post(connections, message) {
  try {
    await connections.send(new PostToConnectionCommand(message));
  } catch (error) {
    if (error.name !== 'GoneException') throw error;
  }
}
