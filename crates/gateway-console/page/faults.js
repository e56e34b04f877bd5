// Faults: what is to go wrong, set by hand, and ended.

import { call, getJson } from './api.js';
import { button, el, fill, number, shortId } from './dom.js';
import { reason } from './composer.js';

/** What can go wrong: its words, and what it has to be told. */
const KINDS = [
    ['slow', 'A function is slow', ['function', 'ms', 'once']],
    ['failing', 'A function fails', ['function', 'once']],
    ['throttled', 'A function is throttled', ['function', 'once']],
    ['kill', 'A function’s processes are killed, now', ['function']],
    ['posts', 'Posts to clients are refused', ['post', 'to', 'once']],
    ['handshakes', 'Handshakes are refused', ['handshake', 'once']],
    ['notReading', 'A client does not read', ['connection']],
];

const HINTS = {
    slow: 'Its Timeout goes on meanwhile: what is slower than that is killed, as on AWS. After 29 s API Gateway waits no longer.',
    failing: 'It answers as Lambda does when a handler has failed; it is not started for it.',
    throttled: 'As if too many of its invocations were in progress. $disconnect and asynchronous invocations wait instead, until this ends.',
    kill: 'As a crash does: what is running fails, and the next invocation starts another process.',
    posts: '410: the client is gone. 429: it does not read, or posts come too fast.',
    handshakes: 'Before the authorizer and $connect are asked.',
    notReading: 'What it is sent waits, until there is no room for more and posts get 429. It gets all of it when this ends.',
};

const POST_STATUSES = [[410, '410 Gone'], [429, '429 Too Many Requests']];
const HANDSHAKE_STATUSES = [[403, '403 Forbidden'], [401, '401 Unauthorized'], [429, '429 Too Many Requests'], [500, '500 Internal Server Error'], [503, '503 Service Unavailable']];

const options = (pairs) => pairs.map(([value, name]) => el('option', { value }, name));

export class Faults {
    /** Those that are set. */
    list = [];
    #isAsking = false;
    #asksAgain = false;

    constructor(root, banner, app) {
        this.app = app;
        this.banner = banner;
        const select = (id, pairs) => el('select', { id: `fault-${id}` }, options(pairs));
        this.kind = select('kind', KINDS);
        this.kind.onchange = () => this.#showFields();
        this.inputs = {
            function: select('function', []),
            ms: el('input', { id: 'fault-ms', type: 'number', min: 1, max: 29_000, value: 2000 }),
            post: select('post', POST_STATUSES),
            to: select('to', []),
            handshake: select('handshake', HANDSHAKE_STATUSES),
            connection: select('connection', []),
            once: select('once', [['', 'every time'], ['once', 'the next time only']]),
        };
        const labels = { function: 'Function', ms: 'Longer by (ms)', post: 'With', to: 'To', handshake: 'With', connection: 'Connection', once: 'How often' };
        this.fields = Object.entries(this.inputs).map(([name, input]) => [name, el('label', { htmlFor: input.id }, labels[name], input)]);
        this.hint = el('p.hint');
        this.error = el('p.error', { role: 'alert' });
        this.done = el('p.done', { role: 'status' });
        this.submit = el('button.primary', { type: 'submit' }, 'Begin');
        const form = el('form.fault', { onsubmit: (event) => {
            event.preventDefault();
            this.#begin();
        } }, el('label', { htmlFor: 'fault-kind' }, 'What goes wrong', this.kind), this.fields.map(([, label]) => label), this.submit);
        this.rows = el('ul.faults');
        this.endButton = button('End all', 'Key: x', () => this.endAll(), 'button.primary');
        this.empty = el('p.none', {}, 'No fault is set: everything works as it should.');
        fill(root,
            el('p.kept', {}, 'See what your clients and functions do when something goes wrong. What a fault causes is marked “by hand” on the timeline. Faults are only in this gateway, and gone when it ends.'),
            form, this.hint, this.error, this.done,
            el('section', {}, el('header', {}, el('h2', {}, 'Set now'), this.endButton), this.rows, this.empty));
        this.#showFields();
        this.#draw();
    }

