/** Straight-line programs (../src/maths/straight-line.ts) as the text of a TypeScript function's body. */
import type { Program, Statement } from '../src/maths/straight-line.ts';

export interface Spelling {
  /** The distance of neighbours in memory, by a variable's name. */
  readonly distance: string;
  /** Where a place of the scratch is. */
  readonly scratch: (index: number) => string;
  /** What a write to memory depends on, if anything. */
  readonly condition?: (index: number) => string;
  /** Where the pointer is to be after the program; where it is, if not given. */
  readonly end?: number;
}

/**
 * The statements, with a pointer o that walks through memory in multiples of the distance; and the constants that come
 * before them: those multiples.
 */
export function typescript(program: Program, indent: string, spelling: Spelling): { constants: string; text: string } {
  const { distance, scratch, condition = () => '', end } = spelling;
  const steps = new Set<number>();
  const lines: string[] = [];
  let at = 0;
  const walk = (index: number): void => {
    const size = Math.abs(index - at);
    if (size > 1) steps.add(size);
    const step = size === 1 ? distance : `step${size}`;
    if (size > 0) lines.push(`o = (o ${index < at ? '-' : '+'} ${step}) | 0;`);
    at = index;
  };
  const place = (space: string, index: number): string => {
    if (space === 'scratch') return scratch(index);
    if (space === 'parked') return `p[${index}]`;
    walk(index);
    return 'f32[o]';
  };
  for (const statement of program.statements()) {
    if (statement.operation === 'read') {
      const from = place(statement.place.space, statement.place.index);
      lines.push(`const t${statement.value} = ${from};`);
    } else if (statement.operation === 'write') {
      const { space, index } = statement.place;
      const to = place(space, index);
      const test = space === 'memory' ? condition(index) : '';
      const value = `${statement.isNegated ? '-' : ''}t${statement.operands[0]}`;
      lines.push(`${test === '' ? '' : `if (${test}) `}${to} = ${value};`);
    } else {
      lines.push(`const t${statement.value} = ${expression(statement)};`);
    }
  }
  if (end !== undefined) walk(end);
  return {
    constants: [...steps].map((n) => `  const step${n} = (${n} * ${distance}) | 0;\n`).join(''),
    text: lines.map((line) => `${indent}${line}\n`).join(''),
  };
}

function expression(statement: Exclude<Statement, { operation: 'read' | 'write' }>): string {
  const [a, b] = statement.operands;
  if (statement.operation === 'multiply') return `t${a} * ${statement.factor}`;
  return `t${a} ${statement.operation === 'add' ? '+' : '-'} t${b}`;
}

/** How many sums and products a program takes, in words. */
export function operationsOf(program: Program): string {
  const count = (...kinds: string[]) =>
    program.statements().filter(({ operation }) => kinds.includes(operation)).length;
  return `${count('add', 'subtract')} additions, ${count('multiply')} multiplications`;
}
