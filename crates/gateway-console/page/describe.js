// What a happening is in the diagram: an arrow from one lane to another or a note at one, its words, and how serious it is.

import { shortId } from './dom.js';

/** The lanes that are always there, by their ids. Those of connections are `c:ID`, those of functions `f:NAME`, those of queues `q:NAME`. */
export const GATEWAY = 'gateway';
export const CONNECTIONS_API = 'api';
export const STORE = 'store';
export const QUEUES = 'queues';

const connection = (id) => (id === undefined ? GATEWAY : `c:${id}`);
const queue = (name) => `q:${name}`;
const caller = (name) => (name === undefined ? GATEWAY : `f:${name}`);

/** A payload on one line. */
function preview(text) {
    const start = text.length > 300 ? `${text.slice(0, 300)}…` : text;
    return start === '' ? '(empty)' : start.replace(/\s+/g, ' ');
}

const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

const arrow = (from, to, label, tone) => ({ from, to, label, tone });
const note = (at, label, tone) => ({ from: at, to: at, label, tone });

const LANE_OF_DOOR = { managementApi: CONNECTIONS_API, dynamoDb: STORE, sqs: QUEUES };

/** For each kind its title, what it is in the diagram, and whether that says already that a person did it. */
const KINDS = {
    serving: ['The gateway serves clients', (h) => note(GATEWAY, h.text, 'good')],
    connecting: ['A client asks for a connection', (h) => arrow(connection(h.connectionId), GATEWAY, `connect from ${h.sourceIp}`, 'in')],
    authorized: ['The authorizer lets a client connect', (h) => arrow(caller(h.function), GATEWAY, `allowed in ${ms(h.tookMs)}`, 'answer')],
    refused: ['A request is refused', refused],
    opened: ['A client is connected', (h) => arrow(GATEWAY, connection(h.connectionId), 'connected (101)', 'out')],
    received: ['A message from a client', (h) => arrow(connection(h.connectionId), GATEWAY, preview(h.message), 'in')],
    noRoute: ['No route takes a message: Forbidden', (h) => note(GATEWAY, `Forbidden: ${h.why}`, 'bad')],
    unserved: ['The gateway can’t serve a route', (h) => note(GATEWAY, `${h.routeKey}: ${h.why}`, 'bad')],
    event: ['An event for a function', (h) => arrow(GATEWAY, caller(h.function), h.routeKey, 'call')],
    invoked: ['A function has answered, or not', invoked],
    replyTooLarge: ['A reply is too large', (h) => note(GATEWAY, h.text, 'bad')],
    notSigned: ['A call of @connections that is not signed', (h) => note(CONNECTIONS_API, h.text, 'log')],
    unknownKeys: ['A call of @connections with unknown keys', (h) => note(CONNECTIONS_API, h.text, 'log')],
    posted: ['A call of @connections', posted],
    postNotUtf8: ['A post that is not UTF-8', (h) => note(CONNECTIONS_API, h.text, 'warn')],
    rateLimited: ['Calls of @connections come too fast', (h) => note(CONNECTIONS_API, h.text, 'warn')],
    paused: ['A client is read no further for now', (h) => note(connection(h.connectionId), h.text, 'warn')],
    delivered: ['A message to a client', (h) => arrow(GATEWAY, connection(h.connectionId), preview(h.message), isErrorFrame(h) ? 'bad' : 'out')],
    closed: ['A connection has closed', closed],
    output: ['A function has printed a line', (h) => note(caller(h.function), h.text, 'log')],
    start: ['An instance begins an invocation', (h) => note(caller(h.function), 'START', 'log')],
    end: ['An instance has ended an invocation', (h) => note(caller(h.function), 'END', 'log')],
    report: ['What an invocation took', report],
    overMemory: ['A function has used more memory than it has on AWS', (h) => note(caller(h.function), h.text, 'warn')],
    idleExit: ['An idle process has ended', (h) => note(caller(h.function), h.text, 'warn')],
    killed: ['A process was killed', (h) => note(caller(h.function), h.text, 'bad')],
    processesKilled: ['Processes were killed', (h) => note(caller(h.function), h.processes === 1 ? 'its process was killed' : `${h.processes} processes were killed`, 'bad')],
    faultBegan: ['A fault was set', (h) => note(placeOf(h), `fault set by hand: ${h.fault}`, 'warn'), true],
    faultEnded: ['A fault has ended', (h) => note(placeOf(h), `fault ended: ${h.fault}`, 'good'), true],
    clockMoved: ['The clock was moved forward', (h) => note(GATEWAY, `the clock was moved forward by ${Math.round(h.byMs / 1000)} s`, 'good')],
    invocationFailed: ['An invocation has failed', (h) => note(caller(h.function), h.why, 'bad')],
    storeCalled: ['A call of DynamoDB', (h) => arrow(caller(h.function), STORE, h.status === 200 ? h.operation : `${h.operation} → ${h.status}`, h.status < 400 ? 'store' : 'warn')],
    queued: ['A message was put into a queue', (h) => arrow(caller(h.function), queue(h.queue), preview(h.message), 'post')],
    batch: ['Messages of a queue went to a function', (h) => arrow(queue(h.queue), caller(h.function), `${h.text}`, h.error === undefined && h.failed.length === 0 ? 'call' : 'bad')],
    deadLettered: ['A message is in the dead-letter queue', (h) => arrow(queue(h.queue), queue(h.deadLetterQueue), h.text, 'bad')],
    expired: ['Messages of a queue are too old', (h) => note(queue(h.queue), h.text, 'warn')],
    notPolled: ['A queue can’t be read', (h) => note(queue(h.queue), h.text, 'bad')],
    storeFailed: ['DynamoDB has failed', (h) => note(STORE, h.why, 'bad')],
    notRecorded: ['An event was not recorded', (h) => note(GATEWAY, h.why, 'bad')],
    reloaded: ['The template or functions were read again', (h) => note(GATEWAY, h.text, 'good')],
    stoppedEarly: ['Some connections did not close in time', (h) => note(GATEWAY, h.text, 'warn')],
    missed: ['Happenings are missing here', (h) => note(GATEWAY, h.text, 'warn')],
};

