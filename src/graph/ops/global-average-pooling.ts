import { globalMean } from './global-pooling-nd.ts';
import { expectPlanes } from './inputs.ts';

/** The mean of each plane: [N, C, H, W] → [N, C]. */
export const globalAveragePooling = globalMean((node, x) => expectPlanes(node, x).slice(0, 2));
