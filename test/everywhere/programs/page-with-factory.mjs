/** For bundles that do not know where they are. */
import { answer } from './answer.mjs';

answer({ worker: () => new Worker('started-by-the-page.js') });
