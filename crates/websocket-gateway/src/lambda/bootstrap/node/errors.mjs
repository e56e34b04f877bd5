// Errors as Lambda reports them.

import { types } from 'node:util';

/** What Lambda's callers see of an error. */
export function report(error) {
    if (types.isNativeError(error)) {
        return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

/** An error of the runtime, which Lambda names `Runtime.…`. */
export function runtimeError(kind, message) {
    const error = new Error(message);
    Object.defineProperty(error, 'name', { value: `Runtime.${kind}` });
    // Again, because the stack begins with the name.
    Error.captureStackTrace(error, runtimeError);
    return error;
}

/** The same error under one of the runtime's names. */
export function renamed(kind, cause) {
    const error = runtimeError(kind, String(cause));
    error.stack = `Runtime.${kind}: ${cause?.stack ?? cause}`;
    return error;
}
