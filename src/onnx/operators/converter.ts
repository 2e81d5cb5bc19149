import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';

/** Appends what a node of one operator becomes. */
export type Converter = (node: NodeReader, builder: GraphBuilder) => void;

/** Converters by the operator's name. */
export type Converters = Readonly<Record<string, Converter>>;
