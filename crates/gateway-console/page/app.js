// The start of the page: the views, the stream of what happens, the keys, and the state that is in the URL.

import { follow, getJson, pause, takeToken } from './api.js';
import { Clients } from './clients.js';
import { Composer } from './composer.js';
import { Connections } from './connections.js';
import { Detail } from './detail.js';
import { button, byId, el, fill, number, timeOfDay } from './dom.js';
import { Faults } from './faults.js';
import { exportItems, parse } from './files.js';
import { SHORTCUTS, filter } from './find.js';
import { History, gap, item } from './history.js';
import { Timeline } from './timeline.js';

const VIEWS = ['timeline', 'connections', 'clients', 'faults'];

/** How long the page waits before it asks a gateway that is away again. */
const RETRY_MS = 1000;

/** How long happenings are gathered before they are shown. This also goes on in a tab that nobody sees, where nothing is drawn. */
const GATHER_MS = 25;

class App {
    history = new History();
    description = null;
    isPaused = false;
    /** The name of the file that is shown instead of what happens now. */
    file = null;
    #text = '';
    #matches = filter('');
    #fresh = [];
    #waiting = 0;
    #since = null;

    constructor() {
        this.detail = new Detail(byId('detail'), this);
        this.timeline = new Timeline(byId('diagram'), {
            onSelect: (selected) => this.detail.show(selected),
            onFilter: (text) => this.setFilter(text),
        });
        this.composer = new Composer(byId('composer'), this);
        this.connections = new Connections(byId('connections'), this);
        this.clients = new Clients(byId('clients'), this);
        this.faults = new Faults(byId('faults'), byId('fault-banner'), this);
        this.#listen();
        const asked = new URLSearchParams(location.search);
        this.setFilter(asked.get('find') ?? '');
        this.showView(asked.get('view') ?? VIEWS[0]);
    }

    /** Follows the gateway for as long as this page is open. */
    async run() {
        if (!takeToken()) {
            return this.#banner('Open the address that the gateway has printed: it ends with a token, without which this page is shown nothing.');
        }
        for (;;) {
            await this.#describe();
            const status = await follow(this.history.last, (kind, data, id) => this.#onEvent(kind, data, id));
            if (status === 401) {
                this.#state('ended', 'off');
                return this.#banner('The gateway has been started anew, or the token is wrong: open the address that it has printed.');
            }
            this.#state('not connected', 'off');
            this.#banner(status === 0 || status === 200 ? 'The gateway does not answer. This page tries again.' : `The gateway refuses this page: ${status}.`);
            await pause(RETRY_MS);
        }
    }

    async #describe() {
        this.description = await getJson('gateway');
        if (this.description) {
            byId('url').textContent = this.description.url;
            document.title = `${new URL(this.description.url).pathname.slice(1)} – console`;
            this.clients.describe();
            this.connections.describe();
            if (this.view === 'faults') {
                this.faults.offer();
            }
            this.#explainEmpty();
        }
    }

    #onEvent(kind, data, id) {
        if (kind === 'hello') {
            const { since, most, mostBytes } = JSON.parse(data);
            Object.assign(this.history, { most, mostBytes });
            this.#since = since;
            this.#banner(null);
            this.#state('live', 'on');
            this.#showKept();
            this.faults.refresh();
            return;
        }
        const happening = JSON.parse(data);
        if (happening.what === 'faultBegan' || happening.what === 'faultEnded') {
            this.faults.refresh();
        }
        const missing = this.history.last === null ? 0 : id - this.history.last - 1;
        if (missing > 0) {
            this.#fresh.push(gap(missing, happening.at));
        }
        this.history.last = id;
        this.#fresh.push(item(happening, data.length));
        if (this.#fresh.length === 1 || missing > 0) {
            setTimeout(() => this.#take(), GATHER_MS);
        }
    }

