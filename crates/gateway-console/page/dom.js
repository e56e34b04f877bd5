// Making elements. Whatever comes from outside becomes a text node here, and never HTML.

/** Makes an element: `el('button.quiet', { type: 'button', onclick }, 'Send', another)`. What is `null` or `false` is left out. */
export function el(name, properties = {}, ...children) {
    const [tag, ...classes] = name.split('.');
    const element = document.createElement(tag);
    element.classList.add(...classes);
    for (const [key, value] of Object.entries(properties)) {
        if (key in element) {
            element[key] = value;
        } else {
            element.setAttribute(key, value);
        }
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
    return element;
}

export function button(label, title, onclick, name = 'button') {
    return el(name, { type: 'button', title, onclick }, label);
}

/** Puts children into an element, in the place of those that it has. */
export function fill(element, ...children) {
    element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
}

export const byId = (id) => document.getElementById(id);

const two = (number) => String(number).padStart(2, '0');

/** `12:03:11.042`, in the time of this machine. */
export function timeOfDay(ms, hasMilliseconds = true) {
    const date = new Date(ms);
    const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    return hasMilliseconds ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
}

/** `1:59:03` or `9:58`. */
export function countdown(ms) {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export const number = (value) => value.toLocaleString('en');

/** The end of an id, which tells connections apart: the beginning is the time at which they came. */
export const shortId = (id) => (id.length > 8 ? `…${id.slice(-6)}` : id);
