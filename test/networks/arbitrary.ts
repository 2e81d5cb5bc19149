/** Random networks for property tests: a list of small choices, each turned into a node that fits what is there. */
import fc from 'fast-check';
import type { Activation, Network, NetworkNode } from '../../src/networks/network.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { type Tensor, tensor } from './naive.ts';
import { neededNodes } from './on-graphs.ts';

export const RUNS = process.env.NNPACK_TEST_RUNS === 'slow' ? 20 : 1;

type Op = NetworkNode['op'];

/** What one node is made from: numbers that are taken modulo what is possible. */
interface Choice {
  readonly op: Op;
  readonly from: number;
  readonly other: number;
  readonly a: number;
  readonly b: number;
  readonly seed: number;
}

export interface Drawn {
  readonly network: Network;
  readonly inputs: Record<string, Tensor>;
  readonly batch: number;
}

/** Numbers in [−1, 1). */
export function randomNumbers(seed: number, count: number): Float32Array {
  return randomArray(count, uniform(seed));
}

/**
 * Networks of the given ops over one input of about `size` rows and columns. With `sliceable`, strides are 1 and scales
 * whole. Every value that nothing reads is an output, and some others are; with `oneOutput` only the last, with the nodes
 * behind it. Sums and concatenations read several values, the same one more than once too.
 */
export function drawnNetwork(options: {
  ops: readonly Op[];
  size: number;
  nodes: number;
  sliceable?: boolean;
  oneOutput?: boolean;
}): fc.Arbitrary<Drawn> {
  const nat = fc.nat(1 << 20);
  const choice = fc.record({ op: fc.constantFrom(...options.ops), from: nat, other: nat, a: nat, b: nat, seed: nat });
  return fc
    .record({
      choices: fc.array(choice, { minLength: 1, maxLength: options.nodes }),
      channels: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 1, max: options.size }),
      width: fc.integer({ min: 1, max: options.size }),
      batch: options.sliceable ? fc.constant(1) : fc.integer({ min: 1, max: 2 }),
      seed: nat,
      extra: nat,
    })
    .map(({ choices, channels, height, width, batch, seed, extra }) => {
      const shapes = new Map<string, number[]>([['input', [channels, height, width]]]);
      const nodes: NetworkNode[] = [];
      choices.forEach((numbers, i) => {
        const [node, shape] = makeNode(`node-${i}`, numbers, shapes, options.sliceable ?? false);
        nodes.push(node);
        shapes.set(node.name, shape);
      });
      const read = new Set(nodes.flatMap((node) => node.inputs));
      const unread = nodes.map((node) => node.name).filter((name) => !read.has(name));
      // Now and then a value that others read as well, the input among them, or the same output twice.
      const also = [...shapes.keys()].filter((_, i) => (extra >> (i % 20)) % 4 === 3);
      const outputs = options.oneOutput ? unread.slice(-1) : [...unread, ...also];
      const needed = neededNodes({
        name: 'drawn',
        inputs: [{ name: 'input', shape: [channels, null, null] }],
        nodes,
        outputs,
      });
      const input = tensor([batch, channels, height, width], randomNumbers(seed, batch * channels * height * width));
      const network = {
        name: 'drawn',
        inputs: [{ name: 'input', shape: [channels, null, null] }],
        nodes: needed,
        outputs,
      };
      return { network, inputs: { input }, batch };
    });
}