    /** Takes what has come in the meantime. */
    #take() {
        const fresh = this.#fresh;
        this.#fresh = [];
        if (fresh.length === 0 || this.file !== null) {
            return;
        }
        fresh.forEach((one) => this.connections.count(one));
        const forgotten = this.history.add(fresh);
        if (this.isPaused) {
            this.#waiting += fresh.length;
        } else {
            if (forgotten > 0) {
                this.timeline.dropBefore(this.history.items[0]);
            }
            this.timeline.append(fresh.filter(({ happening }) => this.#matches(happening)));
        }
        this.#showKept();
    }

    setFilter(text) {
        this.#text = text;
        this.#matches = filter(text);
        const find = byId('find');
        if (find.value !== text) {
            find.value = text;
        }
        this.#refresh();
        this.#remember('find', text);
        for (const shortcut of byId('shortcuts').children) {
            shortcut.ariaPressed = String(text.includes(shortcut.value));
        }
    }

    #refresh() {
        this.timeline.set(this.history.items.filter(({ happening }) => this.#matches(happening)));
        this.#explainEmpty();
        this.#showKept();
    }

    select(selected) {
        this.timeline.select(selected);
        if (selected !== null) {
            this.timeline.show(selected);
        }
    }

    showView(name) {
        const view = VIEWS.includes(name) ? name : VIEWS[0];
        this.view = view;
        VIEWS.forEach((id) => { byId(id).hidden = id !== view; });
        for (const tab of document.querySelectorAll('.views button')) {
            tab.ariaCurrent = tab.dataset.view === view ? 'page' : null;
        }
        if (view === 'connections') {
            this.connections.start();
        } else {
            this.connections.stop();
        }
        if (view === 'faults') {
            this.faults.offer();
        }
        this.#remember('view', view === VIEWS[0] ? '' : view);
    }

    /** Goes on where a person sees what their action does. */
    showNewest() {
        this.setPaused(false);
        this.timeline.select(null);
        this.timeline.toEnd();
    }

    setPaused(isPaused) {
        this.isPaused = isPaused;
        byId('pause').textContent = isPaused ? 'Go on' : 'Pause';
        byId('pause').classList.toggle('primary', isPaused);
        if (!isPaused) {
            this.#waiting = 0;
            this.#refresh();
        }
        this.#showKept();
    }

    /** Messages to offer: one for each route that the route key selects, and those of the sample events. */
    offers() {
        const { routeSelectionExpression: expression = '', routes = [], samples = [] } = this.description ?? {};
        const [, path] = expression.match(/^\$request\.body\.([\w.]+)$/) ?? [];
        const wrap = (key) => path.split('.').reduceRight((value, name) => ({ [name]: value }), key);
        const named = new Set(samples.map(({ name }) => name));
        const keys = path === undefined ? [] : routes.map(({ routeKey }) => routeKey).filter((key) => !key.startsWith('$') && !named.has(key));
        return [...samples, ...keys.map((name) => ({ name, message: JSON.stringify(wrap(name)) }))];
    }

    /** What to do first, where there is nothing to see. */
    howToConnect(title) {
        const url = this.description?.url ?? 'ws://…';
        return [
            el('h2', {}, title),
            el('p', {}, 'Connect a client, and it shows here:'),
            el('pre', {}, `npx wscat -c ${url}`),
            el('p', {}, 'or ', button('open one in this page', '', () => {
                this.showView('clients');
                this.clients.open();
            }, 'button.link'), '.'),
        ];
    }

    showOpenCount(count) {
        byId('open-count').textContent = count === 0 ? '' : String(count);
    }

    showClientCount(count) {
        byId('client-count').textContent = count === 0 ? '' : String(count);
    }

    faultsChanged(count) {
        byId('fault-count').textContent = count === 0 ? '' : String(count);
        this.connections.lookAgain();
    }

    #explainEmpty() {
        const isFiltered = this.#text.trim() !== '' && this.history.items.length > 0;
        fill(this.timeline.empty, isFiltered
            ? [el('h2', {}, 'Nothing matches the filter'), button('Show everything', 'Key: Escape', () => this.setFilter(''))]
            : this.howToConnect('Nothing has happened yet'));
    }

    #showKept() {
        const { items, bytes, most, mostBytes } = this.history;
        const megabytes = (value) => `${number(Math.round(value / 1024 / 1024))} MiB`;
        const parts = [`${number(this.timeline.count)} of ${number(items.length)} shown`];
        if (this.file !== null) {
            fill(byId('kept'), `${parts[0]}, from the file ${this.file}. `, button('Back to what happens now', '', () => location.reload(), 'button.link'));
            return;
        }
        if (this.timeline.count > 0) {
            parts.push('click a row for all of it');
        }
        if (this.isPaused) {
            parts.push(`paused, ${number(this.#waiting)} new`);
        }
        if (this.#since !== null) {
            parts.push(`everything since ${timeOfDay(this.#since, false)}, when the first page was opened; before that only warnings and errors`);
        }
        parts.push(`the last ${number(most)} are kept, at most ${megabytes(mostBytes)} (${megabytes(bytes)} now)`);
        byId('kept').textContent = parts.join(' · ');
    }

