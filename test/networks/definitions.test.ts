import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { NETWORK_NAMES, type NetworkName } from '../../src/networks/definitions/names.ts';
import type { DenseArray, Network, NetworkNode } from '../../src/networks/network.ts';
import { inferShapes } from '../../src/networks/shapes.ts';

/**
 * The definitions as tables: a node, its operation, what it reads, its kernel or window, its output. A convolution of
 * inception-bn stands for itself and the batch normalisation and ReLU behind it, and what reads it reads these.
 */
const ALEXNET = `
conv1    | convolution                  | data     | 96×3×11×11 stride 4   | 96×54×54
relu1    | relu                         | conv1    |                       | 96×54×54
pool1    | max-pooling                  | relu1    | 3×3 stride 2          | 96×26×26
lrn1     | local-response-normalisation | pool1    | 5 0.0001 0.75 1       | 96×26×26
conv2    | convolution                  | lrn1     | 256×96×5×5 padding 2  | 256×26×26
relu2    | relu                         | conv2    |                       | 256×26×26
pool2    | max-pooling                  | relu2    | 3×3 stride 2          | 256×12×12
lrn2     | local-response-normalisation | pool2    | 5 0.0001 0.75 1       | 256×12×12
conv3    | convolution                  | lrn2     | 384×256×3×3 padding 1 | 384×12×12
relu3    | relu                         | conv3    |                       | 384×12×12
conv4    | convolution                  | relu3    | 384×384×3×3 padding 1 | 384×12×12
relu4    | relu                         | conv4    |                       | 384×12×12
conv5    | convolution                  | relu4    | 256×384×3×3 padding 1 | 256×12×12
relu5    | relu                         | conv5    |                       | 256×12×12
pool3    | max-pooling                  | relu5    | 3×3 stride 2          | 256×5×5
flatten  | flatten                      | pool3    |                       | 6400
fc1      | fully-connected              | flatten  | 4096×6400             | 4096
relu6    | relu                         | fc1      |                       | 4096
dropout1 | dropout                      | relu6    |                       | 4096
fc2      | fully-connected              | dropout1 | 4096×4096             | 4096
relu7    | relu                         | fc2      |                       | 4096
dropout2 | dropout                      | relu7    |                       | 4096
fc3      | fully-connected              | dropout2 | 1000×4096             | 1000
softmax  | softmax                      | fc3      |                       | 1000
`;

