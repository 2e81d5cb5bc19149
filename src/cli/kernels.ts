/** Writes the kernels that a program would emit when it starts, so that it need not. */
import { KERNEL_TABLES } from '../kernels/table.ts';
import { fail, oneOf } from './arguments.ts';
import type { Command } from './command.ts';
import { writeWhole } from './files.ts';
import { JSON_OPTION, outputOf } from './output.ts';

type Emitted = Exclude<(typeof KERNEL_TABLES)[number], 'reference' | 'scalar'>;

const EMITTED = KERNEL_TABLES.filter((name): name is Emitted => name !== 'reference' && name !== 'scalar');

export const kernels: Command = {
  name: 'kernels',
  summary: 'Writes all emitted kernels of a table to a file, for createContext({ modules }).',
  options: {
    out: { value: 'FILE', help: 'the WebAssembly module to write, *.wasm' },
    table: { value: 'NAME', help: `one of ${EMITTED.join(', ')} (the fastest here)` },
    unshared: { help: 'for a memory that threads do not share, where there is no SharedArrayBuffer' },
    json: JSON_OPTION,
  },
  examples: [
    ['nnpack-ts kernels --out kernels.wasm', 'the fastest table of this engine, for shared memory'],
    ['nnpack-ts kernels --out edge.wasm --table simd-relaxed --unshared', 'for an edge runtime without threads'],
  ],
  async run(given) {
    const named = oneOf(given, 'table', EMITTED);
    const out = given.options.get('out');
    if (out === undefined) fail('--out FILE is missing, expected the name of the module to write');
    const output = await outputOf(given, { files: [out] });
    const { fastestTable } = await import('../kernels/numbers.ts');
    const { emitTable } = await import('../kernels/simd/module-file.ts');
    const table = named ?? EMITTED.find((name) => name === fastestTable()) ?? 'simd';
    const shared = !given.options.has('unshared');
    const bytes = emitTable(table, shared).encode();
    await writeWhole(out, bytes);
    output.say(`${out}: ${table}, ${shared ? 'shared' : 'unshared'} memory, ${bytes.length} bytes`);
    await output.write({ file: out, table, shared, bytes: bytes.length });
  },
};
