/**
 * All kernels of a table as one module, to be written to a file ahead of time: whoever is given it emits nothing. It says in a
 * section of its own what it is, so that no other version's kernels are taken for these.
 */
import { show } from '../../errors.ts';
import { Module } from '../../wasm/index.ts';
import { VERSION } from '../version.ts';
import { SIMD_TABLES, type SimdTableName } from './engine.ts';
import { FAMILIES, FAMILY_NAMES } from './families.ts';
import { importMemory } from './modules.ts';

const SECTION = 'nnpack-ts';

/** What a module of all kernels is made for. */
export interface ModuleLabel {
  readonly version: string;
  readonly table: SimdTableName;
  /** Whether its memory is one that threads share. */
  readonly shared: boolean;
}

export function emitTable(table: SimdTableName, shared: boolean): Module {
  const module = new Module();
  importMemory(module, shared);
  for (const family of FAMILY_NAMES) FAMILIES[family](module, table);
  const label: ModuleLabel = { version: VERSION, table, shared };
  module.custom(SECTION, JSON.stringify(label));
  return module;
}

/** The label of a module, or why it is no module of this version's kernels. */
export function labelOf(module: WebAssembly.Module): ModuleLabel | string {
  const [section] = WebAssembly.Module.customSections(module, SECTION);
  const { version, table: name, shared } = readLabel(section);
  if (version === undefined) return 'is no module that `nnpack-ts kernels` wrote';
  if (version !== VERSION) return `is of nnpack-ts ${show(version)}, expected ${VERSION}`;
  const table = SIMD_TABLES.find((each) => each === name);
  if (table === undefined) return `is of the table ${show(name)}, expected one of ${SIMD_TABLES.join(', ')}`;
  return { version, table, shared: shared === true };
}

function readLabel(section: ArrayBuffer | undefined): { readonly [Field in keyof ModuleLabel]?: unknown } {
  try {
    return Object(JSON.parse(new TextDecoder().decode(section)));
  } catch {
    return {};
  }
}
