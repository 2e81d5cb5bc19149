/** Reading graphs: their nodes, and those nodes' attributes, in which further graphs may lie. */
import { NnpackError, show } from '../errors.ts';
import { type AttributeParts, attributeOf } from './attribute-types.ts';
import { each, type Fields, float, floats, int, int32, ints, one, text } from './message.ts';
import { invalid, type Place } from './place.ts';
import type { AttributeProto, AttributeValues, GraphProto, NodeProto, TensorProto, ValueInfo } from './proto.ts';
import { finishTensor, newTensor, TENSOR, type TensorDraft } from './read-tensor-proto.ts';
import { finishValueInfo, newValueInfo, VALUE_INFO } from './read-value-info.ts';

export interface GraphDraft {
  name: string;
  nodes: NodeProto[];
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfo: ValueInfo[];
  initializers: TensorProto[];
}

export interface NodeDraft {
  name: string;
  opType: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

export interface AttributeDraft extends AttributeParts {
  name: string;
  type: number;
  refAttrName: string;
  readonly values: Partial<Writable<AttributeValues>>;
  unread: string | null;
  /** These may come in parts. */
  tensor: TensorDraft | null;
  graph: GraphDraft | null;
}

/** The fields of attributes. */
export const ATTRIBUTE: Fields<AttributeDraft> = {
  1: text('name', (draft, name, place) => {
    draft.name = name;
    place.name = name;
  }),
  2: float('f', (draft, value) => {
    draft.values.float = value;
  }),
  3: int('i', (draft, value) => {
    draft.values.int = value;
  }),
  4: text('s', (draft, value) => {
    draft.values.string = value;
  }),
  5: one(
    't',
    () => TENSOR,
    (draft) => {
      draft.tensor ??= newTensor();
      return draft.tensor;
    },
  ),
  6: one(
    'g',
    () => GRAPH,
    (draft) => {
      draft.graph ??= newGraph();
      return draft.graph;
    },
  ),
  7: floats('floats', ({ values }) => {
    values.floats ??= [];
    return values.floats;
  }),
  8: ints('ints', ({ values }) => {
    values.ints ??= [];
    return values.ints;
  }),
  9: text('strings', ({ values }, value) => {
    values.strings ??= [];
    values.strings.push(value);
  }),
  10: each(
    'tensors',
    () => TENSOR,
    newTensor,
    finishTensor,
    ({ values }) => {
      values.tensors ??= [];
      return values.tensors;
    },
  ),
  11: each(
    'graphs',
    () => GRAPH,
    newGraph,
    finishGraph,
    ({ values }) => {
      values.graphs ??= [];
      return values.graphs;
    },
  ),
  14: unread('tp', 'TYPE_PROTO'),
  15: unread('type_protos', 'TYPE_PROTOS'),
  20: int32('type', (draft, type) => {
    draft.type = type;
  }),
  21: text('ref_attr_name', (draft, name) => {
    draft.refAttrName = name;
  }),
  22: unread('sparse_tensor', 'SPARSE_TENSOR'),
  23: unread('sparse_tensors', 'SPARSE_TENSORS'),
};

/** The fields of nodes. */
export const NODE: Fields<NodeDraft> = {
  1: text('input', (draft, name) => {
    draft.inputs.push(name);
  }),
  2: text('output', (draft, name) => {
    draft.outputs.push(name);
  }),
  3: text('name', (draft, name) => {
    draft.name = name;
  }),
  4: text('op_type', (draft, opType) => {
    draft.opType = opType;
  }),
  5: each(
    'attribute',
    () => ATTRIBUTE,
    newAttribute,
    finishAttribute,
    (draft) => draft.attributes,
  ),
  7: text('domain', (draft, domain) => {
    draft.domain = domainOf(domain);
  }),
  8: text('overload', (draft, overload) => {
    draft.overload = overload;
  }),
};

/** The fields of graphs. */
export const GRAPH: Fields<GraphDraft> = {
  1: each(
    'node',
    () => NODE,
    newNode,
    finishNode,
    (draft) => draft.nodes,
  ),
  2: text('name', (draft, name) => {
    draft.name = name;
  }),
  5: each(
    'initializer',
    () => TENSOR,
    newTensor,
    finishTensor,
    (draft) => draft.initializers,
  ),
  11: each(
    'input',
    () => VALUE_INFO,
    newValueInfo,
    finishValueInfo,
    (draft) => draft.inputs,
  ),
  12: each(
    'output',
    () => VALUE_INFO,
    newValueInfo,
    finishValueInfo,
    (draft) => draft.outputs,
  ),
  13: each(
    'value_info',
    () => VALUE_INFO,
    newValueInfo,
    finishValueInfo,
    (draft) => draft.valueInfo,
  ),
  15: (_draft, _cursor, _wire, place) => {
    throw new NnpackError('unsupported-layer', `${place}: has a sparse_initializer, expected dense ones`);
  },
};

/** ONNX's own domain has two names. */
export function domainOf(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

export function newAttribute(): AttributeDraft {
  return { name: '', type: 0, refAttrName: '', values: {}, unread: null, tensor: null, graph: null };
}

export function newNode(): NodeDraft {
  return { name: '', opType: '', domain: '', overload: '', inputs: [], outputs: [], attributes: [] };
}

export function newGraph(): GraphDraft {
  return { name: '', nodes: [], inputs: [], outputs: [], valueInfo: [], initializers: [] };
}

export function finishGraph(draft: GraphDraft): GraphProto {
  return draft;
}

export function finishNode(draft: NodeDraft, place: Place): NodeProto {
  const { name, opType, domain, overload, inputs, outputs } = draft;
  if (opType === '') throw invalid(place, 'has no op_type');
  return { name, opType, domain, overload, inputs, outputs, attributes: byName(draft.attributes, place) };
}

/** Attributes by their names, of which no two may be the same. */
export function byName(attributes: readonly AttributeProto[], place: Place): ReadonlyMap<string, AttributeProto> {
  if (attributes.length === 0) return NONE;
  const found = new Map<string, AttributeProto>();
  for (const attribute of attributes) {
    const { name } = attribute;
    if (found.has(name)) throw invalid(place, `has a second attribute ${show(name)}`);
    found.set(name, attribute);
  }
  return found;
}

/** Most nodes of some models have no attributes. */
const NONE: ReadonlyMap<string, AttributeProto> = new Map();

export function finishAttribute(draft: AttributeDraft, place: Place): AttributeProto {
  const { values, tensor, graph } = draft;
  if (tensor !== null) values.tensor = finishTensor(tensor);
  if (graph !== null) values.graph = finishGraph(graph);
  return attributeOf(draft, place);
}

/** A field of which only its presence is seen. */
function unread(name: string, onnxType: string): Fields<AttributeDraft>[number] {
  return one(
    name,
    () => ({}),
    (draft) => {
      draft.unread = onnxType;
      return draft;
    },
  );
}
