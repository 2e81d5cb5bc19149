/** Straight-line programs (../straight-line.ts) as emitted instructions: a value is a vector of four. */
import { type Access, type Expression, type FunctionBuilder, f32x4, i32, type Local, v128 } from '../../wasm/index.ts';
import type { Place, Program, Statement } from '../straight-line.ts';

type I32 = Local<'i32'>;
type V128 = Local<'v128'>;

/** Where the places of a program are; addresses and distances are bytes. */
export interface Spaces {
  /** Place 0 of memory, from which the program walks on by multiples of the distance. It is not brought back. */
  readonly memory: { readonly pointer: I32; readonly distance: I32 };
  /** What a write to memory depends on, if anything. */
  readonly condition?: (index: number) => Expression<'i32'> | undefined;
  /** Vectors, one after the other. */
  readonly scratch: I32;
  readonly parked: I32;
}

/**
 * Emits what comes before a loop around the program, and gives a function that emits the program itself.
 *
 * A local is taken again once its value has had its last use, so that a compiler without registers keeps a small frame.
 */
export function prepareProgram(f: FunctionBuilder, program: Program, spaces: Spaces): () => void {
  const statements = program.statements();
  const { memory, condition = () => undefined } = spaces;
  const steps = stepsOf(f, statements, memory.distance);
  const lastUses = lastUsesOf(statements);
  const locals = new Map<number, V128>();
  const free: V128[] = [];
  let at = 0;

  const localOf = (value: number): V128 => locals.get(value) as V128;
  const address = ({ space, index }: Place): [pointer: I32, access: Access] => {
    if (space !== 'memory') return [spaces[space], { offset: 16 * index }];
    const step = steps.get(Math.abs(index - at));
    if (step !== undefined) f.set(memory.pointer, i32[index < at ? 'sub' : 'add'](memory.pointer, step));
    at = index;
    return [memory.pointer, {}];
  };
  const write = ({ operands: [value], isNegated, place }: Extract<Statement, { operation: 'write' }>): void => {
    const [pointer, access] = address(place);
    const vector = isNegated ? f32x4.neg(localOf(value)) : localOf(value);
    const test = place.space === 'memory' ? condition(place.index) : undefined;
    if (test === undefined) f.emit(v128.store(pointer, vector, access));
    else f.if(test, () => f.emit(v128.store(pointer, vector, access)));
  };
  const compute = (statement: Exclude<Statement, { operation: 'write' }>): Expression<'v128'> => {
    if (statement.operation === 'read') return v128.load(...address(statement.place));
    const a = localOf(statement.operands[0]);
    if (statement.operation === 'multiply') return f32x4.mul(a, f32x4.splat(statement.factor));
    return f32x4[statement.operation === 'add' ? 'add' : 'sub'](a, localOf(statement.operands[1]));
  };

  return () => {
    statements.forEach((statement, n) => {
      const value = statement.operation === 'write' ? undefined : compute(statement);
      if (statement.operation === 'write') write(statement);
      for (const operand of new Set(statement.operands)) {
        if (lastUses.get(operand) === n) free.push(localOf(operand));
      }
      if (statement.operation === 'write' || value === undefined) return;
      const local = free.pop() ?? f.local('v128');
      locals.set(statement.value, local);
      f.set(local, value);
    });
  };
}

function lastUsesOf(statements: readonly Statement[]): Map<number, number> {
  const last = new Map<number, number>();
  statements.forEach(({ operands }, n) => {
    for (const operand of operands) last.set(operand, n);
  });
  return last;
}

/** The multiples of the distance by which the program walks through memory, each in a local. */
function stepsOf(f: FunctionBuilder, statements: readonly Statement[], distance: I32): Map<number, I32> {
  const steps = new Map([[1, distance]]);
  let at = 0;
  for (const statement of statements) {
    if (!('place' in statement) || statement.place.space !== 'memory') continue;
    const size = Math.abs(statement.place.index - at);
    if (size > 0 && !steps.has(size)) steps.set(size, f.let(i32.mul(distance, size)));
    at = statement.place.index;
  }
  return steps;
}
