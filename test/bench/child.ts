/** Child processes of the benchmarks: servers, loads, and measured runs, each a module beside this one. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export class Child {
  readonly process: ChildProcess;

  /**
   * @param module the compiled module in this folder, such as `targets.js`
   * @param hasSession whether it has a session of its own, as a service of the system or a program in another terminal
   */
  constructor(module: string, args: readonly string[] = [], execArgv: readonly string[] = [], hasSession = false) {
    this.process = fork(new URL(module, import.meta.url), [...args], { execArgv: [...execArgv], detached: hasSession });
  }

  /** The next message of the child. */
  async next<T>(): Promise<T> {
    const ended = new AbortController();
    const exit = once(this.process, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`a child of the benchmark ended early (${String(code)})`);
    });
    exit.catch(() => undefined);
    try {
      const [message] = (await Promise.race([once(this.process, 'message', { signal: ended.signal }), exit])) as [T];
      return message;
    } finally {
      ended.abort();
    }
  }

  tell(message: object): void {
    this.process.send(message);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}
