// The gateway's API for this page. Every call carries the token that was in the printed address.

const KEY = 'token';

/** How long the page waits before it asks once more what got no answer. */
const PAUSES_MS = [100, 400];

/** Takes the token out of the address, so that it is not in what a person copies, and remembers it as long as this tab lives. */
export function takeToken() {
    const token = location.hash.slice(1);
    if (/^[0-9a-f]{32}$/.test(token)) {
        sessionStorage.setItem(KEY, token);
        history.replaceState(null, '', location.pathname + location.search);
    }
    return sessionStorage.getItem(KEY) !== null;
}

/** Waits. */
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const headers = () => ({ authorization: `Bearer ${sessionStorage.getItem(KEY)}` });

/**
 * Calls the API. Returns the status and the body as text; the status is 0 if the gateway does not answer.
 *
 * What only asks is tried again, because a browser gives up on it when the machine's network changes. What does something may have been done.
 */
export async function call(method, path, body) {
    const pauses = method === 'GET' ? [...PAUSES_MS] : [];
    for (;;) {
        try {
            const answer = await fetch(`/@console/api/${path}`, { method, body, headers: headers(), cache: 'no-store' });
            return { ok: answer.ok, status: answer.status, text: await answer.text() };
        } catch {
            if (pauses.length === 0) {
                return { ok: false, status: 0, text: 'the gateway does not answer' };
            }
            await pause(pauses.shift());
        }
    }
}

export async function getJson(path) {
    const answer = await call('GET', path);
    return answer.ok ? JSON.parse(answer.text) : null;
}

export const connectionPath = (id, action = '') => `connections/${encodeURIComponent(id)}${action}`;

/**
 * Follows what happens: `onEvent(kind, data, id)` for each server-sent event. Returns when the stream ends: the status that refused it, 0 if there
 * is no gateway, 200 if it was cut off.
 *
 * It is read with `fetch`, because an EventSource can't send the token.
 */
export async function follow(last, onEvent) {
    try {
        const answer = await fetch('/@console/api/happenings', {
            headers: last === null ? headers() : { ...headers(), 'last-event-id': String(last) },
            cache: 'no-store',
        });
        if (!answer.ok) {
            return answer.status;
        }
        await readEvents(answer.body.pipeThrough(new TextDecoderStream()).getReader(), onEvent);
        return 200;
    } catch {
        return 0;
    }
}

async function readEvents(reader, onEvent) {
    let rest = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            return;
        }
        const events = (rest + value).split('\n\n');
        rest = events.pop();
        for (const event of events) {
            const fields = { event: 'message', data: '', id: null };
            for (const line of event.split('\n')) {
                const colon = line.indexOf(': ');
                fields[line.slice(0, colon)] = line.slice(colon + 2);
            }
            onEvent(fields.event, fields.data, fields.id === null ? null : Number(fields.id));
        }
    }
}
