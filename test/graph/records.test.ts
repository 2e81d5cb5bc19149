/** What is known of an operation stands in its record, and nowhere else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPS } from '../../src/graph/ops/table.ts';

const source = join(import.meta.dirname, '..', '..', 'src', 'graph');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function codeOf(file: string): string {
  return readFileSync(join(source, file), 'utf8').replace(/^\s*(\/\*|\*|\/\/).*$/gm, '');
}

/** Where code asks which operation a node has, whatever the node is called. */
function asksForOp(code: string): string[] {
  const compares = /[^\n]*(?:\bop\s*[!=]==?|[!=]==?\s*(?:\w+\.)?op\b|switch\s*\([^)]*\bop\b|case\s+'([\w-]+)')[^\n]*/g;
  return [...code.matchAll(compares)]
    .filter((match) => match[1] === undefined || OPS.some((op) => op === match[1]))
    .map((match) => match[0].trim());
}

describe('the records of operations', () => {
  it('are one file for each operation, of its name', () => {
    for (const op of OPS) expect(files).toContain(join('ops', `${op}.ts`));
  });

  it.each(files)('%s does not ask which operation a node has', (file) => {
    const asked = asksForOp(codeOf(file));
    // What a caller gave is found among the names, or not.
    expect(asked.filter((line) => line !== 'if (op !== undefined) return op;')).toEqual([]);
  });

  it.each([
    "if (node.op === 'relu') return x;",
    "return producer.op !== 'convolution';",
    "const is = 'flatten' === node.op;",
    'switch (node.op) {',
    "    case 'max-pooling':",
    "const least = op === 'addition' ? 2 : 1;",
  ])('would be seen where they are not: %s', (line) => {
    expect(asksForOp(`const a = 1;\n${line}\nreturn a;`)).toHaveLength(1);
  });

  it('leaves alone what only looks like it', () => {
    const lines = [
      "case 'alexnet':",
      'const { op } = node;',
      "return { op: 'flatten', name };",
      'if (stop === 1) return;',
    ];
    expect(asksForOp(lines.join('\n'))).toEqual([]);
  });
});
