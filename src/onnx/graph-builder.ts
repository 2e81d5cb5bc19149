/** The graph that an ONNX model becomes, while its nodes are converted one after another. */
import { GraphBuilder as Builder } from '../graph/graph-builder.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import { withNumbersOf } from '../graph/stored.ts';
import type { Name, Parameter, Role } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { NodeReader } from './node-reader.ts';
import type { Tensor } from './tensor.ts';

/** Numbers that are made of a model's own: so many for each of these, and so many more. */
const MOST_TIMES = 4;
const MOST_BESIDE = 2 ** 22;

export class GraphBuilder extends Builder {
  /** What breaks the format's letter and was read all the same, a sentence each. */
  readonly notes = new Set<string>();
  /** Lengths that follow from scales are those of products in single precision. */
  readonly scalesInSingle: boolean;
  /** Numbers of the model's own that came as such. */
  #own = 0;

  constructor(values: Iterable<Name>, scalesInSingle: boolean) {
    super(values);
    this.scalesInSingle = scalesInSingle;
  }

  /** A parameter that stands in the file. */
  own(name: Name, tensor: Tensor, role: Role): void {
    const { dtype, shape } = tensor;
    this.#own += sizeOf(shape);
    this.parameter(name, withNumbersOf(tensor, { type: { dtype, shape }, role }));
  }

  readonly #derived = new Map<string, Parameter>();
  #made = 0;

  /**
   * Numbers that follow from others of the model, as `key` tells: made once, however many nodes read them. null where it
   * would be many more than the model has, as a file may have many nodes that are all different.
   */
  derived(key: readonly unknown[], count: number, make: () => Parameter): Parameter | null {
    const text = JSON.stringify(key);
    const known = this.#derived.get(text);
    if (known !== undefined) return known;
    if (this.#made + count > MOST_TIMES * this.#own + MOST_BESIDE) return null;
    this.#made += count;
    const parameter = make();
    this.#derived.set(text, parameter);
    return parameter;
  }

  /** What an operator makes one for one of its own inputs: the node's inputs and its first output. */
  simple<O extends OpName>(node: NodeReader, op: O, attributes: Attributes[O]): void {
    this.emit(op, node.inputs, attributes, node.outputs.slice(0, 1));
  }
}