const INCEPTION_BN = `
conv1                 | convolution     | data                   | 64×3×7×7 stride 2 padding 3 | 64×112×112
pool1                 | max-pooling     | conv1                  | 3×3 stride 2              | 64×55×55
conv2-reduce          | convolution     | pool1                  | 64×64×1×1                 | 64×55×55
conv2                 | convolution     | conv2-reduce           | 192×64×3×3 padding 1      | 192×55×55
pool2                 | max-pooling     | conv2                  | 3×3 stride 2              | 192×27×27
3a/1x1                | convolution     | pool2                  | 64×192×1×1                | 64×27×27
3a/3x3-reduce         | convolution     | pool2                  | 64×192×1×1                | 64×27×27
3a/3x3                | convolution     | 3a/3x3-reduce          | 64×64×3×3 padding 1       | 64×27×27
3a/double-3x3-reduce  | convolution     | pool2                  | 64×192×1×1                | 64×27×27
3a/double-3x3-1       | convolution     | 3a/double-3x3-reduce   | 96×64×3×3 padding 1       | 96×27×27
3a/double-3x3-2       | convolution     | 3a/double-3x3-1        | 96×96×3×3 padding 1       | 96×27×27
3a/pool               | average-pooling | pool2                  | 3×3 padding 1             | 192×27×27
3a/proj               | convolution     | 3a/pool                | 32×192×1×1                | 32×27×27
3a/concat             | concatenation   | 3a/1x1 + 3a/3x3 + 3a/double-3x3-2 + 3a/proj |      | 256×27×27
3b/1x1                | convolution     | 3a/concat              | 64×256×1×1                | 64×27×27
3b/3x3-reduce         | convolution     | 3a/concat              | 64×256×1×1                | 64×27×27
3b/3x3                | convolution     | 3b/3x3-reduce          | 96×64×3×3 padding 1       | 96×27×27
3b/double-3x3-reduce  | convolution     | 3a/concat              | 64×256×1×1                | 64×27×27
3b/double-3x3-1       | convolution     | 3b/double-3x3-reduce   | 96×64×3×3 padding 1       | 96×27×27
3b/double-3x3-2       | convolution     | 3b/double-3x3-1        | 96×96×3×3 padding 1       | 96×27×27
3b/pool               | average-pooling | 3a/concat              | 3×3 padding 1             | 256×27×27
3b/proj               | convolution     | 3b/pool                | 64×256×1×1                | 64×27×27
3b/concat             | concatenation   | 3b/1x1 + 3b/3x3 + 3b/double-3x3-2 + 3b/proj |      | 320×27×27
3c/3x3-reduce         | convolution     | 3b/concat              | 128×320×1×1               | 128×27×27
3c/3x3                | convolution     | 3c/3x3-reduce          | 160×128×3×3 stride 2 padding 1 | 160×14×14
3c/double-3x3-reduce  | convolution     | 3b/concat              | 64×320×1×1                | 64×27×27
3c/double-3x3-1       | convolution     | 3c/double-3x3-reduce   | 96×64×3×3 padding 1       | 96×27×27
3c/double-3x3-2       | convolution     | 3c/double-3x3-1        | 96×96×3×3 stride 2 padding 1 | 96×14×14
3c/pool               | max-pooling     | 3b/concat              | 3×3 stride 2 padding 1    | 320×14×14
3c/concat             | concatenation   | 3c/3x3 + 3c/double-3x3-2 + 3c/pool |               | 576×14×14
4a/1x1                | convolution     | 3c/concat              | 224×576×1×1               | 224×14×14
4a/3x3-reduce         | convolution     | 3c/concat              | 64×576×1×1                | 64×14×14
4a/3x3                | convolution     | 4a/3x3-reduce          | 96×64×3×3 padding 1       | 96×14×14
4a/double-3x3-reduce  | convolution     | 3c/concat              | 96×576×1×1                | 96×14×14
4a/double-3x3-1       | convolution     | 4a/double-3x3-reduce   | 128×96×3×3 padding 1      | 128×14×14
4a/double-3x3-2       | convolution     | 4a/double-3x3-1        | 128×128×3×3 padding 1     | 128×14×14
4a/pool               | average-pooling | 3c/concat              | 3×3 padding 1             | 576×14×14
4a/proj               | convolution     | 4a/pool                | 128×576×1×1               | 128×14×14
4a/concat             | concatenation   | 4a/1x1 + 4a/3x3 + 4a/double-3x3-2 + 4a/proj |      | 576×14×14
4b/1x1                | convolution     | 4a/concat              | 192×576×1×1               | 192×14×14
4b/3x3-reduce         | convolution     | 4a/concat              | 96×576×1×1                | 96×14×14
4b/3x3                | convolution     | 4b/3x3-reduce          | 128×96×3×3 padding 1      | 128×14×14
4b/double-3x3-reduce  | convolution     | 4a/concat              | 96×576×1×1                | 96×14×14
4b/double-3x3-1       | convolution     | 4b/double-3x3-reduce   | 128×96×3×3 padding 1      | 128×14×14
4b/double-3x3-2       | convolution     | 4b/double-3x3-1        | 128×128×3×3 padding 1     | 128×14×14
4b/pool               | average-pooling | 4a/concat              | 3×3 padding 1             | 576×14×14
4b/proj               | convolution     | 4b/pool                | 128×576×1×1               | 128×14×14
4b/concat             | concatenation   | 4b/1x1 + 4b/3x3 + 4b/double-3x3-2 + 4b/proj |      | 576×14×14
4c/1x1                | convolution     | 4b/concat              | 160×576×1×1               | 160×14×14
4c/3x3-reduce         | convolution     | 4b/concat              | 128×576×1×1               | 128×14×14
4c/3x3                | convolution     | 4c/3x3-reduce          | 160×128×3×3 padding 1     | 160×14×14
4c/double-3x3-reduce  | convolution     | 4b/concat              | 128×576×1×1               | 128×14×14
4c/double-3x3-1       | convolution     | 4c/double-3x3-reduce   | 160×128×3×3 padding 1     | 160×14×14
4c/double-3x3-2       | convolution     | 4c/double-3x3-1        | 160×160×3×3 padding 1     | 160×14×14
4c/pool               | average-pooling | 4b/concat              | 3×3 padding 1             | 576×14×14
4c/proj               | convolution     | 4c/pool                | 128×576×1×1               | 128×14×14
4c/concat             | concatenation   | 4c/1x1 + 4c/3x3 + 4c/double-3x3-2 + 4c/proj |      | 608×14×14
4d/1x1                | convolution     | 4c/concat              | 96×608×1×1                | 96×14×14
4d/3x3-reduce         | convolution     | 4c/concat              | 128×608×1×1               | 128×14×14
4d/3x3                | convolution     | 4d/3x3-reduce          | 192×128×3×3 padding 1     | 192×14×14
4d/double-3x3-reduce  | convolution     | 4c/concat              | 160×608×1×1               | 160×14×14
4d/double-3x3-1       | convolution     | 4d/double-3x3-reduce   | 192×160×3×3 padding 1     | 192×14×14
4d/double-3x3-2       | convolution     | 4d/double-3x3-1        | 192×192×3×3 padding 1     | 192×14×14
4d/pool               | average-pooling | 4c/concat              | 3×3 padding 1             | 608×14×14
4d/proj               | convolution     | 4d/pool                | 128×608×1×1               | 128×14×14
4d/concat             | concatenation   | 4d/1x1 + 4d/3x3 + 4d/double-3x3-2 + 4d/proj |      | 608×14×14
4e/3x3-reduce         | convolution     | 4d/concat              | 128×608×1×1               | 128×14×14
4e/3x3                | convolution     | 4e/3x3-reduce          | 192×128×3×3 stride 2 padding 1 | 192×7×7
4e/double-3x3-reduce  | convolution     | 4d/concat              | 192×608×1×1               | 192×14×14
4e/double-3x3-1       | convolution     | 4e/double-3x3-reduce   | 256×192×3×3 padding 1     | 256×14×14
4e/double-3x3-2       | convolution     | 4e/double-3x3-1        | 256×256×3×3 stride 2 padding 1 | 256×7×7
4e/pool               | max-pooling     | 4d/concat              | 3×3 stride 2 padding 1    | 608×7×7
4e/concat             | concatenation   | 4e/3x3 + 4e/double-3x3-2 + 4e/pool |               | 1056×7×7
5a/1x1                | convolution     | 4e/concat              | 352×1056×1×1              | 352×7×7
5a/3x3-reduce         | convolution     | 4e/concat              | 192×1056×1×1              | 192×7×7
5a/3x3                | convolution     | 5a/3x3-reduce          | 320×192×3×3 padding 1     | 320×7×7
5a/double-3x3-reduce  | convolution     | 4e/concat              | 160×1056×1×1              | 160×7×7
5a/double-3x3-1       | convolution     | 5a/double-3x3-reduce   | 224×160×3×3 padding 1     | 224×7×7
5a/double-3x3-2       | convolution     | 5a/double-3x3-1        | 224×224×3×3 padding 1     | 224×7×7
5a/pool               | average-pooling | 4e/concat              | 3×3 padding 1             | 1056×7×7
5a/proj               | convolution     | 5a/pool                | 128×1056×1×1              | 128×7×7
5a/concat             | concatenation   | 5a/1x1 + 5a/3x3 + 5a/double-3x3-2 + 5a/proj |      | 1024×7×7
5b/1x1                | convolution     | 5a/concat              | 352×1024×1×1              | 352×7×7
5b/3x3-reduce         | convolution     | 5a/concat              | 192×1024×1×1              | 192×7×7
5b/3x3                | convolution     | 5b/3x3-reduce          | 320×192×3×3 padding 1     | 320×7×7
5b/double-3x3-reduce  | convolution     | 5a/concat              | 192×1024×1×1              | 192×7×7
5b/double-3x3-1       | convolution     | 5b/double-3x3-reduce   | 224×192×3×3 padding 1     | 224×7×7
5b/double-3x3-2       | convolution     | 5b/double-3x3-1        | 224×224×3×3 padding 1     | 224×7×7
5b/pool               | max-pooling     | 5a/concat              | 3×3 padding 1             | 1024×7×7
5b/proj               | convolution     | 5b/pool                | 128×1024×1×1              | 128×7×7
5b/concat             | concatenation   | 5b/1x1 + 5b/3x3 + 5b/double-3x3-2 + 5b/proj |      | 1024×7×7
global-pool           | average-pooling | 5b/concat              | 7×7                       | 1024×1×1
flatten               | flatten         | global-pool            |                           | 1024
fc1                   | fully-connected | flatten                | 1000×1024                 | 1000
softmax               | softmax         | fc1                    |                           | 1000
`;

