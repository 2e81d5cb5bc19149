import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { inferShapes, type NetworkShapes } from '../../src/networks/shapes.ts';
import { drawnNetwork, RUNS } from '../networks/arbitrary.ts';
import { planMemory } from '../networks/on-graphs.ts';

const OPS: NetworkNode['op'][] = [
  'convolution',
  'max-pooling',
  'global-average-pooling',
  'relu',
  'softmax',
  'local-response-normalisation',
  'batch-normalisation',
  'concatenation',
  'addition',
  'addition',
  'resize',
  'dropout',
  'identity',
  'flatten',
];

/** Ops that may write element i once they have read element i. */
const ELEMENTWISE = new Set<string>(['relu', 'clamp', 'batch-normalisation', 'scale-shift', 'addition']);

/**
 * Runs a network on names instead of numbers: every value writes its name over its elements, and every node that reads
 * it must find them all. A flatten or dropout may leave its input where it is; then both names mean the same elements.
 */
function simulate(network: Network, shapes: NetworkShapes, offsets: ReadonlyMap<string, number>, size: number): void {
  const block: string[] = new Array(size).fill('nothing');
  const contents = new Map<string, string>();
  const count = (name: string) => shapes.values.get(name)!.reduce((a, b) => a * b, shapes.batch);
  const write = (name: string) => {
    const offset = offsets.get(name)!;
    expect(offset % 16).toBe(0);
    expect(offset + count(name)).toBeLessThanOrEqual(size);
    block.fill(name, offset, offset + count(name));
    contents.set(name, name);
  };
  const read = (name: string, reader: string) => {
    const offset = offsets.get(name)!;
    const found = new Set(block.slice(offset, offset + count(name)));
    if (found.size !== 1 || !found.has(contents.get(name)!)) {
      expect.fail(`${reader} reads '${name}' and finds ${[...found]}`);
    }
  };

  for (const input of network.inputs) write(input.name);
  for (const node of network.nodes) {
    for (const name of node.inputs) read(name, node.name);
    const offset = offsets.get(node.name)!;
    const view = ['flatten', 'dropout', 'identity'].includes(node.op);
    if (view && offset === offsets.get(node.inputs[0])) {
      contents.set(node.name, contents.get(node.inputs[0])!);
      continue;
    }
    for (const name of node.inputs) {
      const apart = offset + count(node.name) <= offsets.get(name)! || offsets.get(name)! + count(name) <= offset;
      const inPlace = ELEMENTWISE.has(node.op) && offset === offsets.get(name);
      if (!apart && !inPlace) expect.fail(`${node.name} writes over '${name}' while it reads it`);
    }
    // A sum is written as soon as its first two terms are read.
    for (const name of node.inputs.slice(2)) {
      if (offsets.get(name) === offset) expect.fail(`${node.name} has written over '${name}' before it reads it`);
    }
    write(node.name);
  }
  for (const name of network.outputs) read(name, 'the caller');
}

describe('planMemory', () => {
  it('never lets a node find anything but what it reads', () => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 6, nodes: 14 }), ({ network, inputs, batch }) => {
        const shapes = inferShapes(network, { input: inputs.input.shape.slice(1) }, batch);
        const { offsets, size, total } = planMemory(network, shapes);
        expect(size).toBeLessThanOrEqual(total);
        simulate(network, shapes, offsets, size);
      }),
      { numRuns: 200 * RUNS },
    );
  });

  const kernel = { data: new Float32Array(16 * 16), shape: [16, 16, 1, 1] };
  const networkOf = (nodes: readonly NetworkNode[], outputs = [nodes[nodes.length - 1].name]): Network => {
    return { name: 'test', inputs: [{ name: 'x', shape: [16, 4, 4] }], nodes, outputs };
  };
  const sizeOf = (network: Network) => planMemory(network, inferShapes(network)).size / 256;

  it('needs two buffers for a chain, however long', () => {
    const names = ['x', 'a', 'b', 'c', 'd', 'e'];
    const chain = names.slice(1).map((name, i): NetworkNode => {
      return { op: 'convolution', name, inputs: [names[i]], kernel };
    });
    expect(sizeOf(networkOf(chain))).toBe(2);
  });

  it('works in place where an input dies, and not where it lives', () => {
    const relu: NetworkNode[] = [
      { op: 'convolution', name: 'a', inputs: ['x'], kernel },
      { op: 'relu', name: 'b', inputs: ['a'] },
      { op: 'addition', name: 'c', inputs: ['b', 'x'] },
    ];
    const plan = planMemory(networkOf(relu), inferShapes(networkOf(relu)));
    expect(plan.size).toBe(2 * 256);
    expect(plan.total).toBe(4 * 256);
    expect(plan.offsets.get('a')).toBe(plan.offsets.get('b'));
    expect(sizeOf(networkOf(relu, ['a', 'c']))).toBe(3);
  });

  it('adds over a term only where no later term is the same, under whatever name', () => {
    const producers: NetworkNode[] = [
      { op: 'convolution', name: 'a', inputs: ['x'], kernel },
      { op: 'convolution', name: 'b', inputs: ['x'], kernel },
      { op: 'dropout', name: 'c', inputs: ['a'] },
    ];
    const placeOf = (...inputs: string[]): string | undefined => {
      const network = networkOf([...producers, { op: 'addition', name: 'sum', inputs }]);
      const { offsets } = planMemory(network, inferShapes(network));
      return inputs.find((name) => offsets.get(name) === offsets.get('sum'));
    };
    expect(placeOf('a', 'b')).toBe('a');
    expect(placeOf('a', 'a')).toBe('a');
    expect(placeOf('a', 'b', 'a')).toBe('b');
    expect(placeOf('a', 'b', 'c')).toBe('b');
    expect(placeOf('a', 'c', 'b')).toBe('a');
    expect(placeOf('a', 'b', 'b', 'c')).toBe(undefined);
  });

  it('does not move what a flatten or dropout only renames', () => {
    const nodes: NetworkNode[] = [
      { op: 'dropout', name: 'a', inputs: ['x'] },
      { op: 'flatten', name: 'b', inputs: ['a'] },
      { op: 'softmax', name: 'c', inputs: ['b'] },
    ];
    expect(sizeOf(networkOf(nodes, ['x', 'a', 'b', 'c']))).toBe(2);
  });

  it('keeps outputs and grows with the batch', () => {
    const nodes: NetworkNode[] = [
      { op: 'convolution', name: 'a', inputs: ['x'], kernel },
      { op: 'convolution', name: 'b', inputs: ['a'], kernel },
      { op: 'convolution', name: 'c', inputs: ['b'], kernel },
    ];
    const network = networkOf(nodes, ['a', 'c']);
    expect(sizeOf(network)).toBe(3);
    expect(planMemory(network, inferShapes(network, {}, 5)).size).toBe(3 * 5 * 256);
  });
});
