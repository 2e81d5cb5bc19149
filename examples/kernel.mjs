// A convolution of one's own, held to `nnpack-ts/testing`: drawn problems, the sum in double, and a derived bound.
// Run it with `node examples/kernel.mjs` after `npm run build`; it needs the package fast-check.
import fc from 'fast-check';
import {
  convolutionData,
  convolutionProblem,
  convolutionReference,
  errorBound,
  expectWithin,
  outputShapeOf,
} from 'nnpack-ts/testing';

/** y = w ∗ x + b in float32, without groups: the kernel that is to be tested, here as plain as can be. */
function convolve(x, w, b, { inputShape, kernelShape, padding, stride, dilation }, outputShape) {
  // x is (N, C, H, W), w is (K, C, R, S), y is (N, K, P, Q)
  const [N, C, H, W] = inputShape;
  const [K, , R, S] = kernelShape;
  const [, , P, Q] = outputShape;
  const y = new Float32Array(N * K * P * Q);
  let place = 0;
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      for (let p = 0; p < P; p++) {
        for (let q = 0; q < Q; q++, place++) {
          let sum = b === null ? 0 : b[k];
          for (let c = 0; c < C; c++) {
            for (let r = 0; r < R; r++) {
              const h = p * stride.height + r * dilation.height - padding.top;
              if (h < 0 || h >= H) continue;
              for (let s = 0; s < S; s++) {
                const v = q * stride.width + s * dilation.width - padding.left;
                if (v < 0 || v >= W) continue;
                const product = Math.fround(x[((n * C + c) * H + h) * W + v] * w[((k * C + c) * R + r) * S + s]);
                sum = Math.fround(sum + product);
              }
            }
          }
          y[place] = sum;
        }
      }
    }
  }
  return y;
}

/** Each product and each addition rounds, so that the first term is rounded C · R · S + 1 times; an output reads no others. */
function boundOf({ kernelShape: [, C, R, S] }) {
  return { constant: 1.01 * (C * R * S + 2), reachHeight: 0, reachWidth: 0 };
}

/** Fails, with the smallest problem that does, where an output is further off than its sum can be. */
function hold(kernel) {
  // What the kernel serves: no groups, and no activation.
  const problems = convolutionProblem({ groups: 1, channels: 6, imageSize: 12 });
  const plain = problems.map((problem) => ({ ...problem, activation: 'identity' }));
  const property = fc.property(plain, (problem) => {
    const data = convolutionData(problem);
    const shape = outputShapeOf(problem);
    const output = kernel(data.input, data.kernel, data.bias, problem, shape);
    expectWithin(output, convolutionReference(problem, data), errorBound(problem, data, boundOf(problem)), shape);
  });
  fc.assert(property);
}

hold(convolve);
console.log('the kernel errs no more than its sums must');

// The same with its last output forgotten: the bound must notice.
const forgetful = (...args) => convolve(...args).fill(0, -1);
try {
  hold(forgetful);
  console.log('the fault went unnoticed');
} catch (error) {
  console.log(`a kernel that forgets its last output: ${error.message.split('\n')[0]}`);
}
