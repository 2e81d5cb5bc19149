/**
 * VGG: depth from nothing but 3 × 3 convolutions.
 *
 *     5 groups of convolutions with 64, 128, 256, 512 and 512 channels, each followed by a pooling that halves height and
 *     width; then 3 fully-connected layers. The number in the name counts the layers with weights.
 *
 * Two 3 × 3 convolutions see as far as one 5 × 5 (three as far as one 7 × 7) with fewer weights and a ReLU between them.
 * They are the case that F(6×6, 3×3) is made for. MXNet's published figures are those of VGG-11, the only depth that its
 * benchmark had at the time.
 *
 * Sources: Simonyan & Zisserman 2015, "Very deep convolutional networks for large-scale image recognition", table 1;
 * MXNet at 29307c2902, example/image-classification/symbol/vgg.py (the other depths: its later symbols/vgg.py).
 */
import type { Network } from '../network.ts';
import { type BuildOptions, picture } from './builder.ts';

/** How many convolutions each group has: the paper's configurations A, B, D and E. */
const CONVOLUTIONS = {
  'vgg-11': [1, 1, 2, 2, 2],
  'vgg-13': [2, 2, 2, 2, 2],
  'vgg-16': [2, 2, 3, 3, 3],
  'vgg-19': [2, 2, 4, 4, 4],
} as const;

const CHANNELS = [64, 128, 256, 512, 512];

export function vgg(name: keyof typeof CONVOLUTIONS, options: BuildOptions): Network {
  let features = picture(options);
  CONVOLUTIONS[name].forEach((convolutions, i) => {
    const group = i + 1;
    for (let j = 1; j <= convolutions; j++) {
      features = features.convolution(`conv${group}_${j}`, CHANNELS[i], 3, { padding: 1 }).relu(`relu${group}_${j}`);
    }
    features = features.maxPooling(`pool${group}`, 2, { stride: 2 }); // 112, 56, 28, 14, 7 rows and columns
  });
  return features
    .flatten('flatten') // 25088
    .fullyConnected('fc6', 4096)
    .relu('relu6')
    .dropout('drop6')
    .fullyConnected('fc7', 4096)
    .relu('relu7')
    .dropout('drop7')
    .fullyConnected('fc8', 1000)
    .softmax('softmax')
    .network(name);
}
