import { globalMean } from './global-pooling-nd.ts';

/** The mean of each plane of any number of axes, which stay with one element each. */
export const globalAveragePoolingNd = globalMean();
