// Who has a lane of their own in the diagram, and where it is. Only so many fit; all others share one of their kind.

import { CONNECTIONS_API, GATEWAY, QUEUES, STORE } from './describe.js';
import { shortId } from './dom.js';

const MOST = { c: 6, f: 9, q: 4 };

/** Room for two clients from the beginning, so that the first ones don't move everything. */
const RESERVED = 2;

const NAMES = { [GATEWAY]: 'gateway', [CONNECTIONS_API]: '@connections', [STORE]: 'DynamoDB', [QUEUES]: 'SQS' };

/** Most functions are called what they do and `Function`: that much needs no room. */
function nameOf(id) {
    if (id === null || NAMES[id] !== undefined) {
        return NAMES[id] ?? '';
    }
    return id[0] === 'c' ? shortId(id.slice(2)) : id.slice(2).replace(/(?<=.)Function$/, '');
}

export class Lanes {
    /** Ids in their order; `null` is a place that is kept free. */
    #places = { c: Array(RESERVED).fill(null), f: [], q: [], rest: [] };
    #others = { c: false, f: false, q: false };
    #closed = new Set();
    /** Changes when a lane comes or goes. */
    version = 0;

    /** Makes sure that whoever takes part in a happening has a lane. */
    add(happening, { from, to }) {
        this.#enter(from);
        this.#enter(to);
        if (happening.what === 'closed' || (happening.what === 'refused' && happening.connectionId !== undefined)) {
            this.#closed.add(`c:${happening.connectionId}`);
        }
    }

    #enter(id) {
        const kind = id[1] === ':' ? id[0] : 'rest';
        const places = this.#places[kind];
        if (id === GATEWAY || places.includes(id)) {
            return;
        }
        const free = places.indexOf(null);
        if (free >= 0) {
            places[free] = id;
        } else if (kind === 'rest' || places.length < MOST[kind]) {
            places.push(id);
        } else {
            // A connection that has closed makes room, and its old rows move to those of the others.
            const gone = kind === 'c' ? places.findIndex((other) => this.#closed.has(other)) : -1;
            if (gone >= 0) {
                places[gone] = id;
            } else if (this.#others[kind]) {
                return;
            }
            this.#others[kind] = true;
        }
        this.version += 1;
    }

    /** All lanes from left to right: id, name, and the filter that shows only theirs. */
    list() {
        const { c, f, q, rest } = this.#places;
        const fields = { c: 'connection', f: 'function', q: 'queue' };
        const lane = (id) => ({
            id,
            name: nameOf(id),
            title: id === null ? '' : NAMES[id] ?? id.slice(2),
            filter: id?.[1] === ':' ? `${fields[id[0]]}:${id.slice(2)}` : null,
            isClosed: this.#closed.has(id),
        });
        const others = (kind, name) => (this.#others[kind] ? [{ id: `${kind}:*`, name, title: 'They have no lane of their own: filter by one of them', filter: null, isClosed: false }] : []);
        return [
            ...c.map(lane),
            ...others('c', 'others'),
            lane(GATEWAY),
            ...f.map(lane),
            ...others('f', 'others'),
            ...[CONNECTIONS_API, STORE, QUEUES].filter((id) => rest.includes(id)).map(lane),
            ...q.map(lane),
            ...others('q', 'others'),
        ];
    }
}
