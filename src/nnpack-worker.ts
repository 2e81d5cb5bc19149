/**
 * The script of the package's workers.
 *
 * @module nnpack-ts/worker
 */
import type { KernelTableName } from './kernels/table.ts';
import { createKernelTable } from './kernels/tables.ts';
import { STEPS } from './steps.ts';
import { serveWorker } from './threads/worker-loop.ts';

serveWorker(STEPS, (name, memory, simd) => createKernelTable(name as KernelTableName, memory, simd));
