/**
 * Programs written for onnxruntime-node with their import changed: what they print is what onnxruntime-node 1.30.0 had made
 * them print. `npm run test:onnxruntime` runs both, and records anew.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, PROGRAMS, type Printed, programFolder, runProgram } from './programs.ts';

const recorded: Readonly<Record<string, Printed>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8'),
);

let folder: string;
beforeAll(() => {
  folder = programFolder('nnpack-ts/onnxruntime');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** From 20.19 and 22.12 on. */
function requiresModules(): boolean {
  return process.features.require_module === true;
}

describe('a program with one line changed', () => {
  it.for(PROGRAMS)('$file gives what onnxruntime-node gave', (program, { skip }) => {
    skip(program.file.endsWith('.cjs') && !requiresModules(), 'this Node requires no modules');
    expect(differences(runProgram(folder, program), recorded[program.file])).toEqual([]);
  });

  it('would be told of a difference', () => {
    const [[name, values]] = Object.entries(recorded['quick-start.cjs']);
    const other = { [name]: values.map((x, i) => (i === 3 ? Number(x) * 1.001 : x)) };
    expect(differences(other, { [name]: values })).toEqual([expect.stringMatching(/value 3 is/)]);
    expect(differences({}, { [name]: values })).toHaveLength(1);
  });
});