    /** Asks the gateway which are set; once more if it is told to meanwhile. */
    async refresh() {
        if (this.#isAsking) {
            this.#asksAgain = true;
            return;
        }
        this.#isAsking = true;
        do {
            this.#asksAgain = false;
            const found = await getJson('faults');
            if (found) {
                this.list = found.faults;
                this.inputs.ms.max = found.longestDelayMs;
                this.#draw();
            }
        } while (this.#asksAgain);
        this.#isAsking = false;
    }

    /** Offers the functions and connections that there are now. */
    async offer() {
        const functions = this.app.description?.functions ?? [];
        const open = ((await getJson('connections'))?.connections ?? []).map(({ connectionId: id }) => [id, shortId(id)]);
        const offer = (input, pairs) => {
            const { value } = input;
            fill(input, options(pairs));
            input.value = pairs.some(([other]) => other === value) ? value : (pairs[0]?.[0] ?? '');
        };
        offer(this.inputs.function, functions.map((name) => [name, name]));
        offer(this.inputs.to, [['', 'all connections'], ...open]);
        offer(this.inputs.connection, open);
        this.#showFields();
    }

    /** The fault that keeps a client from reading. */
    ofReading(id) {
        return this.list.find(({ kind, connectionId }) => kind === 'notReading' && connectionId === id);
    }

    set(fault) {
        return call('POST', 'faults', JSON.stringify(fault));
    }

    end(id) {
        return call('DELETE', `faults/${id}`);
    }

    async endAll() {
        if (this.list.length > 0) {
            await this.#say(await call('DELETE', 'faults'), '');
        }
    }

    #showFields() {
        const [, , needed] = KINDS.find(([kind]) => kind === this.kind.value);
        this.fields.forEach(([name, label]) => { label.hidden = !needed.includes(name); });
        this.hint.textContent = HINTS[this.kind.value];
        this.submit.textContent = this.kind.value === 'kill' ? 'Kill' : 'Begin';
        const isMissing = (name) => needed.includes(name) && this.inputs[name].options.length === 0;
        this.submit.disabled = ['function', 'connection'].some(isMissing);
        this.submit.title = isMissing('connection') ? 'No connection is open: connect a client first' : '';
    }

    async #begin() {
        const { function: name, ms, post, to, handshake, connection, once } = this.inputs;
        const kind = this.kind.value;
        if (kind === 'kill') {
            const answer = await call('DELETE', `functions/${encodeURIComponent(name.value)}/processes`);
            const processes = answer.ok ? JSON.parse(answer.text).processes : 0;
            const text = processes === 0 ? `No process of ${name.value} is running now.` : `${number(processes)} ${processes === 1 ? 'process' : 'processes'} of ${name.value} killed.`;
            return this.#say(answer, text);
        }
        const fault = {
            slow: () => ({ function: name.value, ms: Number(ms.value) }),
            failing: () => ({ function: name.value }),
            throttled: () => ({ function: name.value }),
            posts: () => ({ status: Number(post.value), ...(to.value === '' ? {} : { connectionId: to.value }) }),
            handshakes: () => ({ status: Number(handshake.value) }),
            notReading: () => ({ connectionId: connection.value }),
        }[kind]();
        const isOnce = once.value !== '' && kind !== 'notReading';
        return this.#say(await this.set({ kind, ...fault, ...(isOnce ? { once: true } : {}) }), '');
    }

    async #say(answer, text) {
        this.error.textContent = answer.ok ? '' : `${answer.status || ''} ${reason(answer)}`.trim();
        this.done.textContent = answer.ok ? text : '';
        await this.refresh();
    }

    #draw() {
        const { list } = this;
        fill(this.rows, list.map(({ id, text }) => el('li', {}, el('span', {}, text), button('End', '', async () => this.#say(await this.end(id), ''), 'button.small'))));
        this.empty.hidden = list.length > 0;
        this.endButton.hidden = list.length === 0;
        this.app.faultsChanged(list.length);
        this.banner.hidden = list.length === 0;
        const more = list.length > 3 ? `; and ${number(list.length - 3)} more` : '';
        fill(this.banner,
            el('strong', {}, 'Set by hand: '), el('span', {}, list.slice(0, 3).map(({ text }) => text).join('; ') + more),
            button('End all', 'Key: x', () => this.endAll(), 'button.small'));
    }
}
