// The language of the filter: words, which must all be met. A word with a colon asks for a field, any other is a text that must occur.

const LEVELS = ['error', 'warning', 'info', 'detail'];

const DIRECTIONS = { received: 'in', connecting: 'in', delivered: 'out', opened: 'out' };

/** Filters that are one click away. */
export const SHORTCUTS = [
    ['Messages', 'what:received,delivered', 'Frames from and to clients'],
    ['Problems', 'level:warning', 'Warnings and errors: what was refused, and what failed'],
    ['No logs', '-what:output,start,end,report,storecalled', 'Without what functions print, and without DynamoDB'],
];

/** What a filter means: a function that says whether a happening is shown. The empty filter shows all. */
export function filter(text) {
    const tests = words(text).map(test);
    return (happening) => tests.every((test) => test(happening));
}

/** Words; a quoted part may have spaces. */
function words(text) {
    return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function test(word) {
    if (word.startsWith('-') && word.length > 1) {
        const positive = test(word.slice(1));
        return (happening) => !positive(happening);
    }
    const [, key, value] = word.match(/^([\w$.]+):(.*)$/s) ?? [];
    const wanted = unquoted(value ?? word).toLowerCase();
    const field = key === undefined ? undefined : FIELDS[key.toLowerCase()];
    if (field !== undefined) {
        const values = wanted.split(',');
        return (happening) => values.some((value) => field(happening, value));
    }
    if (key?.includes('.')) {
        const path = key.split('.');
        return (happening) => contains(at(happening, path), wanted);
    }
    const whole = unquoted(word).toLowerCase();
    return (happening) => JSON.stringify(happening).toLowerCase().includes(whole);
}

const unquoted = (text) => text.replaceAll('"', '');

const FIELDS = {
    connection: (h, value) => contains(h.connectionId, value),
    request: (h, value) => contains(h.requestId, value),
    route: (h, value) => (h.routeKey ?? h.event?.requestContext?.routeKey ?? '').toLowerCase() === value,
    function: (h, value) => (h.function ?? '').toLowerCase() === value,
    direction: (h, value) => DIRECTIONS[h.what] === value,
    status: (h, value) => {
        const status = String(h.status ?? h.code ?? '');
        return value.endsWith('xx') ? status.length === value.length && status[0] === value[0] : status === value;
    },
    level: (h, value) => LEVELS.indexOf(h.level) <= LEVELS.indexOf(value),
    what: (h, value) => h.what.toLowerCase() === value,
    text: (h, value) => contains(h.text, value),
    queue: (h, value) => [h.queue, h.deadLetterQueue].some((name) => name?.toLowerCase() === value),
    byhand: (h, value) => String(h.byHand === true) === value,
};

function contains(value, wanted) {
    if (value === undefined || value === null) {
        return false;
    }
    return (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase().includes(wanted);
}

/** The value at a path, also in a text that is JSON: `message.action`, `event.body.data`. */
function at(value, path) {
    for (const key of path) {
        if (typeof value === 'string') {
            try {
                value = JSON.parse(value);
            } catch {
                return undefined;
            }
        }
        value = value?.[key];
    }
    return value;
}
