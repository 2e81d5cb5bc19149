/** For an engine alone: what the host is to know is left in a global. */
import { probe } from './probe.mjs';

probe().then(
  (found) => {
    globalThis.answer = JSON.stringify(found);
  },
  (error) => {
    globalThis.answer = `${error}\n${error.stack}`;
  },
);
