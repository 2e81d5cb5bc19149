/** The process of `newer-node.ts`. */
import { loadPeers } from './engines.ts';
import { measurePeers } from './measure.ts';
import type { Message } from './newer-node.ts';

const send = (message: Message): void => void process.send?.(message);
const { engines } = await loadPeers();
await measurePeers(engines, {
  signal: new AbortController().signal,
  step: (step) => send({ step }),
  found: (found) => send({ found }),
});
send({ finished: true });