    #state(text, name) {
        byId('state').textContent = text;
        byId('state').className = `state ${name}`;
    }

    #banner(text) {
        byId('banner').hidden = text === null;
        byId('banner').textContent = text ?? '';
    }

    #remember(key, value) {
        const url = new URL(location.href);
        if (value === '') {
            url.searchParams.delete(key);
        } else {
            url.searchParams.set(key, value);
        }
        history.replaceState(null, '', url);
    }

    #listen() {
        let soon = null;
        byId('find').addEventListener('input', () => {
            clearTimeout(soon);
            soon = setTimeout(() => this.setFilter(byId('find').value), 120);
        });
        fill(byId('shortcuts'), SHORTCUTS.map(([name, value, title]) => {
            const shortcut = button(name, title, () => {
                const others = this.#text.replace(value, '').trim();
                this.setFilter(this.#text.includes(value) ? others : `${others} ${value}`.trim());
            });
            return Object.assign(shortcut, { value });
        }));
        byId('pause').onclick = () => this.setPaused(!this.isPaused);
        byId('export').onclick = () => exportItems(this.timeline.rows);
        byId('import').onclick = () => byId('file').click();
        byId('file').onchange = () => this.#open(byId('file').files[0]);
        byId('help-button').onclick = () => this.#help();
        for (const tab of document.querySelectorAll('.views button')) {
            tab.onclick = () => this.showView(tab.dataset.view);
        }
        // The printed address, opened in a tab that has this page already, changes nothing else.
        addEventListener('hashchange', () => takeToken() && location.reload());
        document.addEventListener('keydown', (event) => this.#onKey(event));
        document.addEventListener('dragover', (event) => event.preventDefault());
        document.addEventListener('drop', (event) => {
            event.preventDefault();
            this.#open(event.dataTransfer.files[0]);
        });
    }

    async #open(file) {
        if (file === undefined) {
            return;
        }
        try {
            const items = parse(await file.text());
            this.file = file.name;
            this.history.clear();
            this.history.add(items);
            this.showView('timeline');
            this.select(null);
            this.setPaused(false);
            this.timeline.toStart();
            this.#banner(null);
        } catch (error) {
            this.#banner(`${file.name}: ${error.message}`);
        }
        byId('file').value = '';
    }

    #onKey(event) {
        const isTyping = event.target.matches('input, textarea, select');
        if (document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (event.key === 'Escape') {
            return this.#escape(isTyping);
        }
        if (isTyping) {
            return undefined;
        }
        const { timeline } = this;
        const page = 15;
        const keys = {
            '1': () => this.showView('timeline'),
            '2': () => this.showView('connections'),
            '3': () => this.showView('clients'),
            '4': () => this.showView('faults'),
            'x': () => this.faults.endAll(),
            '?': () => this.#help(),
            '/': () => {
                this.showView('timeline');
                byId('find').select();
            },
        };
        const inTimeline = {
            ' ': () => this.setPaused(!this.isPaused),
            'e': () => exportItems(timeline.rows),
            'j': () => timeline.move(1),
            'k': () => timeline.move(-1),
            'ArrowDown': () => timeline.move(1),
            'ArrowUp': () => timeline.move(-1),
            'PageDown': () => timeline.move(page),
            'PageUp': () => timeline.move(-page),
            'g': () => timeline.toStart(),
            'Home': () => timeline.toStart(),
            'G': () => timeline.toEnd(),
            'End': () => timeline.toEnd(),
            'r': () => timeline.selected && this.detail.again(timeline.selected, 'r'),
            'i': () => timeline.selected && this.detail.again(timeline.selected, 'i'),
        };
        // A button that has the focus takes the space itself.
        const isForButton = event.key === ' ' && event.target.matches('button');
        const action = keys[event.key] ?? (this.view === 'timeline' && !isForButton ? inTimeline[event.key] : undefined);
        if (action) {
            event.preventDefault();
            action();
        }
        return undefined;
    }

    #escape(isTyping) {
        if (isTyping) {
            document.activeElement.blur();
        } else if (this.timeline.selected !== null) {
            this.select(null);
        } else {
            this.setFilter('');
        }
    }

    #help() {
        const rows = (pairs) => el('dl', {}, pairs.map(([keys, text]) => [el('dt', {}, el('kbd', {}, keys)), el('dd', {}, text)]));
        const dialog = byId('help');
        fill(dialog,
            el('h2', {}, 'Keys'),
            rows([
                ['1 2 3 4', 'timeline, connections, clients, faults'],
                ['/', 'filter'],
                ['space', 'pause, go on'],
                ['j k ↓ ↑', 'next and previous happening'],
                ['g G', 'the oldest, the newest'],
                ['r', 'send the selected message again'],
                ['i', 'invoke the function of the selected event again'],
                ['e', 'export what is shown'],
                ['x', 'end all faults'],
                ['Escape', 'close the details; show everything'],
            ]),
            el('h2', {}, 'Filter'),
            el('p', {}, 'Every word must be met. A word is a text that occurs anywhere in a happening, or asks for a field. A minus before it means not, and a comma between values means or.'),
            rows([
                ['route:hello', 'events of a route'],
                ['connection:L0SM', 'a connection, by a part of its id'],
                ['function:Hello', 'a function, by its logical id'],
                ['direction:in', 'from clients; direction:out to clients'],
                ['status:4xx', 'a status or close code'],
                ['level:warning', 'warnings, and what is worse'],
                ['what:posted', 'a kind, as docs/happenings.md names it'],
                ['queue:jobs', 'a queue, by its name'],
                ['byHand:true', 'what a person did here, or a fault caused'],
                ['message.action:hello', 'a field in the JSON of a payload'],
                ['"good morning"', 'a text with spaces'],
            ]),
            button('Close', 'Escape', () => dialog.close(), 'button.primary'));
        dialog.showModal();
    }
}

const app = new App();
app.run();
