/** The other assembler: the text of a module to bytes. */
import wabt from 'wabt';

const FEATURES = { simd: true, relaxed_simd: true, threads: true, bulk_memory: true, sat_float_to_int: true };
const instance = await wabt();

export function assemble(text: string): Uint8Array {
  const module = instance.parseWat('test.wat', text, FEATURES);
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}