/** Channels, rows and columns of VGG's five groups; how many convolutions each has is what the networks differ in. */
const VGG_GROUPS = [
  [64, 224],
  [128, 112],
  [256, 56],
  [512, 28],
  [512, 14],
];

const VGG_END = `
flatten | flatten         | pool5   |            | 25088
fc6     | fully-connected | flatten | 4096×25088 | 4096
relu6   | relu            | fc6     |            | 4096
drop6   | dropout         | relu6   |            | 4096
fc7     | fully-connected | drop6   | 4096×4096  | 4096
relu7   | relu            | fc7     |            | 4096
drop7   | dropout         | relu7   |            | 4096
fc8     | fully-connected | drop7   | 1000×4096  | 1000
softmax | softmax         | fc8     |            | 1000
`;

type Row = readonly [name: string, op: string, reads: string, window: string, output: string];

function rowsOf(table: string): Row[] {
  const lines = table.trim().split('\n');
  return lines.map((line) => line.split('|').map((cell) => cell.trim()) as unknown as Row);
}

function vggRows(convolutions: readonly number[]): Row[] {
  const rows: Row[] = [];
  let [reads, inputChannels] = ['data', 3];
  VGG_GROUPS.forEach(([channels, size], i) => {
    const output = `${channels}×${size}×${size}`;
    for (let j = 1; j <= convolutions[i]; j++) {
      const at = `${i + 1}_${j}`;
      rows.push([`conv${at}`, 'convolution', reads, `${channels}×${inputChannels}×3×3 padding 1`, output]);
      rows.push([`relu${at}`, 'relu', `conv${at}`, '', output]);
      [reads, inputChannels] = [`relu${at}`, channels];
    }
    rows.push([`pool${i + 1}`, 'max-pooling', reads, '2×2 stride 2', `${channels}×${size / 2}×${size / 2}`]);
    reads = `pool${i + 1}`;
  });
  return [...rows, ...rowsOf(VGG_END)];
}

