// The timeline as a sequence diagram. Only the rows that can be seen are elements, so that it does not matter how many there are.

import { describe } from './describe.js';
import { el, fill, timeOfDay } from './dom.js';
import { Lanes } from './lanes.js';

const ROW = 30;
const TIME = 104;
const NARROWEST = 86;
const WIDEST = 200;

export class Timeline {
    #rows = [];
    #lanes = new Lanes();
    #laneX = new Map();
    #drawnVersion = -1;
    #pool = [];
    #selected = null;
    #follows = true;
    #isDue = false;
    #callbacks;

    constructor(root, callbacks) {
        this.#callbacks = callbacks;
        this.root = root;
        this.heads = el('div.heads', { role: 'row' });
        this.lines = el('div.lines');
        this.body = el('div.rows', { role: 'listbox', tabIndex: 0, ariaLabel: 'What has happened' }, this.lines);
        this.empty = el('div.empty');
        this.newer = el('button.newer', { type: 'button', hidden: true, onclick: () => this.toEnd() }, '↓ Newest');
        this.scroller = el('div.scroller', {}, this.heads, this.body);
        fill(root, this.scroller, this.empty, this.newer);
        this.scroller.addEventListener('scroll', () => {
            const { scrollHeight, scrollTop, clientHeight } = this.scroller;
            this.#follows = scrollHeight - scrollTop - clientHeight < ROW;
            this.#plan();
        }, { passive: true });
        new ResizeObserver(() => {
            this.#drawnVersion = -1;
            this.#plan();
        }).observe(this.scroller);
        this.body.addEventListener('click', (event) => {
            const row = event.target.closest('.row');
            if (row) {
                this.select(row.item);
            }
        });
    }

    /** Shows these instead of what was shown. */
    set(rows) {
        this.#rows = [];
        this.#lanes = new Lanes();
        this.#drawnVersion = -1;
        this.append(rows);
    }

    append(rows) {
        for (const row of rows) {
            this.#rows.push(row);
            this.#lanes.add(row.happening, describe(row));
        }
        this.#plan();
    }

    /** Forgets all rows before this item; what a person looks at stays where it is. */
    dropBefore(oldest) {
        let count = 0;
        while (count < this.#rows.length && this.#rows[count].key < oldest.key) {
            count += 1;
        }
        this.#rows.splice(0, count);
        if (!this.#follows) {
            this.scroller.scrollTop -= count * ROW;
        }
        this.#plan();
    }

    get count() {
        return this.#rows.length;
    }

    get rows() {
        return this.#rows;
    }

    get selected() {
        return this.#selected;
    }

    select(item) {
        this.#selected = item;
        if (item !== null) {
            this.#follows = false;
        }
        this.#callbacks.onSelect(item);
        this.#plan();
    }

