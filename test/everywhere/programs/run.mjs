/** A program of a runtime; its argument is the options of the context. */
import { probe } from './probe.mjs';

const [options = '{}'] = (globalThis.process?.argv ?? globalThis.Deno?.args ?? []).slice(2);
console.log(JSON.stringify(await probe(JSON.parse(options))));
