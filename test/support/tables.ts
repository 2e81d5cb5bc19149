/** The emitted kernel tables that this engine runs; the wide ones where it packs pairs of vectors. */
import { refuseWide } from '../../src/context/wide.ts';
import { isWide, refuseSimd, SIMD_TABLES, type SimdTableName } from '../../src/kernels/simd/engine.ts';

export const EMITTED: readonly SimdTableName[] = SIMD_TABLES.filter((name) => {
  const refusal = refuseSimd(name) ?? (isWide(name) ? refuseWide() : null);
  if (refusal !== null) console.log(`${name}: not tried, because ${refusal}`);
  return refusal === null;
});