    /** Selects the row that is so many further down, or up. */
    move(by) {
        if (this.#rows.length === 0) {
            return;
        }
        const now = this.#rows.indexOf(this.#selected);
        const start = by > 0 ? -1 : this.#rows.length;
        const next = Math.min(Math.max((now < 0 ? start : now) + by, 0), this.#rows.length - 1);
        this.select(this.#rows[next]);
        this.show(this.#rows[next]);
    }

    /** Scrolls as far as it takes to see a row. */
    show(item) {
        const index = this.#rows.indexOf(item);
        if (index < 0) {
            return;
        }
        const { scrollTop, clientHeight } = this.scroller;
        const [top, bottom] = [index * ROW, index * ROW + ROW + this.heads.offsetHeight];
        if (top < scrollTop) {
            this.scroller.scrollTop = top;
        } else if (bottom > scrollTop + clientHeight) {
            this.scroller.scrollTop = bottom - clientHeight;
        }
        this.#plan();
    }

    toEnd() {
        this.#follows = true;
        this.#plan();
    }

    toStart() {
        this.#follows = false;
        this.scroller.scrollTop = 0;
        this.#plan();
    }

    focus() {
        this.body.focus({ preventScroll: true });
    }

    #plan() {
        if (!this.#isDue) {
            this.#isDue = true;
            requestAnimationFrame(() => {
                this.#isDue = false;
                this.#draw();
            });
        }
    }

    #draw() {
        if (this.scroller.clientHeight === 0) {
            return;
        }
        if (this.#drawnVersion !== this.#lanes.version) {
            this.#drawnVersion = this.#lanes.version;
            this.#drawLanes();
        }
        const height = this.#rows.length * ROW;
        const room = this.scroller.clientHeight - this.heads.offsetHeight;
        this.body.style.height = `${Math.max(height, room)}px`;
        if (this.#follows) {
            this.scroller.scrollTop = height;
        }
        this.newer.hidden = this.#follows || this.#rows.length === 0;
        this.empty.hidden = this.#rows.length > 0;
        const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 2);
        const last = Math.min(this.#rows.length, first + Math.ceil(room / ROW) + 4);
        while (this.#pool.length < last - first) {
            const row = makeRow();
            this.#pool.push(row);
            this.body.append(row);
        }
        this.#pool.forEach((row, index) => {
            row.hidden = first + index >= last;
            if (!row.hidden) {
                this.#drawRow(row, this.#rows[first + index], first + index);
            }
        });
    }

    #drawLanes() {
        const lanes = this.#lanes.list();
        const room = this.scroller.clientWidth - TIME;
        const each = Math.min(Math.max(room / lanes.length, NARROWEST), WIDEST);
        this.width = Math.max(TIME + lanes.length * each, this.scroller.clientWidth);
        this.body.style.width = this.heads.style.width = `${this.width}px`;
        this.#laneX = new Map(lanes.map(({ id }, index) => [id, TIME + (index + 0.5) * each]));
        fill(this.heads, el('span.time', {}, 'time'), lanes.map((lane, index) => {
            const kind = lane.id === null ? 'free' : lane.id[1] === ':' ? lane.id[0] : 'own';
            const head = el(lane.filter === null ? `span.head.${kind}` : `button.head.${kind}`, { title: lane.title }, el('span', {}, lane.name));
            if (lane.filter !== null) {
                head.type = 'button';
                head.title = `${lane.title}: show nothing else`;
                head.onclick = () => this.#callbacks.onFilter(lane.filter);
            }
            head.classList.toggle('closed', lane.isClosed);
            head.style.left = `${TIME + index * each}px`;
            head.style.width = `${each}px`;
            return head;
        }));
        fill(this.lines, lanes.filter(({ id }) => id !== null).map(({ id }) => {
            const line = el('i');
            line.style.left = `${this.#laneX.get(id)}px`;
            return line;
        }));
    }

    #x(id) {
        return this.#laneX.get(id) ?? this.#laneX.get(`${id[0]}:*`) ?? this.#laneX.get('gateway');
    }

    #drawRow(row, item, index) {
        const { from, to, label, tone } = describe(item);
        const isSelected = item === this.#selected;
        row.style.transform = `translateY(${index * ROW}px)`;
        row.className = `row ${tone}${isSelected ? ' selected' : ''}${index % 2 === 1 ? ' odd' : ''}${item.happening.byHand === true ? ' by-hand' : ''}`;
        row.ariaSelected = String(isSelected);
        row.item = item;
        row.time.textContent = timeOfDay(item.happening.at);
        row.label.textContent = label;
        row.label.title = item.happening.text ?? '';
        const [x1, x2] = [this.#x(from), this.#x(to)];
        const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
        const isNote = x1 === x2;
        row.arrow.className = isNote ? 'dot' : `arrow ${x2 > x1 ? 'right' : 'left'}`;
        row.arrow.style.left = `${left}px`;
        row.arrow.style.width = isNote ? '' : `${right - left}px`;
        // Where there is more room.
        const isRightAligned = left > this.width * 0.62;
        row.label.classList.toggle('before', isRightAligned);
        row.label.classList.toggle('beside', isNote);
        row.label.style.left = isRightAligned ? '' : `${left + (isNote ? 9 : 6)}px`;
        row.label.style.right = isRightAligned ? `${this.width - right + (isNote ? 9 : 6)}px` : '';
        row.label.style.maxWidth = `${(isRightAligned ? right - TIME : this.width - left) - 18}px`;
    }
}

function makeRow() {
    const [time, arrow, label] = [el('span.time'), el('span'), el('span.label')];
    const row = el('div.row', { role: 'option' }, time, arrow, label);
    return Object.assign(row, { time, arrow, label });
}