const TABLES: Record<NetworkName, Row[]> = {
  alexnet: rowsOf(ALEXNET),
  'vgg-11': vggRows([1, 1, 2, 2, 2]),
  'vgg-13': vggRows([2, 2, 2, 2, 2]),
  'vgg-16': vggRows([2, 2, 3, 3, 3]),
  'vgg-19': vggRows([2, 2, 4, 4, 4]),
  'inception-bn': rowsOf(INCEPTION_BN),
};

/** What the tables say that a network costs: multiply-adds of one image and learnt numbers. */
function countsOf(rows: readonly Row[]) {
  const counts = { convolution: [0, 0], 'fully-connected': [0, 0] };
  const byLayer: Record<string, number> = {};
  for (const [name, op, , window, output] of rows) {
    if (op !== 'convolution' && op !== 'fully-connected') continue;
    const kernel = product(window.split(' ')[0]);
    const [outputChannels, ...pixels] = output.split('×');
    byLayer[name] = kernel * product(pixels.join('×'));
    counts[op][0] += byLayer[name];
    counts[op][1] += kernel + Number(outputChannels);
  }
  return { ...counts, byLayer };
}

function product(sizes: string): number {
  return sizes === '' ? 1 : sizes.split('×').reduce((all, size) => all * Number(size), 1);
}

/** The nodes of a network in the form of the tables. */
function render(network: Network): Row[] {
  const { values } = inferShapes(network);
  return network.nodes.map((node) => {
    const reads = node.inputs.join(' + ');
    return [node.name, node.op, reads, windowOf(node), values.get(node.name)!.join('×')];
  });
}

