// Finds the handler, and says what is missing.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { renamed, runtimeError } from './errors.mjs';

const ROOT = process.env.LAMBDA_TASK_ROOT;
const require = createRequire(join(ROOT, 'index.js'));

/** The Node.js that the function has on AWS. The one that runs here may be another. */
const version = Number(process.env.AWS_EXECUTION_ENV?.match(/nodejs(\d+)/)?.[1]);

export const hasCallbacks = !(version >= 24);

/** Finds the handler `file.name` or `folder/file.name`. A name with dots is a path into what the file exports. */
export async function load(handler) {
    const [, file, name] = basename(handler).match(/^([^.]*)\.(.*)$/) ?? [];
    if (file === undefined || handler.includes('..')) {
        throw runtimeError('MalformedHandlerName', `'${handler}' is not a handler: it must be like 'index.handler'`);
    }
    const exported = await loadFile(join(ROOT, dirname(handler)), file);
    const found = name.split('.').reduce((value, key) => value?.[key], exported);
    if (typeof found !== 'function') {
        const why = found ? 'is not a function' : 'is undefined or not exported';
        throw runtimeError('HandlerNotFound', `${handler} ${why}`);
    }
    if (!hasCallbacks && found.length > 2) {
        const advice = 'which Lambda does not support from Node.js 24 on: make it an async function';
        throw runtimeError('CallbackHandlerDeprecated', `${handler} takes a callback, ${advice}`);
    }
    return found;
}

async function loadFile(folder, file) {
    const path = join(folder, file);
    // Without an extension it is a folder with an index.js.
    const extension = ['.js', '.mjs', '.cjs', ''].find((extension) => existsSync(path + extension));
    if (extension === undefined) {
        const source = ['.ts', '.mts'].find((extension) => existsSync(path + extension));
        const why = source === undefined ? '' : `; ${file}${source} has to be compiled first, for example by \`sam build\``;
        console.error(`there is no ${file}.js, ${file}.mjs or ${file}.cjs in ${folder}${why}`);
        throw runtimeError('ImportModuleError', `Error: Cannot find module '${file}'`);
    }
    try {
        const isModule = extension === '.mjs' || (extension === '.js' && isInModule(path));
        return isModule ? await import(pathToFileURL(path + extension)) : require(path + extension);
    } catch (error) {
        explainMissing(error);
        if (error instanceof SyntaxError) throw renamed('UserCodeSyntaxError', error);
        if (error?.code === 'MODULE_NOT_FOUND') throw renamed('ImportModuleError', error);
        throw error;
    }
}

/** Says how to get a package that is missing, if that is what the error is about. */
export function explainMissing(error) {
    const missing = String(error?.message).match(/Cannot find (?:module|package) '((?:@[^/']+\/)?[^./'][^/']*)/)?.[1];
    if (missing === undefined) return;
    const folder = folderWithManifest(ROOT) ?? ROOT;
    const { dependencies, devDependencies } = manifest(folder);
    const isBundled = missing.startsWith('@aws-sdk/') ? !(version < 18) : missing === 'aws-sdk' && version < 18;
    if (missing in { ...dependencies, ...devDependencies }) {
        console.error(`\`${missing}\` is not installed: run \`npm install\` in ${folder}`);
    } else if (isBundled) {
        const command = `npm install --no-save ${missing}`;
        console.error(`Lambda brings \`${missing}\` along, this machine does not: run \`${command}\` in ${folder}`);
    } else {
        const why = missing === 'aws-sdk' ? ` (Lambda's Node.js ${version} has only \`@aws-sdk/…\`)` : '';
        console.error(`\`${missing}\` is not installed${why}: run \`npm install ${missing}\` in ${folder}`);
    }
}

/** Whether the nearest package.json makes `.js` an ES module. */
function isInModule(path) {
    const folder = folderWithManifest(dirname(path));
    return folder !== undefined && manifest(folder).type === 'module';
}

function manifest(folder) {
    try {
        return JSON.parse(readFileSync(join(folder, 'package.json')));
    } catch {
        return {};
    }
}

/** The folder, or the nearest that it is in, with a package.json. */
function folderWithManifest(folder) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    return folder === dirname(folder) ? undefined : folderWithManifest(dirname(folder));
}
