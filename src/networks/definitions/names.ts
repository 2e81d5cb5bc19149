/** The names of the built-in networks. */
export const NETWORK_NAMES = ['alexnet', 'vgg-11', 'vgg-13', 'vgg-16', 'vgg-19', 'inception-bn'] as const;

/** The name of a built-in network. */
export type NetworkName = (typeof NETWORK_NAMES)[number];
