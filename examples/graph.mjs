// A graph: two convolutions that share a kernel, a normalisation that is folded away, and a split. Run it with
// `node examples/graph.mjs` after `npm run build`.
import { createContext } from 'nnpack-ts';
import { evaluateGraph, graphTypes, planGraph, simplifyGraph } from 'nnpack-ts/graph';

/** Numbers that belong to the graph: dense, row-major, and read by name. */
const parameter = (shape, role, valueAt) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { type: { dtype: 'float32', shape }, data: Float32Array.from({ length: count }, (_, i) => valueAt(i)), role };
};

const graph = {
  name: 'shared kernel',
  inputs: new Map([['picture', { dtype: 'float32', shape: ['N', 4, 'H', 'W'] }]]), // sizes that are known later have names
  parameters: new Map([
    ['kernel', parameter([4, 4, 3, 3], 'weight', (i) => Math.sin(i) / 6)],
    ['gamma', parameter([4], 'weight', (c) => 1 + c / 4)],
    ['beta', parameter([4], 'weight', (c) => c / 8)],
    ['mean', parameter([4], 'statistic', (c) => c / 16)],
    ['variance', parameter([4], 'statistic', () => 0.5)],
  ]),
  nodes: [
    {
      name: 'first',
      op: 'convolution',
      inputs: ['picture', 'kernel'],
      outputs: ['once'],
      attributes: { padding: 1, activation: 'relu' },
    },
    { name: 'second', op: 'convolution', inputs: ['once', 'kernel'], outputs: ['twice'], attributes: {} },
    {
      name: 'normal',
      op: 'batch-normalisation',
      inputs: ['twice', 'gamma', 'beta', 'mean', 'variance'],
      outputs: ['normalised'],
      attributes: { epsilon: 1e-5 },
    },
    { name: 'parts', op: 'split', inputs: ['normalised'], outputs: ['left', 'right'], attributes: { sizes: [1, 3] } },
  ],
  outputs: ['left', 'right'],
};

// What follows from the names, before any size is known, and once they are.
const text = ({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`;
console.log(`right: ${text(graphTypes(graph).get('right'))}`);
console.log(`right: ${text(graphTypes(graph, { picture: [2, 4, 20, 30] }).get('right'))}`);

// The normalisation goes into the second convolution, which has a kernel of its own from then on.
const simple = simplifyGraph(graph);
console.log(
  `nodes: ${graph.nodes.length}, simplified: ${simple.nodes.length} (${simple.nodes.map(({ name }) => name).join(', ')})`,
);

const context = await createContext({ threads: 2 });
const shape = [2, 4, 20, 30];
const data = Float32Array.from({ length: 2 * 4 * 20 * 30 }, (_, i) => Math.cos(i));
const plan = planGraph(graph, { inputs: { picture: shape }, context });
const outputs = plan.run({ picture: { data, shape } });
for (const { name, op, algorithm } of plan.report())
  console.log(`  ${name} (${op}${algorithm ? `, ${algorithm}` : ''})`);

// The graph's own definition, in double: what a run is compared with.
const values = evaluateGraph(graph, { picture: { data: Float64Array.from(data), shape } });
for (const [name, output] of Object.entries(outputs)) {
  const exact = values.get(name);
  const error = exact.data.reduce((greatest, value, i) => Math.max(greatest, Math.abs(value - output.data[i])), 0);
  console.log(`${name}: [${output.shape.join(', ')}], ${error < 1e-4 ? 'as defined' : `off by ${error}`}`);
}
plan.dispose();
context.dispose();
