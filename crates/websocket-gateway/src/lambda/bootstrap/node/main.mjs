// Runs a function's handler as AWS Lambda's Node.js runtime does: loads it, then asks the Runtime API for one invocation after another.
//
// Sources: AWS Lambda developer guide, "Define Lambda function handler in Node.js" and "Using the Lambda runtime API for custom runtimes";
// names of errors and exit codes as seen from AWS's own client, aws-lambda-ric 3.3.
// Not played: between two invocations Lambda freezes the process. Here its timers and sockets go on.

import { setImmediate } from 'node:timers/promises';
import { format } from 'node:util';

import { renamed, report } from './errors.mjs';
import { explainMissing, hasCallbacks, load } from './handler.mjs';
import { leadHome } from './hosts.mjs';
import { Connection } from './runtime_api.mjs';

const runtimeApi = new Connection();
/** The invocation in progress, or the latest. */
let current;
let isEnding = false;
/** What to do when nothing is left to wait for. */
let whenIdle = () => {};

process.on('beforeExit', () => whenIdle());
process.on('uncaughtException', (error) => end('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) =>
    end('Unhandled Promise Rejection', renamed('UnhandledPromiseRejection', reason), 128),
);
writeConsoleAsLogLines();
if (process.env.WEBSOCKET_GATEWAY_HOSTS) leadHome(process.env.WEBSOCKET_GATEWAY_HOSTS);

let handler;
try {
    handler = await load(process.env._HANDLER);
} catch (error) {
    await end('Init Error', error, 1);
}
// What the code has left behind while it was loaded, such as a rejected promise, is an error of the start, too.
await setImmediate();
while (!isEnding) {
    await serve(await next());
}

/** The next invocation. Without a Runtime API, or when it needs this process no more, there is nothing left to do. */
async function next() {
    const invocation = await runtimeApi.request('GET', 'invocation/next').catch(() => process.exit(1));
    return invocation.status === 200 ? invocation : process.exit(1);
}

async function serve({ headers, body }) {
    current = {
        id: headers['lambda-runtime-aws-request-id'],
        // Says which delivery of the invocation this is.
        delivery: headers['lambda-runtime-invocation-id'],
    };
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
    let outcome, answer;
    try {
        [outcome, answer] = ['response', toJson(await invoke(JSON.parse(body), contextOf(headers)))];
    } catch (error) {
        console.error('Invoke Error', error);
        explainMissing(error);
        [outcome, answer] = ['error', JSON.stringify(report(error))];
    }
    whenIdle = () => {};
    await post(runtimeApi, `invocation/${current.id}/${outcome}`, answer).catch(() => process.exit(1));
}

/** Calls the handler and waits for its answer, whichever way it gives one: a promise, the callback, or a method of the context. */
function invoke(event, context) {
    return new Promise((resolve, reject) => {
        // A handler that has not answered and waits for nothing never will. To Lambda that is the answer null.
        whenIdle = () => resolve(null);
        if (!hasCallbacks) {
            resolve(handler(event, context));
            return;
        }
        let isCalled = false;
        const callback = (error, result) => {
            if (isCalled) return;
            isCalled = true;
            if (error !== undefined && error !== null) reject(error);
            else if (context.callbackWaitsForEmptyEventLoop) whenIdle = () => resolve(result);
            else resolve(result);
        };
        context.callbackWaitsForEmptyEventLoop = true;
        context.succeed = resolve;
        context.fail = (error) => reject(error ?? 'handled');
        context.done = (error, result) => (error === undefined || error === null ? resolve(result) : reject(error));
        const returned = handler(event, context, callback);
        if (typeof returned?.then === 'function') returned.then(resolve, reject);
    });
}

function contextOf(headers) {
    const parsed = (name) => (headers[name] === undefined ? undefined : JSON.parse(headers[name]));
    return {
        functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
        functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
        memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
        clientContext: parsed('lambda-runtime-client-context'),
        identity: parsed('lambda-runtime-cognito-identity'),
        invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
        awsRequestId: headers['lambda-runtime-aws-request-id'],
        getRemainingTimeInMillis: () => headers['lambda-runtime-deadline-ms'] - Date.now(),
    };
}

function toJson(answer) {
    try {
        return JSON.stringify(answer) ?? 'null';
    } catch {
        throw new Error('Unable to stringify response body');
    }
}

/** Reports an error after which the process can't go on, and ends it. */
async function end(what, error, code) {
    isEnding = true;
    console.error(what, error);
    const path = current === undefined ? 'init/error' : `invocation/${current.id}/error`;
    // The other connection may wait for an invocation.
    await post(new Connection(), path, JSON.stringify(report(error))).catch(() => {});
    process.exit(code);
}

function post(connection, path, body) {
    const delivery = current?.delivery;
    const headers = delivery === undefined ? '' : `lambda-runtime-invocation-id: ${delivery}\r\n`;
    return connection.request('POST', path, headers, body);
}

function writeConsoleAsLogLines() {
    const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
    for (const [method, level] of Object.entries(levels)) {
        console[method] = (...values) => {
            const line = [new Date().toISOString(), current?.id, level, format(...values)].map(String).join('\t');
            process.stdout.write(`${line}\n`);
        };
    }
}