function windowOf(node: NetworkNode): string {
  const moved = ({ stride, padding }: { stride?: unknown; padding?: unknown }) =>
    `${stride === 1 ? '' : ` stride ${stride}`}${padding === 0 ? '' : ` padding ${padding}`}`;
  switch (node.op) {
    case 'convolution':
      return node.kernel.shape.join('×') + moved(node);
    case 'fully-connected':
      return node.kernel.shape.join('×');
    case 'max-pooling':
    case 'average-pooling':
      return `${node.poolingSize}×${node.poolingSize}${moved(node)}`;
    case 'local-response-normalisation':
      return `${node.size} ${node.alpha} ${node.beta} ${node.bias}`;
    default:
      return '';
  }
}

/** Takes the batch normalisation and the ReLU behind each convolution out of a network's rows, and checks them. */
function withoutUnits(rows: readonly Row[]): Row[] {
  const kept: Row[] = [];
  for (let i = 0; i < rows.length; i++) {
    const [name, op, , , output] = rows[i];
    kept.push(rows[i]);
    if (op !== 'convolution') continue;
    const [block, layer] = name.includes('/') ? name.split(/(?<=\/)/) : ['', name];
    expect(rows.slice(i + 1, i + 3)).toEqual([
      [`${block}bn-${layer}`, 'batch-normalisation', name, '', output],
      [`${block}relu-${layer}`, 'relu', `${block}bn-${layer}`, '', output],
    ]);
    i += 2;
  }
  return kept.map(([name, op, reads, ...rest]) => [name, op, reads.replaceAll('relu-', ''), ...rest]);
}

/** What the specification gives: learnt numbers; thousand million multiply-adds in all, of convolutions, of the rest. */
const FIGURES: Record<NetworkName, { parameters: number | string; giga: string; split?: [string, string] }> = {
  alexnet: { parameters: 50_844_008, giga: '1.0099', split: ['0.9629', '0.0471'] },
  'vgg-11': { parameters: 132_863_336, giga: '7.6091', split: ['7.4855', '0.1236'] },
  'vgg-13': { parameters: '133.05', giga: '11.31' },
  'vgg-16': { parameters: '138.36', giga: '15.47' },
  'vgg-19': { parameters: '143.67', giga: '19.63' },
  'inception-bn': { parameters: 11_295_240, giga: '1.9872' },
};

const sum = (network: Network, count: (node: NetworkNode) => number) =>
  network.nodes.reduce((total, node) => total + count(node), 0);
const statistics = (network: Network) =>
  sum(network, (node) => (node.op === 'batch-normalisation' ? node.mean.length + node.variance.length : 0));

