// Written by scripts/generate-gemm.ts, which says why it is as it is. Do not edit.
//
// C += A · B for a block of A in float32, with B and C as doubles in scratch.

/** Columns that the scratch has room for. */
export const COLUMNS = 128;
/** Rows of B that the scratch has room for. */
export const ROWS = 576;
/** Columns are done in groups of so many; the last group may go beyond n. */
export const STEP = 4;

/** Sixteen rows of C, then rows of B: rows l, l + 3, l + 6 … are one behind the other in part l = 0 … 2. Zero at first. */
export const scratch = new ArrayBuffer(607424);
/** Doubles from one row of C to the next. */
export const C_PITCH = 136;
/** Where the parts of B are in scratch, in doubles. */
export const B_PARTS: readonly number[] = [2176, 26760, 51344];

/** C += A · B, with A at a in f32 and B at b in each part. */
export type Microkernel = (f32: Float32Array, n: number, a: number, lda: number, b: number) => void;

/** The micro-kernels by rows of A, then by depth − 1. */
export const MICROKERNELS = microkernels();

function microkernels(): readonly { readonly rows: number; readonly multiply: readonly Microkernel[] }[] {
  const c0 = new Float64Array(scratch, 0, 128);
  const c1 = new Float64Array(scratch, 1088, 128);
  const c2 = new Float64Array(scratch, 2176, 128);
  const c3 = new Float64Array(scratch, 3264, 128);
  const c4 = new Float64Array(scratch, 4352, 128);
  const c5 = new Float64Array(scratch, 5440, 128);
  const c6 = new Float64Array(scratch, 6528, 128);
  const c7 = new Float64Array(scratch, 7616, 128);
  const c8 = new Float64Array(scratch, 8704, 128);
  const c9 = new Float64Array(scratch, 9792, 128);
  const c10 = new Float64Array(scratch, 10880, 128);
  const c11 = new Float64Array(scratch, 11968, 128);
  const c12 = new Float64Array(scratch, 13056, 128);
  const c13 = new Float64Array(scratch, 14144, 128);
  const c14 = new Float64Array(scratch, 15232, 128);
  const c15 = new Float64Array(scratch, 16320, 128);
  const b0 = new Float64Array(scratch, 17408, 24576);
  const b1 = new Float64Array(scratch, 214080, 24576);
  const b2 = new Float64Array(scratch, 410752, 24576);

  return [
    { rows: 16, multiply: [multiply16x1, multiply16x2, multiply16x3] },
    { rows: 8, multiply: [multiply8x1, multiply8x2, multiply8x3] },
    { rows: 4, multiply: [multiply4x1, multiply4x2, multiply4x3] },
    { rows: 2, multiply: [multiply2x1, multiply2x2, multiply2x3] },
    { rows: 1, multiply: [multiply1x1, multiply1x2, multiply1x3] },
  ];

  function multiply16x3(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (16, 3), B is (3, n), C is (16, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0], a0_2 = f32[(r0 + 2) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0], a1_2 = f32[(r1 + 2) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0], a2_2 = f32[(r2 + 2) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0], a3_2 = f32[(r3 + 2) | 0];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4], a4_1 = f32[(r4 + 1) | 0], a4_2 = f32[(r4 + 2) | 0];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5], a5_1 = f32[(r5 + 1) | 0], a5_2 = f32[(r5 + 2) | 0];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6], a6_1 = f32[(r6 + 1) | 0], a6_2 = f32[(r6 + 2) | 0];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7], a7_1 = f32[(r7 + 1) | 0], a7_2 = f32[(r7 + 2) | 0];
    const r8 = (r7 + lda) | 0, a8_0 = f32[r8], a8_1 = f32[(r8 + 1) | 0], a8_2 = f32[(r8 + 2) | 0];
    const r9 = (r8 + lda) | 0, a9_0 = f32[r9], a9_1 = f32[(r9 + 1) | 0], a9_2 = f32[(r9 + 2) | 0];
    const r10 = (r9 + lda) | 0, a10_0 = f32[r10], a10_1 = f32[(r10 + 1) | 0], a10_2 = f32[(r10 + 2) | 0];
    const r11 = (r10 + lda) | 0, a11_0 = f32[r11], a11_1 = f32[(r11 + 1) | 0], a11_2 = f32[(r11 + 2) | 0];
    const r12 = (r11 + lda) | 0, a12_0 = f32[r12], a12_1 = f32[(r12 + 1) | 0], a12_2 = f32[(r12 + 2) | 0];
    const r13 = (r12 + lda) | 0, a13_0 = f32[r13], a13_1 = f32[(r13 + 1) | 0], a13_2 = f32[(r13 + 2) | 0];
    const r14 = (r13 + lda) | 0, a14_0 = f32[r14], a14_1 = f32[(r14 + 1) | 0], a14_2 = f32[(r14 + 2) | 0];
    const r15 = (r14 + lda) | 0, a15_0 = f32[r15], a15_1 = f32[(r15 + 1) | 0], a15_2 = f32[(r15 + 2) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0], b2_0 = b2[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1], b2_1 = b2[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2], b2_2 = b2[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3], b2_3 = b2[p3];
      c0[j0] += a0_0 * b0_0 + (a0_1 * b1_0 + a0_2 * b2_0);
      c0[j1] += a0_0 * b0_1 + (a0_1 * b1_1 + a0_2 * b2_1);
      c0[j2] += a0_0 * b0_2 + (a0_1 * b1_2 + a0_2 * b2_2);
      c0[j3] += a0_0 * b0_3 + (a0_1 * b1_3 + a0_2 * b2_3);
      c1[j0] += a1_0 * b0_0 + (a1_1 * b1_0 + a1_2 * b2_0);
      c1[j1] += a1_0 * b0_1 + (a1_1 * b1_1 + a1_2 * b2_1);
      c1[j2] += a1_0 * b0_2 + (a1_1 * b1_2 + a1_2 * b2_2);
      c1[j3] += a1_0 * b0_3 + (a1_1 * b1_3 + a1_2 * b2_3);
      c2[j0] += a2_0 * b0_0 + (a2_1 * b1_0 + a2_2 * b2_0);
      c2[j1] += a2_0 * b0_1 + (a2_1 * b1_1 + a2_2 * b2_1);
      c2[j2] += a2_0 * b0_2 + (a2_1 * b1_2 + a2_2 * b2_2);
      c2[j3] += a2_0 * b0_3 + (a2_1 * b1_3 + a2_2 * b2_3);
      c3[j0] += a3_0 * b0_0 + (a3_1 * b1_0 + a3_2 * b2_0);
      c3[j1] += a3_0 * b0_1 + (a3_1 * b1_1 + a3_2 * b2_1);
      c3[j2] += a3_0 * b0_2 + (a3_1 * b1_2 + a3_2 * b2_2);
      c3[j3] += a3_0 * b0_3 + (a3_1 * b1_3 + a3_2 * b2_3);
      c4[j0] += a4_0 * b0_0 + (a4_1 * b1_0 + a4_2 * b2_0);
      c4[j1] += a4_0 * b0_1 + (a4_1 * b1_1 + a4_2 * b2_1);
      c4[j2] += a4_0 * b0_2 + (a4_1 * b1_2 + a4_2 * b2_2);
      c4[j3] += a4_0 * b0_3 + (a4_1 * b1_3 + a4_2 * b2_3);
      c5[j0] += a5_0 * b0_0 + (a5_1 * b1_0 + a5_2 * b2_0);
      c5[j1] += a5_0 * b0_1 + (a5_1 * b1_1 + a5_2 * b2_1);
      c5[j2] += a5_0 * b0_2 + (a5_1 * b1_2 + a5_2 * b2_2);
      c5[j3] += a5_0 * b0_3 + (a5_1 * b1_3 + a5_2 * b2_3);
      c6[j0] += a6_0 * b0_0 + (a6_1 * b1_0 + a6_2 * b2_0);
      c6[j1] += a6_0 * b0_1 + (a6_1 * b1_1 + a6_2 * b2_1);
      c6[j2] += a6_0 * b0_2 + (a6_1 * b1_2 + a6_2 * b2_2);
      c6[j3] += a6_0 * b0_3 + (a6_1 * b1_3 + a6_2 * b2_3);
      c7[j0] += a7_0 * b0_0 + (a7_1 * b1_0 + a7_2 * b2_0);
      c7[j1] += a7_0 * b0_1 + (a7_1 * b1_1 + a7_2 * b2_1);
      c7[j2] += a7_0 * b0_2 + (a7_1 * b1_2 + a7_2 * b2_2);
      c7[j3] += a7_0 * b0_3 + (a7_1 * b1_3 + a7_2 * b2_3);
      c8[j0] += a8_0 * b0_0 + (a8_1 * b1_0 + a8_2 * b2_0);
      c8[j1] += a8_0 * b0_1 + (a8_1 * b1_1 + a8_2 * b2_1);
      c8[j2] += a8_0 * b0_2 + (a8_1 * b1_2 + a8_2 * b2_2);
      c8[j3] += a8_0 * b0_3 + (a8_1 * b1_3 + a8_2 * b2_3);
      c9[j0] += a9_0 * b0_0 + (a9_1 * b1_0 + a9_2 * b2_0);
      c9[j1] += a9_0 * b0_1 + (a9_1 * b1_1 + a9_2 * b2_1);
      c9[j2] += a9_0 * b0_2 + (a9_1 * b1_2 + a9_2 * b2_2);
      c9[j3] += a9_0 * b0_3 + (a9_1 * b1_3 + a9_2 * b2_3);
      c10[j0] += a10_0 * b0_0 + (a10_1 * b1_0 + a10_2 * b2_0);
      c10[j1] += a10_0 * b0_1 + (a10_1 * b1_1 + a10_2 * b2_1);
      c10[j2] += a10_0 * b0_2 + (a10_1 * b1_2 + a10_2 * b2_2);
      c10[j3] += a10_0 * b0_3 + (a10_1 * b1_3 + a10_2 * b2_3);
      c11[j0] += a11_0 * b0_0 + (a11_1 * b1_0 + a11_2 * b2_0);
      c11[j1] += a11_0 * b0_1 + (a11_1 * b1_1 + a11_2 * b2_1);
      c11[j2] += a11_0 * b0_2 + (a11_1 * b1_2 + a11_2 * b2_2);
      c11[j3] += a11_0 * b0_3 + (a11_1 * b1_3 + a11_2 * b2_3);
      c12[j0] += a12_0 * b0_0 + (a12_1 * b1_0 + a12_2 * b2_0);
      c12[j1] += a12_0 * b0_1 + (a12_1 * b1_1 + a12_2 * b2_1);
      c12[j2] += a12_0 * b0_2 + (a12_1 * b1_2 + a12_2 * b2_2);
      c12[j3] += a12_0 * b0_3 + (a12_1 * b1_3 + a12_2 * b2_3);
      c13[j0] += a13_0 * b0_0 + (a13_1 * b1_0 + a13_2 * b2_0);
      c13[j1] += a13_0 * b0_1 + (a13_1 * b1_1 + a13_2 * b2_1);
      c13[j2] += a13_0 * b0_2 + (a13_1 * b1_2 + a13_2 * b2_2);
      c13[j3] += a13_0 * b0_3 + (a13_1 * b1_3 + a13_2 * b2_3);
      c14[j0] += a14_0 * b0_0 + (a14_1 * b1_0 + a14_2 * b2_0);
      c14[j1] += a14_0 * b0_1 + (a14_1 * b1_1 + a14_2 * b2_1);
      c14[j2] += a14_0 * b0_2 + (a14_1 * b1_2 + a14_2 * b2_2);
      c14[j3] += a14_0 * b0_3 + (a14_1 * b1_3 + a14_2 * b2_3);
      c15[j0] += a15_0 * b0_0 + (a15_1 * b1_0 + a15_2 * b2_0);
      c15[j1] += a15_0 * b0_1 + (a15_1 * b1_1 + a15_2 * b2_1);
      c15[j2] += a15_0 * b0_2 + (a15_1 * b1_2 + a15_2 * b2_2);
      c15[j3] += a15_0 * b0_3 + (a15_1 * b1_3 + a15_2 * b2_3);
    }
  }

  function multiply16x2(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (16, 2), B is (2, n), C is (16, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4], a4_1 = f32[(r4 + 1) | 0];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5], a5_1 = f32[(r5 + 1) | 0];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6], a6_1 = f32[(r6 + 1) | 0];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7], a7_1 = f32[(r7 + 1) | 0];
    const r8 = (r7 + lda) | 0, a8_0 = f32[r8], a8_1 = f32[(r8 + 1) | 0];
    const r9 = (r8 + lda) | 0, a9_0 = f32[r9], a9_1 = f32[(r9 + 1) | 0];
    const r10 = (r9 + lda) | 0, a10_0 = f32[r10], a10_1 = f32[(r10 + 1) | 0];
    const r11 = (r10 + lda) | 0, a11_0 = f32[r11], a11_1 = f32[(r11 + 1) | 0];
    const r12 = (r11 + lda) | 0, a12_0 = f32[r12], a12_1 = f32[(r12 + 1) | 0];
    const r13 = (r12 + lda) | 0, a13_0 = f32[r13], a13_1 = f32[(r13 + 1) | 0];
    const r14 = (r13 + lda) | 0, a14_0 = f32[r14], a14_1 = f32[(r14 + 1) | 0];
    const r15 = (r14 + lda) | 0, a15_0 = f32[r15], a15_1 = f32[(r15 + 1) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3];
      c0[j0] += a0_0 * b0_0 + a0_1 * b1_0;
      c0[j1] += a0_0 * b0_1 + a0_1 * b1_1;
      c0[j2] += a0_0 * b0_2 + a0_1 * b1_2;
      c0[j3] += a0_0 * b0_3 + a0_1 * b1_3;
      c1[j0] += a1_0 * b0_0 + a1_1 * b1_0;
      c1[j1] += a1_0 * b0_1 + a1_1 * b1_1;
      c1[j2] += a1_0 * b0_2 + a1_1 * b1_2;
      c1[j3] += a1_0 * b0_3 + a1_1 * b1_3;
      c2[j0] += a2_0 * b0_0 + a2_1 * b1_0;
      c2[j1] += a2_0 * b0_1 + a2_1 * b1_1;
      c2[j2] += a2_0 * b0_2 + a2_1 * b1_2;
      c2[j3] += a2_0 * b0_3 + a2_1 * b1_3;
      c3[j0] += a3_0 * b0_0 + a3_1 * b1_0;
      c3[j1] += a3_0 * b0_1 + a3_1 * b1_1;
      c3[j2] += a3_0 * b0_2 + a3_1 * b1_2;
      c3[j3] += a3_0 * b0_3 + a3_1 * b1_3;
      c4[j0] += a4_0 * b0_0 + a4_1 * b1_0;
      c4[j1] += a4_0 * b0_1 + a4_1 * b1_1;
      c4[j2] += a4_0 * b0_2 + a4_1 * b1_2;
      c4[j3] += a4_0 * b0_3 + a4_1 * b1_3;
      c5[j0] += a5_0 * b0_0 + a5_1 * b1_0;
      c5[j1] += a5_0 * b0_1 + a5_1 * b1_1;
      c5[j2] += a5_0 * b0_2 + a5_1 * b1_2;
      c5[j3] += a5_0 * b0_3 + a5_1 * b1_3;
      c6[j0] += a6_0 * b0_0 + a6_1 * b1_0;
      c6[j1] += a6_0 * b0_1 + a6_1 * b1_1;
      c6[j2] += a6_0 * b0_2 + a6_1 * b1_2;
      c6[j3] += a6_0 * b0_3 + a6_1 * b1_3;
      c7[j0] += a7_0 * b0_0 + a7_1 * b1_0;
      c7[j1] += a7_0 * b0_1 + a7_1 * b1_1;
      c7[j2] += a7_0 * b0_2 + a7_1 * b1_2;
      c7[j3] += a7_0 * b0_3 + a7_1 * b1_3;
      c8[j0] += a8_0 * b0_0 + a8_1 * b1_0;
      c8[j1] += a8_0 * b0_1 + a8_1 * b1_1;
      c8[j2] += a8_0 * b0_2 + a8_1 * b1_2;
      c8[j3] += a8_0 * b0_3 + a8_1 * b1_3;
      c9[j0] += a9_0 * b0_0 + a9_1 * b1_0;
      c9[j1] += a9_0 * b0_1 + a9_1 * b1_1;
      c9[j2] += a9_0 * b0_2 + a9_1 * b1_2;
      c9[j3] += a9_0 * b0_3 + a9_1 * b1_3;
      c10[j0] += a10_0 * b0_0 + a10_1 * b1_0;
      c10[j1] += a10_0 * b0_1 + a10_1 * b1_1;
      c10[j2] += a10_0 * b0_2 + a10_1 * b1_2;
      c10[j3] += a10_0 * b0_3 + a10_1 * b1_3;
      c11[j0] += a11_0 * b0_0 + a11_1 * b1_0;
      c11[j1] += a11_0 * b0_1 + a11_1 * b1_1;
      c11[j2] += a11_0 * b0_2 + a11_1 * b1_2;
      c11[j3] += a11_0 * b0_3 + a11_1 * b1_3;
      c12[j0] += a12_0 * b0_0 + a12_1 * b1_0;
      c12[j1] += a12_0 * b0_1 + a12_1 * b1_1;
      c12[j2] += a12_0 * b0_2 + a12_1 * b1_2;
      c12[j3] += a12_0 * b0_3 + a12_1 * b1_3;
      c13[j0] += a13_0 * b0_0 + a13_1 * b1_0;
      c13[j1] += a13_0 * b0_1 + a13_1 * b1_1;
      c13[j2] += a13_0 * b0_2 + a13_1 * b1_2;
      c13[j3] += a13_0 * b0_3 + a13_1 * b1_3;
      c14[j0] += a14_0 * b0_0 + a14_1 * b1_0;
      c14[j1] += a14_0 * b0_1 + a14_1 * b1_1;
      c14[j2] += a14_0 * b0_2 + a14_1 * b1_2;
      c14[j3] += a14_0 * b0_3 + a14_1 * b1_3;
      c15[j0] += a15_0 * b0_0 + a15_1 * b1_0;
      c15[j1] += a15_0 * b0_1 + a15_1 * b1_1;
      c15[j2] += a15_0 * b0_2 + a15_1 * b1_2;
      c15[j3] += a15_0 * b0_3 + a15_1 * b1_3;
    }
  }

  function multiply16x1(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (16, 1), B is (1, n), C is (16, n)
    const r0 = a | 0, a0_0 = f32[r0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7];
    const r8 = (r7 + lda) | 0, a8_0 = f32[r8];
    const r9 = (r8 + lda) | 0, a9_0 = f32[r9];
    const r10 = (r9 + lda) | 0, a10_0 = f32[r10];
    const r11 = (r10 + lda) | 0, a11_0 = f32[r11];
    const r12 = (r11 + lda) | 0, a12_0 = f32[r12];
    const r13 = (r12 + lda) | 0, a13_0 = f32[r13];
    const r14 = (r13 + lda) | 0, a14_0 = f32[r14];
    const r15 = (r14 + lda) | 0, a15_0 = f32[r15];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0];
      const b0_1 = b0[p1];
      const b0_2 = b0[p2];
      const b0_3 = b0[p3];
      c0[j0] += a0_0 * b0_0;
      c0[j1] += a0_0 * b0_1;
      c0[j2] += a0_0 * b0_2;
      c0[j3] += a0_0 * b0_3;
      c1[j0] += a1_0 * b0_0;
      c1[j1] += a1_0 * b0_1;
      c1[j2] += a1_0 * b0_2;
      c1[j3] += a1_0 * b0_3;
      c2[j0] += a2_0 * b0_0;
      c2[j1] += a2_0 * b0_1;
      c2[j2] += a2_0 * b0_2;
      c2[j3] += a2_0 * b0_3;
      c3[j0] += a3_0 * b0_0;
      c3[j1] += a3_0 * b0_1;
      c3[j2] += a3_0 * b0_2;
      c3[j3] += a3_0 * b0_3;
      c4[j0] += a4_0 * b0_0;
      c4[j1] += a4_0 * b0_1;
      c4[j2] += a4_0 * b0_2;
      c4[j3] += a4_0 * b0_3;
      c5[j0] += a5_0 * b0_0;
      c5[j1] += a5_0 * b0_1;
      c5[j2] += a5_0 * b0_2;
      c5[j3] += a5_0 * b0_3;
      c6[j0] += a6_0 * b0_0;
      c6[j1] += a6_0 * b0_1;
      c6[j2] += a6_0 * b0_2;
      c6[j3] += a6_0 * b0_3;
      c7[j0] += a7_0 * b0_0;
      c7[j1] += a7_0 * b0_1;
      c7[j2] += a7_0 * b0_2;
      c7[j3] += a7_0 * b0_3;
      c8[j0] += a8_0 * b0_0;
      c8[j1] += a8_0 * b0_1;
      c8[j2] += a8_0 * b0_2;
      c8[j3] += a8_0 * b0_3;
      c9[j0] += a9_0 * b0_0;
      c9[j1] += a9_0 * b0_1;
      c9[j2] += a9_0 * b0_2;
      c9[j3] += a9_0 * b0_3;
      c10[j0] += a10_0 * b0_0;
      c10[j1] += a10_0 * b0_1;
      c10[j2] += a10_0 * b0_2;
      c10[j3] += a10_0 * b0_3;
      c11[j0] += a11_0 * b0_0;
      c11[j1] += a11_0 * b0_1;
      c11[j2] += a11_0 * b0_2;
      c11[j3] += a11_0 * b0_3;
      c12[j0] += a12_0 * b0_0;
      c12[j1] += a12_0 * b0_1;
      c12[j2] += a12_0 * b0_2;
      c12[j3] += a12_0 * b0_3;
      c13[j0] += a13_0 * b0_0;
      c13[j1] += a13_0 * b0_1;
      c13[j2] += a13_0 * b0_2;
      c13[j3] += a13_0 * b0_3;
      c14[j0] += a14_0 * b0_0;
      c14[j1] += a14_0 * b0_1;
      c14[j2] += a14_0 * b0_2;
      c14[j3] += a14_0 * b0_3;
      c15[j0] += a15_0 * b0_0;
      c15[j1] += a15_0 * b0_1;
      c15[j2] += a15_0 * b0_2;
      c15[j3] += a15_0 * b0_3;
    }
  }

  function multiply8x3(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (8, 3), B is (3, n), C is (8, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0], a0_2 = f32[(r0 + 2) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0], a1_2 = f32[(r1 + 2) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0], a2_2 = f32[(r2 + 2) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0], a3_2 = f32[(r3 + 2) | 0];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4], a4_1 = f32[(r4 + 1) | 0], a4_2 = f32[(r4 + 2) | 0];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5], a5_1 = f32[(r5 + 1) | 0], a5_2 = f32[(r5 + 2) | 0];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6], a6_1 = f32[(r6 + 1) | 0], a6_2 = f32[(r6 + 2) | 0];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7], a7_1 = f32[(r7 + 1) | 0], a7_2 = f32[(r7 + 2) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0], b2_0 = b2[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1], b2_1 = b2[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2], b2_2 = b2[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3], b2_3 = b2[p3];
      c0[j0] += a0_0 * b0_0 + (a0_1 * b1_0 + a0_2 * b2_0);
      c0[j1] += a0_0 * b0_1 + (a0_1 * b1_1 + a0_2 * b2_1);
      c0[j2] += a0_0 * b0_2 + (a0_1 * b1_2 + a0_2 * b2_2);
      c0[j3] += a0_0 * b0_3 + (a0_1 * b1_3 + a0_2 * b2_3);
      c1[j0] += a1_0 * b0_0 + (a1_1 * b1_0 + a1_2 * b2_0);
      c1[j1] += a1_0 * b0_1 + (a1_1 * b1_1 + a1_2 * b2_1);
      c1[j2] += a1_0 * b0_2 + (a1_1 * b1_2 + a1_2 * b2_2);
      c1[j3] += a1_0 * b0_3 + (a1_1 * b1_3 + a1_2 * b2_3);
      c2[j0] += a2_0 * b0_0 + (a2_1 * b1_0 + a2_2 * b2_0);
      c2[j1] += a2_0 * b0_1 + (a2_1 * b1_1 + a2_2 * b2_1);
      c2[j2] += a2_0 * b0_2 + (a2_1 * b1_2 + a2_2 * b2_2);
      c2[j3] += a2_0 * b0_3 + (a2_1 * b1_3 + a2_2 * b2_3);
      c3[j0] += a3_0 * b0_0 + (a3_1 * b1_0 + a3_2 * b2_0);
      c3[j1] += a3_0 * b0_1 + (a3_1 * b1_1 + a3_2 * b2_1);
      c3[j2] += a3_0 * b0_2 + (a3_1 * b1_2 + a3_2 * b2_2);
      c3[j3] += a3_0 * b0_3 + (a3_1 * b1_3 + a3_2 * b2_3);
      c4[j0] += a4_0 * b0_0 + (a4_1 * b1_0 + a4_2 * b2_0);
      c4[j1] += a4_0 * b0_1 + (a4_1 * b1_1 + a4_2 * b2_1);
      c4[j2] += a4_0 * b0_2 + (a4_1 * b1_2 + a4_2 * b2_2);
      c4[j3] += a4_0 * b0_3 + (a4_1 * b1_3 + a4_2 * b2_3);
      c5[j0] += a5_0 * b0_0 + (a5_1 * b1_0 + a5_2 * b2_0);
      c5[j1] += a5_0 * b0_1 + (a5_1 * b1_1 + a5_2 * b2_1);
      c5[j2] += a5_0 * b0_2 + (a5_1 * b1_2 + a5_2 * b2_2);
      c5[j3] += a5_0 * b0_3 + (a5_1 * b1_3 + a5_2 * b2_3);
      c6[j0] += a6_0 * b0_0 + (a6_1 * b1_0 + a6_2 * b2_0);
      c6[j1] += a6_0 * b0_1 + (a6_1 * b1_1 + a6_2 * b2_1);
      c6[j2] += a6_0 * b0_2 + (a6_1 * b1_2 + a6_2 * b2_2);
      c6[j3] += a6_0 * b0_3 + (a6_1 * b1_3 + a6_2 * b2_3);
      c7[j0] += a7_0 * b0_0 + (a7_1 * b1_0 + a7_2 * b2_0);
      c7[j1] += a7_0 * b0_1 + (a7_1 * b1_1 + a7_2 * b2_1);
      c7[j2] += a7_0 * b0_2 + (a7_1 * b1_2 + a7_2 * b2_2);
      c7[j3] += a7_0 * b0_3 + (a7_1 * b1_3 + a7_2 * b2_3);
    }
  }

  function multiply8x2(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (8, 2), B is (2, n), C is (8, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4], a4_1 = f32[(r4 + 1) | 0];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5], a5_1 = f32[(r5 + 1) | 0];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6], a6_1 = f32[(r6 + 1) | 0];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7], a7_1 = f32[(r7 + 1) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3];
      c0[j0] += a0_0 * b0_0 + a0_1 * b1_0;
      c0[j1] += a0_0 * b0_1 + a0_1 * b1_1;
      c0[j2] += a0_0 * b0_2 + a0_1 * b1_2;
      c0[j3] += a0_0 * b0_3 + a0_1 * b1_3;
      c1[j0] += a1_0 * b0_0 + a1_1 * b1_0;
      c1[j1] += a1_0 * b0_1 + a1_1 * b1_1;
      c1[j2] += a1_0 * b0_2 + a1_1 * b1_2;
      c1[j3] += a1_0 * b0_3 + a1_1 * b1_3;
      c2[j0] += a2_0 * b0_0 + a2_1 * b1_0;
      c2[j1] += a2_0 * b0_1 + a2_1 * b1_1;
      c2[j2] += a2_0 * b0_2 + a2_1 * b1_2;
      c2[j3] += a2_0 * b0_3 + a2_1 * b1_3;
      c3[j0] += a3_0 * b0_0 + a3_1 * b1_0;
      c3[j1] += a3_0 * b0_1 + a3_1 * b1_1;
      c3[j2] += a3_0 * b0_2 + a3_1 * b1_2;
      c3[j3] += a3_0 * b0_3 + a3_1 * b1_3;
      c4[j0] += a4_0 * b0_0 + a4_1 * b1_0;
      c4[j1] += a4_0 * b0_1 + a4_1 * b1_1;
      c4[j2] += a4_0 * b0_2 + a4_1 * b1_2;
      c4[j3] += a4_0 * b0_3 + a4_1 * b1_3;
      c5[j0] += a5_0 * b0_0 + a5_1 * b1_0;
      c5[j1] += a5_0 * b0_1 + a5_1 * b1_1;
      c5[j2] += a5_0 * b0_2 + a5_1 * b1_2;
      c5[j3] += a5_0 * b0_3 + a5_1 * b1_3;
      c6[j0] += a6_0 * b0_0 + a6_1 * b1_0;
      c6[j1] += a6_0 * b0_1 + a6_1 * b1_1;
      c6[j2] += a6_0 * b0_2 + a6_1 * b1_2;
      c6[j3] += a6_0 * b0_3 + a6_1 * b1_3;
      c7[j0] += a7_0 * b0_0 + a7_1 * b1_0;
      c7[j1] += a7_0 * b0_1 + a7_1 * b1_1;
      c7[j2] += a7_0 * b0_2 + a7_1 * b1_2;
      c7[j3] += a7_0 * b0_3 + a7_1 * b1_3;
    }
  }

  function multiply8x1(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (8, 1), B is (1, n), C is (8, n)
    const r0 = a | 0, a0_0 = f32[r0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3];
    const r4 = (r3 + lda) | 0, a4_0 = f32[r4];
    const r5 = (r4 + lda) | 0, a5_0 = f32[r5];
    const r6 = (r5 + lda) | 0, a6_0 = f32[r6];
    const r7 = (r6 + lda) | 0, a7_0 = f32[r7];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0];
      const b0_1 = b0[p1];
      const b0_2 = b0[p2];
      const b0_3 = b0[p3];
      c0[j0] += a0_0 * b0_0;
      c0[j1] += a0_0 * b0_1;
      c0[j2] += a0_0 * b0_2;
      c0[j3] += a0_0 * b0_3;
      c1[j0] += a1_0 * b0_0;
      c1[j1] += a1_0 * b0_1;
      c1[j2] += a1_0 * b0_2;
      c1[j3] += a1_0 * b0_3;
      c2[j0] += a2_0 * b0_0;
      c2[j1] += a2_0 * b0_1;
      c2[j2] += a2_0 * b0_2;
      c2[j3] += a2_0 * b0_3;
      c3[j0] += a3_0 * b0_0;
      c3[j1] += a3_0 * b0_1;
      c3[j2] += a3_0 * b0_2;
      c3[j3] += a3_0 * b0_3;
      c4[j0] += a4_0 * b0_0;
      c4[j1] += a4_0 * b0_1;
      c4[j2] += a4_0 * b0_2;
      c4[j3] += a4_0 * b0_3;
      c5[j0] += a5_0 * b0_0;
      c5[j1] += a5_0 * b0_1;
      c5[j2] += a5_0 * b0_2;
      c5[j3] += a5_0 * b0_3;
      c6[j0] += a6_0 * b0_0;
      c6[j1] += a6_0 * b0_1;
      c6[j2] += a6_0 * b0_2;
      c6[j3] += a6_0 * b0_3;
      c7[j0] += a7_0 * b0_0;
      c7[j1] += a7_0 * b0_1;
      c7[j2] += a7_0 * b0_2;
      c7[j3] += a7_0 * b0_3;
    }
  }

  function multiply4x3(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (4, 3), B is (3, n), C is (4, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0], a0_2 = f32[(r0 + 2) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0], a1_2 = f32[(r1 + 2) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0], a2_2 = f32[(r2 + 2) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0], a3_2 = f32[(r3 + 2) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0], b2_0 = b2[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1], b2_1 = b2[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2], b2_2 = b2[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3], b2_3 = b2[p3];
      c0[j0] += a0_0 * b0_0 + (a0_1 * b1_0 + a0_2 * b2_0);
      c0[j1] += a0_0 * b0_1 + (a0_1 * b1_1 + a0_2 * b2_1);
      c0[j2] += a0_0 * b0_2 + (a0_1 * b1_2 + a0_2 * b2_2);
      c0[j3] += a0_0 * b0_3 + (a0_1 * b1_3 + a0_2 * b2_3);
      c1[j0] += a1_0 * b0_0 + (a1_1 * b1_0 + a1_2 * b2_0);
      c1[j1] += a1_0 * b0_1 + (a1_1 * b1_1 + a1_2 * b2_1);
      c1[j2] += a1_0 * b0_2 + (a1_1 * b1_2 + a1_2 * b2_2);
      c1[j3] += a1_0 * b0_3 + (a1_1 * b1_3 + a1_2 * b2_3);
      c2[j0] += a2_0 * b0_0 + (a2_1 * b1_0 + a2_2 * b2_0);
      c2[j1] += a2_0 * b0_1 + (a2_1 * b1_1 + a2_2 * b2_1);
      c2[j2] += a2_0 * b0_2 + (a2_1 * b1_2 + a2_2 * b2_2);
      c2[j3] += a2_0 * b0_3 + (a2_1 * b1_3 + a2_2 * b2_3);
      c3[j0] += a3_0 * b0_0 + (a3_1 * b1_0 + a3_2 * b2_0);
      c3[j1] += a3_0 * b0_1 + (a3_1 * b1_1 + a3_2 * b2_1);
      c3[j2] += a3_0 * b0_2 + (a3_1 * b1_2 + a3_2 * b2_2);
      c3[j3] += a3_0 * b0_3 + (a3_1 * b1_3 + a3_2 * b2_3);
    }
  }

  function multiply4x2(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (4, 2), B is (2, n), C is (4, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2], a2_1 = f32[(r2 + 1) | 0];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3], a3_1 = f32[(r3 + 1) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3];
      c0[j0] += a0_0 * b0_0 + a0_1 * b1_0;
      c0[j1] += a0_0 * b0_1 + a0_1 * b1_1;
      c0[j2] += a0_0 * b0_2 + a0_1 * b1_2;
      c0[j3] += a0_0 * b0_3 + a0_1 * b1_3;
      c1[j0] += a1_0 * b0_0 + a1_1 * b1_0;
      c1[j1] += a1_0 * b0_1 + a1_1 * b1_1;
      c1[j2] += a1_0 * b0_2 + a1_1 * b1_2;
      c1[j3] += a1_0 * b0_3 + a1_1 * b1_3;
      c2[j0] += a2_0 * b0_0 + a2_1 * b1_0;
      c2[j1] += a2_0 * b0_1 + a2_1 * b1_1;
      c2[j2] += a2_0 * b0_2 + a2_1 * b1_2;
      c2[j3] += a2_0 * b0_3 + a2_1 * b1_3;
      c3[j0] += a3_0 * b0_0 + a3_1 * b1_0;
      c3[j1] += a3_0 * b0_1 + a3_1 * b1_1;
      c3[j2] += a3_0 * b0_2 + a3_1 * b1_2;
      c3[j3] += a3_0 * b0_3 + a3_1 * b1_3;
    }
  }

  function multiply4x1(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (4, 1), B is (1, n), C is (4, n)
    const r0 = a | 0, a0_0 = f32[r0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1];
    const r2 = (r1 + lda) | 0, a2_0 = f32[r2];
    const r3 = (r2 + lda) | 0, a3_0 = f32[r3];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0];
      const b0_1 = b0[p1];
      const b0_2 = b0[p2];
      const b0_3 = b0[p3];
      c0[j0] += a0_0 * b0_0;
      c0[j1] += a0_0 * b0_1;
      c0[j2] += a0_0 * b0_2;
      c0[j3] += a0_0 * b0_3;
      c1[j0] += a1_0 * b0_0;
      c1[j1] += a1_0 * b0_1;
      c1[j2] += a1_0 * b0_2;
      c1[j3] += a1_0 * b0_3;
      c2[j0] += a2_0 * b0_0;
      c2[j1] += a2_0 * b0_1;
      c2[j2] += a2_0 * b0_2;
      c2[j3] += a2_0 * b0_3;
      c3[j0] += a3_0 * b0_0;
      c3[j1] += a3_0 * b0_1;
      c3[j2] += a3_0 * b0_2;
      c3[j3] += a3_0 * b0_3;
    }
  }

  function multiply2x3(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (2, 3), B is (3, n), C is (2, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0], a0_2 = f32[(r0 + 2) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0], a1_2 = f32[(r1 + 2) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0], b2_0 = b2[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1], b2_1 = b2[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2], b2_2 = b2[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3], b2_3 = b2[p3];
      c0[j0] += a0_0 * b0_0 + (a0_1 * b1_0 + a0_2 * b2_0);
      c0[j1] += a0_0 * b0_1 + (a0_1 * b1_1 + a0_2 * b2_1);
      c0[j2] += a0_0 * b0_2 + (a0_1 * b1_2 + a0_2 * b2_2);
      c0[j3] += a0_0 * b0_3 + (a0_1 * b1_3 + a0_2 * b2_3);
      c1[j0] += a1_0 * b0_0 + (a1_1 * b1_0 + a1_2 * b2_0);
      c1[j1] += a1_0 * b0_1 + (a1_1 * b1_1 + a1_2 * b2_1);
      c1[j2] += a1_0 * b0_2 + (a1_1 * b1_2 + a1_2 * b2_2);
      c1[j3] += a1_0 * b0_3 + (a1_1 * b1_3 + a1_2 * b2_3);
    }
  }

  function multiply2x2(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (2, 2), B is (2, n), C is (2, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1], a1_1 = f32[(r1 + 1) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3];
      c0[j0] += a0_0 * b0_0 + a0_1 * b1_0;
      c0[j1] += a0_0 * b0_1 + a0_1 * b1_1;
      c0[j2] += a0_0 * b0_2 + a0_1 * b1_2;
      c0[j3] += a0_0 * b0_3 + a0_1 * b1_3;
      c1[j0] += a1_0 * b0_0 + a1_1 * b1_0;
      c1[j1] += a1_0 * b0_1 + a1_1 * b1_1;
      c1[j2] += a1_0 * b0_2 + a1_1 * b1_2;
      c1[j3] += a1_0 * b0_3 + a1_1 * b1_3;
    }
  }

  function multiply2x1(f32: Float32Array, n: number, a: number, lda: number, b: number): void {
    // A is (2, 1), B is (1, n), C is (2, n)
    const r0 = a | 0, a0_0 = f32[r0];
    const r1 = (r0 + lda) | 0, a1_0 = f32[r1];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0];
      const b0_1 = b0[p1];
      const b0_2 = b0[p2];
      const b0_3 = b0[p3];
      c0[j0] += a0_0 * b0_0;
      c0[j1] += a0_0 * b0_1;
      c0[j2] += a0_0 * b0_2;
      c0[j3] += a0_0 * b0_3;
      c1[j0] += a1_0 * b0_0;
      c1[j1] += a1_0 * b0_1;
      c1[j2] += a1_0 * b0_2;
      c1[j3] += a1_0 * b0_3;
    }
  }

  function multiply1x3(f32: Float32Array, n: number, a: number, _lda: number, b: number): void {
    // A is (1, 3), B is (3, n), C is (1, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0], a0_2 = f32[(r0 + 2) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0], b2_0 = b2[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1], b2_1 = b2[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2], b2_2 = b2[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3], b2_3 = b2[p3];
      c0[j0] += a0_0 * b0_0 + (a0_1 * b1_0 + a0_2 * b2_0);
      c0[j1] += a0_0 * b0_1 + (a0_1 * b1_1 + a0_2 * b2_1);
      c0[j2] += a0_0 * b0_2 + (a0_1 * b1_2 + a0_2 * b2_2);
      c0[j3] += a0_0 * b0_3 + (a0_1 * b1_3 + a0_2 * b2_3);
    }
  }

  function multiply1x2(f32: Float32Array, n: number, a: number, _lda: number, b: number): void {
    // A is (1, 2), B is (2, n), C is (1, n)
    const r0 = a | 0, a0_0 = f32[r0], a0_1 = f32[(r0 + 1) | 0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0], b1_0 = b1[p0];
      const b0_1 = b0[p1], b1_1 = b1[p1];
      const b0_2 = b0[p2], b1_2 = b1[p2];
      const b0_3 = b0[p3], b1_3 = b1[p3];
      c0[j0] += a0_0 * b0_0 + a0_1 * b1_0;
      c0[j1] += a0_0 * b0_1 + a0_1 * b1_1;
      c0[j2] += a0_0 * b0_2 + a0_1 * b1_2;
      c0[j3] += a0_0 * b0_3 + a0_1 * b1_3;
    }
  }

  function multiply1x1(f32: Float32Array, n: number, a: number, _lda: number, b: number): void {
    // A is (1, 1), B is (1, n), C is (1, n)
    const r0 = a | 0, a0_0 = f32[r0];
    for (let j0 = 0; j0 < n; j0 = (j0 + 4) | 0) {
      const j1 = (j0 + 1) | 0, j2 = (j0 + 2) | 0, j3 = (j0 + 3) | 0;
      const p0 = (b + j0) | 0, p1 = (p0 + 1) | 0, p2 = (p0 + 2) | 0, p3 = (p0 + 3) | 0;
      const b0_0 = b0[p0];
      const b0_1 = b0[p1];
      const b0_2 = b0[p2];
      const b0_3 = b0[p3];
      c0[j0] += a0_0 * b0_0;
      c0[j1] += a0_0 * b0_1;
      c0[j2] += a0_0 * b0_2;
      c0[j3] += a0_0 * b0_3;
    }
  }
}
