/** node quickjs.mjs FILE: runs a script in QuickJS, and prints what it leaves in the global `answer`. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { QuickJS } from 'quickjs-wasi';

const wasm = await readFile(createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm'));
const engine = await QuickJS.create({ wasm });
engine.evalCode(await readFile(process.argv[2], 'utf8'));
engine.executePendingJobs();
console.log(engine.evalCode('String(globalThis.answer)').toString());
