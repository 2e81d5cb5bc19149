/** Straight-line programs (maths/straight-line.ts) as emitted instructions: a value is a vector of four. */

import type { Definition, Place, Program, Statement, Write } from '../../maths/straight-line.ts';
import { type Access, type Expression, type FunctionBuilder, f32x4, i32, type Local, v128 } from '../../wasm/index.ts';

type I32 = Local<'i32'>;
type V128 = Local<'v128'>;

/**
 * Where the places of a program are; addresses and distances are bytes. Of programs abreast each finds its places of memory and
 * scratch 16 bytes after those of the one before.
 */
export interface Spaces {
  /** Place 0 of memory, from which the program walks on by multiples of the distance. The pointer is not moved back. */
  readonly memory: { readonly pointer: I32; readonly distance: I32 };
  /** The condition of a write to memory, if there is one. */
  readonly condition?: (index: number) => Expression<'i32'> | undefined;
  /** Vectors, one after the other. */
  readonly scratch: I32;
  readonly parked: I32;
}

/**
 * Emits the code before a loop around the program, and returns a function that emits the program itself.
 *
 * A local is used again after the last use of its value, so that a compiler without registers keeps a small frame.
 *
 * @param abreast how many times the program is done side by side, statement by statement
 */
export function prepareProgram(f: FunctionBuilder, program: Program, spaces: Spaces, abreast = 1): () => void {
  const statements = program.statements();
  const { memory, condition = () => undefined } = spaces;
  const steps = stepsOf(f, statements, memory.distance);
  const lastUses = lastUsesOf(statements);
  const groups = Array.from({ length: abreast }, (_, group) => group);
  /** The locals of each value, by its number. */
  const locals: V128[][] = [];
  const free: V128[][] = [];
  let at = 0;

  /** Moves the pointer to a place of memory; places of the other spaces are at an offset. */
  const pointerTo = ({ space, index }: Place): I32 => {
    if (space !== 'memory') return spaces[space];
    const step = steps.get(Math.abs(index - at));
    if (step !== undefined) f.set(memory.pointer, i32[index < at ? 'sub' : 'add'](memory.pointer, step));
    at = index;
    return memory.pointer;
  };
  const write = ({ operands: [value], isNegated, place }: Write): void => {
    const pointer = pointerTo(place);
    const store = (): void => {
      for (const group of groups) {
        const vector = isNegated ? f32x4.neg(locals[value][group]) : locals[value][group];
        f.emit(v128.store(pointer, vector, offsetOf(place, group, abreast)));
      }
    };
    const test = place.space === 'memory' ? condition(place.index) : undefined;
    if (test === undefined) store();
    else f.if(test, store);
  };
  const compute = (definition: Definition): ((group: number) => Expression<'v128'>) => {
    if (definition.operation === 'read') {
      const pointer = pointerTo(definition.place);
      return (group) => v128.load(pointer, offsetOf(definition.place, group, abreast));
    }
    const a = locals[definition.operands[0]];
    if (definition.operation === 'multiply') return (group) => f32x4.mul(a[group], f32x4.splat(definition.factor));
    const b = locals[definition.operands[1]];
    const operation = definition.operation === 'add' ? f32x4.add : f32x4.sub;
    return (group) => operation(a[group], b[group]);
  };
  /** Gives back the locals of values that statement n is the last to use. */
  const release = (values: readonly number[], n: number): void => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (lastUses[value] !== n) continue;
      free.push(locals[value]);
      lastUses[value] = -1; // once, though it may be both operands
    }
  };

  return () => {
    statements.forEach((statement, n) => {
      if (statement.operation === 'write') {
        write(statement);
        release(statement.operands, n);
        return;
      }
      const result = compute(statement);
      release(statement.operands, n);
      const results = free.pop() ?? groups.map(() => f.local('v128'));
      locals[statement.value] = results;
      for (const group of groups) f.set(results[group], result(group));
    });
  };
}

/** Vectors lie one after the other, except in memory, where the pointer is the address; parked ones alternate. */
function offsetOf({ space, index }: Place, group: number, abreast: number): Access {
  if (space === 'memory') return { offset: 16 * group };
  return { offset: 16 * (space === 'parked' ? abreast * index + group : index + group) };
}

/** The last statement that uses each value, by its number. */
function lastUsesOf(statements: readonly Statement[]): number[] {
  const last: number[] = [];
  statements.forEach(({ operands }, n) => {
    for (let i = 0; i < operands.length; i++) last[operands[i]] = n;
  });
  return last;
}

/** The multiples of the distance by which the program walks through memory, each in a local. */
function stepsOf(f: FunctionBuilder, statements: readonly Statement[], distance: I32): Map<number, I32> {
  const steps = new Map([[1, distance]]);
  let at = 0;
  statements.forEach((statement) => {
    if (!('place' in statement) || statement.place.space !== 'memory') return;
    const size = Math.abs(statement.place.index - at);
    if (size > 0 && !steps.has(size)) steps.set(size, f.let(i32.mul(distance, size)));
    at = statement.place.index;
  });
  return steps;
}
