/** A network of a layers model with the model's own axes: N H W C, as tfjs has pictures. */
import type { Graph, Node } from '../graph/graph.ts';
import { FreshNames } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import type { Name, ValueType } from '../graph/values.ts';
import type { Network } from '../networks/network.ts';
import { graphOf } from '../networks/parse.ts';

const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];

export function layersModelGraph(network: Network): ModelGraph {
  return { graph: channelsLast(graphOf(network)), metadata: new Map(), notes: [] };
}

function channelsLast(graph: Graph): Graph {
  const types = inferTypes(graph);
  const fresh = new FreshNames(graph);
  const renamed = new Map<Name, Name>();
  const before: Node[] = [];
  const inputs = new Map<Name, ValueType>();
  for (const [name, type] of graph.inputs) {
    if (type.shape.length !== 4) {
      inputs.set(name, type);
      continue;
    }
    const inside = fresh.take(`${name}/first`);
    renamed.set(name, inside);
    inputs.set(name, { dtype: type.dtype, shape: TO_LAST.map((axis) => type.shape[axis]) });
    before.push(transposeNode(name, inside, TO_FIRST));
  }
  const after: Node[] = [];
  for (const name of graph.outputs) {
    if (types.get(name)?.shape.length !== 4 || graph.inputs.has(name) || renamed.has(name)) continue;
    const inside = fresh.take(`${name}/first`);
    renamed.set(name, inside);
    after.push(transposeNode(inside, name, TO_LAST));
  }
  const inner = (name: Name | null) => (name === null ? null : (renamed.get(name) ?? name));
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(inner),
    outputs: node.outputs.map((name) => inner(name) as Name),
  })) as Node[];
  return parseGraph({ ...graph, inputs, nodes: [...before, ...nodes, ...after] });
}

function transposeNode(from: Name, to: Name, permutation: readonly number[]): Node {
  return { name: `${from} to ${to}`, op: 'transpose', inputs: [from], outputs: [to], attributes: { permutation } };
}
