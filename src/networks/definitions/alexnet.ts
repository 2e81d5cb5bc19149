/**
 * AlexNet: the network that won ImageNet's competition of 2012, as MXNet's benchmark defined it.
 *
 *     5 convolutions, of which the first takes strides of 4; 3 × 3 poolings that overlap; normalisation over 5
 *     neighbouring channels; 3 fully-connected layers, which hold 93 % of the weights but 5 % of the arithmetic
 *
 * Where MXNet's definition differs from the paper: one column of layers, so that no convolution has groups; no padding
 * in the first layer (54 × 54, not 55 × 55); pooling before normalisation, whose k is 1 (the paper's is 2) and whose α is
 * divided by the 5 channels (the paper's is not).
 *
 * Sources: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional neural networks",
 * section 3.5; MXNet at 29307c2902, example/image-classification/symbol/alexnet.py (a later version swaps pooling and
 * normalisation and sets k = 2).
 */
import type { Network } from '../network.ts';
import { type BuildOptions, picture } from './builder.ts';

const LRN = { size: 5, alpha: 1e-4, beta: 0.75, bias: 1 };

export function alexnet(options: BuildOptions): Network {
  const features = picture(options)
    .convolution('conv1', 96, 11, { stride: 4 }) // 96 × 54 × 54
    .relu('relu1')
    .maxPooling('pool1', 3, { stride: 2 }) // 96 × 26 × 26
    .localResponseNormalisation('lrn1', LRN)
    .convolution('conv2', 256, 5, { padding: 2 }) // 256 × 26 × 26
    .relu('relu2')
    .maxPooling('pool2', 3, { stride: 2 }) // 256 × 12 × 12
    .localResponseNormalisation('lrn2', LRN)
    .convolution('conv3', 384, 3, { padding: 1 }) // 384 × 12 × 12
    .relu('relu3')
    .convolution('conv4', 384, 3, { padding: 1 }) // 384 × 12 × 12
    .relu('relu4')
    .convolution('conv5', 256, 3, { padding: 1 }) // 256 × 12 × 12
    .relu('relu5')
    .maxPooling('pool3', 3, { stride: 2 }); // 256 × 5 × 5
  return features
    .flatten('flatten') // 6400
    .fullyConnected('fc1', 4096)
    .relu('relu6')
    .dropout('dropout1')
    .fullyConnected('fc2', 4096)
    .relu('relu7')
    .dropout('dropout2')
    .fullyConnected('fc3', 1000)
    .softmax('softmax')
    .network('alexnet');
}
