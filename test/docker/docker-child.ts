/** Starts a Docker host, prints where it is (`Daemon`), and then does nothing: to be killed. */
import { startDocker } from './docker.ts';

const { daemon } = await startDocker({ liveRestore: true, userlandProxy: true });
console.log(JSON.stringify(daemon));
setInterval(() => undefined, 1e6);
