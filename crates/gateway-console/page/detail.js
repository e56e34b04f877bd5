// All of one happening: what it says, why something went wrong, what belongs to it, and what one can do about it.

import { describe, isErrorFrame, titleOf } from './describe.js';
import { button, el, fill, timeOfDay } from './dom.js';
import { saveAs } from './files.js';
import { requestIdOf } from './history.js';
import { payload } from './payload.js';

/** What a status of `@connections` means for whoever posts. */
const STATUSES = {
    403: 'The caller may not manage connections: its role needs execute-api:ManageConnections.',
    410: 'No such connection is open: it has closed, or its $connect has not answered yet.',
    413: 'A message may have 128 KiB.',
    429: 'The client does not read: 1 MiB, or 1,024 messages, wait for it.',
};

/** How many related happenings are listed. */
const RELATED = 40;

export class Detail {
    constructor(root, app) {
        this.root = root;
        this.app = app;
    }

    show(item) {
        this.root.hidden = item === null;
        if (item === null) {
            return;
        }
        const { happening } = item;
        const related = this.#related(item);
        const why = this.#why(happening, related);
        fill(
            this.root,
            el('header', {},
                el('h2', { className: describe(item).tone }, titleOf(happening)),
                button('×', 'Close. Key: Escape', () => this.app.select(null), 'button.quiet.close')),
            why === null ? null : el('p.why', {}, el('strong', {}, 'Why? '), why),
            !isForbidden(happening, related) ? null : el('p', {}, 'Correct the message with “Send again…”. It goes out as the same client.'),
            happening.byHand !== true ? null : el('p.made', {}, 'By hand: a person at the console did this, or has set the fault that caused it.'),
            el('div.actions', {}, this.#actions(happening, related)),
            this.#facts(happening),
            this.#payloads(happening),
            related.length < 2 ? null : this.#list(related, item),
            payload('As JSON', JSON.stringify(happening)),
        );
        this.root.scrollTop = 0;
    }

    #facts(happening) {
        const link = (filter, text) => button(text, 'Show nothing else', () => this.app.setFilter(filter), 'button.link');
        const rows = [
            ['time', timeOfDay(happening.at)],
            ['connection', happening.connectionId && link(`connection:${happening.connectionId}`, happening.connectionId)],
            ['route', happening.routeKey && link(`route:${happening.routeKey}`, happening.routeKey)],
            ['function', happening.function && link(`function:${happening.function}`, happening.function)],
            ['request id', happening.requestId],
            ['status', happening.status],
            ['close code', happening.code],
            ['reason', happening.reason],
            ['took', happening.tookMs === undefined ? undefined : `${happening.tookMs} ms`],
            ['from', happening.sourceIp],
            ['level', happening.level],
        ];
        const shown = rows.filter(([, value]) => value !== undefined && value !== '');
        return el('dl', {}, shown.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value instanceof Node ? value : String(value))]));
    }

    #payloads(happening) {
        const { message, event, answer, line, what } = happening;
        const isEmptyPost = what === 'posted' && happening.method !== 'POST';
        return [
            message === undefined || isEmptyPost ? null : payload('Message', message),
            event === undefined ? null : payload('Event', typeof event === 'string' ? event : JSON.stringify(event)),
            answer === undefined ? null : payload('Answer of the function', answer),
            line === undefined ? null : payload('Line', line),
        ];
    }

    /** What has the same request id. A message has none yet; its event, or the refusal, is the next with that text. */
    #related(item) {
        const { items } = this.app.history;
        const { happening } = item;
        let id = requestIdOf(happening);
        let start = null;
        if (happening.what === 'received') {
            const isNext = ({ key, happening: next }) => key > item.key && next.connectionId === happening.connectionId
                && (next.what === 'noRoute' ? next.message : next.event?.body) === happening.message;
            id = items.find(isNext)?.happening.requestId ?? null;
            start = item;
        }
        if (id === null) {
            return [];
        }
        const found = items.filter((other) => requestIdOf(other.happening) === id);
        return (start === null ? found : [start, ...found]).slice(0, RELATED);
    }

    #list(related, current) {
        return el('section.related', {}, el('h3', {}, 'Belongs together'), el('ol', {}, related.map((item) => {
            const text = `${timeOfDay(item.happening.at)}  ${describe(item).label}`;
            const row = button(text, titleOf(item.happening), () => this.app.select(item), `button.link.${describe(item).tone}`);
            row.disabled = item === current;
            return el('li', {}, row);
        })));
    }

    #why(happening, related) {
        if (happening.what === 'posted') {
            const isOfFault = happening.byHand === true && happening.function !== undefined;
            return isOfFault && happening.status >= 400 ? 'A fault that was set by hand refuses posts.' : STATUSES[happening.status] ?? null;
        }
        const own = happening.why ?? happening.error;
        if (own !== undefined) {
            return own;
        }
        const isAnswer = happening.what === 'received' || (happening.what === 'delivered' && isErrorFrame(happening));
        if (!isAnswer && happening.result !== 'timedOut') {
            return null;
        }
        const cause = related.map(({ happening: other }) => other).find((other) => other.why ?? other.error ?? other.result === 'timedOut');
        if (cause === undefined) {
            return null;
        }
        return cause.why ?? cause.error ?? `${cause.function} has not answered in time, after ${Math.round(cause.tookMs)} ms`;
    }

    #actions(happening, related) {
        const { composer } = this.app;
        const { what, message, event, connectionId } = happening;
        const text = sent(happening, related);
        return [
            text === undefined ? null : button('Send again…', 'Send it once more, as it was or changed. Key: r', () => composer.sendFrame(text, connectionId), 'button.primary'),
            what !== 'event' ? null : button('Invoke again…', 'Give the function this event once more, as it was or changed. Key: i', () => composer.invoke(event, happening.function)),
            what !== 'event' ? null : button('Save for replay', 'Save the event as a file for events/, which `websocket-gateway replay` sends', () => {
                saveAs(`${happening.routeKey.replaceAll(/[^\w-]/g, '')}.json`, `${JSON.stringify(event, null, 2)}\n`, 'application/json');
            }),
            (what !== 'posted' || happening.method !== 'POST') && what !== 'delivered' ? null
                : button('Post again…', 'Post it once more, as a function would', () => composer.post(message, connectionId)),
        ];
    }

    /** The action that a key repeats. */
    again(item, key) {
        const { composer } = this.app;
        const { what, event, connectionId, function: name } = item.happening;
        const text = sent(item.happening, this.#related(item));
        if (key === 'i' && what === 'event') {
            composer.invoke(event, name);
        } else if (key === 'r' && text !== undefined) {
            composer.sendFrame(text, connectionId);
        }
    }
}

/** Whether no route has taken a message. */
function isForbidden(happening, related) {
    const isAnswer = happening.what === 'received' || happening.what === 'delivered';
    return happening.what === 'noRoute' || (isAnswer && related.some(({ happening: other }) => other.what === 'noRoute'));
}

/** The message of a client that a happening is about: its own, or the one that it answers. */
function sent(happening, related) {
    const own = ({ what, message, event }) => {
        const isMessage = event?.requestContext?.eventType === 'MESSAGE';
        return what === 'received' || what === 'noRoute' ? message : isMessage ? event.body : undefined;
    };
    const isAnswer = happening.what === 'invoked' || (happening.what === 'delivered' && isErrorFrame(happening));
    const text = own(happening);
    return text === undefined && isAnswer ? related.map(({ happening: other }) => own(other)).find((other) => other !== undefined) : text;
}
