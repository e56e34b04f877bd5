// The Lambda Runtime API.

import { connect } from 'node:net';

const ADDRESS = process.env.AWS_LAMBDA_RUNTIME_API;

/**
 * A connection to the Runtime API, for one request at a time. It knows as much of HTTP as this needs: `node:http` would take longer than all
 * the rest of an invocation.
 */
export class Connection {
    #socket;
    #waiting;
    #chunks = [];
    #received = 0;
    #needed = 0;

    constructor() {
        const [host, port] = ADDRESS.split(':');
        this.#socket = connect({ host, port }).setNoDelay();
        this.#socket.on('data', (chunk) => this.#read(chunk));
        this.#socket.on('error', (error) => this.#waiting?.reject(error));
        this.#socket.on('close', () => this.#waiting?.reject(new Error('the Runtime API has ended')));
    }

    /** Sends a request and waits for the answer. `headers` are lines, each with its line end. */
    request(method, path, headers = '', body = '') {
        const head = `${method} /2018-06-01/runtime/${path} HTTP/1.1\r\nhost: ${ADDRESS}\r\n`;
        this.#socket.ref();
        this.#socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`);
        return new Promise((resolve, reject) => {
            this.#waiting = { resolve, reject };
        });
    }

    #read(chunk) {
        this.#chunks.push(chunk);
        this.#received += chunk.length;
        if (this.#received < this.#needed) return;
        const received = Buffer.concat(this.#chunks);
        const start = received.indexOf('\r\n\r\n') + 4;
        if (start < 4) return;
        const [status, ...lines] = received.toString('latin1', 0, start - 4).split('\r\n');
        const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/, 2)));
        this.#needed = start + Number(headers['content-length']);
        if (this.#received < this.#needed) return;
        [this.#chunks, this.#received, this.#needed] = [[], 0, 0];
        // A connection that rests keeps no process alive, so that a handler which waits for nothing is noticed.
        this.#socket.unref();
        this.#waiting.resolve({ status: Number(status.split(' ')[1]), headers, body: received.toString('utf8', start) });
    }
}
