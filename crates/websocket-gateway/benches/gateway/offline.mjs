// Starts serverless-offline with one WebSocket route, and prints where. The Serverless Framework is left out, because it wants an account: this
// gives the plugin what the framework would have read from serverless.yml.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, folder, inProcess, websocketPort, lambdaPort] = process.argv.slice(2);
const entry = join(packages, 'node_modules/serverless-offline/src/index.js');
const { default: ServerlessOffline } = await import(pathToFileURL(entry));

const functions = {
    function: {
        name: 'bench-dev-function',
        handler: 'app.handler',
        timeout: 29,
        events: [
            // Without this route it lets no client in.
            { websocket: { route: '$connect' } },
            { websocket: { route: '$default', routeResponseSelectionExpression: '$default' } },
        ],
    },
};
const service = {
    service: 'bench',
    custom: {},
    provider: {
        name: 'aws',
        stage: 'dev',
        region: 'us-east-1',
        runtime: `nodejs${process.versions.node.split('.')[0]}.x`,
        websocketsApiRouteSelectionExpression: '$request.body.action',
    },
    functions,
    getAllFunctions: () => Object.keys(functions),
    getFunction: (name) => functions[name],
    getAllEventsInFunction: (name) => functions[name].events,
};
const serverless = { service, serviceDir: folder, config: { servicePath: folder, serverlessPath: folder } };
const options = {
    noSponsor: true,
    useInProcess: inProcess === 'true',
    websocketPort: Number(websocketPort),
    lambdaPort: Number(lambdaPort),
};
await new ServerlessOffline(serverless, options, {}).start();
console.log(`ready ws://localhost:${websocketPort}`);
process.on('SIGINT', () => process.exit(0));
