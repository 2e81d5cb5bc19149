import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext } from '../../src/context/context.ts';
import type { NnpackError } from '../../src/errors.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { NETWORK_NAMES, type NetworkName } from '../../src/networks/definitions/names.ts';
import { explainNetwork, type NodeExplanation } from '../../src/networks/index.ts';
import type { Network, NodeOp } from '../../src/networks/network.ts';
import { planNetwork } from '../../src/networks/plan.ts';

/**
 * Which nodes MXNet's documented rules let leave the default implementation, network by network: how many convolutions
 * and fully-connected layers of how many, and which convolutions not. Never a pooling: none of the networks asks for
 * pooling_convention = full.
 */
const STRIDED = 'conv1 3c/3x3 3c/double-3x3-2 4e/3x3 4e/double-3x3-2';
const TABLE: [NetworkName, batch: number, convolutions: string, refused: string, fullyConnected: string][] = [
  ['alexnet', 1, '5 of 5', '', '3 of 3'],
  ['alexnet', 2, '4 of 5', 'conv1', '3 of 3'],
  ['alexnet', 3, '4 of 5', 'conv1', '0 of 3'],
  ['alexnet', 4, '4 of 5', 'conv1', '3 of 3'],
  ['vgg-11', 1, '8 of 8', '', '3 of 3'],
  ['vgg-11', 2, '8 of 8', '', '3 of 3'],
  ['vgg-11', 3, '8 of 8', '', '0 of 3'],
  ['vgg-13', 1, '10 of 10', '', '3 of 3'],
  ['vgg-13', 2, '10 of 10', '', '3 of 3'],
  ['vgg-13', 3, '10 of 10', '', '0 of 3'],
  ['vgg-16', 1, '13 of 13', '', '3 of 3'],
  ['vgg-16', 2, '13 of 13', '', '3 of 3'],
  ['vgg-16', 3, '13 of 13', '', '0 of 3'],
  ['vgg-19', 1, '16 of 16', '', '3 of 3'],
  ['vgg-19', 2, '16 of 16', '', '3 of 3'],
  ['vgg-19', 3, '16 of 16', '', '0 of 3'],
  ['inception-bn', 1, '69 of 69', '', '1 of 1'],
  ['inception-bn', 2, '64 of 69', STRIDED, '1 of 1'],
  ['inception-bn', 3, '64 of 69', STRIDED, '0 of 1'],
];

/** The conditions that the poolings of a network fail, whatever the batch. */
const POOLINGS: [NetworkName, Record<string, string>][] = [
  ['alexnet', eachOf('pool1 pool2 pool3', 'kernel = (2,2) [(3,3)]; pooling_convention = full [valid]')],
  ...(['vgg-11', 'vgg-13', 'vgg-16', 'vgg-19'] as const).map((name): [NetworkName, Record<string, string>] => [
    name,
    eachOf('pool1 pool2 pool3 pool4 pool5', 'pooling_convention = full [valid]'),
  ]),
  [
    'inception-bn',
    {
      ...eachOf('pool1 pool2 3c/pool 4e/pool', 'kernel = (2,2) [(3,3)]; pooling_convention = full [valid]'),
      ...eachOf(
        '3a/pool 3b/pool 4a/pool 4b/pool 4c/pool 4d/pool 5a/pool',
        'max pooling [average]; kernel = (2,2) [(3,3)]; stride = (2,2) [(1,1)]; pooling_convention = full [valid]',
      ),
      '5b/pool': 'kernel = (2,2) [(3,3)]; stride = (2,2) [(1,1)]; pooling_convention = full [valid]',
      'global-pool':
        'max pooling [average]; kernel = (2,2) [(7,7)]; stride = (2,2) [(1,1)]; pooling_convention = full [valid]',
    },
  ],
];

function eachOf(names: string, failed: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, failed]));
}

let context: Context;
/** Narrow: rules ask for batch, bias, strides and windows, and never for channels. */
const networks = new Map<NetworkName, Network>();

beforeAll(async () => {
  context = await createContext({ threads: 1 });
  for (const name of NETWORK_NAMES) networks.set(name, buildNetwork(name, { width: 1 / 32 }));
});

afterAll(() => context.dispose());

const eligible = ({ rules }: NodeExplanation): boolean => rules!.every((rule) => rule.passed);
const failed = ({ rules }: NodeExplanation): string =>
  rules!
    .filter((rule) => !rule.passed)
    .map(({ condition, value }) => `${condition} [${value}]`)
    .join('; ');

describe.each(['documented', 'all'] as const)('with eligibility %s', (eligibility) => {
  it.each(TABLE)('%s at batch %i', (name, batch, convolutions, refused, fullyConnected) => {
    const { nodes } = explainNetwork(networks.get(name)!, { context, batch, eligibility });
    const of = (op: NodeOp) => nodes.filter((node) => node.op === op);
    const count = (op: NodeOp) => `${of(op).filter(eligible).length} of ${of(op).length}`;
    const refusals = of('convolution').filter((node) => !eligible(node));
    expect(count('convolution')).toBe(convolutions);
    expect(refusals.map((node) => node.name).join(' ')).toBe(refused);
    expect(count('fully-connected')).toBe(fullyConnected);
    expect([...of('max-pooling'), ...of('average-pooling')].filter(eligible)).toEqual([]);

    const condition = 'batch = 1, or batch > 1 and stride = (1,1)';
    for (const node of refusals) {
      const stride = name === 'alexnet' ? '(4,4)' : '(2,2)';
      expect(failed(node)).toBe(`${condition} [batch ${batch}, stride ${stride}]`);
      // the rules decide only where they are asked to
      if (eligibility === 'all') continue;
      expect(node.algorithm).toBe('implicit-gemm');
      expect(node.why).toBe(`default implementation: ${condition} does not hold (batch ${batch}, stride ${stride})`);
    }
    for (const node of of('fully-connected')) {
      expect(failed(node)).toBe(fullyConnected.startsWith('0') ? `batch = 2ⁿ [${batch}]` : '');
    }
  });
});

