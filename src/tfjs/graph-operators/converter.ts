import type { LayoutBuilder, Value } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';

/** Appends what a node of one operator becomes, and gives its outputs. */
export type Converter = (node: NodeReader, builder: LayoutBuilder) => Value | readonly Value[];

/** Converters by the operator's name. */
export type Converters = Readonly<Record<string, Converter>>;
