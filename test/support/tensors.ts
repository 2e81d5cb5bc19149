import ndarray from 'ndarray';
import { sizeOf, type Tensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';

/** A tensor of random numbers, the same ones for the same seed. */
export function tensor(shape: readonly number[], seed = 1): Tensor {
  return ndarray(randomArray(sizeOf(shape), uniform(seed)), [...shape]);
}
