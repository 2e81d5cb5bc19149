import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Value } from '../value.ts';

/** Appends what a node of one operator becomes, and gives its outputs. */
export type Converter = (node: NodeReader, builder: LayoutBuilder) => Value | readonly Value[];

/** Converters by the operator's name. */
export type Converters = Readonly<Record<string, Converter>>;