it.each(POOLINGS)('the poolings of %s fail these conditions', (name, expected) => {
  for (const batch of [1, 2]) {
    const { nodes } = explainNetwork(networks.get(name)!, { context, batch });
    const poolings = nodes.filter(({ op }) => op === 'max-pooling' || op === 'average-pooling');
    expect(Object.fromEntries(poolings.map((node) => [node.name, failed(node)]))).toEqual(expected);
  }
});

describe('explainNetwork', () => {
  it('prints every node, and the conditions that fail, in columns', () => {
    const text = String(explainNetwork(networks.get('alexnet')!, { context, batch: 2, eligibility: 'documented' }));
    const [title, table, end] = text.split('\n\n');
    const [head, rule, ...rows] = table.split('\n');
    // 2 · Σ K·C·R·S·H·W of the narrow network: 3, 8, 12, 12, 8 channels, then 128, 128, 32
    const convolutions = 3 * 363 * 54 ** 2 + 8 * 75 * 26 ** 2 + (12 * 72 + 12 * 108 + 8 * 108) * 12 ** 2;
    const multiplyAdds = 2 * (convolutions + 200 * 128 + 128 * 128 + 128 * 32);
    expect(title).toBe(`network alexnet, batch 2: ${(multiplyAdds / 1e6).toFixed(1)} million multiply-adds`);
    expect(rows.map((row) => row.split(' ')[0]).join(' ')).toBe(
      'conv1 pool1 lrn1 conv2 pool2 lrn2 conv3 conv4 conv5 pool3 flatten fc1 fc2 fc3 softmax',
    );
    const column = (row: string, name: string) => row.slice(head.indexOf(name));
    for (const name of ['operation', 'sizes', 'algorithm', 'why', 'documented']) {
      for (const row of [rule, ...rows]) expect(row.charAt(head.indexOf(name) - 1)).toMatch(/^ ?$/);
    }
    expect(column(rows[0], 'sizes')).toMatch(/^2×3×224×224 \* 3×3×11×11 → 2×3×54×54, stride 4×4 {2,}6\.4 {2}/);
    expect(column(rows[0], 'algorithm')).toMatch(/^implicit-gemm {2,}default implementation: batch = 1, or /);
    expect(column(rows[0], 'documented')).toBe(
      'fails batch = 1, or batch > 1 and stride = (1,1) [batch 2, stride (4,4)]',
    );
    expect(column(rows[1], 'documented')).toBe('fails kernel = (2,2) [(3,3)]; pooling_convention = full [valid]');
    expect(column(rows[2], 'operation').trim()).toMatch(/^local-response-normalisation +2×3×26×26 → 2×3×26×26$/);
    expect(column(rows[3], 'documented')).toBe('eligible');
    expect(end).toBe('documented: 7 of the 11 nodes that have rules are eligible');
  });

  it('says what a plan reports, without the memory of one', () => {
    for (const name of ['alexnet', 'inception-bn'] as const) {
      const network = buildNetwork(name, { width: 1 / 32 });
      const options = { context, batch: 2, eligibility: 'documented' } as const;
      const before = context.arena.usedBytes;
      const explanation = explainNetwork(network, options);
      expect(context.arena.usedBytes).toBe(before);
      const plan = planNetwork(network, options);
      const report = plan.report().map(({ milliseconds: _, gflops: __, ...node }) => node);
      plan.dispose();
      expect(explanation.nodes).toEqual(report);
      expect(explanation).toMatchObject({ name, batch: 2, multiplyAdds: plan.shapes.multiplyAdds });
      expect(JSON.parse(JSON.stringify(explanation)).nodes).toEqual(report);
    }
  });

  it('tells the nodes that run: nothing of normalisations that are folded, or dropouts', () => {
    const ops = explainNetwork(networks.get('inception-bn')!, { context }).nodes.map(({ op }) => op);
    expect(new Set(ops)).toEqual(
      new Set([
        ...['convolution', 'max-pooling', 'average-pooling', 'concatenation'],
        ...['flatten', 'fully-connected', 'softmax'],
      ]),
    );
  });

  it.each([
    [{ batch: 0 }, 'invalid-batch-size'],
    [{ inputs: { data: [3, 100, 100] } }, 'invalid-input-size'],
    [{ eligibility: 'some' }, 'invalid-argument'],
  ])('refuses %o', (options, code) => {
    let found: string | undefined;
    try {
      explainNetwork(networks.get('vgg-11')!, { context, ...(options as object) });
    } catch (error) {
      found = (error as NnpackError).code;
    }
    expect(found).toBe(code);
  });
});
