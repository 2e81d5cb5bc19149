/** Reading ONNX files: the model, its sets of operators and its functions. */
import { type Bytes, isBytes, isStoredBytes } from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { each, type Fields, int, one, readMessage, text } from './message.ts';
import { invalid, Place } from './place.ts';
import type { AttributeProto, FunctionProto, Model, NodeProto, ValueInfo } from './proto.ts';
import {
  ATTRIBUTE,
  byName,
  domainOf,
  finishAttribute,
  finishGraph,
  finishNode,
  GRAPH,
  type GraphDraft,
  NODE,
  newAttribute,
  newGraph,
  newNode,
} from './read-graph.ts';
import { ENTRY, finishEntry, newEntry } from './read-tensor-proto.ts';
import { finishValueInfo, newValueInfo, VALUE_INFO } from './read-value-info.ts';
import { Cursor, type Int } from './wire.ts';

interface OpsetDraft {
  domain: string;
  version: Int;
}

interface ModelDraft {
  irVersion: Int;
  opsets: OpsetDraft[];
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: Int;
  description: string;
  graph: GraphDraft | null;
  functions: FunctionProto[];
  entries: (readonly [string, string])[];
}

interface FunctionDraft {
  name: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  attributes: string[];
  defaults: AttributeProto[];
  nodes: NodeProto[];
  opsets: OpsetDraft[];
  valueInfo: ValueInfo[];
}

const OPSET: Fields<OpsetDraft> = {
  1: text('domain', (draft, domain) => {
    draft.domain = domainOf(domain);
  }),
  2: int('version', (draft, version) => {
    draft.version = version;
  }),
};

const FUNCTION: Fields<FunctionDraft> = {
  1: text('name', (draft, name, place) => {
    draft.name = name;
    place.name = name;
  }),
  4: text('input', (draft, name) => {
    draft.inputs.push(name);
  }),
  5: text('output', (draft, name) => {
    draft.outputs.push(name);
  }),
  6: text('attribute', (draft, name) => {
    draft.attributes.push(name);
  }),
  7: each(
    'node',
    () => NODE,
    newNode,
    finishNode,
    (draft) => draft.nodes,
  ),
  9: each(
    'opset_import',
    () => OPSET,
    newOpset,
    (opset) => opset,
    (draft) => draft.opsets,
  ),
  10: text('domain', (draft, domain) => {
    draft.domain = domainOf(domain);
  }),
  11: each(
    'attribute_proto',
    () => ATTRIBUTE,
    newAttribute,
    finishAttribute,
    (draft) => draft.defaults,
  ),
  12: each(
    'value_info',
    () => VALUE_INFO,
    newValueInfo,
    finishValueInfo,
    (draft) => draft.valueInfo,
  ),
  13: text('overload', (draft, overload) => {
    draft.overload = overload;
  }),
};

const MODEL: Fields<ModelDraft> = {
  1: int('ir_version', (draft, version) => {
    draft.irVersion = version;
  }),
  2: text('producer_name', (draft, name) => {
    draft.producerName = name;
  }),
  3: text('producer_version', (draft, version) => {
    draft.producerVersion = version;
  }),
  4: text('domain', (draft, domain) => {
    draft.domain = domain;
  }),
  5: int('model_version', (draft, version) => {
    draft.modelVersion = version;
  }),
  6: text('doc_string', (draft, description) => {
    draft.description = description;
  }),
  7: one(
    'graph',
    () => GRAPH,
    (draft) => {
      draft.graph ??= newGraph();
      return draft.graph;
    },
  ),
  8: each(
    'opset_import',
    () => OPSET,
    newOpset,
    (opset) => opset,
    (draft) => draft.opsets,
  ),
  14: each(
    'metadata_props',
    () => ENTRY,
    newEntry,
    finishEntry,
    (draft) => draft.entries,
  ),
  25: each(
    'functions',
    () => FUNCTION,
    newFunction,
    finishFunction,
    (draft) => draft.functions,
  ),
};

/**
 * The model that the bytes of an ONNX file hold. Numbers of tensors stay where they are: the model shares them with
 * `bytes`.
 *
 * @param isOwn whether nobody else reads the bytes, so that numbers may be moved to where an array can lie on them
 * @throws NnpackError `invalid-model` where the bytes are no such file, `unsupported-layer` where the file has sparse
 *   initializers, `out-of-memory` where it would take far more memory than it has bytes
 */
export function parseModel(bytes: Bytes, who = 'parseModel', isOwn = false): Model {
  if (!isBytes(bytes)) {
    throw new NnpackError('invalid-argument', `${who}: bytes are ${show(bytes)}, expected a Uint8Array`);
  }
  const own = isStoredBytes(bytes) ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const place = new Place('model');
  const draft = readMessage(new Cursor(own, isOwn), MODEL, newModel(), place);
  const { irVersion, graph, producerName, producerVersion, domain, modelVersion, description, functions } = draft;
  if (irVersion < 1) throw invalid(place, `ir_version is ${irVersion}, expected at least 1`);
  if (graph === null) throw invalid(place, 'has no graph');
  return {
    irVersion,
    opsets: opsetsOf(draft.opsets, place),
    producer: { name: producerName, version: producerVersion },
    domain,
    modelVersion,
    description,
    graph: finishGraph(graph),
    functions,
    metadata: new Map(draft.entries),
  };
}

function newModel(): ModelDraft {
  return {
    irVersion: 0,
    opsets: [],
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0,
    description: '',
    graph: null,
    functions: [],
    entries: [],
  };
}

function newOpset(): OpsetDraft {
  return { domain: '', version: 0 };
}

function newFunction(): FunctionDraft {
  return {
    name: '',
    domain: '',
    overload: '',
    inputs: [],
    outputs: [],
    attributes: [],
    defaults: [],
    nodes: [],
    opsets: [],
    valueInfo: [],
  };
}

function finishFunction(draft: FunctionDraft, place: Place): FunctionProto {
  if (draft.name === '') throw invalid(place, 'has no name');
  return { ...draft, defaults: byName(draft.defaults, place), opsets: opsetsOf(draft.opsets, place) };
}

/** A domain may be named again, with the same version. */
function opsetsOf(list: readonly OpsetDraft[], place: Place): ReadonlyMap<string, Int> {
  const opsets = new Map<string, Int>();
  for (const { domain, version } of list) {
    const other = opsets.get(domain);
    if (other !== undefined && other !== version) {
      const versions = `versions ${other} and ${version}`;
      throw invalid(place, `imports ${versions} of the operators of the domain ${show(domain)}, expected one`);
    }
    opsets.set(domain, version);
  }
  return opsets;
}
