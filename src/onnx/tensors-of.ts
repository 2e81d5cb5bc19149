/** All tensors of a model, wherever they are. */
import { show } from '../errors.ts';
import type { AttributeProto, GraphProto, Model, NodeProto, TensorProto } from './proto.ts';

/** A tensor, and what errors call it. */
export interface NamedTensor {
  readonly who: string;
  readonly tensor: TensorProto;
}

/** The tensors of a model: initialisers and attributes, of graphs in graphs and of functions too. */
export function tensorsOf({ graph, functions }: Model): NamedTensor[] {
  const found: NamedTensor[] = [];
  addGraph(graph, found);
  for (const { name, nodes, defaults } of functions) {
    for (const node of nodes) addNode(node, found);
    for (const attribute of defaults.values()) addAttribute(`function ${show(name)}`, attribute, found);
  }
  return found;
}

function addGraph({ initializers, nodes }: GraphProto, found: NamedTensor[]): void {
  for (const tensor of initializers) found.push({ who: `model: initializer ${show(tensor.name)}`, tensor });
  for (const node of nodes) addNode(node, found);
}

function addNode({ name, opType, attributes }: NodeProto, found: NamedTensor[]): void {
  for (const attribute of attributes.values()) addAttribute(`node ${show(name)} (${opType})`, attribute, found);
}

/** Files are read into graphs that lie in each other no deeper than calls may. */
function addAttribute(owner: string, attribute: AttributeProto, found: NamedTensor[]): void {
  const add = (tensor: TensorProto) =>
    found.push({ who: `model: ${owner}: attribute ${show(attribute.name)}`, tensor });
  if (attribute.type === 'tensor') add(attribute.value);
  if (attribute.type === 'tensors') attribute.value.forEach(add);
  if (attribute.type === 'graph') addGraph(attribute.value, found);
  if (attribute.type === 'graphs') for (const graph of attribute.value) addGraph(graph, found);
}
