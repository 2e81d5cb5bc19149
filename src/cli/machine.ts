/** The machine that figures were taken on: ratios travel, milliseconds do not. */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Versions of the packages that took part, this one first. */
  readonly packages: Readonly<Record<string, string>>;
}

/** This machine, and this package beside the given peers. */
export function describeMachine(peers: readonly { readonly name: string; readonly version: string }[] = []): Machine {
  // By the package's own name, so that a compiled benchmark finds it as well.
  const own: { name: string; version: string } = createRequire(import.meta.url)('nnpack-ts/package.json');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    node: process.versions.node,
    packages: Object.fromEntries([own, ...peers].map(({ name, version }) => [name, version])),
  };
}

/** `AMD EPYC, 2 cores, Node 20.20.2, nnpack-ts 0.1.0` */
export function formatMachine({ cpu, cores, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [cpu, counted(cores, 'core'), `Node ${node}`, ...versions].join(', ');
}

/** `1 core`, `2 cores` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
