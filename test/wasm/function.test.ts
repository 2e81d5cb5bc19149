/** Locals, structured control, calls: programmes run against the loops that they are written as. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  call,
  type FunctionBuilder,
  f32,
  i32,
  type Local,
  Module,
  type Operand,
  type ValueType,
} from '../../src/wasm/index.ts';
import { runs } from '../support/runs.ts';

type Exports = Record<string, (...given: number[]) => number>;

function instantiate(module: Module): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(module.encode())).exports as Exports;
}

/** A function of i32s with one result, which the body gives. */
function compile<const P extends Record<string, 'i32'>>(
  parameters: P,
  body: (f: FunctionBuilder, parameters: { [Name in keyof P]: Local<'i32'> }) => Operand<'i32'>,
): (...given: number[]) => number {
  const module = new Module();
  module.function(
    'run',
    parameters,
    ['i32'],
    (f, locals) => f.return(body(f, locals as { [Name in keyof P]: Local<'i32'> })),
    { export: true },
  );
  return instantiate(module).run;
}

describe('locals', () => {
  it('begin at zero, parameters at what was given', () => {
    expect(compile({ x: 'i32' }, (f, { x }) => i32.add(x, f.local('i32')))(5)).toBe(5);
  });

  it('an expression is computed where it is used, a let once and where it stands', () => {
    const run = compile({ x: 'i32' }, (f, { x }) => {
      const later = i32.mul(x, 10);
      const now = f.let(i32.mul(x, 100));
      f.add(x, 1);
      return i32.add(later, now);
    });
    expect(run(1)).toBe(20 + 100);
  });

  it('tee sets and is the value', () => {
    const run = compile({ x: 'i32' }, (f, { x }) => {
      const y = f.local('i32');
      return i32.mul(f.tee(y, i32.add(x, 1)), y);
    });
    expect(run(6)).toBe(49);
  });

  it('of mixed types keep apart', () => {
    const module = new Module();
    module.function(
      'run',
      { a: 'f32', b: 'i32' },
      ['f32'],
      (f, { a, b }) => {
        const [c, d, e] = [f.let(f32.mul(a, 2)), f.let(i32.add(b, 1)), f.let(f32.mul(a, 4))];
        f.return(f32.add(f32.add(c, e), f32.convert_i32_s(d)));
      },
      { export: true },
    );
    expect(instantiate(module).run(1.5, 7)).toBe(3 + 6 + 8);
  });
});

describe('control', () => {
  it('loop: while the condition holds, and not once if it never does', () => {
    const sum = compile({ n: 'i32' }, (f, { n }) => {
      const [i, total] = [f.local('i32'), f.local('i32')];
      f.loop(i32.lt_s(i, n), () => {
        f.add(total, i);
        f.add(i, 1);
      });
      return total;
    });
    for (const n of [-1, 0, 1, 2, 10]) expect(sum(n)).toBe(n < 1 ? 0 : (n * (n - 1)) / 2);
  });

  it('do: the body once at least', () => {
    const turns = compile({ n: 'i32' }, (f, { n }) => {
      const i = f.local('i32');
      f.do(() => f.add(i, 1), i32.lt_s(i, n));
      return i;
    });
    for (const n of [-1, 0, 1, 2, 10]) expect(turns(n)).toBe(Math.max(1, n));
  });

  it('if, with and without otherwise', () => {
    const sign = compile({ n: 'i32' }, (f, { n }) => {
      const result = f.local('i32');
      f.if(i32.gt_s(n, 0), () => f.set(result, 1));
      f.if(
        i32.lt_s(n, 0),
        () => f.set(result, -1),
        () => f.add(result, 10),
      );
      return result;
    });
    expect([sign(5), sign(0), sign(-5)]).toEqual([11, 10, -1]);
  });

  it('br and br_if leave the block named, through what is between', () => {
    const run = compile({ n: 'i32' }, (f, { n }) => {
      const result = f.local('i32');
      f.block((outer) => {
        f.block((inner) => {
          f.loop(1, () => {
            f.add(result, 1);
            f.br_if(inner, i32.ge_s(result, n));
            f.if(i32.eq(result, 5), () => f.br(outer));
          });
        });
        f.add(result, 100);
      });
      return result;
    });
    expect([run(1), run(3), run(5), run(6), run(100)]).toEqual([101, 103, 105, 5, 5]);
  });

  it('return, from inside a loop', () => {
    const module = new Module();
    module.function(
      'root',
      { n: 'i32' },
      ['i32'],
      (f, { n }) => {
        const i = f.local('i32');
        f.loop(i32.le_u(i32.mul(i, i), n), () => {
          f.if(i32.eq(i32.mul(i, i), n), () => f.return(i));
          f.add(i, 1);
        });
        f.return(-1);
      },
      { export: true },
    );
    const { root } = instantiate(module);
    expect([0, 1, 2, 49, 50].map((n) => root(n))).toEqual([0, 1, -1, 7, -1]);
  });

  it('loops in loops: the product of counts', () => {
    const count = compile({ a: 'i32', b: 'i32', c: 'i32' }, (f, { a, b, c }) => {
      const total = f.local('i32');
      const times = (n: Local<'i32'>, body: () => void): void => {
        const i = f.let(i32.const(0));
        f.loop(i32.lt_s(i, n), () => {
          body();
          f.add(i, 1);
        });
      };
      times(a, () => times(b, () => times(c, () => f.add(total, 1))));
      return total;
    });
    const size = fc.nat(6);
    fc.assert(
      fc.property(size, size, size, (a, b, c) => count(a, b, c) === a * b * c),
      { numRuns: runs(50) },
    );
  });
});

describe('calls', () => {
  it('as an expression and as a statement', () => {
    const module = new Module();
    module.importMemory('env', 'memory', { initial: 1, maximum: 1, shared: false });
    const square = module.function('square', { x: 'i32' }, ['i32'], (f, { x }) => f.return(i32.mul(x, x)));
    const write = module.function('write', { at: 'i32', x: 'i32' }, [], (f, { at, x }) => f.emit(i32.store(at, x)));
    module.function(
      'run',
      { x: 'i32' },
      [],
      (f, { x }) => {
        f.call(write, 8, call(square, call(square, x)));
      },
      { export: true },
    );
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const compiled = new WebAssembly.Module(module.encode());
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    (exports as Exports).run(3);
    expect(new Int32Array(memory.buffer)[2]).toBe(81);
    expect(WebAssembly.Module.exports(compiled)).toEqual([{ name: 'run', kind: 'function' }]);
  });

  it('the functions have their names in stack traces', () => {
    const module = new Module();
    const inner = module.function('sgemm_4x8__simd', { n: 'i32' }, ['i32'], (f, { n }) => f.return(i32.div_u(1, n)));
    module.function('run', {}, ['i32'], (f) => f.return(call(inner, 0)), { export: true });
    let stack = '';
    try {
      instantiate(module).run();
    } catch (error) {
      stack = String((error as Error).stack);
    }
    expect(stack).toContain('sgemm_4x8__simd');
  });

  it.each(['i32', 'f32', 'f64', 'v128'] as const)('results of %s', (type: ValueType) => {
    const module = new Module();
    const same = module.function('same', { x: type }, [type], (f, { x }) => f.return(x));
    module.function('run', { x: type }, [type], (f, { x }) => f.return(call(same, x)));
    expect(WebAssembly.validate(module.encode())).toBe(true);
  });
});