describe('the built-in networks', () => {
  // Each is built once: the largest takes 575 MB.
  it.each(NETWORK_NAMES)('%s is what its table says, node by node', (name) => {
    const network = buildNetwork(name);
    const table = TABLES[name];
    const rows = render(network);
    expect(network).toMatchObject({ name, inputs: [{ name: 'data', shape: [3, 224, 224] }], outputs: ['softmax'] });
    expect(name === 'inception-bn' ? withoutUnits(rows) : rows).toEqual(table);

    const shapes = inferShapes(network);
    const counts = countsOf(table);
    const [convolutions, convolutionParameters] = counts.convolution;
    const [fullyConnected, fullyConnectedParameters] = counts['fully-connected'];
    const learntByNormalisation = statistics(network);
    const costs = shapes.nodes.filter((node) => node.multiplyAdds > 0);
    expect(Object.fromEntries(costs.map((node) => [node.name, node.multiplyAdds]))).toEqual(counts.byLayer);
    expect(shapes.multiplyAdds).toBe(convolutions + fullyConnected);
    expect(shapes.parameters).toBe(convolutionParameters + fullyConnectedParameters + learntByNormalisation);

    const { parameters, giga, split } = FIGURES[name];
    const decimals = giga.split('.')[1].length;
    expect((shapes.multiplyAdds / 1e9).toFixed(decimals)).toBe(giga);
    if (split !== undefined) {
      expect([convolutions, fullyConnected].map((count) => (count / 1e9).toFixed(4))).toEqual(split);
    }
    if (typeof parameters === 'number') expect(shapes.parameters).toBe(parameters);
    else expect((shapes.parameters / 1e6).toFixed(2)).toBe(parameters);
  });

  it("the tables' counts are the published ones, layer by layer", () => {
    const millions = (name: NetworkName) =>
      Object.fromEntries(
        Object.entries(countsOf(TABLES[name]).byLayer).map(([layer, count]) => [layer, Math.round(count / 1e5) / 10]),
      );
    expect(millions('alexnet')).toEqual({
      ...{ conv1: 101.6, conv2: 415.3, conv3: 127.4, conv4: 191.1, conv5: 127.4 },
      ...{ fc1: 26.2, fc2: 16.8, fc3: 4.1 },
    });
    expect(millions('vgg-11')).toEqual({
      ...{ conv1_1: 86.7, conv2_1: 924.8, conv3_1: 924.8, conv3_2: 1849.7, conv4_1: 924.8, conv4_2: 1849.7 },
      ...{ conv5_1: 462.4, conv5_2: 462.4, fc6: 102.8, fc7: 16.8, fc8: 4.1 },
    });
    expect(millions('inception-bn')).toMatchObject({ conv1: 118, 'conv2-reduce': 12.4, conv2: 334.5 });
    expect(countsOf(TABLES.alexnet).convolution[1]).toBe(3_747_200);
    expect(countsOf(TABLES['vgg-11']).convolution[1]).toBe(9_220_480);
    expect(countsOf(TABLES['inception-bn']).convolution[1]).toBe(10_250_208);
    expect(countsOf(TABLES['inception-bn'])['fully-connected'][1]).toBe(1_025_000);
    expect(TABLES['inception-bn'].filter(([, op]) => op === 'convolution')).toHaveLength(69);
  });

  it("poolings, normalisations and biases are MXNet's", () => {
    for (const name of NETWORK_NAMES) {
      const network = buildNetwork(name, { width: 1 / 32 });
      for (const node of network.nodes) {
        if (node.op === 'max-pooling') expect(node).toMatchObject({ convention: 'valid' });
        if (node.op === 'average-pooling') expect(node).toMatchObject({ convention: 'valid', countPadding: true });
        if (node.op === 'convolution' || node.op === 'fully-connected') {
          expect(node.bias).toEqual(new Float32Array(node.kernel.shape[0]));
          expect(node.activation).toBeUndefined();
        }
        if (node.op !== 'batch-normalisation') continue;
        const [zeros, ones] = [0, 1].map((value) => new Float32Array(node.gamma.length).fill(value));
        expect(node).toMatchObject({ gamma: ones, beta: zeros, mean: zeros, variance: ones, epsilon: 1e-5 + 1e-10 });
      }
    }
  });
});

const kernelsOf = (network: Network): DenseArray[] =>
  network.nodes.flatMap((node) => (node.op === 'convolution' || node.op === 'fully-connected' ? [node.kernel] : []));

describe('the weights', () => {
  /**
   * n numbers, independent and uniform in [−a, a]. Hoeffding bounds how far a mean of n numbers from an interval of
   * length l strays: P(|mean − expected| ≥ t) ≤ 2 exp(−2 n t² / l²) = δ for t = l √(ln(2 / δ) / 2n). For w itself the
   * expected mean is 0 and l = 2a; for w² it is a² / 3 and l = a². And all are below (1 − s) a with the probability
   * (1 − s)ⁿ ≤ exp(−s n) = δ for s = ln(1 / δ) / n. Rounding to float32 moves each by at most 2⁻²⁴ a.
   */
  it.each(['alexnet', 'inception-bn'] as const)('of %s are uniform up to √(2 / ((fan in + fan out) / 2))', (name) => {
    const delta = 1e-12;
    const rounding = 2 ** -24;
    const network = buildNetwork(name, { seed: 7 });
    if (name === 'inception-bn') expect(statistics(network)).toBe(20_032);
    for (const { data, shape } of kernelsOf(network)) {
      const [outputs, inputs, rows = 1, columns = 1] = shape;
      const a = 2 / Math.sqrt((outputs + inputs) * rows * columns);
      const n = data.length;
      let [greatest, total, squares] = [0, 0, 0];
      for (const w of data) {
        // Math.max keeps a NaN, which is above no bound and below none
        greatest = Math.max(greatest, Math.abs(w));
        total += w;
        squares += w * w;
      }
      const stray = Math.sqrt(Math.log(2 / delta) / 2 / n);
      expect(greatest).toBeLessThanOrEqual(Math.fround(a));
      expect(greatest).toBeGreaterThanOrEqual(a * (1 - Math.log(1 / delta) / n - rounding));
      expect(Math.abs(total / n)).toBeLessThanOrEqual(a * (2 * stray + rounding));
      expect(Math.abs(squares / n - a ** 2 / 3)).toBeLessThanOrEqual(a ** 2 * (stray + 3 * rounding));
    }
  });

  it.each(NETWORK_NAMES)('of %s are the same for the same seed, and others for another', (name) => {
    const [first, again, other, none, zero] = [1, 1, 2, undefined, 0].map((seed) =>
      kernelsOf(buildNetwork(name, { width: 1 / 64, seed })),
    );
    expect(again).toEqual(first);
    expect(zero).toEqual(none);
    for (const another of [other, zero]) {
      first.forEach(({ data }, i) => {
        expect(another[i].data).toHaveLength(data.length);
        // two numbers of 24 bits are hardly ever equal
        expect(data.filter((w, j) => w === another[i].data[j]).length).toBeLessThan(3);
      });
    }
  });

  it('of two layers of one size differ', () => {
    const kernels = kernelsOf(buildNetwork('vgg-19', { width: 1 / 16 })).filter(({ shape }) => shape[1] === 32);
    const beginnings = kernels.map(({ data }) => data[0]);
    expect(new Set(beginnings).size).toBe(kernels.length);
  });
});