function makeNode(
  name: string,
  { op, from, other, a, b, seed }: Choice,
  shapes: ReadonlyMap<string, number[]>,
  sliceable: boolean,
): [NetworkNode, number[]] {
  const names = [...shapes.keys()];
  const input = names[from % names.length];
  const shape = shapes.get(input)!;
  const [channels, height, width] = shape;
  const inputs = [input];
  const numbers = (count: number, salt: number) => randomNumbers(seed * 31 + salt, count);
  const alike = names.filter((n) => `${shapes.get(n)!.slice(1)}` === `${shape.slice(1)}`);
  const plane = shape.length === 3;
  const asIs: [NetworkNode, number[]] = [{ op: 'relu', name, inputs, negativeSlope: (a % 3) / 2 }, shape];

  switch (op) {
    case 'convolution': {
      if (!plane) return asIs;
      const groups = channels % 2 === 0 && a % 2 === 0 ? 2 : 1;
      const outputs = groups * (1 + (b % 3));
      const [r, s] = [1 + ((a >> 2) % 3), 1 + ((b >> 2) % 3)];
      const dilation = { height: 1 + ((a >> 4) % 2), width: 1 + ((b >> 4) % 2) };
      const stride = sliceable ? 1 : { height: 1 + ((a >> 6) % 2), width: 1 + ((b >> 6) % 2) };
      const [spanH, spanW] = [(r - 1) * dilation.height + 1, (s - 1) * dilation.width + 1];
      // 'same' now and then, otherwise sides of their own, at least what the kernel needs to fit
      const lackH = Math.max(0, spanH - height);
      const lackW = Math.max(0, spanW - width);
      const sides = {
        top: lackH + ((a >> 8) % 3),
        bottom: (b >> 8) % 3,
        left: (a >> 10) % 3,
        right: lackW + ((b >> 10) % 3),
      };
      const same = (a >> 12) % 2 === 0;
      const kernel = {
        data: numbers(((outputs * channels) / groups) * r * s, 1),
        shape: [outputs, channels / groups, r, s],
      };
      const bias = (b >> 12) % 2 === 0 ? numbers(outputs, 2) : undefined;
      const activation = drawnActivation(a >> 14);
      const padding = same ? 'same' : sides;
      const [strideH, strideW] = typeof stride === 'number' ? [1, 1] : [stride.height, stride.width];
      const outH = same
        ? Math.ceil(height / strideH)
        : Math.floor((height + sides.top + sides.bottom - spanH) / strideH) + 1;
      const outW = same
        ? Math.ceil(width / strideW)
        : Math.floor((width + sides.left + sides.right - spanW) / strideW) + 1;
      return [{ op, name, inputs, kernel, bias, stride, dilation, groups, padding, activation }, [outputs, outH, outW]];
    }
    case 'fully-connected': {
      const count = shape.reduce((x, y) => x * y, 1);
      const outputs = 1 + (a % 4);
      const kernel = { data: numbers(outputs * count, 1), shape: [outputs, count] };
      return [{ op, name, inputs, kernel, bias: numbers(outputs, 2), activation: drawnActivation(b) }, [outputs]];
    }
    case 'max-pooling':
    case 'average-pooling': {
      const poolingSize = { height: 1 + (a % 3), width: 1 + (b % 3) };
      if (!plane || poolingSize.height > height || poolingSize.width > width) return asIs;
      const stride = sliceable ? 1 : 1 + ((a >> 4) % 2);
      // a last window of 'full' that lies outside altogether has the maximum −∞, which no bound can follow
      const partly = [height, width].every((size, i) => {
        const pool = i === 0 ? poolingSize.height : poolingSize.width;
        return Math.ceil((size - pool) / stride) * stride < size;
      });
      const convention = (['valid', partly ? 'full' : 'valid', 'same'] as const)[(b >> 4) % 3];
      const count = (size: number, pool: number) => {
        if (convention === 'same') return Math.ceil(size / stride);
        return (convention === 'full' ? Math.ceil : Math.floor)((size - pool) / stride) + 1;
      };
      const base = { name, inputs, poolingSize, stride, convention };
      const node: NetworkNode = op === 'max-pooling' ? { op, ...base } : { op, ...base, countPadding: false };
      return [node, [channels, count(height, poolingSize.height), count(width, poolingSize.width)]];
    }
    case 'global-average-pooling':
      return plane ? [{ op, name, inputs }, [channels]] : asIs;
    case 'clamp':
      return [{ op, name, inputs, min: -1 - (a % 2), max: b % 3 }, shape];
    case 'local-response-normalisation':
      return [{ op, name, inputs, size: 1 + (a % 4), alpha: 0.5, beta: 0.75, bias: 1 }, shape];
    case 'batch-normalisation': {
      const variance = numbers(channels, 4).map(Math.abs);
      const [gamma, beta, mean] = [1, 2, 3].map((salt) => numbers(channels, salt));
      return [{ op, name, inputs, gamma, beta, mean, variance, epsilon: 0.01 }, shape];
    }
    case 'scale-shift':
      return [{ op, name, inputs, scale: numbers(channels, 1), shift: numbers(channels, 2) }, shape];
    case 'concatenation': {
      const all = [input, ...severalOf(alike, a % 4, other)];
      const sum = all.reduce((total, n) => total + shapes.get(n)![0], 0);
      return [{ op, name, inputs: all }, [sum, ...shape.slice(1)]];
    }
    case 'addition': {
      const same = names.filter((n) => `${shapes.get(n)}` === `${shape}`);
      const all = [input, ...severalOf(same, 1 + (b % 3), other)];
      return [{ op, name, inputs: all, activation: drawnActivation(a) }, shape];
    }
    case 'resize': {
      // no larger than that, or the naive loops take all day
      if (!plane || height * width > 400) return asIs;
      const scale = { height: 1 + (a % 3), width: 1 + (b % 3) };
      const mode = (a >> 4) % 2 === 0 ? 'nearest' : 'bilinear';
      return [{ op, name, inputs, mode, scale }, [channels, height * scale.height, width * scale.width]];
    }
    case 'pad': {
      if (!plane || height * width > 400) return asIs;
      const mode = (['constant', 'reflect', 'edge'] as const)[a % 3];
      const most = (size: number) => (mode === 'reflect' ? Math.min(size, 4) : 4);
      const [top, bottom] = [(a >> 2) % most(height), (b >> 2) % most(height)];
      const [left, right] = [(a >> 4) % most(width), (b >> 4) % most(width)];
      const value = mode === 'constant' ? (b % 3) - 1 : undefined;
      const node: NetworkNode = { op, name, inputs, padding: { top, right, bottom, left }, mode, value };
      return [node, [channels, top + height + bottom, left + width + right]];
    }
    case 'flatten':
      return [{ op, name, inputs }, [shape.reduce((x, y) => x * y, 1)]];
    case 'softmax':
    case 'dropout':
    case 'identity':
      return [{ op, name, inputs }, shape];
    default:
      return asIs;
  }
}

/** So many of the names; one may come several times, and of few names one does. */
function severalOf(names: readonly string[], count: number, from: number): string[] {
  return Array.from({ length: count }, (_, i) => names[(from >> (5 * i)) % names.length]);
}

function drawnActivation(n: number): Activation | undefined {
  return ([undefined, undefined, 'relu', { type: 'leaky', slope: 0.25 }] as const)[n % 4];
}
