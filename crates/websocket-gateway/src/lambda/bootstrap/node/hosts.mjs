// Leads connections home: code that builds its endpoint from the API's id would otherwise call AWS.

import { Socket } from 'node:net';

/** Replaces the host and the port of connections to some hosts. `list` is `host=address:port`, separated by commas. TLS stays as it is. */
export function leadHome(list) {
    const homes = new Map(list.split(',').map((entry) => [entry.split('=')[0], address(entry.split('=')[1])]));
    const { connect } = Socket.prototype;
    Socket.prototype.connect = function (first, ...rest) {
        // From `net.connect` it is a list with the options.
        const options = Array.isArray(first) ? first[0] : first;
        const home = homes.get(options?.host?.toLowerCase?.());
        if (home === undefined) return connect.call(this, first, ...rest);
        const led = { ...options, ...home };
        return connect.call(this, Array.isArray(first) ? Object.assign(first, [led]) : led, ...rest);
    };
}

function address(text) {
    const [, host, port] = text.match(/^\[?(.*?)\]?:(\d+)$/);
    return { host, port: Number(port) };
}
