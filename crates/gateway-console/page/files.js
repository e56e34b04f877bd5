// Export and import: what one sends to a colleague.

import { item } from './history.js';

export function saveAs(name, text, type) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
}

/** Saves happenings as ndjson: one JSON object on each line, as `--json` prints them. */
export function exportItems(items) {
    const lines = items.map(({ happening }) => `${JSON.stringify(happening)}\n`);
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    saveAs(`happenings-${stamp}.ndjson`, lines.join(''), 'application/x-ndjson');
}

/** Reads ndjson. Throws an error that names the first line that is not a happening. */
export function parse(text) {
    return text.split('\n').map((line) => line.trim()).flatMap((line, index) => {
        if (line === '') {
            return [];
        }
        let happening;
        try {
            happening = JSON.parse(line);
        } catch {
            throw new Error(`line ${index + 1} is not JSON`);
        }
        if (typeof happening?.what !== 'string' || typeof happening.at !== 'number') {
            throw new Error(`line ${index + 1} has no \`what\` and \`at\`, so it is not a happening`);
        }
        return [item(happening, line.length)];
    });
}
