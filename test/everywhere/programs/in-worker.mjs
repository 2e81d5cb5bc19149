/** The library in a worker of Node's, which starts workers of its own. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { probe } from './probe.mjs';

if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (answer) => console.log(answer));
else parentPort.postMessage(JSON.stringify(await probe()));
