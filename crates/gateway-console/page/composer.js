// The dialog that sends a message, posts one or invokes a function: once more as it was, or changed.

import { call, connectionPath, getJson } from './api.js';
import { button, el, fill, shortId } from './dom.js';
import { payload, prettyJson } from './payload.js';

const NEW_CLIENT = '+';

export class Composer {
    constructor(dialog, app) {
        this.dialog = dialog;
        this.app = app;
        this.text = el('textarea', { id: 'composer-text', rows: 10, spellcheck: false });
        this.target = el('select', { id: 'composer-target' });
        this.error = el('p.error', { role: 'alert' });
        this.result = el('div.result');
        dialog.addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                this.submit();
            }
        });
    }

    /** Sends a message as if a client had sent it. */
    async sendFrame(text, connectionId) {
        const open = await openConnections();
        const options = open.map(({ connectionId: id }) => [id, `${shortId(id)}${id === connectionId ? ', as before' : ''}`]);
        options.push([NEW_CLIENT, 'a new client of this page']);
        this.#open('Send a message', 'As connection', options, connectionId, text, this.app.offers(), async (target, message) => {
            if (target === NEW_CLIENT) {
                this.app.clients.openAndSend(message);
                return { ok: true };
            }
            return call('POST', connectionPath(target, '/frames'), message);
        });
    }

    /** Posts to a connection, as a function does through `@connections`. */
    async post(text, connectionId) {
        const options = (await openConnections()).map(({ connectionId: id }) => [id, id]);
        this.#open('Post to a client', 'To connection', options, connectionId, text, [], (target, message) => call('POST', connectionPath(target, '/posts'), message));
    }

    invoke(event, functionName) {
        const options = (this.app.description?.functions ?? [functionName]).map((name) => [name, name]);
        this.#open('Invoke a function', 'Function', options, functionName, JSON.stringify(event, null, 2), [], async (name, text) => {
            const answer = await call('POST', `functions/${encodeURIComponent(name)}/invocations`, text);
            if (answer.ok) {
                fill(this.result, payload('It answered', answer.text));
                return { ok: true, stays: true };
            }
            return answer;
        });
    }

    #open(title, label, options, chosen, text, offers, send) {
        this.send = send;
        fill(this.target, options.map(([value, name]) => el('option', { value }, name)));
        this.target.value = options.some(([value]) => value === chosen) ? chosen : (options[0]?.[0] ?? '');
        this.text.value = prettyJson(text) ?? text;
        this.error.textContent = chosen !== undefined && chosen !== this.target.value ? `${shortId(chosen)} is not open any more.` : '';
        fill(this.result);
        const submit = button('Send', 'Ctrl+Enter', () => this.submit(), 'button.primary');
        submit.disabled = options.length === 0;
        fill(
            this.dialog,
            el('h2', { id: 'composer-title' }, title),
            options.length === 0 ? el('p', {}, 'No connection is open: connect a client first.') : el('label', { htmlFor: 'composer-target' }, label, this.target),
            offers.length === 0 ? null : el('div.offers', {}, el('span', {}, 'Routes and samples:'), offers.map(({ name, message }) => button(name, message, () => {
                this.text.value = prettyJson(message) ?? message;
                this.text.focus();
            }, 'button.small'))),
            el('label', { htmlFor: 'composer-text' }, 'Text', this.text),
            this.error,
            el('div.buttons', {}, button('Cancel', 'Escape', () => this.dialog.close()), submit),
            this.result,
        );
        this.dialog.showModal();
        this.text.focus();
    }

    async submit() {
        this.error.textContent = '';
        const answer = await this.send(this.target.value, compact(this.text.value));
        if (!answer.ok) {
            this.error.textContent = `${answer.status || ''} ${reason(answer)}`.trim();
        } else if (!answer.stays) {
            this.dialog.close();
            this.app.showNewest();
        }
    }
}

async function openConnections() {
    return (await getJson('connections'))?.connections ?? [];
}

/** JSON without the spaces that were put in for reading. What is not JSON is sent as it is. */
function compact(text) {
    try {
        return JSON.stringify(JSON.parse(text));
    } catch {
        return text;
    }
}

/** What the gateway says, or what a status without a body means. */
export function reason(answer) {
    const text = answer.text?.trim() ?? '';
    return text === '' && answer.status === 410 ? 'the connection is not open any more' : text;
}