describe('the width', () => {
  it.each([1 / 4, 1 / 48, 0.001])('multiplies the channels of every layer: %f', (width) => {
    for (const name of ['alexnet', 'vgg-11', 'inception-bn'] as const) {
      const network = buildNetwork(name, { width });
      const shapes = inferShapes(network);
      for (const [layer, op, , window] of TABLES[name]) {
        if (op !== 'convolution' && op !== 'fully-connected') continue;
        const channels = Number(window.split('×')[0]);
        expect(shapes.values.get(layer)![0]).toBe(Math.max(1, Math.ceil(width * channels)));
      }
      expect(shapes.values.get('data')).toEqual([3, 224, 224]);
    }
  });
});

describe('buildNetwork refuses', () => {
  const names = NETWORK_NAMES.join(', ');
  const seeds = 'expected a whole number from 0 to 4294967295';
  const widths = 'expected a number above 0 and at most 1';
  const refused: [name: unknown, options: unknown, code: string, text: string][] = [
    ['vgg16', {}, 'invalid-network', `network is 'vgg16', expected one of ${names}, did you mean 'vgg-16'?`],
    ['AlexNet', {}, 'invalid-network', `network is 'AlexNet', expected one of ${names}, did you mean 'alexnet'?`],
    ['toString', {}, 'invalid-network', `network is 'toString', expected one of ${names}`],
    [undefined, {}, 'invalid-network', `network is undefined, expected one of ${names}`],
    ['alexnet', null, 'invalid-argument', 'options are null, expected an object'],
    ['alexnet', { seed: -1 }, 'invalid-argument', `seed is -1, ${seeds}`],
    ['alexnet', { seed: 0.5 }, 'invalid-argument', `seed is 0.5, ${seeds}`],
    ['alexnet', { seed: 2 ** 32 }, 'invalid-argument', `seed is 4294967296, ${seeds}`],
    ['alexnet', { seed: '1' }, 'invalid-argument', `seed is '1', ${seeds}`],
    ['alexnet', { width: 0 }, 'invalid-argument', `width is 0, ${widths}`],
    ['alexnet', { width: 1.5 }, 'invalid-argument', `width is 1.5, ${widths}`],
    ['alexnet', { width: Number.NaN }, 'invalid-argument', `width is NaN, ${widths}`],
    ['alexnet', { width: '1' }, 'invalid-argument', `width is '1', ${widths}`],
  ];
  it.each(refused)('%s with %o', (name, options, code, text) => {
    try {
      buildNetwork(name as NetworkName, options as { seed?: number });
    } catch (error) {
      expect(error).toBeInstanceOf(NnpackError);
      expect((error as NnpackError).message).toBe(`buildNetwork: ${text}`);
      expect((error as NnpackError).code).toBe(code);
      return;
    }
    expect.unreachable('expected an error');
  });
});
