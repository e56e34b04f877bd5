// A payload: pretty if it is JSON, or raw, byte for byte.

import { button, el, fill, number } from './dom.js';

/** More than this is shown without colours, which would take too long. */
const COLOURED = 100_000;

let isRaw = false;

/** A section with a payload. `text` is as it came. */
export function payload(title, text) {
    const pretty = prettyJson(text);
    const code = el('pre', { tabIndex: 0, ariaLabel: title });
    const toggle = button('', '', () => {
        isRaw = !isRaw;
        draw();
    }, 'button.small');
    const draw = () => {
        const shown = isRaw || pretty === null ? text : pretty;
        toggle.textContent = isRaw ? 'Pretty' : 'Raw';
        toggle.title = isRaw ? 'Show it indented' : 'Show it as it came';
        fill(code, pretty !== null && shown.length <= COLOURED ? coloured(shown) : shown);
    };
    draw();
    const copy = button('Copy', 'Copy it as it came', async () => {
        await navigator.clipboard.writeText(text);
        copy.textContent = 'Copied';
        setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
    }, 'button.small');
    const bytes = new TextEncoder().encode(text).length;
    const head = el('header', {}, el('h3', {}, title), el('span.size', {}, `${number(bytes)} bytes`), pretty === null ? null : toggle, copy);
    return el('section.payload', {}, head, code);
}

/** `null` if it is not JSON, or nothing that could be indented. */
export function prettyJson(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : null;
    } catch {
        return null;
    }
}

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

function coloured(json) {
    const parts = [];
    let end = 0;
    for (const match of json.matchAll(TOKENS)) {
        const [all, string, colon, word] = match;
        parts.push(json.slice(end, match.index));
        const kind = string === undefined ? (word === undefined ? 'number' : 'word') : colon === undefined ? 'string' : 'key';
        parts.push(el(`span.${kind}`, {}, string ?? all), colon ?? '');
        end = match.index + all.length;
    }
    return [...parts, json.slice(end)];
}
