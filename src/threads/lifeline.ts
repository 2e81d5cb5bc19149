import type { MessageChannel, MessagePort } from 'node:worker_threads';
import { nodeWorkerThreads } from './node.ts';

/**
 * Tells a caller that may not return to its event loop whether a worker's thread has ended. The worker holds one end of a
 * channel, and Node closes that end when the thread is torn down, after its last instruction. A port whose other end is
 * closed cannot be transferred any more; so it is sent over a channel of our own and taken back.
 *
 * Only Node is known to close it. Elsewhere a lifeline says that every thread lives, which is never wrong.
 */
export class Lifeline {
  /** What the worker is to hold. */
  readonly end: MessagePort;
  readonly #ferry: MessageChannel;
  readonly #receive: (port: MessagePort) => { message: unknown } | undefined;
  #port: MessagePort;
  #isCut = false;

  private constructor(threads: NonNullable<ReturnType<typeof nodeWorkerThreads>>) {
    const { port1, port2 } = new threads.MessageChannel();
    this.#port = port1;
    this.end = port2;
    this.#ferry = new threads.MessageChannel();
    this.#receive = threads.receiveMessageOnPort;
  }

  /** A new one, or null where there are no such ports. */
  static make(): Lifeline | null {
    const threads = nodeWorkerThreads();
    try {
      return threads === undefined ? null : new Lifeline(threads);
    } catch {
      return null;
    }
  }

  /** Whether the thread is known to have ended. */
  isCut(): boolean {
    if (this.#isCut) return true;
    // Makes the port notice that the other end was closed.
    this.#receive(this.#port);
    try {
      this.#ferry.port1.postMessage(this.#port, [this.#port]);
      this.#port = this.#receive(this.#ferry.port2)?.message as MessagePort;
    } catch {
      this.#isCut = true;
      this.close();
    }
    return this.#isCut;
  }

  /** Lets the ports go; nothing can be learnt after that. */
  close(): void {
    this.#port.close();
    this.#ferry.port1.close();
  }
}
