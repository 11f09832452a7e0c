/** A hub of the bus benchmarks, in a process of its own: `node bus-hub.js URL [STREAM]`. */
import { serveHub } from '../bus/scene.ts';

const [url = '', stream] = process.argv.slice(2);
const at = await serveHub(url, 0, stream);
process.send?.({ ws: at.ws });
