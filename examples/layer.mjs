// One layer: the edges of a picture, by a convolution. Run it with `node examples/layer.mjs` after `npm run build`.
import { convolutionInference, explainConvolution } from 'nnpack-ts';

// A white square on black, [N, C, H, W]: any object with data and shape is a tensor.
const [height, width] = [12, 24];
const data = new Float32Array(height * width);
for (let row = 3; row < 9; row++) data.fill(1, row * width + 6, row * width + 18);
const input = { data, shape: [1, 1, height, width] };

// The Laplace operator, [K, C, R, S]: the sum of the four neighbours less four times the middle.
const kernel = { data: Float32Array.of(0, 1, 0, 1, -4, 1, 0, 1, 0), shape: [1, 1, 3, 3] };

const edges = convolutionInference({ input, kernel, padding: 1, activation: 'relu' }); // what lies beside the square

for (let row = 0; row < height; row++) {
  console.log(Array.from({ length: width }, (_, column) => (edges.get(0, 0, row, column) > 0.5 ? '#' : '.')).join(''));
}
console.log(String(explainConvolution({ input, kernel, padding: 1 })));
