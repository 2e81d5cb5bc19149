/** Every pass, and all of them: what they make is a graph that computes the same, and in which nothing of their kind is left. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { type Graph, type Node, valuesOf, withoutUnused } from '../../src/graph/graph.ts';
import { type OpName, operationOf } from '../../src/graph/ops/table.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { cancelLayouts } from '../../src/graph/passes/cancel-layouts.ts';
import { dropIdentities } from '../../src/graph/passes/drop-identities.ts';
import { foldConstants } from '../../src/graph/passes/fold-constants.ts';
import { foldNormalisation } from '../../src/graph/passes/fold-normalisation.ts';
import { fuseActivations } from '../../src/graph/passes/fuse-activations.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import type { DoubleTensor, Name } from '../../src/graph/values.ts';
import { runs } from '../support/runs.ts';
import { type Drawn, drawnGraph } from './arbitrary.ts';
import { allowedErrors, EPSILON } from './errors.ts';

type Pass = (graph: Graph) => Graph;

/** All that a graph says, numbers among it. */
function snapshot({ name, inputs, parameters, nodes, outputs }: Graph): string {
  return JSON.stringify([
    name,
    [...inputs],
    [...parameters].map(([own, p]) => [own, p.type, p.role, [...p.data]]),
    nodes,
    outputs,
  ]);
}

/** A graph that no pass has seen, in the same order of names. */
function copyOf(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => ({ ...node })) };
}

/** Values of which nothing but the place may differ are the same numbers; 0 and −0 are. */
function expectEqual(name: Name, got: DoubleTensor, expected: DoubleTensor, allowed?: DoubleTensor): void {
  expect(got.shape).toEqual(expected.shape);
  expected.data.forEach((value, i) => {
    const isSame = Object.is(value + 0, got.data[i] + 0);
    if (isSame || Math.abs(value - got.data[i]) <= (allowed?.data[i] ?? 0)) return;
    expect.fail(`${name}[${i}] is ${got.data[i]}, expected ${value} within ${allowed?.data[i] ?? 0}`);
  });
}

/** What holds of every pass; the graph that it made. */
function expectPass(pass: Pass, given: Graph, inputs: Drawn['inputs'], rounds: boolean): Graph {
  const before = snapshot(given);
  const result = pass(given);
  expect(snapshot(given)).toBe(before);
  // Spread out, so that it is checked anew.
  const made = parseGraph(copyOf(result));
  expect([...made.inputs]).toEqual([...given.inputs]);
  expect(made.outputs).toEqual(given.outputs);
  const expected = evaluateGraph(given, inputs);
  const got = evaluateGraph(made, inputs);
  // Numbers that are folded are rounded, at most three times for each node.
  const constant = rounds ? ((1 + EPSILON) ** (3 * given.nodes.length) - 1) / EPSILON : 0;
  const allowed = rounds ? allowedErrors(given, expected, () => ({ constant })) : undefined;
  for (const name of given.outputs) {
    expectEqual(name, got.get(name) as DoubleTensor, expected.get(name) as DoubleTensor, allowed?.get(name));
  }
  expect(snapshot(pass(copyOf(result)))).toBe(snapshot(result));
  return result;
}

interface Options {
  /** Whether it rounds numbers. */
  readonly rounds?: boolean;
  readonly ops?: readonly OpName[];
  /** What has been done before it, as in `simplifyGraph`. */
  readonly before?: Pass;
}

/** A pass on drawn graphs, and what else holds of what it made; the nodes that it saved in all. */
function savedBy(pass: Pass, options: Options, more: (made: Graph, given: Graph) => void): number {
  const { rounds = false, ops, before = (graph) => graph } = options;
  let saved = 0;
  fc.assert(
    fc.property(drawnGraph({ ops, size: 5, nodes: 14 }), ({ graph, inputs }) => {
      const given = parseGraph(copyOf(before(parseGraph(graph))));
      const made = expectPass(pass, given, inputs, rounds);
      more(made, given);
      saved += given.nodes.length - made.nodes.length;
    }),
    { numRuns: runs(150) },
  );
  return saved;
}

const of = (op: OpName) => (graph: Graph) => graph.nodes.filter((node) => node.op === op);
const transposes = of('transpose');
const producerOf = (graph: Graph, name: Name | null) => graph.nodes.find((node) => node.outputs.includes(name as Name));
const readersOf = ({ nodes, outputs }: Graph, name: Name) =>
  [...nodes.flatMap((node) => node.inputs), ...outputs].filter((read) => read === name).length;
const isIdentity = (node: Node) => operationOf(node).isIdentity?.(node) ?? false;

/** The node that makes the one value of `node`, if nobody else reads it and it makes nothing else. */
function onlyProducer(graph: Graph, node: Node): Node | undefined {
  const [value, ...others] = valuesOf(node);
  const producer = producerOf(graph, value);
  const isOnly = others.length === 0 && producer?.outputs.length === 1 && readersOf(graph, producer.outputs[0]) === 1;
  return isOnly ? producer : undefined;
}