/** Lanes, label and tone of a happening; kept, because it never changes. */
export function describe(item) {
    item.drawn ??= draw(item.happening);
    return item.drawn;
}

function draw(happening) {
    const kind = KINDS[happening.what];
    const drawn = drawAs(kind, happening);
    const saysSoItself = kind?.[2] === true;
    return happening.byHand === true && !saysSoItself ? { ...drawn, label: `by hand: ${drawn.label}` } : drawn;
}

function drawAs(kind, happening) {
    // A newer gateway, or a file that was changed by hand, may have other kinds.
    try {
        return kind ? kind[1](happening) : note(GATEWAY, String(happening.text ?? happening.what), 'log');
    } catch {
        return note(GATEWAY, String(happening.text ?? happening.what), 'log');
    }
}

const RESULTS = { answered: 'A function has answered', failed: 'A function has failed', timedOut: 'A function has not answered in time' };

export const titleOf = (happening) => (happening.what === 'invoked' && RESULTS[happening.result]) || (KINDS[happening.what]?.[0] ?? happening.what);

/** Where a fault is. */
function placeOf(h) {
    return h.function === undefined ? connection(h.connectionId) : caller(h.function);
}

function refused(h) {
    const label = `${h.status}: ${h.why}`;
    if (h.connectionId !== undefined) {
        return arrow(GATEWAY, connection(h.connectionId), label, 'bad');
    }
    return note(LANE_OF_DOOR[h.door] ?? GATEWAY, label, h.level === 'info' ? 'log' : 'bad');
}

function invoked(h) {
    const result = { answered: String(h.status), failed: 'failed', timedOut: 'timed out' }[h.result];
    const why = h.error === undefined ? '' : `: ${h.error}`;
    return arrow(caller(h.function), GATEWAY, `${result} in ${ms(h.tookMs)}${why}`, h.result === 'answered' && h.status < 400 ? 'answer' : 'bad');
}

function posted(h) {
    const to = h.connectionId === undefined ? 'an invalid id' : shortId(h.connectionId);
    const what = { POST: `post to ${to}`, GET: `get ${to}`, DELETE: `close ${to}` }[h.method] ?? `${h.method} ${to}`;
    const message = h.method === 'POST' ? `  ${preview(h.message)}` : '';
    const status = h.status < 300 ? '' : ` → ${h.status}${h.status === 410 ? ' gone' : ''}`;
    const from = h.function === undefined ? GATEWAY : caller(h.function);
    return arrow(from, CONNECTIONS_API, `${what}${status}${message}`, h.status < 300 ? 'post' : 'warn');
}

function closed(h) {
    const label = `closed ${h.code}${h.reason === '' ? '' : ` ${h.reason}`}`;
    return note(connection(h.connectionId), label, [1000, 1001, 1005].includes(h.code) ? 'end' : 'warn');
}

function report(h) {
    const start = h.initMs === undefined ? '' : `, started in ${ms(h.initMs)}`;
    const memory = h.maxMemoryUsed === undefined ? '' : `, ${h.maxMemoryUsed} of ${h.memorySize} MB`;
    const status = { timeout: ', timed out', exitError: ', ended without an answer' }[h.status] ?? '';
    return note(caller(h.function), `REPORT ${ms(h.tookMs)}${start}${memory}${status}`, h.status === undefined ? 'log' : 'bad');
}

/** Whether a frame is one with which API Gateway itself answers. */
export function isErrorFrame(happening) {
    return /^\{"message": "(Forbidden|Internal server error|Endpoint request timed out)"/.test(happening.message);
}
