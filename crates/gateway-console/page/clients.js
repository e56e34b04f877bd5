// WebSocket clients of this page, side by side.

import { isErrorFrame } from './describe.js';
import { button, el, fill, timeOfDay } from './dom.js';

/** How many lines a client shows. */
const LINES = 500;

export class Clients {
    #count = 0;

    constructor(root, app) {
        this.app = app;
        this.query = el('input', { id: 'client-query', type: 'text', spellcheck: false, placeholder: '?channel=rust' });
        this.protocols = el('input', { id: 'client-protocols', type: 'text', spellcheck: false, placeholder: 'chat.v1, …' });
        this.url = el('code');
        const form = el('form.connect', { onsubmit: (event) => {
            event.preventDefault();
            this.open();
        } },
            el('span.address', {}, this.url),
            el('label', {}, 'Query', this.query),
            el('label', {}, 'Subprotocols', this.protocols),
            el('button.primary', { type: 'submit' }, 'Connect a client'));
        this.cards = el('div.cards');
        this.empty = el('div.empty', {}, el('h2', {}, 'No client yet'), el('p', {}, 'Connect one above. Each gets a card of its own, and everything that it sends is on the timeline, too. A browser can’t set other headers than Sec-WebSocket-Protocol: pass a token there, or in the query.'));
        fill(root, form, this.cards, this.empty);
    }

    describe() {
        this.url.textContent = this.#address();
    }

    #address() {
        const { pathname } = new URL(this.app.description?.url ?? 'ws://localhost/');
        return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${pathname}`;
    }

    openAndSend(message) {
        const client = this.open();
        client.socket.addEventListener('open', () => client.send(message), { once: true });
        this.app.showView('clients');
    }

    open() {
        const protocols = this.protocols.value.split(',').map((name) => name.trim()).filter((name) => name !== '');
        const query = this.query.value.trim();
        this.#count += 1;
        const client = new Client(`Client ${this.#count}`, this.#address() + (query === '' || query.startsWith('?') ? query : `?${query}`), protocols, this.app);
        client.onend = () => this.#showCount();
        this.cards.append(client.card);
        this.#showCount();
        client.input.focus();
        return client;
    }

    #showCount() {
        this.empty.hidden = this.cards.children.length > 0;
        this.app.showClientCount(this.cards.children.length);
    }
}

class Client {
    #history = [];
    #at = 0;

    constructor(name, url, protocols, app) {
        this.log = el('ol.talk', { tabIndex: 0, ariaLabel: `What ${name} has sent and heard` });
        this.state = el('span.state', {}, 'connecting…');
        this.input = el('textarea', { rows: 2, spellcheck: false, ariaLabel: `Message of ${name}`, placeholder: 'A message. Enter sends it, Shift+Enter begins a line, ↑ and ↓ bring back what was sent' });
        const offers = el('select', { ariaLabel: 'Messages of the routes and of events/', onchange: () => {
            this.input.value = offers.value;
            offers.selectedIndex = 0;
            this.input.focus();
        } }, el('option', { value: '' }, 'Insert…'), app.offers().map(({ name: offer, message }) => el('option', { value: message }, offer)));
        this.input.addEventListener('keydown', (event) => this.#onKey(event));
        this.card = el('section.card', { ariaLabel: name },
            el('header', {}, el('h2', {}, name), this.state,
                button('Close', 'Close it with 1000', () => this.socket.close(1000), 'button.small'),
                button('×', 'Remove this card', () => {
                    this.socket.close();
                    this.card.remove();
                    this.onend();
                }, 'button.quiet')),
            el('code.url', { title: url }, url),
            this.log,
            el('div.compose', {}, this.input, el('div', {}, offers, button('Send', 'Enter', () => this.send(this.input.value), 'button.primary'))));
        this.#connect(url, protocols);
    }

    #connect(url, protocols) {
        try {
            this.socket = new WebSocket(url, protocols);
        } catch (error) {
            this.socket = { close() {}, addEventListener() {} };
            this.state.textContent = 'not connected';
            return this.#write('note bad', error.message);
        }
        let hasOpened = false;
        this.socket.addEventListener('open', () => {
            hasOpened = true;
            this.card.classList.add('open');
            const { protocol } = this.socket;
            this.state.textContent = protocol === '' ? 'connected' : `connected, ${protocol}`;
        });
        this.socket.addEventListener('message', ({ data }) => {
            this.#write('in', String(data));
            if (isErrorFrame({ message: data })) {
                this.#write('note', 'The timeline says why: click the red row there.');
            }
        });
        this.socket.addEventListener('close', ({ code, reason }) => {
            this.card.classList.remove('open');
            this.state.textContent = hasOpened ? `closed ${code}` : 'refused';
            this.#write('note', hasOpened ? `closed ${code} ${reason}`.trim() : 'The handshake was refused. A browser does not tell a page why: the timeline does.');
        });
    }

    send(message) {
        if (message === '' || this.socket.readyState !== WebSocket.OPEN) {
            return;
        }
        this.socket.send(message);
        this.#write('out', message);
        this.#history.push(message);
        this.#at = this.#history.length;
        this.input.value = '';
    }

    #onKey(event) {
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            this.send(this.input.value);
        }
        // Within a text of several lines the arrows move the cursor.
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        const isInHistory = this.input.value === '' || this.input.value === this.#history[this.#at];
        if (step !== undefined && isInHistory) {
            this.#at = Math.min(Math.max(this.#at + step, 0), this.#history.length);
            this.input.value = this.#history[this.#at] ?? '';
            event.preventDefault();
        }
    }

    #write(kind, text) {
        const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 20;
        this.log.append(el(`li.${kind.replace(' ', '.')}`, {}, el('time', {}, timeOfDay(Date.now(), false)), el('span', {}, text)));
        if (this.log.children.length > LINES) {
            this.log.firstChild.remove();
        }
        if (isAtEnd) {
            this.log.scrollTop = this.log.scrollHeight;
        }
    }
}
