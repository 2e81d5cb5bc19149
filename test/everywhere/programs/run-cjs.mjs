/** As `run.mjs`, for a bundle of CommonJS, which cannot wait at its outermost. */
import { probe } from './probe.mjs';

probe().then((found) => console.log(JSON.stringify(found)));
