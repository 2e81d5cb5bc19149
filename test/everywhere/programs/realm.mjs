/** Tensors of another realm, whose arrays are instances of none of ours. */
import { runInNewContext } from 'node:vm';
import { probe } from './probe.mjs';

console.log(JSON.stringify(await probe({}, runInNewContext('Float32Array'))));
