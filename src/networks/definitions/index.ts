/** The built-in networks: those that MXNet's document scored NNPACK on, and VGG's other depths. */
import { expectOneOf, type FieldsOf, readOptions } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import type { Network } from '../network.ts';
import { alexnet } from './alexnet.ts';
import type { BuildOptions } from './builder.ts';
import { inceptionBn } from './inception-bn.ts';
import { NETWORK_NAMES, type NetworkName } from './names.ts';
import { vgg } from './vgg.ts';

const FIELDS: FieldsOf<BuildOptions> = { seed: true, width: true, weights: true };

/**
 * A built-in network with seeded random weights, or those that a caller has; there are no trained ones. Its input is `data`, [3, 224, 224], its one
 * output `softmax`. At full width the weights of a VGG take more than 500 MB.
 *
 * @param options.seed of the weights, 0 when not given: a whole number from 0 to 2³² − 1. The same seed gives the same
 *   weights on every machine.
 * @param options.width what the channels of all layers are multiplied by, the last layer's 1000 classes too, rounded up
 *   to whole channels: above 0, at most 1, and 1 when not given. Heights, widths, kernels and strides stay.
 * @param options.weights gives what reads the kernel of a node as it is packed; biases are 0 all the same
 * @throws NnpackError 'invalid-network' for a name that there is not, 'invalid-argument' for a seed or width that makes
 *   no sense
 * @example
 * const network = buildNetwork('vgg-11');
 * const { softmax } = planNetwork(network, { batch: 8 }).run({ data });
 */
export function buildNetwork(name: NetworkName, options: Partial<BuildOptions> = {}): Network {
  const { seed = 0, width = 1, weights } = readOptions<Partial<BuildOptions>>('buildNetwork', options, FIELDS);
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    const expected = 'a whole number from 0 to 4294967295';
    throw new NnpackError('invalid-argument', `buildNetwork: seed is ${show(seed)}, expected ${expected}`);
  }
  if (!(typeof width === 'number' && width > 0 && width <= 1)) {
    const expected = 'a number above 0 and at most 1';
    throw new NnpackError('invalid-argument', `buildNetwork: width is ${show(width)}, expected ${expected}`);
  }
  if (weights !== undefined && typeof weights !== 'function') {
    throw new NnpackError('invalid-argument', `buildNetwork: weights is ${show(weights)}, expected a function`);
  }
  return define(expectOneOf('buildNetwork', 'network', name, NETWORK_NAMES, 'invalid-network'), {
    seed,
    width,
    weights,
  });
}

function define(name: NetworkName, options: BuildOptions): Network {
  switch (name) {
    case 'alexnet':
      return alexnet(options);
    case 'vgg-11':
    case 'vgg-13':
    case 'vgg-16':
    case 'vgg-19':
      return vgg(name, options);
    case 'inception-bn':
      return inceptionBn(options);
  }
}
