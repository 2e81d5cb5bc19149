import { runMaxPooling } from '../../layers/pooling.ts';
import { globalPooling } from './global-pooling-nd.ts';

/** The greatest element of each plane of any number of axes, which stay with one element each. */
export const globalMaxPooling = globalPooling(runMaxPooling, (plane) =>
  plane.reduce((a, b) => Math.max(a, b), -Infinity),
);