const COMMON: OpName[] = ['relu', 'addition', 'split', 'concatenation', 'convolution', 'scale-shift'];

const chain =
  (...passes: readonly Pass[]): Pass =>
  (graph) =>
    passes.reduce((result, pass) => pass(result), graph);
const activationOf = ({ attributes }: Node) => (attributes as { activation?: unknown }).activation;

describe('withoutUnused', () => {
  it('leaves what an output needs, and nothing else', () => {
    const saved = savedBy(withoutUnused, {}, (made) => {
      for (const node of made.nodes) expect(node.outputs.some((name) => readersOf(made, name) > 0)).toBe(true);
      for (const name of made.parameters.keys()) expect(readersOf(made, name)).toBeGreaterThan(0);
    });
    expect(saved).toBeGreaterThan(runs(20));
  });
});

describe('foldConstants', () => {
  it('computes what depends on parameters alone', () => {
    const saved = savedBy(foldConstants, { rounds: true }, (made) => {
      for (const { inputs } of made.nodes) {
        expect(inputs.every((name) => name === null || made.parameters.has(name))).toBe(false);
      }
    });
    expect(saved).toBeGreaterThan(runs(20));
  });
});

describe('dropIdentities', () => {
  it('leaves none but those whose names nobody can take', () => {
    const ops: OpName[] = ['identity', 'identity', 'dropout', 'pad', 'resize', 'clamp', 'transpose', ...COMMON];
    const saved = savedBy(dropIdentities, { ops, before: withoutUnused }, (made) => {
      for (const node of made.nodes.filter(isIdentity)) {
        expect(made.outputs).toContain(node.outputs[0]);
        expect(onlyProducer(made, node)).toBe(undefined);
      }
    });
    expect(saved).toBeGreaterThan(runs(50));
  });
});

describe('cancelLayouts', () => {
  it('leaves no more transposes than there were, and no two in a row', () => {
    let cancelled = 0;
    const elementwise: OpName[] = ['identity', 'dropout', 'clamp', 'relu', 'addition', 'addition'];
    const ops: OpName[] = ['transpose', 'transpose', 'transpose', 'transpose', ...elementwise, ...COMMON];
    savedBy(cancelLayouts, { ops, before: chain(withoutUnused, dropIdentities) }, (made, given) => {
      expect(transposes(made).length).toBeLessThanOrEqual(transposes(given).length);
      cancelled += transposes(given).length - transposes(made).length;
      // Unless moving them would have made more.
      if (made === given) return;
      for (const node of transposes(made)) expect(producerOf(made, node.inputs[0])?.op).not.toBe('transpose');
    });
    expect(cancelled).toBeGreaterThan(runs(20));
  });
});

describe('foldNormalisation', () => {
  it('leaves no batch normalisation, and nothing behind a layer that could take it', () => {
    const ops: OpName[] = ['batch-normalisation', 'batch-normalisation', 'convolution', 'fully-connected', ...COMMON];
    const saved = savedBy(foldNormalisation, { rounds: true, ops, before: withoutUnused }, (made) => {
      const isKnown = (node: Node) => node.inputs.slice(1).every((name) => name === null || made.parameters.has(name));
      expect(of('batch-normalisation')(made).filter(isKnown)).toEqual([]);
      for (const node of of('scale-shift')(made).filter(isKnown)) {
        const producer = onlyProducer(made, node);
        const takes = producer !== undefined && /^(convolution|fully-connected)$/.test(producer.op);
        if (takes && isKnown(producer)) expect(activationOf(producer)).not.toBe(undefined);
      }
    });
    expect(saved).toBeGreaterThan(runs(5));
  });
});

describe('fuseActivations', () => {
  it('leaves no activation behind what could apply it', () => {
    const ops: OpName[] = ['relu', 'relu', 'clamp', 'fully-connected', ...COMMON];
    const saved = savedBy(fuseActivations, { ops, before: withoutUnused }, (made) => {
      for (const node of made.nodes.filter(({ op }) => op === 'relu' || op === 'clamp')) {
        const producer = onlyProducer(made, node);
        const takes = producer !== undefined && /^(convolution|fully-connected|addition)$/.test(producer.op);
        if (takes) expect(activationOf(producer)).not.toBe(undefined);
      }
    });
    expect(saved).toBeGreaterThan(runs(5));
  });
});

describe('simplifyGraph', () => {
  it('does all of it, and has nothing left to do', () => {
    const saved = savedBy(simplifyGraph, { rounds: true }, (made, given) => {
      expect(transposes(made).length).toBeLessThanOrEqual(transposes(given).length);
      expect(of('batch-normalisation')(made)).toEqual([]);
      for (const node of made.nodes.filter(isIdentity)) expect(made.outputs).toContain(node.outputs[0]);
      for (const name of made.parameters.keys()) expect(readersOf(made, name)).toBeGreaterThan(0);
      expect(simplifyGraph(made)).toBe(made);
    });
    expect(saved).toBeGreaterThan(runs(50));
  });
});
