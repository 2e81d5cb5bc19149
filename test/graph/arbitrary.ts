/**
 * Random graphs for property tests: a list of small choices, each turned into a node that fits what is there. Values are of
 * several layouts, parameters are read by several nodes and in several ways, and names look like those that passes make up.
 */
import fc from 'fast-check';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import type { DoubleTensor, Name, Parameter, Role, Size, ValueType } from '../../src/graph/values.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { NODES, type Shape } from './draws.ts';

/** What one node is made from: numbers that are taken modulo what is possible. */
interface Choice {
  readonly op: OpName;
  readonly from: number;
  readonly other: number;
  readonly a: number;
  readonly b: number;
  readonly seed: number;
}

export interface Drawn {
  readonly graph: Graph;
  /** Float32 numbers. */
  readonly inputs: Readonly<Record<Name, DoubleTensor>>;
}

/** Numbers in [−1, 1). */
export function randomNumbers(seed: number, count: number): Float32Array {
  return randomArray(count, uniform(seed));
}

/** No value has more elements, or the naive loops take all day. */
const MOST_ELEMENTS = 1500;

/** Names that passes, inference or JavaScript itself might take for their own, for the node at an index or its neighbours. */
const oddNames = (index: number): readonly Name[] => [
  ...['kernel', 'bias', 'scale', 'shift', 'transpose'].map((part) => `n${index}.${part}`),
  ...['scale', 'kernel_1', 'transpose'].map((part) => `n${index + 1}.${part}`),
  `n${index - 1}.kernel`,
  `y${index + 1}.untransposed`,
  'x.untransposed',
  `y${index}.2`,
  'constructor',
  'x.H',
  ' ',
];

/**
 * Graphs of the given operations over one input, or two in different layouts. With `sliceable` there is one input and one
 * output, strides are 1 and scales whole, and constants are read as weights alone.
 */
export function drawnGraph(options: {
  ops?: readonly OpName[];
  size: number;
  nodes: number;
  sliceable?: boolean;
}): fc.Arbitrary<Drawn> {
  const nat = fc.nat(1 << 20);
  const op = fc.constantFrom(...(options.ops ?? (Object.keys(NODES) as OpName[])));
  const choice = fc.record({ op, from: nat, other: nat, a: nat, b: nat, seed: nat });
  const size = fc.integer({ min: 1, max: options.size });
  return fc
    .record({
      choices: fc.array(choice, { minLength: 1, maxLength: options.nodes, size: 'max' }),
      channels: fc.integer({ min: 1, max: 3 }),
      height: size,
      width: size,
      batch: options.sliceable ? fc.constant(1) : fc.integer({ min: 1, max: 2 }),
      seed: nat,
      extra: nat,
    })
    .map(({ choices, channels, height, width, batch, seed, extra }) => {
      const draft = new Draft([batch, channels, height, width], seed, extra, options.sliceable ?? false);
      for (const each of choices) draft.add(each);
      return draft.finish();
    });
}

/** A graph that is being made. */
export class Draft {
  readonly shapes = new Map<Name, Shape>();
  readonly parameters = new Map<Name, Parameter>();
  readonly nodes: Node[] = [];
  readonly sliceable: boolean;
  readonly #inputs = new Map<Name, ValueType>();
  readonly #extra: number;
  readonly #seed: number;
  /** Values that depend on parameters alone, and these. */
  readonly #constant = new Set<Name>();
  #choice: Choice = { op: 'relu', from: 0, other: 0, a: 0, b: 0, seed: 0 };
  #salt = 0;

  constructor([batch, channels, height, width]: Shape, seed: number, extra: number, sliceable: boolean) {
    this.#extra = extra;
    this.#seed = seed;
    this.sliceable = sliceable;
    this.#choice = { ...this.#choice, seed, other: extra };
    const size = (name: string, count: number, bit: number): Size => ((extra >> bit) % 2 === 0 ? name : count);
    const [n, h, w] = [size('N', batch, 0), size('H', height, 1), size('W', width, 2)];
    this.#input('x', [batch, channels, height, width], [n, channels, h, w]);
    if (sliceable) return;
    if (extra & 8) this.#input('z', [batch, height, width, channels], [n, h, w, channels]);
    if (extra & 16) this.#newParameter('p', [batch, channels, height, width], 'constant');
    if (extra & 32) this.#newParameter('q', [1, 2, 3, 4], 'constant');
  }

