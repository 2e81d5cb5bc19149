// A trained model from its files, whatever their format: here a model.json of TensorFlow.js that doubles pictures; a
// model.onnx or NAME-symbol.json is opened by the same line. Run it with `node examples/model.mjs [MODEL]` after
// `npm run build`.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ndarray from 'ndarray';
import { createContext } from 'nnpack-ts';
import { openModel } from 'nnpack-ts/models';

const packaged = () => {
  const entry = createRequire(import.meta.url).resolve('@upscalerjs/default-model');
  return join(entry.slice(0, entry.indexOf('default-model')), 'default-model/models/model.json');
};
const path = process.argv[2] ?? packaged();

const context = await createContext({ threads: 2 });
const model = await openModel(path, { context });
const text = ({ dtype, shape }) => `${dtype} [${shape?.join(', ') ?? 'as a run has it'}]`;
console.log(`${model.format} in ${dirname(path).split('/').at(-1)}`);
for (const [name, value] of model.inputs) console.log(`  takes ${name}: ${text(value)}`);
for (const [name, value] of model.outputs) console.log(`  gives ${name}: ${text(value)}`);
for (const note of model.notes) console.log(`  note: ${note}`);

// In the model's own layout, N H W C: a grey picture, and one with a bright half.
const [input] = model.inputs.keys();
const [output] = model.outputs.keys();
const picture = (at) =>
  ndarray(
    Float32Array.from({ length: 24 * 32 * 3 }, (_, i) => at(Math.floor(i / 3) % 32)),
    [1, 24, 32, 3],
  );
const [grey, halves] = [picture(() => 100), picture((column) => (column < 16 ? 50 : 200))];

// Runs may overlap: they take turns.
const results = await Promise.all([grey, halves].map((x) => model.run({ [input]: x })));
for (const result of results) {
  const large = result[output];
  const [left, right] = [4, 59].map((column) => large.get(0, 24, column, 1).toFixed(0));
  console.log(`[${large.shape.join(', ')}], green from ${left} to ${right}`);
}

// Aborted: the run ends before its next node.
await model.run({ [input]: grey }, { signal: AbortSignal.abort(new Error('not this one')) }).catch(({ message }) => {
  console.log(`stopped: ${message}`);
});

const { nodes, multiplyAdds } = model.explain({ [input]: [1, 480, 640, 3] });
const chosen = new Set(nodes.map(({ algorithm }) => algorithm).filter((algorithm) => algorithm !== null));
console.log(`640×480: ${(multiplyAdds / 1e9).toFixed(1)} · 10⁹ multiply-adds, by ${[...chosen].sort().join(', ')}`);
model.dispose();
context.dispose();
