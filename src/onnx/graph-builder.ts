/** The graph that an ONNX model becomes, while its nodes are converted one after another. */
import { GraphBuilder as Builder } from '../graph/graph-builder.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import type { NodeReader } from './node-reader.ts';

export class GraphBuilder extends Builder {
  /** What breaks the format's letter and was read all the same, a sentence each. */
  readonly notes = new Set<string>();

  /** What an operator makes one for one of its own inputs: the node's inputs and its first output. */
  simple<O extends OpName>(node: NodeReader, op: O, attributes: Attributes[O]): void {
    this.emit(op, node.inputs, attributes, node.outputs.slice(0, 1));
  }
}