  #input(name: Name, shape: Shape, declared: readonly Size[]): void {
    this.#inputs.set(name, { dtype: 'float32', shape: declared });
    this.shapes.set(name, shape);
  }

  #newParameter(wanted: Name, shape: Shape, role: Role, change = (v: number) => v): Name {
    const name = this.#fresh(wanted);
    const data = this.#numbers(sizeOf(shape)).map(change);
    this.parameters.set(name, { type: { dtype: 'float32', shape }, data, role });
    this.shapes.set(name, shape);
    this.#constant.add(name);
    return name;
  }

  #numbers(count: number): Float32Array {
    return randomNumbers(this.#choice.seed * 31 + this.#salt++, count);
  }

  /** A whole number below `count`, by one of the choice's numbers. */
  pick(from: 'a' | 'b', shift: number, count: number): number {
    return (this.#choice[from] >> shift) % count;
  }

  /**
   * A parameter of the shape: now and then one that is there, or a constant that nodes compute, whatever else it is read
   * as; with `isVariance` of numbers that are no variance otherwise.
   */
  weight(name: string, shape: Shape, isVariance = false): Name {
    const reuses = (this.#choice.other >> (this.#salt % 16)) % 2 === 1;
    const alike = [...this.#constant].filter((each) => {
      const data = this.parameters.get(each)?.data as Float32Array | undefined;
      return String(this.shapes.get(each)) === String(shape) && (!isVariance || (data?.every((v) => v >= 0) ?? false));
    });
    if (reuses && alike.length > 0) return alike[this.#choice.other % alike.length];
    const role = isVariance || name === 'mean' ? 'statistic' : 'weight';
    return this.#newParameter(`n${this.nodes.length}.${name}`, shape, role, isVariance ? Math.abs : undefined);
  }

  /** So many names of values that `fits`, the same one more than once too. */
  several(count: number, fits: (shape: Shape) => boolean): Name[] {
    const names = this.#readable().filter((name) => fits(this.shapes.get(name) as Shape));
    return Array.from({ length: count }, (_, i) => names[(this.#choice.other >> (5 * i)) % names.length]);
  }

  /** Values first; parameters are weights for the most part, and now and then a value. */
  #readable(): Name[] {
    const values = [...this.shapes.keys()];
    if (this.sliceable) return values.filter((name) => !this.#constant.has(name));
    return values.filter((name, i) => !this.parameters.has(name) || name.length === 1 || i % 5 === this.#extra % 5);
  }

  #fresh(wanted: Name): Name {
    let name = wanted;
    while (this.shapes.has(name)) name += "'";
    return name;
  }

  add(choice: Choice): void {
    this.#choice = choice;
    this.#salt = 0;
    const names = this.#readable();
    // What was made last for the most part, so that there are chains.
    const last = this.nodes.at(-1)?.outputs ?? ['x'];
    const among = choice.from % 4 === 0 ? names : last;
    const x = among[(choice.from >> 2) % among.length];
    const shape = this.shapes.get(x) as Shape;
    const drawn = NODES[choice.op]?.(this, x, shape) ?? null;
    const isTooLarge = (drawn?.shapes ?? []).some((each) => sizeOf(each) > MOST_ELEMENTS);
    const { op, inputs, shapes, attributes } =
      drawn === null || isTooLarge ? { op: 'relu' as const, inputs: [x], shapes: [shape], attributes: {} } : drawn;
    const index = this.nodes.length;
    const isOdd = choice.seed % 3 === 0;
    const outputs = shapes.map((made, i) => {
      const odd = oddNames(index)[((choice.seed >> 3) + i) % oddNames(index).length];
      const name = this.#fresh(isOdd ? odd : `y${index}${i === 0 ? '' : `.${i}`}`);
      this.shapes.set(name, made);
      if (inputs.every((read) => read === null || this.#constant.has(read))) this.#constant.add(name);
      return name;
    });
    // A node may be named like a value, its own or another's.
    const named = [`n${index}`, outputs[0], 'x', `y${index + 1}`][choice.seed % 4];
    const isTaken = this.nodes.some(({ name }) => name === named);
    // What a draw makes of its attributes are attributes of its operation.
    this.nodes.push({ name: isTaken ? `n${index}` : named, op, inputs, outputs, attributes } as Node);
  }

  finish(): Drawn {
    const read = new Set(this.nodes.flatMap((node) => node.inputs));
    const made = this.nodes.flatMap((node) => node.outputs);
    const unread = made.filter((name) => !read.has(name));
    const some = unread.filter((_, i) => (this.#extra >> (i % 20)) % 4 !== 1);
    // Now and then a value that others read as well, an input or a parameter, or the same output twice.
    const also = [...this.shapes.keys()].filter((_, i) => (this.#extra >> ((i + 7) % 20)) % 8 === 3);
    const outputs = this.sliceable ? made.slice(-1) : some.length + also.length === 0 ? unread : [...some, ...also];
    const graph = {
      name: 'drawn',
      inputs: this.#inputs,
      parameters: this.parameters,
      nodes: this.nodes,
      outputs,
    };
    const inputs = Object.fromEntries(
      [...this.#inputs.keys()].map((name, i) => {
        const shape = this.shapes.get(name) as Shape;
        const data = Float64Array.from(randomNumbers(this.#seed + 77 + i, sizeOf(shape)));
        return [name, { shape, data }];
      }),
    );
    return { graph, inputs };
  }
}

/** The shapes of a draw's inputs. */
export function shapesOf({ inputs }: Drawn): Record<Name, Shape> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
}
