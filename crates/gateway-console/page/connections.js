// The connections that are open: since when, until when, and what one can do to them.

import { call, connectionPath, getJson } from './api.js';
import { button, byId, countdown, el, fill, number, shortId, timeOfDay } from './dom.js';
import { reason } from './composer.js';
import { payload } from './payload.js';

const EVERY_MS = 1000;

const COLUMNS = ['Connection', 'Since', 'From', 'Who', 'Subprotocol', 'Idle close', 'Last close', 'Received', 'Sent', ''];

export class Connections {
    #rows = new Map();
    #traffic = new Map();
    #timer = null;
    #look = null;

    constructor(root, app) {
        this.app = app;
        this.body = el('tbody');
        this.table = el('table', {}, el('thead', {}, el('tr', {}, COLUMNS.map((name) => el('th', { scope: 'col' }, name)))), this.body);
        this.empty = el('div.empty', {});
        this.error = el('p.error', { role: 'alert' });
        const note = el('p.kept', {}, 'A connection without a message for the idle time, or as old as the limit, is closed with 1001, as on AWS. Messages are counted since this page sees them.');
        this.ahead = el('span.ahead');
        const steps = [['+1 min', 60], ['+10 min', 600], ['+2 h', 7200]].map(([name, seconds]) => button(name, 'Move the gateway’s clock forward: what is due by then happens now', () => this.#advance(seconds * 1000), 'button.small'));
        const clock = el('div.clock', {}, el('span', {}, 'Move the clock'), steps, this.ahead);
        fill(root, note, clock, this.error, el('div.scroller', {}, this.table), this.empty);
        this.root = root;
    }

    describe() {
        this.stands = this.app.description.clockStands;
    }

    /** Counts what a connection has sent and got. */
    count({ happening: { what, connectionId, message } }) {
        if (what !== 'received' && what !== 'delivered') {
            return;
        }
        const traffic = this.#traffic.get(connectionId) ?? { received: [0, 0], delivered: [0, 0] };
        traffic[what][0] += 1;
        traffic[what][1] += message.length;
        this.#traffic.set(connectionId, traffic);
    }

    /** Looks now, and every second until `stop`. */
    start() {
        clearTimeout(this.#timer);
        const look = async () => {
            const found = await getJson('connections');
            // Somebody may have stopped it meanwhile, or started it anew.
            if (this.#look !== look) {
                return;
            }
            if (found) {
                this.#draw(found);
            }
            this.#timer = setTimeout(look, EVERY_MS);
        };
        this.#look = look;
        look();
    }

    /** Looks at once, if it looks at all. */
    lookAgain() {
        if (this.#look !== null) {
            this.start();
        }
    }

    stop() {
        clearTimeout(this.#timer);
        this.#look = null;
    }

    async #advance(ms) {
        const answer = await call('POST', 'clock', String(ms));
        this.error.textContent = answer.ok ? '' : reason(answer);
    }

    #draw({ now, connections }) {
        const ahead = now - Date.now();
        const isAhead = ahead > 30_000 ? `it is ${countdown(ahead)} ahead` : '';
        this.ahead.textContent = this.stands ? `it stands at ${timeOfDay(now, false)} until you do` : isAhead;

        const open = new Set(connections.map(({ connectionId }) => connectionId));
        for (const [id, row] of this.#rows) {
            if (!open.has(id)) {
                row.remove();
                this.#rows.delete(id);
                this.#traffic.delete(id);
            }
        }
        const { idleTimeoutMs, maxDurationMs } = this.app.description ?? {};
        for (const connection of connections) {
            const { connectionId: id, connectedAt, lastActiveAt } = connection;
            const row = this.#rows.get(id) ?? this.#add(connection);
            const traffic = this.#traffic.get(id) ?? { received: [0, 0], delivered: [0, 0] };
            const amount = ([count, bytes]) => (count === 0 ? '–' : `${number(count)} · ${number(bytes)} B`);
            const [idle, last] = [lastActiveAt + idleTimeoutMs - now, connectedAt + maxDurationMs - now];
            row.idle.textContent = countdown(idle);
            row.idle.classList.toggle('soon', idle < 60_000);
            row.last.textContent = countdown(last);
            row.last.classList.toggle('soon', last < 60_000);
            row.received.textContent = amount(traffic.received);
            row.sent.textContent = amount(traffic.delivered);
            const isReading = this.app.faults.ofReading(id) === undefined;
            row.reading.textContent = isReading ? 'Stop reading' : 'Read again';
            row.classList.toggle('deaf', !isReading);
        }
        this.table.hidden = connections.length === 0;
        this.empty.hidden = connections.length > 0;
        fill(this.empty, this.app.howToConnect('No connection is open.'));
        this.app.showOpenCount(connections.length);
    }

    #add({ connectionId: id, connectedAt, sourceIp, userAgent, principalId, subprotocol }) {
        const cell = (name) => el(`td.${name}`);
        const [idle, last, received, sent] = [cell('clock'), cell('clock'), cell('number'), cell('number')];
        const act = async (method, path) => {
            const answer = await call(method, path);
            say(answer);
        };
        const say = (answer) => {
            this.error.textContent = answer.ok ? '' : `${shortId(id)}: ${answer.status || ''} ${reason(answer)}`;
        };
        const reading = button('Stop reading', 'As a client that hangs: what it is sent waits, until posts to it get 429', async () => {
            const { faults } = this.app;
            const fault = faults.ofReading(id);
            say(fault === undefined ? await faults.set({ kind: 'notReading', connectionId: id }) : await faults.end(fault.id));
            await faults.refresh();
        }, 'button.small');
        const row = el('tr', {},
            el('td', {}, button(id, 'Show what happens to it, and nothing else', () => {
                this.app.setFilter(`connection:${id}`);
                this.app.showView('timeline');
            }, 'button.link.id')),
            el('td', {}, timeOfDay(connectedAt, false)),
            el('td', { title: userAgent ?? '' }, sourceIp),
            el('td', {}, principalId ?? '–'),
            el('td', {}, subprotocol ?? '–'),
            idle, last, received, sent,
            el('td.actions', {},
                button('Send as…', 'Send a message as if this client had sent it', () => this.app.composer.sendFrame('', id), 'button.small'),
                button('Post…', 'Send this client a message, as a function does through @connections', () => this.app.composer.post('', id), 'button.small'),
                button('Rows…', 'Its rows in the template’s tables, and its channels', () => this.#showRows(id), 'button.small'),
                reading,
                button('Close', 'DELETE @connections: the client gets 1000', () => act('DELETE', connectionPath(id)), 'button.small'),
                button('Cut line', 'End it without a close frame, as a lost network does: $disconnect gets 1006', () => act('POST', connectionPath(id, '/cut')), 'button.small')));
        Object.assign(row, { idle, last, received, sent, reading });
        this.#rows.set(id, row);
        this.body.append(row);
        return row;
    }

    /** What the tables say of a connection. */
    async #showRows(id) {
        const answer = await call('GET', connectionPath(id, '/rows'));
        if (!answer.ok) {
            this.error.textContent = `${shortId(id)}: ${answer.status || ''} ${reason(answer)}`;
            return;
        }
        const { rows, most } = JSON.parse(answer.text);
        const channels = [...new Set(rows.map(({ item }) => item.channel).filter((name) => typeof name === 'string'))];
        const dialog = byId('rows');
        fill(dialog,
            el('h2', {}, `Rows of ${id}`),
            channels.length === 0 ? null : el('p', {}, `${channels.length === 1 ? 'Channel' : 'Channels'}: `, el('strong', {}, channels.join(', '))),
            rows.length === 0 ? el('p', {}, 'No row of the template’s tables has its id as the partition key, of the table or of an index.')
                : el('p', {}, `Of each table and index the first ${number(most)} are read. Attributes whose names look like secrets are masked.`),
            rows.map(({ table, item }) => payload(table, JSON.stringify(item))),
            el('div.buttons', {}, button('Look again', '', () => this.#showRows(id)), button('Close', 'Escape', () => dialog.close(), 'button.primary')));
        if (!dialog.open) {
            dialog.showModal();
        }
    }
}
