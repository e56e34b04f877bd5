// What has happened, as much as is kept. The gateway and this page keep equally much.

import { number } from './dom.js';

/** Happenings in their order, bounded by count and bytes. */
export class History {
    items = [];
    bytes = 0;
    most = 20_000;
    mostBytes = 32 * 1024 * 1024;
    /** The number of the last one that the gateway has sent. */
    last = null;

    /** Adds happenings; returns how many of the oldest had to go. */
    add(items) {
        for (const item of items) {
            this.items.push(item);
            this.bytes += item.size;
        }
        // In larger steps than one, because the others have to move.
        const isOver = this.items.length > this.most * 1.05 || this.bytes > this.mostBytes * 1.05;
        return isOver ? this.#forget() : 0;
    }

    clear() {
        this.items = [];
        this.bytes = 0;
    }

    #forget() {
        let count = 0;
        while (this.items.length - count > this.most || this.bytes > this.mostBytes) {
            this.bytes -= this.items[count].size;
            count += 1;
        }
        this.items.splice(0, count);
        return count;
    }
}

let nextKey = 0;

/** A happening with what this page knows of it. `size` is its length as JSON. */
export const item = (happening, size) => ({ key: nextKey++, happening, size });

/** Says that some are missing, where the numbers have a gap. */
export function gap(count, at) {
    const text = `${number(count)} happenings are missing here: they came faster than this page could read them`;
    return item({ at, level: 'warning', what: 'missed', count, text }, 0);
}

/** The id of the event that a happening is about: its own, or that in an error frame. */
export function requestIdOf(happening) {
    if (happening.what === 'start' || happening.what === 'end' || happening.what === 'report') {
        return null;
    }
    if (happening.requestId) {
        return happening.requestId;
    }
    if (happening.what === 'delivered' && happening.message.includes('"requestId"')) {
        try {
            const { requestId } = JSON.parse(happening.message);
            return typeof requestId === 'string' ? requestId : null;
        } catch {
            return null;
        }
    }
    return null;
}
